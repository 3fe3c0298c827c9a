noinst_LIBRARIES += lib/html/libhtml.a
lib_html_libhtml_a_SOURCES =
