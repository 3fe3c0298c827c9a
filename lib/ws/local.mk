noinst_LIBRARIES += lib/ws/libws.a
lib_ws_libws_a_SOURCES = \
	lib/ws/framing.c lib/ws/framing.h \
	lib/ws/websocket.c lib/ws/websocket.h \
	lib/ws/websocket_accept.c
