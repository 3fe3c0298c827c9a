check_PROGRAMS += tests/workspace/workspace_test
workspace_world = tests/workspace/fake_link.c tests/workspace/fake_link.h \
	tests/workspace/workspace_world.c tests/workspace/workspace_world.h \
	tests/engine/fake.c tests/engine/fake.h
tests_workspace_workspace_test_SOURCES = tests/workspace/workspace_test.c $(workspace_world)
tests_workspace_workspace_test_LDADD = lib/workspace/libworkspace.a \
	lib/engine/libengine.a lib/json/libjson.a lib/core/libcore.a \
	$(engine_libs) $(CORE_LIBS) $(test_libs)
# Backoffs and idle times of the workspace are waited for 20 times as fast; a
# host without memory would hold up starts.
tests_workspace_workspace_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=uv_timer_start,--wrap=clock_mono_ms,--wrap=host_load,--wrap=host_memory_left

check_PROGRAMS += tests/workspace/boost_test
tests_workspace_boost_test_SOURCES = tests/workspace/boost_test.c $(workspace_world)
tests_workspace_boost_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_boost_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/spec_test
tests_workspace_spec_test_SOURCES = tests/workspace/spec_test.c $(workspace_world)
tests_workspace_spec_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_spec_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/start_slots_test
tests_workspace_start_slots_test_SOURCES = tests/workspace/start_slots_test.c $(workspace_world)
tests_workspace_start_slots_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_start_slots_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/workspace_connect_test
tests_workspace_workspace_connect_test_SOURCES = tests/workspace/workspace_connect_test.c $(workspace_world)
tests_workspace_workspace_connect_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_workspace_connect_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/workspace_health_test
tests_workspace_workspace_health_test_SOURCES = tests/workspace/workspace_health_test.c $(workspace_world)
tests_workspace_workspace_health_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_workspace_health_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/workspace_provision_test
tests_workspace_workspace_provision_test_SOURCES = tests/workspace/workspace_provision_test.c $(workspace_world)
tests_workspace_workspace_provision_test_LDADD = $(tests_workspace_workspace_test_LDADD)
tests_workspace_workspace_provision_test_LDFLAGS = $(tests_workspace_workspace_test_LDFLAGS)

check_PROGRAMS += tests/workspace/workspace_engine_test
tests_workspace_workspace_engine_test_SOURCES = \
	tests/workspace/workspace_engine_test.c
tests_workspace_workspace_engine_test_LDADD = lib/workspace/libworkspace.a \
	lib/link/liblink.a lib/engine/libengine.a lib/json/libjson.a \
	lib/core/libcore.a $(NGHTTP2_LIBS) $(engine_libs) $(CORE_LIBS) \
	$(test_libs)
tests_workspace_workspace_engine_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=host_load,--wrap=host_memory_left
# It is process 1 of the container.
EXTRA_tests_workspace_workspace_engine_test_DEPENDENCIES = gongbang-shim

check_PROGRAMS += tests/workspace/start_queue_test
tests_workspace_start_queue_test_SOURCES = tests/workspace/start_queue_test.c
tests_workspace_start_queue_test_LDADD = lib/workspace/libworkspace.a \
	lib/core/libcore.a $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)

TESTS += tests/workspace/mend_test.sh
EXTRA_DIST += tests/workspace/mend_test.sh
