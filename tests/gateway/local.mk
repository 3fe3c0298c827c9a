gateway_test_libs = lib/gateway/libgateway.a lib/ledger/libledger.a \
	lib/spending/libspending.a lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/time/libtime.a lib/json/libjson.a \
	$(html_test_libs) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(UV_LIBS) \
	$(ZLIB_LIBS)
check_PROGRAMS += tests/gateway/usage_reader_test \
	tests/gateway/journal_test
tests_gateway_usage_reader_test_SOURCES = tests/gateway/usage_reader_test.c
tests_gateway_usage_reader_test_LDADD = $(gateway_test_libs)
journal_world = tests/gateway/journal_world.c tests/gateway/journal_world.h \
	$(store_fixture) $(ledger_serving)
tests_gateway_journal_test_SOURCES = tests/gateway/journal_test.c $(journal_world)
tests_gateway_journal_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/journal_replay_test
tests_gateway_journal_replay_test_SOURCES = tests/gateway/journal_replay_test.c $(journal_world)
tests_gateway_journal_replay_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/journal_book_test
tests_gateway_journal_book_test_SOURCES = tests/gateway/journal_book_test.c $(journal_world)
tests_gateway_journal_book_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/journal_disk_test
tests_gateway_journal_disk_test_SOURCES = tests/gateway/journal_disk_test.c $(journal_world)
tests_gateway_journal_disk_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/api_routes_test
tests_gateway_api_routes_test_SOURCES = tests/gateway/api_routes_test.c
tests_gateway_api_routes_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/betas_test
tests_gateway_betas_test_SOURCES = tests/gateway/betas_test.c
tests_gateway_betas_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/bounded_buffer_test
tests_gateway_bounded_buffer_test_SOURCES = tests/gateway/bounded_buffer_test.c
tests_gateway_bounded_buffer_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/fair_queue_test
tests_gateway_fair_queue_test_SOURCES = tests/gateway/fair_queue_test.c
tests_gateway_fair_queue_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/headers_test
tests_gateway_headers_test_SOURCES = tests/gateway/headers_test.c
tests_gateway_headers_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/keys_test
tests_gateway_keys_test_SOURCES = tests/gateway/keys_test.c
tests_gateway_keys_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/request_reader_test
tests_gateway_request_reader_test_SOURCES = tests/gateway/request_reader_test.c
tests_gateway_request_reader_test_LDADD = $(gateway_test_libs)
check_PROGRAMS += tests/gateway/gateway_test
gateway_world = tests/gateway/gateway_world.c tests/gateway/gateway_world.h \
	tests/gateway/scripted.c tests/gateway/scripted.h $(test_redis)
gateway_calls = tests/gateway/gateway_calls.c tests/gateway/gateway_calls.h $(gateway_world)
tests_gateway_gateway_test_SOURCES = tests/gateway/gateway_test.c $(gateway_calls)
tests_gateway_gateway_test_LDADD = $(gateway_libs) $(SQLITE_LIBS) $(test_libs)
check_PROGRAMS += tests/gateway/call_test
tests_gateway_call_test_SOURCES = tests/gateway/call_test.c $(gateway_calls)
tests_gateway_call_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/call_reply_test
tests_gateway_call_reply_test_SOURCES = tests/gateway/call_reply_test.c $(gateway_calls)
tests_gateway_call_reply_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/call_key_test
tests_gateway_call_key_test_SOURCES = tests/gateway/call_key_test.c $(gateway_calls)
tests_gateway_call_key_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/outbound_request_test
tests_gateway_outbound_request_test_SOURCES = tests/gateway/outbound_request_test.c $(gateway_calls)
tests_gateway_outbound_request_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/inbound_request_test
tests_gateway_inbound_request_test_SOURCES = tests/gateway/inbound_request_test.c $(gateway_calls)
tests_gateway_inbound_request_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/inflater_test
tests_gateway_inflater_test_SOURCES = tests/gateway/inflater_test.c $(gateway_calls)
tests_gateway_inflater_test_LDADD = $(tests_gateway_gateway_test_LDADD)
check_PROGRAMS += tests/gateway/admission_reserve_test
tests_gateway_admission_reserve_test_SOURCES = tests/gateway/admission_reserve_test.c $(gateway_calls)
tests_gateway_admission_reserve_test_LDADD = $(tests_gateway_gateway_test_LDADD)
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
