noinst_LIBRARIES += lib/kv/libkv.a
lib_kv_libkv_a_SOURCES = \
	lib/kv/kv.c lib/kv/kv.h \
	lib/kv/kv_async.c lib/kv/kv_async.h lib/kv/kv_async_internal.h \
	lib/kv/kv_internal.h \
	lib/kv/kv_link.c lib/kv/kv_link.h \
	lib/kv/kv_login.c lib/kv/kv_login.h \
	lib/kv/kv_script.c
