check_PROGRAMS += tests/cgi-bin/cli/gongbang_test \
	tests/cgi-bin/cli/command_spending_test
tests_cgi_bin_cli_gongbang_test_SOURCES = tests/cgi-bin/cli/gongbang_test.c \
	$(operator)
tests_cgi_bin_cli_gongbang_test_LDADD = $(operator_libs)
tests_cgi_bin_cli_command_spending_test_SOURCES = \
	tests/cgi-bin/cli/command_spending_test.c $(operator)
tests_cgi_bin_cli_command_spending_test_LDADD = $(operator_libs)
operator = tests/cgi-bin/cli/operator.c tests/cgi-bin/cli/operator.h \
	$(test_control) $(test_redis)
test_control = tests/cgi-bin/control_socket.c tests/cgi-bin/control_socket.h
operator_libs = lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

# Run gongbang.fcgi itself, so they need it built.
check_PROGRAMS += tests/cgi-bin/pages/pages_test
tests_cgi_bin_pages_pages_test_SOURCES = tests/cgi-bin/pages/pages_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_control) $(test_redis)
tests_cgi_bin_pages_pages_test_DEPENDENCIES = cgi-bin/gongbang.fcgi \
	$(cgi_test_own)
tests_cgi_bin_pages_pages_test_LDADD = $(cgi_test_libs)
cgi_test_own = lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/core/libcore.a
cgi_test_libs = $(cgi_test_own) $(JSON_LIBS) $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/cgi-bin/fcgi/fair_share_test
tests_cgi_bin_fcgi_fair_share_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/cgi-bin
tests_cgi_bin_fcgi_fair_share_test_SOURCES = \
	tests/cgi-bin/fcgi/fair_share_test.c \
	cgi-bin/fcgi/fair_share.c cgi-bin/fcgi/fair_share.h
tests_cgi_bin_fcgi_fair_share_test_LDADD = lib/core/libcore.a \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/cgi-bin/fcgi/fcgi_server_test
tests_cgi_bin_fcgi_fcgi_server_test_SOURCES = \
	tests/cgi-bin/fcgi/fcgi_server_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_fcgi_fcgi_server_test_DEPENDENCIES = cgi-bin/gongbang.fcgi \
	$(cgi_test_own)
tests_cgi_bin_fcgi_fcgi_server_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/account/page_login_test
tests_cgi_bin_pages_account_page_login_test_SOURCES = \
	tests/cgi-bin/pages/account/page_login_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_account_page_login_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_account_page_login_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/usage/page_usage_test
tests_cgi_bin_pages_usage_page_usage_test_SOURCES = \
	tests/cgi-bin/pages/usage/page_usage_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_usage_page_usage_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_usage_page_usage_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/admin/page_admin_test
tests_cgi_bin_pages_admin_page_admin_test_SOURCES = \
	tests/cgi-bin/pages/admin/page_admin_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_control) $(test_redis)
tests_cgi_bin_pages_admin_page_admin_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_admin_page_admin_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/agents/line_diff_test
tests_cgi_bin_pages_agents_line_diff_test_SOURCES = \
	tests/cgi-bin/pages/agents/line_diff_test.c \
	cgi-bin/pages/agents/line_diff.c
