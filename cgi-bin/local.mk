
pkglibexec_PROGRAMS += gongbang-demo-model
gongbang_demo_model_SOURCES = cgi-bin/gongbang_demo_model.c
gongbang_demo_model_LDADD = lib/demo/libdemo.a lib/core/libcore.a \
	$(MHD_LIBS) $(JSON_LIBS) $(CORE_LIBS) -lpthread

pkglibexec_PROGRAMS += gongbang-sandbox
gongbang_sandbox_SOURCES = cgi-bin/gongbang_sandbox.c
gongbang_sandbox_LDADD = $(SECCOMP_LIBS)

bin_PROGRAMS += gongbang
gongbang_SOURCES = cgi-bin/gongbang.c cgi-bin/command.c cgi-bin/command.h \
	cgi-bin/command_agent.c \
	cgi-bin/command_budget.c cgi-bin/command_doctor.c \
	cgi-bin/command_domain.c cgi-bin/command_schedule.c \
	cgi-bin/command_stop.c cgi-bin/command_usage.c \
	cgi-bin/command_remove.c \
	cgi-bin/command_user.c \
	cgi-bin/doctor.h cgi-bin/doctor_finding.c cgi-bin/doctor_host.c \
	cgi-bin/doctor_landlock.c cgi-bin/doctor_model.c \
	cgi-bin/doctor_prices.c cgi-bin/doctor_state.c \
	cgi-bin/terminal.c cgi-bin/terminal.h
gongbang_LDADD = lib/guard/libguard.a lib/schedule/libschedule.a lib/egress/libegress.a \
	lib/spending/libspending.a lib/ledger/libledger.a \
	lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/html/libhtml.a lib/http/libhttp.a lib/core/libcore.a \
	$(SODIUM_LIBS) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(CMARK_LIBS) \
	$(CURL_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)

pkglibexec_PROGRAMS += cgi-bin/gongbang.fcgi
# The pages without their server: tests link them, too.
pages = \
	cgi-bin/agent_changes.c cgi-bin/agent_form.c cgi-bin/agent_form.h \
	cgi-bin/agent_form_view.c cgi-bin/agent_preview.c cgi-bin/agent_view.c \
	cgi-bin/agent_view.h cgi-bin/bridge.c \
	cgi-bin/domain_view.h cgi-bin/execution_attempts.c cgi-bin/execution_problems.c \
	cgi-bin/execution_view.c cgi-bin/execution_view.h \
	cgi-bin/line_diff.c cgi-bin/line_diff.h cgi-bin/page.c \
	cgi-bin/page_account.c cgi-bin/page_admin.c cgi-bin/page_admin_domains.c \
	cgi-bin/page_admin_usage.c cgi-bin/page_agent.c cgi-bin/page_agent_acts.c \
	cgi-bin/page_agent_versions.c cgi-bin/page_agent_written.c \
	cgi-bin/page_agents.c cgi-bin/page_budgets.c cgi-bin/page_calendar.c \
	cgi-bin/page_conversation.c cgi-bin/page_domains.c cgi-bin/page_error.c \
	cgi-bin/page_execution.c cgi-bin/page_execution_acts.c \
	cgi-bin/page_execution_compare.c cgi-bin/page_executions.c \
	cgi-bin/page_health.c cgi-bin/page_history.c cgi-bin/page_hook.c \
	cgi-bin/page_import.c cgi-bin/page_login.c cgi-bin/page_notices.c \
	cgi-bin/page_notify.c cgi-bin/page_usage.c cgi-bin/page_usage_csv.c \
	cgi-bin/page_workspace.c cgi-bin/pages.h cgi-bin/routes.c cgi-bin/runs.h \
	cgi-bin/site.c cgi-bin/site.h \
	cgi-bin/usage_chart.c cgi-bin/usage_view.c cgi-bin/usage_view.h \
	cgi-bin/visit.c
