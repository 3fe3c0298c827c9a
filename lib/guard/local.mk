noinst_LIBRARIES += lib/guard/libguard.a
lib_guard_libguard_a_SOURCES = \
	lib/guard/engine_call.c lib/guard/engine_call.h \
	lib/guard/file_tree.c lib/guard/file_tree.h \
	lib/guard/guard.c lib/guard/guard.h \
	lib/guard/guard_connection.c lib/guard/guard_internal.h \
	lib/guard/guard_request.c lib/guard/guard_request.h \
	lib/guard/host_user.c lib/guard/host_user.h \
	lib/guard/loop.c lib/guard/loop.h \
	lib/guard/project_quota.c lib/guard/project_quota.h \
	lib/guard/removing.c lib/guard/removing.h \
	lib/guard/volume.c lib/guard/volume.h \
	lib/guard/volume_image.c lib/guard/volume_image.h \
	lib/guard/volume_prepare.c lib/guard/volume_remove.c
