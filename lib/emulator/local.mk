noinst_LIBRARIES += lib/emulator/libemulator.a
lib_emulator_libemulator_a_SOURCES = \
	lib/emulator/control_sequence.c \
	lib/emulator/cursor.c \
	lib/emulator/emulator.c lib/emulator/emulator.h \
	lib/emulator/emulator_internal.h \
	lib/emulator/escape_parser.c \
	lib/emulator/glyph.c \
	lib/emulator/grid.c \
	lib/emulator/history.c \
	lib/emulator/modes.c \
	lib/emulator/osc.c \
	lib/emulator/pen.c \
	lib/emulator/resize.c \
	lib/emulator/snapshot.c
