gateway_test_libs = lib/gateway/libgateway.a lib/spending/libspending.a \
	lib/auth/libauth.a lib/kv/libkv.a lib/store/libstore.a \
	$(html_test_libs) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(UV_LIBS)
check_PROGRAMS += tests/gateway/usage_reader_test \
	tests/gateway/journal_test
tests_gateway_usage_reader_test_SOURCES = tests/gateway/usage_reader_test.c
tests_gateway_usage_reader_test_LDADD = $(gateway_test_libs)
tests_gateway_journal_test_SOURCES = tests/gateway/journal_test.c \
	$(store_fixture)
tests_gateway_journal_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/admission_test
admission_fixture = tests/gateway/admission_fixture.c \
	tests/gateway/admission_fixture.h $(store_fixture) $(test_redis)
tests_gateway_admission_test_SOURCES = tests/gateway/admission_test.c \
	$(admission_fixture)
tests_gateway_admission_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/admission_fault_test
tests_gateway_admission_fault_test_SOURCES = \
	tests/gateway/admission_fault_test.c $(admission_fixture)
tests_gateway_admission_fault_test_LDADD = $(gateway_test_libs)
