noinst_LIBRARIES += lib/gateway/libgateway.a
lib_gateway_libgateway_a_SOURCES = \
	lib/gateway/admission.c lib/gateway/admission.h \
	lib/gateway/admission_ask.c \
	lib/gateway/admission_counter.c lib/gateway/admission_impl.h \
	lib/gateway/admission_known.c lib/gateway/admission_redis.c \
	lib/gateway/journal.c lib/gateway/journal.h \
	lib/gateway/journal_disk.c lib/gateway/journal_impl.h \
	lib/gateway/journal_line.c lib/gateway/journal_replay.c \
	lib/gateway/usage_json.c \
	lib/gateway/usage_reader.c lib/gateway/usage_reader.h \
	lib/gateway/usage_reader_impl.h \
	lib/gateway/usage_sse.c
