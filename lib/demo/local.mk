noinst_LIBRARIES += lib/demo/libdemo.a
lib_demo_libdemo_a_SOURCES = \
	lib/demo/reply.c lib/demo/reply.h \
	lib/demo/script.c lib/demo/script.h lib/demo/texts.def \
	lib/demo/server.c lib/demo/server.h \
	lib/demo/share.c lib/demo/share.h \
	lib/demo/stream.c lib/demo/stream.h \
	lib/demo/turn.c lib/demo/turn.h
