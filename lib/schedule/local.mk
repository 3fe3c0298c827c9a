noinst_LIBRARIES += lib/schedule/libschedule.a
lib_schedule_libschedule_a_SOURCES = \
	lib/schedule/announce.c lib/schedule/announce.h \
	lib/schedule/cron.c lib/schedule/cron.h \
	lib/schedule/definition.c lib/schedule/definition.h \
	lib/schedule/definition_impl.h lib/schedule/definition_json.c \
	lib/schedule/deliver.c lib/schedule/deliver.h \
	lib/schedule/deliver_impl.h lib/schedule/deliver_pick.c \
	lib/schedule/ics.c lib/schedule/ics.h \
	lib/schedule/mail.c lib/schedule/mail.h lib/schedule/mail_send.c \
	lib/schedule/notice.c lib/schedule/notice.h \
	lib/schedule/plan.c lib/schedule/plan.h lib/schedule/plan_due.c \
	lib/schedule/plan_impl.h lib/schedule/plan_memo.c \
	lib/schedule/plan_past.c lib/schedule/plan_problems.c \
	lib/schedule/plan_settle.c lib/schedule/plan_start.c lib/schedule/plan_zones.c \
	lib/schedule/prompt.c lib/schedule/prompt.h \
	lib/schedule/recurrence.c lib/schedule/recurrence.h \
	lib/schedule/rules.c \
	lib/schedule/schedule.c lib/schedule/schedule.h \
	lib/schedule/sending.h \
	lib/schedule/wake.h \
	lib/schedule/webhook.c lib/schedule/webhook.h \
	lib/schedule/worker.c lib/schedule/worker.h \
	lib/schedule/worker_impl.h lib/schedule/worker_look.c \
	lib/schedule/worker_plan.c lib/schedule/worker_poke.c \
	lib/schedule/worker_wake.c
EXTRA_DIST += lib/schedule/DEFINITION.md lib/schedule/NOTICES.md
