check_PROGRAMS += tests/auth/auth_test tests/auth/gateway_token_test
tests_auth_auth_test_SOURCES = tests/auth/auth_test.c $(test_redis)
tests_auth_auth_test_LDADD = $(auth_test_libs)
tests_auth_gateway_token_test_SOURCES = tests/auth/gateway_token_test.c \
	$(test_redis)
tests_auth_gateway_token_test_LDADD = $(auth_test_libs)
auth_test_libs = lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) $(HIREDIS_LIBS) $(UV_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/auth/token_registry_test
tests_auth_token_registry_test_SOURCES = tests/auth/token_registry_test.c \
	tests/kv/redis_server.c tests/kv/redis_server.h
tests_auth_token_registry_test_LDADD = lib/auth/libauth.a lib/kv/libkv.a \
	lib/core/libcore.a $(HIREDIS_LIBS) $(SODIUM_LIBS) $(TALLOC_LIBS) \
	$(UV_LIBS) $(CORE_LIBS) $(test_libs)