tests_cgi_bin_pages_agents_line_diff_test_LDADD = \
	lib/transcript/libtranscript.a lib/preview/libpreview.a lib/html/libhtml.a \
	lib/i18n/libi18n.a lib/time/libtime.a lib/core/libcore.a \
	$(CMARK_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

# With a kernel of the test's own.
check_PROGRAMS += tests/cgi-bin/cli/doctor/doctor_landlock_test
tests_cgi_bin_cli_doctor_doctor_landlock_test_SOURCES = \
	tests/cgi-bin/cli/doctor/doctor_landlock_test.c \
	cgi-bin/cli/doctor/doctor_landlock.c \
	cgi-bin/cli/doctor/doctor_finding.c
tests_cgi_bin_cli_doctor_doctor_landlock_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=syscall
tests_cgi_bin_cli_doctor_doctor_landlock_test_LDADD = lib/core/libcore.a \
	$(test_libs)

check_PROGRAMS += tests/cgi-bin/pages/agents/page_agents_test
tests_cgi_bin_pages_agents_page_agents_test_SOURCES = \
	tests/cgi-bin/pages/agents/page_agents_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_agents_page_agents_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_agents_page_agents_test_LDADD = $(cgi_test_libs)
check_PROGRAMS += tests/cgi-bin/pages/runs/page_calendar_test
tests_cgi_bin_pages_runs_page_calendar_test_SOURCES = \
	tests/cgi-bin/pages/runs/page_calendar_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_runs_page_calendar_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_runs_page_calendar_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/agents/page_agent_hook_test
tests_cgi_bin_pages_agents_page_agent_hook_test_SOURCES = \
	tests/cgi-bin/pages/agents/page_agent_hook_test.c tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_agents_page_agent_hook_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_agents_page_agent_hook_test_LDADD = $(cgi_test_libs)
run_rows = tests/cgi-bin/pages/runs/run_rows.c \
	tests/cgi-bin/pages/runs/run_rows.h tests/cgi-bin/cgi.c \
	tests/cgi-bin/cgi.h $(test_redis)
check_PROGRAMS += tests/cgi-bin/pages/runs/page_runs_test
tests_cgi_bin_pages_runs_page_runs_test_SOURCES = \
	tests/cgi-bin/pages/runs/page_runs_test.c $(run_rows)
tests_cgi_bin_pages_runs_page_runs_test_DEPENDENCIES = cgi-bin/gongbang.fcgi \
	$(cgi_test_own)
tests_cgi_bin_pages_runs_page_runs_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/pages/runs/page_run_actions_test
tests_cgi_bin_pages_runs_page_run_actions_test_SOURCES = \
	tests/cgi-bin/pages/runs/page_run_actions_test.c $(run_rows)
tests_cgi_bin_pages_runs_page_run_actions_test_DEPENDENCIES = \
	cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_runs_page_run_actions_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/cli/command_agent_test
tests_cgi_bin_cli_command_agent_test_SOURCES = \
	tests/cgi-bin/cli/command_agent_test.c $(operator)
tests_cgi_bin_cli_command_agent_test_LDADD = $(operator_libs)

# The pages themselves, in the test's own process.
in_process = tests/cgi-bin/pages/in_process.c \
	tests/cgi-bin/pages/in_process.h $(pages) $(run_rows)
check_PROGRAMS += tests/cgi-bin/pages/routes_test \
	tests/cgi-bin/pages/lists_test \
	tests/cgi-bin/pages/page_search_test \
	tests/cgi-bin/pages/account/page_password_test
tests_cgi_bin_pages_routes_test_SOURCES = tests/cgi-bin/pages/routes_test.c \
	$(in_process)
tests_cgi_bin_pages_routes_test_LDADD = $(pages_libs) $(test_libs)
tests_cgi_bin_pages_page_search_test_SOURCES = \
	tests/cgi-bin/pages/page_search_test.c $(in_process)
tests_cgi_bin_pages_page_search_test_LDADD = $(pages_libs) $(test_libs)
tests_cgi_bin_pages_lists_test_SOURCES = tests/cgi-bin/pages/lists_test.c \
	$(in_process)
tests_cgi_bin_pages_lists_test_LDADD = $(pages_libs) $(test_libs)
tests_cgi_bin_pages_account_page_password_test_SOURCES = \
	tests/cgi-bin/pages/account/page_password_test.c $(in_process)
tests_cgi_bin_pages_account_page_password_test_LDADD = $(pages_libs) \
	$(test_libs)
check_PROGRAMS += tests/cgi-bin/pages/files/page_files_test
tests_cgi_bin_pages_files_page_files_test_SOURCES = \
	tests/cgi-bin/pages/files/page_files_test.c $(in_process)
tests_cgi_bin_pages_files_page_files_test_LDADD = $(pages_libs) $(test_libs)
check_PROGRAMS += tests/cgi-bin/pages/share/page_share_test
tests_cgi_bin_pages_share_page_share_test_SOURCES = \
	tests/cgi-bin/pages/share/page_share_test.c $(run_rows)
tests_cgi_bin_pages_share_page_share_test_DEPENDENCIES = cgi-bin/gongbang.fcgi \
	$(cgi_test_own)
tests_cgi_bin_pages_share_page_share_test_LDADD = $(cgi_test_libs)
