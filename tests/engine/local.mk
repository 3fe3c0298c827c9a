engine_test_libs = lib/engine/libengine.a lib/json/libjson.a \
	lib/core/libcore.a $(engine_libs) $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/engine/docker_fake_test
tests_engine_docker_fake_test_SOURCES = tests/engine/docker_fake_test.c \
	tests/engine/fake.c tests/engine/fake.h
tests_engine_docker_fake_test_LDADD = $(engine_test_libs)

check_PROGRAMS += tests/engine/docker_stream_fake_test
tests_engine_docker_stream_fake_test_SOURCES = \
	tests/engine/docker_stream_fake_test.c \
	tests/engine/fake.c tests/engine/fake.h
tests_engine_docker_stream_fake_test_LDADD = $(engine_test_libs)

check_PROGRAMS += tests/engine/docker_test
tests_engine_docker_test_SOURCES = tests/engine/docker_test.c
tests_engine_docker_test_LDADD = lib/guard/libguard.a lib/json/libjson.a \
	$(engine_test_libs)
EXTRA_DIST += tests/engine/image.sh
