check_PROGRAMS += tests/store/store_test tests/store/record_test
tests_store_store_test_SOURCES = tests/store/store_test.c
tests_store_store_test_LDADD = $(store_test_libs)
tests_store_record_test_SOURCES = tests/store/record_test.c
tests_store_record_test_LDADD = $(store_test_libs)
store_test_libs = lib/store/libstore.a lib/core/libcore.a $(SQLITE_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
