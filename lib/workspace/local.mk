noinst_LIBRARIES += lib/workspace/libworkspace.a
lib_workspace_libworkspace_a_SOURCES = \
	lib/workspace/boost.c lib/workspace/entry.c \
	lib/workspace/health.c \
	lib/workspace/record.h \
	lib/workspace/spec.c lib/workspace/spec.h \
	lib/workspace/start_line.c lib/workspace/start_line.h \
	lib/workspace/starts.c lib/workspace/starts.h \
	lib/workspace/steps.c \
	lib/workspace/workspace.c lib/workspace/workspace.h
