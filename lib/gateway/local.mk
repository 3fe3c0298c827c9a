noinst_LIBRARIES += lib/gateway/libgateway.a
lib_gateway_libgateway_a_SOURCES = \
	lib/gateway/admission.c lib/gateway/admission.h \
	lib/gateway/admission_ask.c \
	lib/gateway/admission_cache.c \
	lib/gateway/admission_counter.c \
	lib/gateway/admission_internal.h \
	lib/gateway/admission_reserve.c \
	lib/gateway/admission_scripts.c \
	lib/gateway/api_routes.c lib/gateway/api_routes.h \
	lib/gateway/betas.c lib/gateway/betas.h \
	lib/gateway/bounded_buffer.c lib/gateway/bounded_buffer.h \
	lib/gateway/call.c \
	lib/gateway/call_body.c \
	lib/gateway/call_key.c \
	lib/gateway/call_reply.c \
	lib/gateway/error_reply.c lib/gateway/error_reply.h \
	lib/gateway/fair_queue.c lib/gateway/fair_queue.h \
	lib/gateway/gateway.c lib/gateway/gateway.h \
	lib/gateway/gateway_internal.h \
	lib/gateway/headers.c lib/gateway/headers.h \
	lib/gateway/inbound_request.c \
	lib/gateway/inflater.c lib/gateway/inflater.h \
	lib/gateway/journal.c lib/gateway/journal.h \
	lib/gateway/journal_book.c lib/gateway/journal_disk.c \
	lib/gateway/journal_internal.h \
	lib/gateway/journal_replay.c \
	lib/gateway/keys.c lib/gateway/keys.h \
	lib/gateway/listener.c lib/gateway/listener.h \
	lib/gateway/listener_internal.h \
	lib/gateway/outbound_request.c \
	lib/gateway/request_fields.c \
	lib/gateway/request_reader.c lib/gateway/request_reader.h \
	lib/gateway/request_reader_internal.h \
	lib/gateway/upstream.c lib/gateway/upstream.h \
	lib/gateway/upstream_internal.h \
	lib/gateway/usage_json.c \
	lib/gateway/usage_reader.c lib/gateway/usage_reader.h \
	lib/gateway/usage_reader_internal.h \
	lib/gateway/usage_sse.c
