noinst_LIBRARIES += lib/worker/libworker.a
lib_worker_libworker_a_SOURCES = \
	lib/worker/plan.c lib/worker/plan.h \
	lib/worker/plan_cache.c \
	lib/worker/plan_due.c \
	lib/worker/plan_finish.c \
	lib/worker/plan_internal.h \
	lib/worker/plan_past.c \
	lib/worker/plan_problems.c \
	lib/worker/plan_start.c \
	lib/worker/plan_zones.c \
	lib/worker/worker.c lib/worker/worker.h \
	lib/worker/worker_internal.h \
	lib/worker/worker_notify_bridge.c \
	lib/worker/worker_plan.c \
	lib/worker/worker_rows.c \
	lib/worker/worker_wake.c
