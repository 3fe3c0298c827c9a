check_PROGRAMS += tests/time/period_test
tests_time_period_test_SOURCES = tests/time/period_test.c
tests_time_period_test_LDADD = $(spending_test_libs)
