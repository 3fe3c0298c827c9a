noinst_LIBRARIES += lib/kv/libkv.a
lib_kv_libkv_a_SOURCES =
