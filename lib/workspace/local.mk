noinst_LIBRARIES += lib/workspace/libworkspace.a
lib_workspace_libworkspace_a_SOURCES =
