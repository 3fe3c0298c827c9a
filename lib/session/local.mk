noinst_LIBRARIES += lib/session/libsession.a
lib_session_libsession_a_SOURCES = \
	lib/session/ahead.c lib/session/ask.c \
	lib/session/call.c \
	lib/session/changes.c lib/session/changes.h \
	lib/session/files.c \
	lib/session/hear.c \
	lib/session/input.c \
	lib/session/inside.h \
	lib/session/lines.c \
	lib/session/load.c \
	lib/session/log.c \
	lib/session/mode.c \
	lib/session/process.c \
	lib/session/queue.c \
	lib/session/recall.c \
	lib/session/recorder.c \
	lib/session/run.c lib/session/run.h lib/session/run_ask.c \
	lib/session/run_outcome.c lib/session/run_outcome.h \
	lib/session/session.c lib/session/session.h \
	lib/session/start.c \
	lib/session/token.c \
	lib/session/view.c
