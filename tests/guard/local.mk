check_PROGRAMS += tests/guard/guard_test
tests_guard_guard_test_SOURCES = tests/guard/guard_test.c \
	tests/engine/fake.c tests/engine/fake.h
tests_guard_guard_test_LDADD = lib/guard/libguard.a \
	lib/workspace/libworkspace.a lib/json/libjson.a $(engine_test_libs) \
	$(SODIUM_LIBS)

check_PROGRAMS += tests/guard/volume_test
tests_guard_volume_test_SOURCES = tests/guard/volume_test.c
tests_guard_volume_test_LDADD = lib/guard/libguard.a $(engine_test_libs)
