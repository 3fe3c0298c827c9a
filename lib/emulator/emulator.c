#include "config.h"
#include "emulator/emulator.h"

#include <stdlib.h>
#include <string.h>

#include "emulator/emulator_internal.h"

static int clamp(int n, int least, int most)
{
	return n < least ? least : n > most ? most : n;
}

void emulator_clamp(int *rows, int *cols)
{
	*rows = clamp(*rows, 1, EMULATOR_ROWS_MAX);
	*cols = clamp(*cols, EMULATOR_COLS_MIN, EMULATOR_COLS_MAX);
}

static void start_fresh(struct emulator *t)
{
	t->x = t->y = 0;
	t->top = 0;
	t->bottom = t->nrows - 1;
	t->pen = (struct pen){ 0 };
	memset(t->charsets, 'B', sizeof(t->charsets));
	t->charset = 0;
	t->last = 0;
	t->grid = &t->main;
	modes_reset(&t->modes);
	cursor_reset_tabs(t);
}

void emulator_reset(struct emulator *t)
{
	start_fresh(t);
	t->grid = &t->alt;
	grid_erase_rows(t, 0, t->nrows);
	t->grid = &t->main;
	grid_erase_rows(t, 0, t->nrows);
	t->main.saved = t->alt.saved = (struct saved){ .charsets = "BBBB" };
	history_clear(&t->history);
	osc_release_links(t);
}

struct emulator *emulator_new(int rows, int cols, emulator_reply *reply,
			      void *data)
{
	struct emulator *t = alloc_checked(calloc(1, sizeof(*t)));

	emulator_clamp(&rows, &cols);
	t->nrows = rows;
	t->ncols = cols;
	t->reply = reply;
	t->data = data;
	t->clusters = alloc_checked(calloc(CLUSTERS_MAX, sizeof(*t->clusters)));
	buf_init(&t->parser.osc, OSC_MAX);
	buf_init(&t->parser.pending, PENDING_MAX);
	grid_init(&t->main, t->nrows, t->ncols);
	grid_init(&t->alt, t->nrows, t->ncols);
	emulator_reset(t);
	return t;
}

void emulator_free(struct emulator *t)
{
	if (!t)
		return;
	grid_release(&t->main, t->nrows);
	grid_release(&t->alt, t->nrows);
	history_clear(&t->history);
	osc_release_links(t);
	buf_release(&t->parser.osc);
	buf_release(&t->parser.pending);
	free(t->clusters);
	free(t);
}

int emulator_rows(const struct emulator *t)
{
	return t->nrows;
}

int emulator_cols(const struct emulator *t)
{
	return t->ncols;
}

const char *emulator_title(const struct emulator *t)
{
	return t->title;
}

const char *emulator_folder(const struct emulator *t)
{
	return t->folder;
}
