noinst_LIBRARIES += lib/bridge/libbridge.a
lib_bridge_libbridge_a_SOURCES = \
	lib/bridge/accept.c \
	lib/bridge/bridge.c lib/bridge/bridge.h \
	lib/bridge/client.c \
	lib/bridge/command.c lib/bridge/command.h \
	lib/bridge/control.c \
	lib/bridge/event.c \
	lib/bridge/framing.c lib/bridge/framing.h \
	lib/bridge/handshake.c \
	lib/bridge/inside.h \
	lib/bridge/origin.c lib/bridge/origin.h \
	lib/bridge/person.c \
	lib/bridge/room.c \
	lib/bridge/server.c lib/bridge/server.h \
	lib/bridge/sweep.c \
	lib/bridge/websocket.c lib/bridge/websocket.h
