check_PROGRAMS += tests/i18n/i18n_test
tests_i18n_i18n_test_SOURCES = tests/i18n/i18n_test.c
tests_i18n_i18n_test_LDADD = $(html_test_libs)
