spending_test_libs = lib/spending/libspending.a lib/store/libstore.a \
	lib/time/libtime.a lib/json/libjson.a $(html_test_libs) \
	$(SQLITE_LIBS)
check_PROGRAMS += tests/spending/prices_test tests/spending/report_test \
	tests/spending/spent_test tests/spending/budget_zone_test \
	tests/spending/cli_prices_test
tests_spending_cli_prices_test_SOURCES = tests/spending/cli_prices_test.c
tests_spending_cli_prices_test_LDADD = $(spending_test_libs)
EXTRA_DIST += tests/spending/list_models.jsonl
tests_spending_budget_zone_test_SOURCES = tests/spending/budget_zone_test.c $(store_fixture)
tests_spending_budget_zone_test_LDADD = $(spending_test_libs)
tests_spending_prices_test_SOURCES = tests/spending/prices_test.c
tests_spending_prices_test_LDADD = $(spending_test_libs)
tests_spending_spent_test_SOURCES = tests/spending/spent_test.c $(store_fixture)
tests_spending_spent_test_LDADD = $(spending_test_libs)
tests_spending_report_test_SOURCES = tests/spending/report_test.c $(store_fixture)
tests_spending_report_test_LDADD = $(spending_test_libs)
check_PROGRAMS += tests/spending/user_spending_test
tests_spending_user_spending_test_SOURCES = tests/spending/user_spending_test.c $(store_fixture)
tests_spending_user_spending_test_LDADD = $(spending_test_libs)
