check_PROGRAMS += tests/shim/shim_test
tests_shim_shim_test_SOURCES = tests/shim/shim_test.c tests/shim/harness.c \
	tests/shim/harness.h
tests_shim_shim_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_shim_test_LDADD = lib/link/liblink.a lib/core/libcore.a \
	$(NGHTTP2_LIBS) $(TALLOC_LIBS) $(test_libs)
tests_shim_shim_test_DEPENDENCIES = gongbang-shim lib/link/liblink.a lib/core/libcore.a

check_PROGRAMS += tests/shim/container_test
tests_shim_container_test_SOURCES = tests/shim/container_test.c \
	tests/shim/harness.c tests/shim/harness.h
tests_shim_container_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_container_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_container_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)
