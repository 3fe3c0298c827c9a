noinst_LIBRARIES += lib/core/libcore.a
# Only here, so that all other objects are the same for every prefix.
lib_core_libcore_a_CPPFLAGS = $(AM_CPPFLAGS) -DPKGDATADIR='"$(pkgdatadir)"'
lib_core_libcore_a_SOURCES = \
	lib/core/address.c lib/core/address.h \
	lib/core/base64.c lib/core/base64.h \
	lib/core/buf.c lib/core/buf.h \
	lib/core/clock.c lib/core/clock.h \
	lib/core/digest.c lib/core/digest.h \
	lib/core/err.c lib/core/err.h \
	lib/core/hash.c lib/core/hash.h \
	lib/core/host.c lib/core/host.h \
	lib/core/id.c lib/core/id.h \
	lib/core/id_new.c \
	lib/core/locale_names.c lib/core/locale_names.h \
	lib/core/log.c lib/core/log.h \
	lib/core/percent.c lib/core/percent.h \
	lib/core/piece.c lib/core/piece.h \
	lib/core/search_terms.c lib/core/search_terms.h \
	lib/core/serve.c lib/core/serve.h \
	lib/core/settings.c lib/core/settings.def lib/core/settings.h \
	lib/core/str.c lib/core/str.h \
	lib/core/unicode.c lib/core/unicode.h
