noinst_LIBRARIES += lib/html/libhtml.a
lib_html_libhtml_a_SOURCES = \
	lib/html/ansi.c lib/html/ansi.h \
	lib/html/emphasis.c lib/html/emphasis.h \
	lib/html/fragments.c lib/html/fragments.h \
	lib/html/highlight.c lib/html/highlight.h \
	lib/html/markdown.c lib/html/markdown.h \
	lib/html/renderer.c lib/html/renderer.h \
	lib/html/template.c lib/html/template.h \
	lib/html/template_internal.h \
	lib/html/template_parse.c \
	lib/html/template_run.c \
	lib/html/view.c lib/html/view.h
