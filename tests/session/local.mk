check_PROGRAMS += tests/session/session_test
tests_session_session_test_SOURCES = tests/session/session_test.c \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_session_test_LDADD = lib/session/libsession.a \
	lib/transcript/libtranscript.a \
	lib/store/libstore.a lib/core/libcore.a $(SQLITE_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)
