session_test_libs = lib/session/libsession.a lib/store/libstore.a \
	lib/html/libhtml.a lib/core/libcore.a $(CMARK_LIBS) $(SQLITE_LIBS) \
	$(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs) -lm
check_PROGRAMS += tests/session/decoder_test
tests_session_decoder_test_SOURCES = tests/session/decoder_test.c \
	tests/session/trace.c tests/session/trace.h
tests_session_decoder_test_LDADD = $(session_test_libs)
EXTRA_DIST += tests/session/data
check_PROGRAMS += tests/session/part_test
tests_session_part_test_SOURCES = tests/session/part_test.c \
	tests/session/trace.c tests/session/trace.h
tests_session_part_test_LDADD = $(session_test_libs)
