check_PROGRAMS += tests/core/core_test
tests_core_core_test_SOURCES = tests/core/core_test.c
tests_core_core_test_LDADD = lib/core/libcore.a $(JSON_LIBS) $(TALLOC_LIBS) \
	$(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/core/piece_test
tests_core_piece_test_SOURCES = tests/core/piece_test.c
tests_core_piece_test_LDADD = lib/core/libcore.a $(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/core/encoding_test
tests_core_encoding_test_SOURCES = tests/core/encoding_test.c
tests_core_encoding_test_LDADD = lib/core/libcore.a $(CORE_LIBS) $(test_libs)
check_PROGRAMS += tests/core/search_terms_test
tests_core_search_terms_test_SOURCES = tests/core/search_terms_test.c
tests_core_search_terms_test_LDADD = lib/core/libcore.a $(TALLOC_LIBS) \
	$(CORE_LIBS) $(test_libs)
