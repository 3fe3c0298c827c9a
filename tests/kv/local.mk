check_PROGRAMS += tests/kv/kv_test tests/kv/kv_async_test tests/kv/kv_login_test
test_redis = tests/kv/redis_server.c tests/kv/redis_server.h
tests_kv_kv_test_SOURCES = tests/kv/kv_test.c $(test_redis)
tests_kv_kv_test_LDADD = $(kv_test_libs)
tests_kv_kv_async_test_SOURCES = tests/kv/kv_async_test.c $(test_redis)
tests_kv_kv_async_test_LDADD = $(kv_test_libs)
tests_kv_kv_login_test_SOURCES = tests/kv/kv_login_test.c $(test_redis)
tests_kv_kv_login_test_LDADD = $(kv_test_libs)
kv_test_libs = lib/kv/libkv.a lib/core/libcore.a $(HIREDIS_LIBS) \
	$(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
