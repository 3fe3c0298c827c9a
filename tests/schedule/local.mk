schedule_test_libs = lib/worker/libworker.a lib/notify/libnotify.a \
	lib/agent/libagent.a lib/schedule/libschedule.a \
	lib/spending/libspending.a lib/store/libstore.a lib/i18n/libi18n.a \
	lib/time/libtime.a lib/json/libjson.a $(html_test_libs) \
	$(SQLITE_LIBS) $(ICAL_LIBS)

check_PROGRAMS += tests/schedule/cron_test tests/schedule/schedule_test
tests_schedule_cron_test_SOURCES = tests/schedule/cron_test.c
tests_schedule_cron_test_LDADD = $(schedule_test_libs)
tests_schedule_schedule_test_SOURCES = tests/schedule/schedule_test.c
tests_schedule_schedule_test_LDADD = $(schedule_test_libs) -lpthread

check_PROGRAMS += tests/schedule/ics_test
tests_schedule_ics_test_SOURCES = tests/schedule/ics_test.c
tests_schedule_ics_test_LDADD = $(schedule_test_libs)
