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

# What it is asked for of sessions, workspaces and the engine is noted.
check_PROGRAMS += tests/bridge/token_lifecycle_test
tests_bridge_token_lifecycle_test_SOURCES = tests/bridge/token_lifecycle_test.c \
	$(store_fixture) tests/kv/redis_server.c tests/kv/redis_server.h
tests_bridge_token_lifecycle_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=token_ending_each
tests_bridge_token_lifecycle_test_LDADD = lib/bridge/libbridge.a \
	lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/core/libcore.a $(HIREDIS_LIBS) $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/bridge/user_presence_test
tests_bridge_user_presence_test_SOURCES = tests/bridge/user_presence_test.c
tests_bridge_user_presence_test_LDADD = lib/bridge/libbridge.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(UV_LIBS) $(TALLOC_LIBS) \
	$(CORE_LIBS) $(test_libs)
tests_bridge_user_presence_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_mono_ms

check_PROGRAMS += tests/bridge/orphans_test
tests_bridge_orphans_test_SOURCES = tests/bridge/orphans_test.c
tests_bridge_orphans_test_LDADD = $(tests_bridge_user_presence_test_LDADD)
tests_bridge_orphans_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_now_ms

check_PROGRAMS += tests/bridge/turnover_test
tests_bridge_turnover_test_SOURCES = tests/bridge/turnover_test.c
tests_bridge_turnover_test_LDADD = lib/bridge/libbridge.a \
	lib/html/libhtml.a lib/i18n/libi18n.a lib/time/libtime.a \
	lib/json/libjson.a lib/core/libcore.a $(CMARK_LIBS) $(JSON_LIBS) \
	$(SODIUM_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) -lpthread $(test_libs)
tests_bridge_turnover_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_mono_ms

check_PROGRAMS += tests/bridge/control_test
tests_bridge_control_test_SOURCES = tests/bridge/control_test.c
tests_bridge_control_test_LDADD = lib/bridge/libbridge.a lib/json/libjson.a \
	lib/core/libcore.a $(JSON_LIBS) $(SODIUM_LIBS) $(UV_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
