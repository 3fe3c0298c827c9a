noinst_LIBRARIES += lib/engine/libengine.a
lib_engine_libengine_a_SOURCES = \
	lib/engine/docker.c lib/engine/docker.h \
	lib/engine/docker_frames.c lib/engine/docker_frames.h \
	lib/engine/docker_http.c lib/engine/docker_http.h \
	lib/engine/docker_response.c lib/engine/docker_response.h \
	lib/engine/docker_spec.c lib/engine/docker_spec.h \
	lib/engine/docker_stream.c \
	lib/engine/engine.c lib/engine/engine.h lib/engine/engine_driver.h

# Whoever links it: lib/engine/libengine.a lib/core/libcore.a $(engine_libs)
engine_libs = $(UV_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(HTTP_PARSER_LIBS)
