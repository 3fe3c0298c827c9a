transcript_test_libs = lib/transcript/libtranscript.a lib/preview/libpreview.a lib/store/libstore.a \
	lib/html/libhtml.a lib/i18n/libi18n.a lib/time/libtime.a \
	lib/json/libjson.a lib/core/libcore.a $(CMARK_LIBS) $(SQLITE_LIBS) \
	$(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS) $(test_libs) -lm
check_PROGRAMS += tests/transcript/decoder_test
tests_transcript_decoder_test_SOURCES = tests/transcript/decoder_test.c \
	tests/transcript/trace.c tests/transcript/trace.h
tests_transcript_decoder_test_LDADD = $(transcript_test_libs)
EXTRA_DIST += tests/transcript/data
check_PROGRAMS += tests/transcript/part_test
tests_transcript_part_test_SOURCES = tests/transcript/part_test.c \
	tests/transcript/trace.c tests/transcript/trace.h
tests_transcript_part_test_LDADD = $(transcript_test_libs)
check_PROGRAMS += tests/transcript/agent_script_test
tests_transcript_agent_script_test_SOURCES = \
	tests/transcript/agent_script_test.c
tests_transcript_agent_script_test_LDADD = $(transcript_test_libs)
check_PROGRAMS += tests/transcript/message_title_test
tests_transcript_message_title_test_SOURCES = \
	tests/transcript/message_title_test.c
tests_transcript_message_title_test_LDADD = $(transcript_test_libs)
check_PROGRAMS += tests/transcript/part_search_test
tests_transcript_part_search_test_SOURCES = tests/transcript/part_search_test.c
tests_transcript_part_search_test_LDADD = $(transcript_test_libs)
