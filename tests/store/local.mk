check_PROGRAMS += tests/store/db_test tests/store/store_test \
	tests/store/record_test tests/store/spending_test \
	tests/store/usage_test tests/store/agents_test
store_fixture = tests/store/fixture.c tests/store/fixture.h
tests_store_db_test_SOURCES = tests/store/db_test.c $(store_fixture)
tests_store_db_test_LDADD = $(store_test_libs)
tests_store_store_test_SOURCES = tests/store/store_test.c $(store_fixture)
tests_store_store_test_LDADD = $(store_test_libs)
tests_store_record_test_SOURCES = tests/store/record_test.c
tests_store_record_test_LDADD = $(store_test_libs)
tests_store_spending_test_SOURCES = tests/store/spending_test.c $(store_fixture)
tests_store_spending_test_LDADD = $(store_test_libs)
tests_store_usage_test_SOURCES = tests/store/usage_test.c $(store_fixture)
tests_store_usage_test_LDADD = $(store_test_libs)
tests_store_agents_test_SOURCES = tests/store/agents_test.c $(store_fixture)
tests_store_agents_test_LDADD = $(store_test_libs)
store_test_libs = lib/store/libstore.a lib/core/libcore.a $(SQLITE_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/store/feeds_test
tests_store_feeds_test_SOURCES = tests/store/feeds_test.c $(store_fixture)
tests_store_feeds_test_LDADD = $(store_test_libs)
check_PROGRAMS += tests/store/pictures_test
tests_store_pictures_test_SOURCES = tests/store/pictures_test.c $(store_fixture)
tests_store_pictures_test_LDADD = $(store_test_libs)
check_PROGRAMS += tests/store/removal_test
tests_store_removal_test_SOURCES = tests/store/removal_test.c $(store_fixture)
tests_store_removal_test_LDADD = $(store_test_libs)
check_PROGRAMS += tests/store/jobs_test
tests_store_jobs_test_SOURCES = tests/store/jobs_test.c
tests_store_jobs_test_LDADD = $(store_test_libs) $(UV_LIBS) -lpthread
check_PROGRAMS += tests/store/search_test
tests_store_search_test_SOURCES = tests/store/search_test.c $(store_fixture)
tests_store_search_test_LDADD = $(store_test_libs)
check_PROGRAMS += tests/store/shares_test
tests_store_shares_test_SOURCES = tests/store/shares_test.c $(store_fixture)
tests_store_shares_test_LDADD = $(store_test_libs)
