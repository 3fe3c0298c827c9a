# The programs; each folder below lists its files.
include cgi-bin/fcgi/local.mk
include cgi-bin/web/local.mk
include cgi-bin/pages/local.mk
include cgi-bin/cli/local.mk

pkglibexec_PROGRAMS += gongbang-demo-model
gongbang_demo_model_SOURCES = cgi-bin/gongbang_demo_model.c
gongbang_demo_model_LDADD = lib/demo/libdemo.a lib/json/libjson.a \
	lib/core/libcore.a $(MHD_LIBS) $(JSON_LIBS) $(CORE_LIBS) -lpthread

pkglibexec_PROGRAMS += gongbang-sandbox
gongbang_sandbox_SOURCES = cgi-bin/gongbang_sandbox.c
gongbang_sandbox_LDADD = $(SECCOMP_LIBS)

bin_PROGRAMS += gongbang
gongbang_SOURCES = cgi-bin/gongbang.c $(cli)
gongbang_LDADD = lib/ledger/libledger.a lib/notify/libnotify.a \
	lib/agent/libagent.a lib/schedule/libschedule.a lib/guard/libguard.a \
	lib/egress/libegress.a lib/spending/libspending.a lib/auth/libauth.a \
	lib/store/libstore.a lib/kv/libkv.a lib/http/libhttp.a \
	lib/time/libtime.a lib/json/libjson.a lib/core/libcore.a \
	$(SODIUM_LIBS) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(CMARK_LIBS) \
	$(CURL_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)

pkglibexec_PROGRAMS += cgi-bin/gongbang.fcgi
pages_libs = lib/worker/libworker.a lib/notify/libnotify.a \
	lib/agent/libagent.a lib/schedule/libschedule.a \
	lib/transcript/libtranscript.a lib/preview/libpreview.a lib/egress/libegress.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/preview/libpreview.a lib/html/libhtml.a \
	lib/i18n/libi18n.a lib/http/libhttp.a lib/time/libtime.a lib/json/libjson.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) $(HIREDIS_LIBS) \
	$(CMARK_LIBS) $(CURL_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) \
	$(UV_LIBS) $(CORE_LIBS) -lpthread
cgi_bin_gongbang_fcgi_SOURCES = $(pages) $(fcgi) cgi-bin/gongbang_fcgi.c
cgi_bin_gongbang_fcgi_LDADD = $(pages_libs) $(FCGI_LIBS)

pkglibexec_PROGRAMS += gongbang-bridge
gongbang_bridge_SOURCES = cgi-bin/gongbang_bridge.c
gongbang_bridge_LDADD = lib/bridge/libbridge.a lib/agent/libagent.a \
	lib/schedule/libschedule.a lib/session/libsession.a \
	lib/transcript/libtranscript.a lib/preview/libpreview.a lib/workspace/libworkspace.a \
	lib/link/liblink.a lib/egress/libegress.a lib/spending/libspending.a \
	lib/auth/libauth.a lib/engine/libengine.a lib/store/libstore.a \
	lib/kv/libkv.a lib/ws/libws.a lib/html/libhtml.a lib/i18n/libi18n.a \
	lib/http/libhttp.a lib/time/libtime.a lib/json/libjson.a \
	lib/core/libcore.a $(MHD_LIBS) $(WSLAY_LIBS) $(NGHTTP2_LIBS) \
	$(HTTP_PARSER_LIBS) $(HIREDIS_LIBS) $(SODIUM_LIBS) $(CMARK_LIBS) \
	$(SQLITE_LIBS) $(UV_LIBS) $(ICAL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) \
	$(CORE_LIBS) -lpthread

# Without SQLite: what of the store it links must need none.
gateway_libs = lib/gateway/libgateway.a lib/ledger/libledger.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/i18n/libi18n.a lib/http/libhttp.a \
	lib/time/libtime.a lib/json/libjson.a lib/core/libcore.a $(MHD_LIBS) \
	$(CURL_LIBS) $(ZLIB_LIBS) $(HIREDIS_LIBS) $(SODIUM_LIBS) $(UV_LIBS) \
	$(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) -lpthread
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
gongbang_worker_LDADD = lib/worker/libworker.a lib/notify/libnotify.a \
	lib/agent/libagent.a lib/schedule/libschedule.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/i18n/libi18n.a lib/http/libhttp.a \
	lib/time/libtime.a lib/json/libjson.a lib/core/libcore.a $(ICAL_LIBS) \
	$(CURL_LIBS) $(HIREDIS_LIBS) $(SODIUM_LIBS) $(CMARK_LIBS) \
	$(SQLITE_LIBS) $(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) \
	-lpthread

pkglibexec_PROGRAMS += gongbang-egress
gongbang_egress_SOURCES = cgi-bin/gongbang_egress.c
gongbang_egress_LDADD = lib/egress/libegress.a lib/core/libcore.a $(CORE_LIBS)

pkglibexec_PROGRAMS += gongbang-guard
gongbang_guard_SOURCES = cgi-bin/gongbang_guard.c
gongbang_guard_LDADD = lib/guard/libguard.a lib/workspace/libworkspace.a \
	lib/engine/libengine.a lib/json/libjson.a lib/core/libcore.a \
	$(HTTP_PARSER_LIBS) $(SODIUM_LIBS) $(UV_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS)
