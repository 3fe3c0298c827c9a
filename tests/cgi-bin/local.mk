check_PROGRAMS += tests/cgi-bin/gongbang_test
tests_cgi_bin_gongbang_test_SOURCES = tests/cgi-bin/gongbang_test.c $(test_redis)
tests_cgi_bin_gongbang_test_LDADD = lib/auth/libauth.a lib/store/libstore.a \
	lib/kv/libkv.a lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
