noinst_LIBRARIES += lib/session/libsession.a
lib_session_libsession_a_SOURCES = \
	lib/session/decoder.c lib/session/decoder.h \
	lib/session/decoder_agent.c lib/session/decoder_ask.c \
	lib/session/decoder_impl.h lib/session/decoder_live.c \
	lib/session/decoder_stream.c lib/session/decoder_turn.c \
	lib/session/decoder_user.c \
	lib/session/field.c lib/session/field.h \
	lib/session/tool_title.c lib/session/tool_title.h
EXTRA_DIST += lib/session/PROTOCOL.md
