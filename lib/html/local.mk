noinst_LIBRARIES += lib/html/libhtml.a
lib_html_libhtml_a_SOURCES = \
	lib/html/emphasis.c lib/html/emphasis.h \
	lib/html/fragments.c lib/html/fragments.h \
	lib/html/i18n.c lib/html/i18n.h \
	lib/html/locale.c lib/html/locale.h \
	lib/html/markdown.c lib/html/markdown.h \
	lib/html/renderer.c lib/html/renderer.h \
	lib/html/node.h \
	lib/html/template.c lib/html/template.h \
	lib/html/template_parse.c \
	lib/html/template_run.c \
	lib/html/view.c lib/html/view.h \
	lib/html/zone.c lib/html/zone_find.c lib/html/zone.h \
	lib/html/zone_rule.c
