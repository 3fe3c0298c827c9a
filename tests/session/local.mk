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

check_PROGRAMS += tests/session/run_test
tests_session_run_test_SOURCES = tests/session/run_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_run_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_run_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/start_test
tests_session_start_test_SOURCES = tests/session/start_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_start_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_start_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/changes_test
tests_session_changes_test_SOURCES = tests/session/changes_test.c
tests_session_changes_test_LDADD = lib/session/libsession.a \
	lib/core/libcore.a $(CORE_LIBS) $(test_libs)
