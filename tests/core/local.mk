check_PROGRAMS += tests/core/core_test
tests_core_core_test_SOURCES = tests/core/core_test.c
tests_core_core_test_LDADD = lib/core/libcore.a $(CORE_LIBS) $(test_libs)
