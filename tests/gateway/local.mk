gateway_test_libs = lib/gateway/libgateway.a lib/ledger/libledger.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/time/libtime.a lib/json/libjson.a \
	$(html_test_libs) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(UV_LIBS) \
	$(ZLIB_LIBS)
check_PROGRAMS += tests/gateway/usage_reader_test \
	tests/gateway/journal_test
tests_gateway_usage_reader_test_SOURCES = tests/gateway/usage_reader_test.c
tests_gateway_usage_reader_test_LDADD = $(gateway_test_libs)
tests_gateway_journal_test_SOURCES = tests/gateway/journal_test.c \
	$(store_fixture) $(ledger_serving)
tests_gateway_journal_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/request_reader_test
tests_gateway_request_reader_test_SOURCES = tests/gateway/request_reader_test.c
tests_gateway_request_reader_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/parts_test
tests_gateway_parts_test_SOURCES = tests/gateway/parts_test.c
tests_gateway_parts_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) $(test_libs)
check_PROGRAMS += tests/gateway/gateway_test
gateway_world = tests/gateway/world.c tests/gateway/world.h \
	tests/gateway/scripted.c tests/gateway/scripted.h $(test_redis)
tests_gateway_gateway_test_SOURCES = tests/gateway/gateway_test.c $(gateway_world)
tests_gateway_gateway_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) $(test_libs)
check_PROGRAMS += tests/gateway/admission_test
admission_fixture = tests/gateway/admission_fixture.c \
	tests/gateway/admission_fixture.h $(store_fixture) $(ledger_serving) \
	$(test_redis)
tests_gateway_admission_test_SOURCES = tests/gateway/admission_test.c \
	$(admission_fixture)
tests_gateway_admission_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/admission_fault_test
tests_gateway_admission_fault_test_SOURCES = \
	tests/gateway/admission_fault_test.c $(admission_fixture)
tests_gateway_admission_fault_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/listener_test
tests_gateway_listener_test_SOURCES = tests/gateway/listener_test.c
tests_gateway_listener_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) \
	$(test_libs)
check_PROGRAMS += tests/gateway/sums_test
tests_gateway_sums_test_SOURCES = tests/gateway/sums_test.c $(gateway_world)
tests_gateway_sums_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) $(test_libs) -lpthread
check_PROGRAMS += tests/gateway/tls_test
tests_gateway_tls_test_SOURCES = tests/gateway/tls_test.c $(gateway_world)
tests_gateway_tls_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) $(test_libs)
