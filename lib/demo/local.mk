noinst_LIBRARIES += lib/demo/libdemo.a
lib_demo_libdemo_a_SOURCES = \
	lib/demo/demo_reply.c lib/demo/demo_reply.h \
	lib/demo/demo_script.c lib/demo/demo_script.h \
	lib/demo/demo_server.c lib/demo/demo_server.h \
	lib/demo/demo_share.c lib/demo/demo_share.h \
	lib/demo/demo_stream.c lib/demo/demo_stream.h \
	lib/demo/demo_texts.def \
	lib/demo/demo_turn.c lib/demo/demo_turn.h
