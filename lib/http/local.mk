noinst_LIBRARIES += lib/http/libhttp.a
lib_http_libhttp_a_SOURCES = \
	lib/http/cookie.c lib/http/cookie.h \
	lib/http/daemon.c lib/http/daemon.h \
	lib/http/form.c lib/http/form.h \
	lib/http/http_client.c lib/http/http_client.h \
	lib/http/multipart.c lib/http/multipart.h \
	lib/http/origin.c lib/http/origin.h \
	lib/http/probe.c lib/http/probe.h \
	lib/http/request.c lib/http/request.h \
	lib/http/response.c lib/http/response.h \
	lib/http/router.c lib/http/router.h
