check_PROGRAMS += tests/ledger/ledger_test
ledger_serving = tests/ledger/serving.c tests/ledger/serving.h
tests_ledger_ledger_test_SOURCES = tests/ledger/ledger_test.c \
	$(store_fixture) $(ledger_serving)
tests_ledger_ledger_test_LDADD = lib/ledger/libledger.a lib/store/libstore.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) $(UV_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs) -lpthread
