noinst_LIBRARIES += lib/workspace/libworkspace.a
lib_workspace_libworkspace_a_SOURCES = \
	lib/workspace/boost.c \
	lib/workspace/spec.c lib/workspace/spec.h \
	lib/workspace/start_queue.c lib/workspace/start_queue.h \
	lib/workspace/start_slots.c lib/workspace/start_slots.h \
	lib/workspace/workspace.c lib/workspace/workspace.h \
	lib/workspace/workspace_connect.c \
	lib/workspace/workspace_health.c \
	lib/workspace/workspace_internal.h \
	lib/workspace/workspace_provision.c
