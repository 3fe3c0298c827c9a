check_PROGRAMS += tests/notify/notice_test
tests_notify_notice_test_SOURCES = tests/notify/notice_test.c \
	$(store_fixture)
tests_notify_notice_test_LDADD = $(schedule_test_libs)
EXTRA_DIST += tests/notify/smtpd.py

check_PROGRAMS += tests/notify/webhook_test
tests_notify_webhook_test_SOURCES = tests/notify/webhook_test.c \
	tests/notify/receiver.c tests/notify/receiver.h
tests_notify_webhook_test_LDADD = $(schedule_test_libs) $(CURL_LIBS) \
	-lpthread

check_PROGRAMS += tests/notify/mail_test
tests_notify_mail_test_SOURCES = tests/notify/mail_test.c tests/notify/smtp.c \
	tests/notify/smtp.h
tests_notify_mail_test_LDADD = $(schedule_test_libs) $(CURL_LIBS)

check_PROGRAMS += tests/notify/deliver_test
tests_notify_deliver_test_SOURCES = tests/notify/deliver_test.c \
	$(store_fixture) tests/notify/receiver.c tests/notify/receiver.h \
	tests/notify/smtp.c tests/notify/smtp.h
tests_notify_deliver_test_LDADD = $(schedule_test_libs) $(CURL_LIBS) \
	$(UV_LIBS) -lpthread
