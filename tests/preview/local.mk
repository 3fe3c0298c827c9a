preview_test_libs = lib/preview/libpreview.a lib/html/libhtml.a \
	lib/i18n/libi18n.a lib/time/libtime.a lib/json/libjson.a \
	lib/core/libcore.a $(CMARK_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) \
	$(CORE_LIBS) $(test_libs) -lm
check_PROGRAMS += tests/preview/preview_test
tests_preview_preview_test_SOURCES = tests/preview/preview_test.c
tests_preview_preview_test_LDADD = $(preview_test_libs)
