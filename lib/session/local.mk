noinst_LIBRARIES += lib/session/libsession.a
lib_session_libsession_a_SOURCES = \
	lib/session/decoder.c lib/session/decoder.h \
	lib/session/decoder_agent.c lib/session/decoder_ask.c \
	lib/session/decoder_impl.h lib/session/decoder_live.c \
	lib/session/decoder_stream.c lib/session/decoder_turn.c \
	lib/session/decoder_user.c \
	lib/session/export.c lib/session/export.h \
	lib/session/field.c lib/session/field.h \
	lib/session/part.c lib/session/part.h \
	lib/session/part_ask.c lib/session/part_impl.h \
	lib/session/part_tool.c \
	lib/session/tool_title.c lib/session/tool_title.h
EXTRA_DIST += lib/session/PROTOCOL.md

# The live side: what is linked by the bridge alone.
lib_session_libsession_a_SOURCES += \
	lib/session/ask.c \
	lib/session/call.c \
	lib/session/hear.c \
	lib/session/input.c \
	lib/session/inside.h \
	lib/session/jobs.c lib/session/jobs.h \
	lib/session/lines.c \
	lib/session/load.c \
	lib/session/log.c \
	lib/session/process.c \
	lib/session/queue.c \
	lib/session/recorder.c \
	lib/session/session.c lib/session/session.h \
	lib/session/start.c \
	lib/session/view.c
