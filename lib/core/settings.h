/*
 * The settings: one table (settings.def), read from "name = value" files.
 * Secrets are never values here, only paths of files.
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

/* All presets; gives. */
struct settings *settings_new(void);
void settings_free(struct settings *s);

/*
 * Reads a file over what is there. An unknown name or a bad value fails with
 * "FILE:LINE: ..." (ERR_INPUT); an unreadable file too.
 */
int settings_load(struct settings *s, const char *path, struct err *e) must_check;

/* One value by name, as in a file; ERR_INPUT says what is wrong. */
int settings_set(struct settings *s, const char *name, const char *value,
		 struct err *e) must_check;

/* Borrowed until the next load. Asking for the wrong type aborts. */
const char *settings_text(const struct settings *s, enum setting id);
int64_t settings_number(const struct settings *s, enum setting id);
bool settings_flag(const struct settings *s, enum setting id);

/* The manual: every setting with type, range, preset and help (--dump-settings). */
void settings_dump(FILE *out);

/*
 * Every program's start: handles --settings FILE (or $GONGBANG_SETTINGS),
 * --dump-settings and --version. Gives the settings; on anything wrong prints
 * one line and exits 2. Leaves *argc, *argv at the first other argument.
 */
struct settings *settings_main(int *argc, char ***argv);

#endif
