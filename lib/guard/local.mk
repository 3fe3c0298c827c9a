noinst_LIBRARIES += lib/guard/libguard.a
lib_guard_libguard_a_SOURCES = \
	lib/guard/call.c lib/guard/call.h \
	lib/guard/guard.c lib/guard/guard.h \
	lib/guard/host.c lib/guard/host.h \
	lib/guard/image.c lib/guard/image.h \
	lib/guard/inside.h \
	lib/guard/loop.c lib/guard/loop.h \
	lib/guard/project.c lib/guard/project.h \
	lib/guard/remove.c \
	lib/guard/removing.c lib/guard/removing.h \
	lib/guard/request.c lib/guard/request.h \
	lib/guard/tree.c lib/guard/tree.h \
	lib/guard/volume.c lib/guard/volume.h
