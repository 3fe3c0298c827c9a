/*
 * The settings: one table (settings.def), read from "name = value" files.
 * A secret is never a value, only the path of its file.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"

enum setting {
#define SETTING(id, name, type, min, max, preset, help) SET_##id,
#include "core/settings.def"
#undef SETTING
	SET_COUNT,
};

struct settings;

/* All settings at their defaults; gives. */
struct settings *settings_new(void);
void settings_free(struct settings *s);

/*
 * Reads a file; its values replace the current ones. An unknown name, a bad
 * value or an unreadable file fails with "FILE:LINE: ..." (ERR_INPUT).
 */
int settings_load(struct settings *s, const char *path, struct err *e) must_check;

/* Sets one value by name, as a file does; ERR_INPUT says what is wrong. */
int settings_set(struct settings *s, const char *name, const char *value,
		 struct err *e) must_check;

/* Borrowed until the next load. The wrong type aborts. */
const char *settings_text(const struct settings *s, enum setting id);
int64_t settings_number(const struct settings *s, enum setting id);
bool settings_flag(const struct settings *s, enum setting id);

/* Prints every setting with type, range, default and help (--dump-settings). */
void settings_dump(FILE *out);

/*
 * Called first by every program: handles --settings FILE (or
 * $GONGBANG_SETTINGS), --dump-settings and --version. Gives the settings; on an
 * error prints one line and exits 2. Leaves *argc, *argv at the first other
 * argument.
 */
struct settings *settings_main(int *argc, char ***argv);

#endif
