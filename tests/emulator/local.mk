check_PROGRAMS += tests/emulator/emulator_test
tests_emulator_emulator_test_SOURCES = tests/emulator/emulator_test.c
tests_emulator_emulator_test_LDADD = lib/emulator/libemulator.a \
	lib/core/libcore.a $(UTF8PROC_LIBS) $(test_libs)
