check_PROGRAMS += tests/link/link_test
tests_link_link_test_SOURCES = tests/link/link_test.c
tests_link_link_test_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a lib/link/liblink.a \
	lib/core/libcore.a $(NGHTTP2_LIBS) $(TALLOC_LIBS) $(UTF8PROC_LIBS) $(test_libs)
