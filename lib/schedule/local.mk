noinst_LIBRARIES += lib/schedule/libschedule.a
lib_schedule_libschedule_a_SOURCES = \
	lib/schedule/cron.c lib/schedule/cron.h \
	lib/schedule/ics.c lib/schedule/ics.h \
	lib/schedule/recurrence.c lib/schedule/recurrence.h \
	lib/schedule/rrule.c \
	lib/schedule/schedule.c lib/schedule/schedule.h \
	lib/schedule/wake_list.h
