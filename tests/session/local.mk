check_PROGRAMS += tests/session/session_test
tests_session_session_test_SOURCES = tests/session/session_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_session_test_LDADD = lib/session/libsession.a \
	lib/transcript/libtranscript.a lib/store/libstore.a \
	lib/json/libjson.a lib/core/libcore.a $(SQLITE_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)
# The fake has the clocks.
tests_session_session_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=clock_mono_ms -Wl,--wrap=uv_hrtime

check_PROGRAMS += tests/session/agent_run_test
tests_session_agent_run_test_SOURCES = tests/session/agent_run_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_agent_run_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_agent_run_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/start_test
tests_session_start_test_SOURCES = tests/session/start_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_start_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_start_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/changed_files_test
tests_session_changed_files_test_SOURCES = tests/session/changed_files_test.c
tests_session_changed_files_test_LDADD = lib/session/libsession.a \
	lib/core/libcore.a $(CORE_LIBS) $(test_libs)