pages_libs = \
	lib/transcript/libtranscript.a lib/schedule/libschedule.a \
	lib/egress/libegress.a lib/spending/libspending.a lib/auth/libauth.a \
	lib/store/libstore.a lib/kv/libkv.a lib/html/libhtml.a \
	lib/http/libhttp.a lib/core/libcore.a \
	$(SODIUM_LIBS) $(SQLITE_LIBS) $(HIREDIS_LIBS) \
	$(CMARK_LIBS) $(CURL_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) \
	$(UV_LIBS) $(CORE_LIBS) -lpthread
cgi_bin_gongbang_fcgi_SOURCES = $(pages) \
	cgi-bin/connections.c cgi-bin/connections.h cgi-bin/gongbang_fcgi.c \
	cgi-bin/request_queue.c cgi-bin/request_queue.h \
	cgi-bin/server.c cgi-bin/server.h
cgi_bin_gongbang_fcgi_LDADD = $(pages_libs) $(FCGI_LIBS)

pkglibexec_PROGRAMS += gongbang-bridge
gongbang_bridge_SOURCES = cgi-bin/gongbang_bridge.c
gongbang_bridge_LDADD = lib/bridge/libbridge.a lib/session/libsession.a \
	lib/schedule/libschedule.a \
	lib/egress/libegress.a lib/spending/libspending.a \
	lib/transcript/libtranscript.a \
	lib/workspace/libworkspace.a lib/link/liblink.a lib/engine/libengine.a \
	lib/auth/libauth.a lib/kv/libkv.a lib/html/libhtml.a \
	lib/http/libhttp.a lib/store/libstore.a lib/core/libcore.a \
	$(MHD_LIBS) $(WSLAY_LIBS) $(NGHTTP2_LIBS) $(HTTP_PARSER_LIBS) \
	$(HIREDIS_LIBS) $(SODIUM_LIBS) $(CMARK_LIBS) $(SQLITE_LIBS) \
	$(UV_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) -lpthread

# Without SQLite: what of the store it links must need none.
gateway_libs = lib/gateway/libgateway.a lib/spending/libspending.a \
	lib/ledger/libledger.a \
	lib/auth/libauth.a lib/kv/libkv.a lib/html/libhtml.a \
	lib/http/libhttp.a lib/store/libstore.a lib/core/libcore.a \
	$(MHD_LIBS) $(CURL_LIBS) $(ZLIB_LIBS) $(HIREDIS_LIBS) $(SODIUM_LIBS) \
	$(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) \
	-lpthread
pkglibexec_PROGRAMS += gongbang-gateway
gongbang_gateway_SOURCES = cgi-bin/gongbang_gateway.c
gongbang_gateway_LDADD = $(gateway_libs)

pkglibexec_PROGRAMS += gongbang-ledger
gongbang_ledger_SOURCES = cgi-bin/gongbang_ledger.c
gongbang_ledger_LDADD = lib/ledger/libledger.a lib/store/libstore.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) $(UV_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS)

pkglibexec_PROGRAMS += gongbang-worker
gongbang_worker_SOURCES = cgi-bin/gongbang_worker.c
gongbang_worker_LDADD = lib/schedule/libschedule.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/html/libhtml.a lib/http/libhttp.a \
	lib/core/libcore.a $(ICAL_LIBS) $(CURL_LIBS) $(HIREDIS_LIBS) \
	$(SODIUM_LIBS) $(CMARK_LIBS) $(SQLITE_LIBS) $(UV_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) -lpthread

pkglibexec_PROGRAMS += gongbang-egress
gongbang_egress_SOURCES = cgi-bin/gongbang_egress.c
gongbang_egress_LDADD = lib/egress/libegress.a lib/core/libcore.a $(CORE_LIBS)

pkglibexec_PROGRAMS += gongbang-guard
gongbang_guard_SOURCES = cgi-bin/gongbang_guard.c
gongbang_guard_LDADD = lib/guard/libguard.a lib/workspace/libworkspace.a \
	lib/engine/libengine.a lib/core/libcore.a $(HTTP_PARSER_LIBS) \
	$(SODIUM_LIBS) $(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
