noinst_LIBRARIES += lib/notify/libnotify.a
lib_notify_libnotify_a_SOURCES = \
	lib/notify/announce.c lib/notify/announce.h \
	lib/notify/deliver.c lib/notify/deliver.h \
	lib/notify/deliver_claim.c \
	lib/notify/deliver_internal.h \
	lib/notify/mail.c lib/notify/mail.h \
	lib/notify/mail_send.c \
	lib/notify/notice.c lib/notify/notice.h \
	lib/notify/send_result.h \
	lib/notify/webhook.c lib/notify/webhook.h
EXTRA_DIST += lib/notify/NOTICES.md
