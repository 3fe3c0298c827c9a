noinst_LIBRARIES += lib/bridge/libbridge.a
lib_bridge_libbridge_a_SOURCES = \
	lib/bridge/blocked.c \
	lib/bridge/bridge.c lib/bridge/bridge.h \
	lib/bridge/client.c \
	lib/bridge/command.c lib/bridge/command.h \
	lib/bridge/control.c \
	lib/bridge/drawing.c \
	lib/bridge/event.c \
	lib/bridge/handshake.c \
	lib/bridge/inside.h \
	lib/bridge/person.c \
	lib/bridge/room.c \
	lib/bridge/run.c \
	lib/bridge/server.c lib/bridge/server.h \
	lib/bridge/spend.c \
	lib/bridge/sweep.c \
	lib/bridge/token_lifecycle.c \
	lib/bridge/turnover.c \
	lib/bridge/yield.c lib/bridge/yield.h
