check_PROGRAMS += tests/shim/shim_test
tests_shim_shim_test_SOURCES = tests/shim/shim_test.c tests/shim/harness.c \
	tests/shim/harness.h
tests_shim_shim_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_shim_test_LDADD = lib/link/liblink.a lib/core/libcore.a \
	$(SODIUM_LIBS) $(NGHTTP2_LIBS) $(TALLOC_LIBS) $(test_libs)
tests_shim_shim_test_DEPENDENCIES = gongbang-shim lib/link/liblink.a lib/core/libcore.a

check_PROGRAMS += tests/shim/container_test
tests_shim_container_test_SOURCES = tests/shim/container_test.c \
	tests/shim/harness.c tests/shim/harness.h
tests_shim_container_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_container_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_container_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

# Parts of it, in the test's own process.
shim_part_libs = lib/shim/libshim.a lib/core/libcore.a $(SODIUM_LIBS) $(NGHTTP2_LIBS) $(test_libs)
check_PROGRAMS += tests/shim/log_file_test
tests_shim_log_file_test_SOURCES = tests/shim/log_file_test.c
tests_shim_log_file_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/processes_test tests/shim/shim_session_test
tests_shim_processes_test_SOURCES = tests/shim/processes_test.c
tests_shim_processes_test_LDADD = $(shim_part_libs)
tests_shim_shim_session_test_SOURCES = tests/shim/shim_session_test.c
tests_shim_shim_session_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/landlock_test
tests_shim_landlock_test_SOURCES = tests/shim/landlock_test.c
tests_shim_landlock_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
tests_shim_landlock_test_LDADD = $(shim_part_libs)
