check_PROGRAMS += tests/demo/demo_script_test tests/demo/demo_server_test
demo_test_libs = lib/demo/libdemo.a lib/json/libjson.a lib/core/libcore.a \
	$(MHD_LIBS) $(JSON_LIBS) $(CORE_LIBS) -lpthread $(test_libs)
tests_demo_demo_script_test_SOURCES = tests/demo/demo_script_test.c
tests_demo_demo_script_test_LDADD = $(demo_test_libs)
tests_demo_demo_server_test_SOURCES = tests/demo/demo_server_test.c
tests_demo_demo_server_test_LDADD = $(demo_test_libs)

check_PROGRAMS += tests/fuzz/demo_turn_fuzz
tests_fuzz_demo_turn_fuzz_SOURCES = tests/fuzz/demo_turn_fuzz.c $(fuzz_main)
tests_fuzz_demo_turn_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_demo_turn_fuzz_LDADD = lib/demo/libdemo.a lib/json/libjson.a \
	lib/core/libcore.a $(JSON_LIBS) $(CORE_LIBS)
