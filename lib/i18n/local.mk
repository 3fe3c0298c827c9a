noinst_LIBRARIES += lib/i18n/libi18n.a
lib_i18n_libi18n_a_SOURCES = \
	lib/i18n/i18n.c lib/i18n/i18n.h \
	lib/i18n/i18n_internal.h \
	lib/i18n/locale.c
