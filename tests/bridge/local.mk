check_PROGRAMS += tests/bridge/session_test
tests_bridge_session_test_SOURCES = tests/bridge/session_test.c \
	tests/bridge/fake_shim.c tests/bridge/fake_shim.h
tests_bridge_session_test_LDADD = lib/session/libsession.a \
	lib/store/libstore.a lib/core/libcore.a $(SQLITE_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)
