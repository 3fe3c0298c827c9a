egress_test_libs = lib/egress/libegress.a lib/store/libstore.a \
	lib/core/libcore.a $(SQLITE_LIBS) $(UV_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
check_PROGRAMS += tests/egress/allow_list_test \
	tests/egress/helper_protocol_test tests/egress/helper_test
tests_egress_allow_list_test_SOURCES = tests/egress/allow_list_test.c
tests_egress_allow_list_test_LDADD = $(egress_test_libs) $(test_libs)
tests_egress_helper_protocol_test_SOURCES = \
	tests/egress/helper_protocol_test.c
tests_egress_helper_protocol_test_LDADD = $(egress_test_libs) $(test_libs)
tests_egress_helper_test_SOURCES = tests/egress/helper_test.c
tests_egress_helper_test_LDADD = lib/core/libcore.a $(CORE_LIBS) $(test_libs)
# It runs the program.
EXTRA_tests_egress_helper_test_DEPENDENCIES = gongbang-egress

check_PROGRAMS += tests/fuzz/allow_list_fuzz tests/fuzz/egress_host_fuzz
tests_fuzz_allow_list_fuzz_SOURCES = tests/fuzz/allow_list_fuzz.c $(fuzz_main)
tests_fuzz_allow_list_fuzz_LDADD = $(egress_test_libs)
tests_fuzz_allow_list_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_egress_host_fuzz_SOURCES = tests/fuzz/egress_host_fuzz.c $(fuzz_main)
tests_fuzz_egress_host_fuzz_LDADD = $(egress_test_libs)
tests_fuzz_egress_host_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/egress/egress_policy_test
tests_egress_egress_policy_test_SOURCES = tests/egress/egress_policy_test.c \
	tests/engine/fake.c tests/engine/fake.h
tests_egress_egress_policy_test_LDADD = lib/egress/libegress.a \
	lib/engine/libengine.a lib/store/libstore.a lib/json/libjson.a \
	lib/core/libcore.a $(SQLITE_LIBS) $(engine_libs) $(TALLOC_LIBS) \
	$(UV_LIBS) $(CORE_LIBS) $(test_libs)
