html_test_libs = lib/worker/libworker.a lib/notify/libnotify.a \
	lib/agent/libagent.a lib/auth/libauth.a lib/html/libhtml.a \
	lib/i18n/libi18n.a lib/time/libtime.a lib/json/libjson.a \
	lib/core/libcore.a $(CMARK_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) \
	$(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/html/template_test tests/html/mustache_test \
	tests/html/fragments_test tests/html/markdown_test \
	tests/html/renderer_test tests/html/ansi_test tests/html/highlight_test
tests_html_ansi_test_SOURCES = tests/html/ansi_test.c
tests_html_ansi_test_LDADD = $(html_test_libs)
tests_html_highlight_test_SOURCES = tests/html/highlight_test.c
tests_html_highlight_test_LDADD = $(html_test_libs)
tests_html_template_test_SOURCES = tests/html/template_test.c
tests_html_template_test_LDADD = $(html_test_libs)
tests_html_mustache_test_SOURCES = tests/html/mustache_test.c
tests_html_mustache_test_LDADD = $(html_test_libs)
tests_html_markdown_test_SOURCES = tests/html/markdown_test.c
tests_html_markdown_test_LDADD = $(html_test_libs)
tests_html_fragments_test_SOURCES = tests/html/fragments_test.c
tests_html_fragments_test_LDADD = $(html_test_libs)
tests_html_renderer_test_SOURCES = tests/html/renderer_test.c
tests_html_renderer_test_LDADD = $(html_test_libs)
EXTRA_DIST += tests/html/hostile.json \
	tests/html/mustache/LICENSE tests/html/mustache/comments.json \
	tests/html/mustache/delimiters.json tests/html/mustache/interpolation.json \
	tests/html/mustache/inverted.json tests/html/mustache/partials.json \
	tests/html/mustache/sections.json
