noinst_LIBRARIES += lib/schedule/libschedule.a
lib_schedule_libschedule_a_SOURCES = \
	lib/schedule/definition.h \
	lib/schedule/notice.h \
	lib/schedule/plan.h \
	lib/schedule/prompt.h \
	lib/schedule/schedule.h
