noinst_LIBRARIES += lib/link/liblink.a
lib_link_liblink_a_SOURCES = lib/link/link.c lib/link/link.h
