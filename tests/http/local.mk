http_test_libs = lib/http/libhttp.a lib/core/libcore.a $(CURL_LIBS) \
	$(TALLOC_LIBS) $(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/http/multipart_test
tests_http_multipart_test_SOURCES = tests/http/multipart_test.c
tests_http_multipart_test_LDADD = $(http_test_libs)
check_PROGRAMS += tests/http/request_test tests/http/response_test \
	tests/http/http_client_test tests/http/probe_test
tests_http_request_test_SOURCES = tests/http/request_test.c
tests_http_request_test_LDADD = $(http_test_libs)
tests_http_response_test_SOURCES = tests/http/response_test.c
tests_http_response_test_LDADD = $(http_test_libs)
tests_http_http_client_test_SOURCES = tests/http/http_client_test.c
tests_http_http_client_test_LDADD = $(http_test_libs)
tests_http_probe_test_SOURCES = tests/http/probe_test.c
tests_http_probe_test_LDADD = $(http_test_libs) -lpthread
