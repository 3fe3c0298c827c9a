noinst_LIBRARIES += lib/engine/libengine.a
lib_engine_libengine_a_SOURCES =
