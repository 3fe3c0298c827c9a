check_PROGRAMS += tests/cgi-bin/gongbang_test tests/cgi-bin/spending_test
tests_cgi_bin_gongbang_test_SOURCES = tests/cgi-bin/gongbang_test.c $(operator)
tests_cgi_bin_gongbang_test_LDADD = $(operator_libs)
tests_cgi_bin_spending_test_SOURCES = tests/cgi-bin/spending_test.c $(operator)
tests_cgi_bin_spending_test_LDADD = $(operator_libs)
operator = tests/cgi-bin/operator.c tests/cgi-bin/operator.h $(test_control) \
	$(test_redis)
test_control = tests/cgi-bin/control.c tests/cgi-bin/control.h
operator_libs = lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

# Run gongbang.fcgi itself, so they need it built.
check_PROGRAMS += tests/cgi-bin/pages_test
tests_cgi_bin_pages_test_SOURCES = tests/cgi-bin/pages_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_pages_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_pages_test_LDADD = $(cgi_test_libs)
cgi_test_own = lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/core/libcore.a
cgi_test_libs = $(cgi_test_own) $(JSON_LIBS) $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/cgi-bin/server_test
tests_cgi_bin_server_test_SOURCES = tests/cgi-bin/server_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_server_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_server_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/login_test
tests_cgi_bin_login_test_SOURCES = tests/cgi-bin/login_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_login_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_login_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/usage_test
tests_cgi_bin_usage_test_SOURCES = tests/cgi-bin/usage_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_usage_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_usage_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/admin_test
tests_cgi_bin_admin_test_SOURCES = tests/cgi-bin/admin_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_control) $(test_redis)
tests_cgi_bin_admin_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_admin_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/line_diff_test
tests_cgi_bin_line_diff_test_SOURCES = tests/cgi-bin/line_diff_test.c \
	cgi-bin/line_diff.c
tests_cgi_bin_line_diff_test_LDADD = lib/html/libhtml.a lib/core/libcore.a \
	$(CMARK_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

# With a kernel of the test's own.
check_PROGRAMS += tests/cgi-bin/doctor_landlock_test
tests_cgi_bin_doctor_landlock_test_SOURCES = \
	tests/cgi-bin/doctor_landlock_test.c cgi-bin/doctor_landlock.c \
	cgi-bin/doctor_finding.c
tests_cgi_bin_doctor_landlock_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
tests_cgi_bin_doctor_landlock_test_LDADD = lib/core/libcore.a $(test_libs)

check_PROGRAMS += tests/cgi-bin/agents_test
tests_cgi_bin_agents_test_SOURCES = tests/cgi-bin/agents_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_agents_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_agents_test_LDADD = $(cgi_test_libs)
check_PROGRAMS += tests/cgi-bin/calendar_test
tests_cgi_bin_calendar_test_SOURCES = tests/cgi-bin/calendar_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_calendar_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_calendar_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/hooks_test
tests_cgi_bin_hooks_test_SOURCES = tests/cgi-bin/hooks_test.c \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
tests_cgi_bin_hooks_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_hooks_test_LDADD = $(cgi_test_libs)
run_rows = tests/cgi-bin/run_rows.c tests/cgi-bin/run_rows.h \
	tests/cgi-bin/cgi.c tests/cgi-bin/cgi.h $(test_redis)
check_PROGRAMS += tests/cgi-bin/executions_test
tests_cgi_bin_executions_test_SOURCES = tests/cgi-bin/executions_test.c \
	$(run_rows)
tests_cgi_bin_executions_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_executions_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/execution_acts_test
tests_cgi_bin_execution_acts_test_SOURCES = \
	tests/cgi-bin/execution_acts_test.c $(run_rows)
tests_cgi_bin_execution_acts_test_DEPENDENCIES = cgi-bin/gongbang.fcgi $(cgi_test_own)
tests_cgi_bin_execution_acts_test_LDADD = $(cgi_test_libs)

check_PROGRAMS += tests/cgi-bin/command_agent_test
tests_cgi_bin_command_agent_test_SOURCES = tests/cgi-bin/command_agent_test.c \
	$(operator)
tests_cgi_bin_command_agent_test_LDADD = $(operator_libs)

# The pages themselves, in the test's own process.
in_process = tests/cgi-bin/in_process.c tests/cgi-bin/in_process.h $(pages) \
	$(run_rows)
check_PROGRAMS += tests/cgi-bin/routes_test tests/cgi-bin/password_test
tests_cgi_bin_routes_test_SOURCES = tests/cgi-bin/routes_test.c $(in_process)
tests_cgi_bin_routes_test_LDADD = $(pages_libs) $(test_libs)
tests_cgi_bin_password_test_SOURCES = tests/cgi-bin/password_test.c \
	$(in_process)
tests_cgi_bin_password_test_LDADD = $(pages_libs) $(test_libs)
