# gongbang-shim is one static file: it runs in images of any C library. With a
# sanitizer, which needs the dynamic linker, it is an ordinary program.
# Of libarchive only the zip writer is linked: the symbol below, which a program
# that adds files and folders never calls, would bring in every other format.
noinst_LIBRARIES += lib/shim/libshim.a
lib_shim_libshim_a_SOURCES = \
	lib/shim/cgroup.c lib/shim/cgroup.h \
	lib/shim/disk_usage.c lib/shim/disk_usage.h \
	lib/shim/event_loop.c lib/shim/event_loop.h \
	lib/shim/file_archive.c \
	lib/shim/file_list.c \
	lib/shim/file_place.c lib/shim/file_place.h \
	lib/shim/file_save.c \
	lib/shim/file_trash.c \
	lib/shim/file_type.c lib/shim/file_type.h \
	lib/shim/file_upload.c \
	lib/shim/file_worker.c lib/shim/file_worker.h \
	lib/shim/file_writers.c lib/shim/file_writers.h \
	lib/shim/landlock.c lib/shim/landlock.h \
	lib/shim/link_listener.c lib/shim/link_listener.h \
	lib/shim/link_server.c lib/shim/link_server.h \
	lib/shim/log_file.c lib/shim/log_file.h \
	lib/shim/paths.c lib/shim/paths.h \
	lib/shim/processes.c lib/shim/processes.h \
	lib/shim/seccomp.c lib/shim/seccomp.h \
	lib/shim/shim.c lib/shim/shim.h \
	lib/shim/shim_api.c lib/shim/shim_api.h \
	lib/shim/shim_changes.c lib/shim/shim_changes.h \
	lib/shim/shim_limits.h \
	lib/shim/shim_session.c lib/shim/shim_session.h \
	lib/shim/shim_session_input.c \
	lib/shim/shim_session_internal.h \
	lib/shim/shim_session_log.c \
	lib/shim/shim_session_spawn.c \
	lib/shim/shim_written.c lib/shim/shim_written.h \
	lib/shim/start_request.c lib/shim/start_request.h \
	lib/shim/stdio_proxy.c lib/shim/stdio_proxy.h \
	lib/shim/subreaper.c lib/shim/subreaper.h \
	lib/shim/subreaper_exec.c \
	lib/shim/shim_terminal.c lib/shim/shim_terminal.h \
	lib/shim/terminal_api.c lib/shim/terminal_api.h \
	lib/shim/terminal_internal.h \
	lib/shim/terminal_viewer.c \
	lib/shim/tool_exec.c \
	lib/shim/workspace_files.c lib/shim/workspace_files.h \
	lib/shim/write_notifier.c lib/shim/write_notifier.h

pkglibexec_PROGRAMS += gongbang-shim
gongbang_shim_SOURCES = cgi-bin/gongbang_shim.c
gongbang_shim_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a \
	lib/core/libcore.a $(NGHTTP2_LIBS) $(shim_static_libs) $(ZLIB_LIBS)
shim_zip_only = -Wl,--defsym=__archive_write_entry_filetype_unsupported=abort
if SANITIZE
# A sanitized program is dynamic: what the workspace's image lacks is linked in.
shim_static_libs = -l:libutf8proc.a -l:libarchive.a -l:libnettle.a
gongbang_shim_LDFLAGS = $(AM_LDFLAGS) $(shim_zip_only)
else
shim_static_libs = $(UTF8PROC_LIBS) $(ARCHIVE_LIBS) -lnettle
gongbang_shim_LDFLAGS = -static-pie \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code $(shim_zip_only)
endif
