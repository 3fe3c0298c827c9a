check_PROGRAMS += tests/shim/shim_test
shim_world = tests/shim/shim_world.c tests/shim/shim_world.h \
	tests/shim/harness.c tests/shim/harness.h
tests_shim_shim_test_SOURCES = tests/shim/shim_test.c $(shim_world)
tests_shim_shim_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_shim_test_LDADD = lib/link/liblink.a lib/core/libcore.a \
	$(SODIUM_LIBS) $(NGHTTP2_LIBS) $(TALLOC_LIBS) $(test_libs)
tests_shim_shim_test_DEPENDENCIES = gongbang-shim lib/link/liblink.a lib/core/libcore.a

check_PROGRAMS += tests/shim/cgroup_test
tests_shim_cgroup_test_SOURCES = tests/shim/cgroup_test.c $(shim_world)
tests_shim_cgroup_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_cgroup_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_cgroup_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/link_listener_test
tests_shim_link_listener_test_SOURCES = tests/shim/link_listener_test.c $(shim_world)
tests_shim_link_listener_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_link_listener_test_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a \
	$(tests_shim_shim_test_LDADD) $(UTF8PROC_LIBS) $(ARCHIVE_LIBS)
tests_shim_link_listener_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/paths_test
tests_shim_paths_test_SOURCES = tests/shim/paths_test.c $(shim_world)
tests_shim_paths_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_paths_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_paths_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/shim_api_test
tests_shim_shim_api_test_SOURCES = tests/shim/shim_api_test.c $(shim_world)
tests_shim_shim_api_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_shim_api_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_shim_api_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/shim_changes_test
tests_shim_shim_changes_test_SOURCES = tests/shim/shim_changes_test.c $(shim_world)
tests_shim_shim_changes_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_shim_changes_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_shim_changes_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/shim_session_input_test
tests_shim_shim_session_input_test_SOURCES = tests/shim/shim_session_input_test.c $(shim_world)
tests_shim_shim_session_input_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_shim_session_input_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_shim_session_input_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/shim_session_log_test
tests_shim_shim_session_log_test_SOURCES = tests/shim/shim_session_log_test.c $(shim_world)
tests_shim_shim_session_log_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_shim_session_log_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_shim_session_log_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/stdio_proxy_test
tests_shim_stdio_proxy_test_SOURCES = tests/shim/stdio_proxy_test.c $(shim_world)
tests_shim_stdio_proxy_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_stdio_proxy_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_stdio_proxy_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/subreaper_test
tests_shim_subreaper_test_SOURCES = tests/shim/subreaper_test.c $(shim_world)
tests_shim_subreaper_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_subreaper_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_subreaper_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/shim_terminal_test
tests_shim_shim_terminal_test_SOURCES = tests/shim/shim_terminal_test.c $(shim_world)
tests_shim_shim_terminal_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_shim_terminal_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_shim_terminal_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/workspace_files_test
tests_shim_workspace_files_test_SOURCES = tests/shim/workspace_files_test.c $(shim_world)
tests_shim_workspace_files_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_workspace_files_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_workspace_files_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/file_archive_test
tests_shim_file_archive_test_SOURCES = tests/shim/file_archive_test.c $(shim_world)
tests_shim_file_archive_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_file_archive_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_file_archive_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/file_save_test
tests_shim_file_save_test_SOURCES = tests/shim/file_save_test.c $(shim_world)
tests_shim_file_save_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_file_save_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_file_save_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/file_trash_test
tests_shim_file_trash_test_SOURCES = tests/shim/file_trash_test.c $(shim_world)
tests_shim_file_trash_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_file_trash_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_file_trash_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/file_upload_test
tests_shim_file_upload_test_SOURCES = tests/shim/file_upload_test.c $(shim_world)
tests_shim_file_upload_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_file_upload_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_file_upload_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/container_test
tests_shim_container_test_SOURCES = tests/shim/container_test.c \
	tests/shim/harness.c tests/shim/harness.h
tests_shim_container_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_shim_container_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_container_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

# Parts of it, in the test's own process.
shim_part_libs = lib/shim/libshim.a lib/emulator/libemulator.a lib/core/libcore.a $(UTF8PROC_LIBS) $(SODIUM_LIBS) $(NGHTTP2_LIBS) $(ARCHIVE_LIBS) $(test_libs)
check_PROGRAMS += tests/shim/file_place_test
tests_shim_file_place_test_SOURCES = tests/shim/file_place_test.c
tests_shim_file_place_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/log_file_test
tests_shim_log_file_test_SOURCES = tests/shim/log_file_test.c
tests_shim_log_file_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/processes_test tests/shim/shim_session_test
tests_shim_processes_test_SOURCES = tests/shim/processes_test.c
tests_shim_processes_test_LDADD = $(shim_part_libs)
tests_shim_shim_session_test_SOURCES = tests/shim/shim_session_test.c
tests_shim_shim_session_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/landlock_test
tests_shim_landlock_test_SOURCES = tests/shim/landlock_test.c
tests_shim_landlock_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
tests_shim_landlock_test_LDADD = $(shim_part_libs)
check_PROGRAMS += tests/shim/link_server_test
tests_shim_link_server_test_SOURCES = tests/shim/link_server_test.c
tests_shim_link_server_test_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a lib/link/liblink.a \
	lib/core/libcore.a $(UTF8PROC_LIBS) $(SODIUM_LIBS) $(NGHTTP2_LIBS) $(TALLOC_LIBS) $(test_libs)

check_PROGRAMS += tests/shim/write_notifier_test
tests_shim_write_notifier_test_SOURCES = tests/shim/write_notifier_test.c $(shim_world)
tests_shim_write_notifier_test_CPPFLAGS = $(tests_shim_shim_test_CPPFLAGS)
tests_shim_write_notifier_test_LDADD = $(tests_shim_shim_test_LDADD)
tests_shim_write_notifier_test_DEPENDENCIES = $(tests_shim_shim_test_DEPENDENCIES)

check_PROGRAMS += tests/shim/file_writers_test
tests_shim_file_writers_test_SOURCES = tests/shim/file_writers_test.c
tests_shim_file_writers_test_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a lib/core/libcore.a $(UTF8PROC_LIBS) \
	$(SODIUM_LIBS) $(TALLOC_LIBS) $(test_libs)
