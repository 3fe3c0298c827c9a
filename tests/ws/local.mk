check_PROGRAMS += tests/ws/websocket_test
tests_ws_websocket_test_SOURCES = tests/ws/websocket_test.c
tests_ws_websocket_test_LDADD = lib/ws/libws.a lib/core/libcore.a \
	$(WSLAY_LIBS) $(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)
