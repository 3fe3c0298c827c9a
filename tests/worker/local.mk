plan_world = tests/worker/plan_world.c tests/worker/plan_world.h \
	$(store_fixture)

check_PROGRAMS += tests/worker/plan_test
tests_worker_plan_test_SOURCES = tests/worker/plan_test.c $(plan_world)
tests_worker_plan_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/worker/plan_run_test
tests_worker_plan_run_test_SOURCES = tests/worker/plan_run_test.c \
	$(plan_world)
tests_worker_plan_run_test_LDADD = $(schedule_test_libs) -lpthread

check_PROGRAMS += tests/worker/plan_fault_test
tests_worker_plan_fault_test_SOURCES = tests/worker/plan_fault_test.c \
	$(plan_world)
tests_worker_plan_fault_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/worker/plan_zones_test
tests_worker_plan_zones_test_SOURCES = tests/worker/plan_zones_test.c \
	$(plan_world)
tests_worker_plan_zones_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/worker/worker_test
tests_worker_worker_test_SOURCES = tests/worker/worker_test.c \
	$(store_fixture)
tests_worker_worker_test_LDADD = lib/kv/libkv.a $(schedule_test_libs) \
	$(HIREDIS_LIBS) $(UV_LIBS)
