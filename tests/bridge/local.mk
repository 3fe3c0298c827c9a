check_PROGRAMS += tests/bridge/incoming_test
tests_bridge_incoming_test_SOURCES = tests/bridge/incoming_test.c
tests_bridge_incoming_test_LDADD = lib/bridge/libbridge.a lib/ws/libws.a \
	lib/json/libjson.a lib/core/libcore.a $(WSLAY_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/fuzz/framing_fuzz
tests_fuzz_framing_fuzz_SOURCES = tests/fuzz/framing_fuzz.c $(fuzz_main)
tests_fuzz_framing_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_framing_fuzz_LDADD = lib/ws/libws.a lib/core/libcore.a \
	$(WSLAY_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)

check_PROGRAMS += tests/bridge/handshake_test
tests_bridge_handshake_test_SOURCES = tests/bridge/handshake_test.c \
	tests/kv/redis_server.c tests/kv/redis_server.h
tests_bridge_handshake_test_LDADD = lib/bridge/libbridge.a \
	lib/agent/libagent.a lib/egress/libegress.a lib/auth/libauth.a \
	lib/store/libstore.a lib/kv/libkv.a lib/ws/libws.a lib/html/libhtml.a \
	lib/i18n/libi18n.a lib/http/libhttp.a lib/time/libtime.a \
	lib/json/libjson.a lib/core/libcore.a $(MHD_LIBS) $(WSLAY_LIBS) \
	$(HIREDIS_LIBS) $(SODIUM_LIBS) $(CMARK_LIBS) $(SQLITE_LIBS) \
	$(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) -lpthread \
	$(test_libs)

check_PROGRAMS += tests/bridge/yield_test
tests_bridge_yield_test_SOURCES = tests/bridge/yield_test.c
tests_bridge_yield_test_LDADD = lib/bridge/libbridge.a $(test_libs)

check_PROGRAMS += tests/bridge/page_client_test
tests_bridge_page_client_test_SOURCES = tests/bridge/page_client_test.c
tests_bridge_page_client_test_LDADD = lib/bridge/libbridge.a \
	lib/ws/libws.a lib/json/libjson.a lib/core/libcore.a $(WSLAY_LIBS) \
	$(SODIUM_LIBS) $(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) \
	$(test_libs)
