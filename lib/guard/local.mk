noinst_LIBRARIES += lib/guard/libguard.a
lib_guard_libguard_a_SOURCES = \
	lib/guard/call.c lib/guard/call.h \
	lib/guard/guard.c lib/guard/guard.h \
	lib/guard/request.c lib/guard/request.h
