noinst_LIBRARIES += lib/bridge/libbridge.a
lib_bridge_libbridge_a_SOURCES =
