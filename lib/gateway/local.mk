noinst_LIBRARIES += lib/gateway/libgateway.a
lib_gateway_libgateway_a_SOURCES = \
	lib/gateway/admission.c lib/gateway/admission.h \
	lib/gateway/admission_ask.c \
	lib/gateway/admission_counter.c lib/gateway/admission_impl.h \
	lib/gateway/admission_known.c lib/gateway/admission_redis.c \
	lib/gateway/admission_reserve.c \
	lib/gateway/answer.c lib/gateway/answer.h \
	lib/gateway/betas.c lib/gateway/betas.h \
	lib/gateway/call.c \
	lib/gateway/caller.c \
	lib/gateway/door.c lib/gateway/door.h lib/gateway/door_inside.h \
	lib/gateway/gateway.c lib/gateway/gateway.h \
	lib/gateway/headers.c lib/gateway/headers.h \
	lib/gateway/inflater.c lib/gateway/inflater.h \
	lib/gateway/inside.h \
	lib/gateway/journal.c lib/gateway/journal.h \
	lib/gateway/journal_disk.c lib/gateway/journal_impl.h \
	lib/gateway/journal_replay.c \
	lib/gateway/keys.c lib/gateway/keys.h \
	lib/gateway/line.c lib/gateway/line.h \
	lib/gateway/reply.c \
	lib/gateway/request_reader.c lib/gateway/request_reader.h \
	lib/gateway/target.c lib/gateway/target.h \
	lib/gateway/transfer.c lib/gateway/transfer.h \
	lib/gateway/upstream.c lib/gateway/upstream.h \
	lib/gateway/usage_json.c \
	lib/gateway/usage_reader.c lib/gateway/usage_reader.h \
	lib/gateway/usage_reader_impl.h \
	lib/gateway/usage_sse.c \
	lib/gateway/window.c lib/gateway/window.h
