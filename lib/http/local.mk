noinst_LIBRARIES += lib/http/libhttp.a
lib_http_libhttp_a_SOURCES =
