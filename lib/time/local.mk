noinst_LIBRARIES += lib/time/libtime.a
lib_time_libtime_a_SOURCES = \
	lib/time/period.c lib/time/period.h \
	lib/time/zone.c lib/time/zone.h \
	lib/time/zone_find.c \
	lib/time/zone_rule.c
