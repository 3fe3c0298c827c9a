schedule_test_libs = lib/schedule/libschedule.a lib/spending/libspending.a \
	lib/store/libstore.a lib/i18n/libi18n.a lib/time/libtime.a \
	lib/json/libjson.a $(html_test_libs) $(SQLITE_LIBS) $(ICAL_LIBS)

check_PROGRAMS += tests/schedule/definition_test tests/schedule/prompt_test \
	tests/schedule/notice_test tests/schedule/plan_test
tests_schedule_definition_test_SOURCES = tests/schedule/definition_test.c
tests_schedule_definition_test_LDADD = $(schedule_test_libs)
tests_schedule_prompt_test_SOURCES = tests/schedule/prompt_test.c
tests_schedule_prompt_test_LDADD = $(schedule_test_libs)
tests_schedule_notice_test_SOURCES = tests/schedule/notice_test.c $(store_fixture)
tests_schedule_notice_test_LDADD = $(schedule_test_libs)
plan_world = tests/schedule/plan_world.c tests/schedule/plan_world.h \
	$(store_fixture)
tests_schedule_plan_test_SOURCES = tests/schedule/plan_test.c $(plan_world)
tests_schedule_plan_test_LDADD = $(schedule_test_libs)
check_PROGRAMS += tests/schedule/plan_run_test tests/schedule/plan_fault_test
tests_schedule_plan_run_test_SOURCES = tests/schedule/plan_run_test.c \
	$(plan_world)
tests_schedule_plan_run_test_LDADD = $(schedule_test_libs) -lpthread
tests_schedule_plan_fault_test_SOURCES = tests/schedule/plan_fault_test.c \
	$(plan_world)
tests_schedule_plan_fault_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/schedule/plan_zones_test
tests_schedule_plan_zones_test_SOURCES = tests/schedule/plan_zones_test.c \
	$(plan_world)
tests_schedule_plan_zones_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/schedule/cron_test tests/schedule/schedule_test
tests_schedule_cron_test_SOURCES = tests/schedule/cron_test.c
tests_schedule_cron_test_LDADD = $(schedule_test_libs)
tests_schedule_schedule_test_SOURCES = tests/schedule/schedule_test.c
tests_schedule_schedule_test_LDADD = $(schedule_test_libs) -lpthread

check_PROGRAMS += tests/schedule/ics_test
tests_schedule_ics_test_SOURCES = tests/schedule/ics_test.c
tests_schedule_ics_test_LDADD = $(schedule_test_libs)
check_PROGRAMS += tests/schedule/webhook_test tests/schedule/mail_test \
	tests/schedule/deliver_test
EXTRA_DIST += tests/schedule/smtpd.py
tests_schedule_webhook_test_SOURCES = tests/schedule/webhook_test.c \
	tests/schedule/receiver.c tests/schedule/receiver.h
tests_schedule_webhook_test_LDADD = $(schedule_test_libs) $(CURL_LIBS) -lpthread
tests_schedule_mail_test_SOURCES = tests/schedule/mail_test.c \
	tests/schedule/smtp.c tests/schedule/smtp.h
tests_schedule_mail_test_LDADD = $(schedule_test_libs) $(CURL_LIBS)
tests_schedule_deliver_test_SOURCES = tests/schedule/deliver_test.c \
	$(store_fixture) tests/schedule/receiver.c tests/schedule/receiver.h \
	tests/schedule/smtp.c tests/schedule/smtp.h
tests_schedule_deliver_test_LDADD = $(schedule_test_libs) $(CURL_LIBS) \
	$(UV_LIBS) -lpthread
check_PROGRAMS += tests/schedule/worker_test
tests_schedule_worker_test_SOURCES = tests/schedule/worker_test.c $(store_fixture)
tests_schedule_worker_test_LDADD = lib/kv/libkv.a $(schedule_test_libs) \
	$(HIREDIS_LIBS) $(UV_LIBS)
