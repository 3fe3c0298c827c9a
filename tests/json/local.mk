check_PROGRAMS += tests/json/strict_json_test
tests_json_strict_json_test_SOURCES = tests/json/strict_json_test.c
tests_json_strict_json_test_LDADD = lib/json/libjson.a lib/core/libcore.a \
	$(JSON_LIBS) $(CORE_LIBS) $(test_libs)
