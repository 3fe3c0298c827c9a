/*
 * A terminal's state: what its bytes (ECMA-48, xterm's control sequences) have
 * made of the screen. It behaves as xterm.js does with grapheme clusters, so
 * that a snapshot, which is again such bytes, gives xterm.js the same screen,
 * scrollback, modes and cursor as if it had seen everything.
 *
 * The bytes are hostile: everything that they can make grow has a cap. What
 * only a live viewer needs (bell, clipboard, colours of the palette) is ignored.
 */
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

#define EMULATOR_ROWS_MAX 300
#define EMULATOR_COLS_MAX 600
#define EMULATOR_COLS_MIN 2
#define EMULATOR_LINES_MAX 5000		/* of scrollback */
#define EMULATOR_HISTORY_MAX (4 << 20)	/* bytes of scrollback */
#define EMULATOR_SNAPSHOT_MAX (15 << 20)	/* a whole screen of long links is cut short */
#define EMULATOR_TEXT_MAX 256		/* bytes of a title or a folder */

struct emulator;

/* Answers to a program's questions (where is the cursor?), for its input. */
typedef void emulator_reply(void *data, const char *bytes, size_t n);

/* Sizes beyond the caps are moved to them. */
struct emulator *emulator_new(int rows, int cols, emulator_reply *reply,
			      void *data);
void emulator_free(struct emulator *t);

void emulator_feed(struct emulator *t, const char *bytes, size_t n);

/* Long lines are broken again, except on the alternate screen. */
void emulator_resize(struct emulator *t, int rows, int cols);
int emulator_rows(const struct emulator *t);
int emulator_cols(const struct emulator *t);

/* Valid UTF-8 without control characters; "" when never set. Borrowed. */
const char *emulator_title(const struct emulator *t);
/* The path of OSC 7's file URL. */
const char *emulator_folder(const struct emulator *t);

/* Appends bytes that draw everything again on a terminal of the same size. */
void emulator_snapshot(const struct emulator *t, struct buf *out);

#endif
