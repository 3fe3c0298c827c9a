# gongbang-shim is one static file: it runs in images of any C library. With a
# sanitizer, which needs the dynamic linker, it is an ordinary program.
noinst_LIBRARIES += lib/shim/libshim.a
lib_shim_libshim_a_SOURCES = \
	lib/shim/api.c lib/shim/api.h \
	lib/shim/changes.c lib/shim/changes.h \
	lib/shim/confine.c lib/shim/confine.h \
	lib/shim/domain.c lib/shim/domain.h \
	lib/shim/files.c lib/shim/files.h \
	lib/shim/health.c lib/shim/health.h \
	lib/shim/journal.c lib/shim/journal.h \
	lib/shim/keeper.c lib/shim/keeper.h \
	lib/shim/limits.h \
	lib/shim/listener.c lib/shim/listener.h \
	lib/shim/loop.c lib/shim/loop.h \
	lib/shim/place.c lib/shim/place.h \
	lib/shim/processes.c lib/shim/processes.h \
	lib/shim/relay.c lib/shim/relay.h \
	lib/shim/server.c lib/shim/server.h \
	lib/shim/session.c lib/shim/session.h lib/shim/session_private.h \
	lib/shim/session_input.c lib/shim/session_log.c lib/shim/session_spawn.c \
	lib/shim/shim.c lib/shim/shim.h \
	lib/shim/start.c lib/shim/start.h \
	lib/shim/tool.c \
	lib/shim/usage.c lib/shim/usage.h

pkglibexec_PROGRAMS += gongbang-shim
gongbang_shim_SOURCES = cgi-bin/gongbang_shim.c
gongbang_shim_LDADD = lib/shim/libshim.a lib/core/libcore.a $(NGHTTP2_LIBS)
if SANITIZE
gongbang_shim_LDFLAGS = $(AM_LDFLAGS)
else
gongbang_shim_LDFLAGS = -static-pie \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
endif
