/*
 * Another size: the main screen's rows are written again as the text they
 * hold, so that long lines break at the new width; the alternate screen's
 * program draws that itself.
 */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (2 * EMULATOR_HISTORY_MAX)

/* The rows in use, as text; the cursor is at mark bytes. */
struct text {
	struct buf bytes;
	size_t mark;
	int rows;		/* about, at the new width */
};

static int last_row(const struct emulator *t, int cursor)
{
	int y = t->nrows - 1;

	while (y > cursor && !snapshot_width(t->main.rows[y], t->ncols))
		y--;
	return y;
}

static void write_rows(struct emulator *t, struct text *text, int x, int y,
		       int cols)
{
	struct row **rows = t->main.rows;
	int last = last_row(t, y), width = 0, i;
	struct err full = { 0 };

	for (i = 0; i <= last; i++) {
		int own = snapshot_width(rows[i], t->ncols);

		if (i && !snapshot_joins(rows[i - 1], rows[i], t->ncols)) {
			(void)!buf_add_text(&text->bytes, "\r\n", &full);
			text->rows += width / cols + 1;
			width = 0;
		}
		width += own;
		if (i == y) {
			int before = x < own ? x : own;

			snapshot_row(t, rows[i], 0, before, &text->bytes);
			text->mark = text->bytes.len;
			snapshot_row(t, rows[i], before, own, &text->bytes);
		} else {
			snapshot_row(t, rows[i], 0, own, &text->bytes);
		}
	}
	text->rows += width / cols + 1;
}

/* Puts the newest line of the scrollback in front. */
static bool take_line(struct emulator *t, struct text *text, int cols,
		      bool joins)
{
	auto_buf line = BUF_INIT(TEXT_MAX);
	struct err full = { 0 };
	bool continues;

	if (!history_pop(&t->history, &line, &continues))
		return false;
	text->rows += (int)line.len / cols;
	if (!continues || !joins) {
		text->rows++;
		if (buf_add_text(&line, "\r\n", &full) < 0)
			return false;
	}
	text->mark += line.len;
	if (buf_add(&line, text->bytes.data, text->bytes.len, &full) < 0)
		return false;
	buf_release(&text->bytes);
	text->bytes = line;
	buf_init(&line, 0);
	return true;
}

/* The first row's beginning, and what fits when the text reached the bottom. */
static void take_lines(struct emulator *t, struct text *text, int rows,
		       int cols, bool bottom)
{
	const struct row *first = t->main.rows[0];
	bool joins = first->wrapped && first->cells[0].ch != CELL_EMPTY;

	while ((joins && history_continues(&t->history)) ||
	       (bottom && text->rows < rows)) {
		if (!take_line(t, text, cols, joins))
			return;
		joins = true;
	}
}

static void resize_alternate(struct emulator *t, int rows, int cols)
{
	struct grid old = t->alt;
	int y, most = rows < t->nrows ? rows : t->nrows;
	int width = cols < t->ncols ? cols : t->ncols;

	grid_init(&t->alt, rows, cols);
	for (y = 0; y < most; y++) {
		struct row *row = t->alt.rows[y];

		memcpy(row->cells, old.rows[y]->cells,
		       (size_t)width * sizeof(struct cell));
		if (width < t->ncols &&
		    old.rows[y]->cells[width].ch == CELL_REST)
			row->cells[width - 1].ch = CELL_EMPTY;
	}
	t->alt.saved = old.saved;
	grid_release(&old, t->nrows);
}

/* Feeds the text to an empty main screen; where the mark came to lie. */
static void write_again(struct emulator *t, const struct text *text)
{
	const char *bytes = buf_text(&text->bytes);

	emulator_feed(t, bytes, text->mark);
	t->mark_x = t->x;
	t->mark_y = t->y;
	emulator_feed(t, bytes + text->mark, text->bytes.len - text->mark);
	if (t->mark_y < 0)
		t->mark_y = 0;
}

static void clamp_saved(const struct emulator *t, struct saved *s)
{
	s->x = s->x < t->ncols ? s->x : t->ncols - 1;
	s->y = s->y < t->nrows ? s->y : t->nrows - 1;
}

static void put_back(struct emulator *t, const struct emulator *was, bool alt,
		     int beyond)
{
	int x = t->mark_x + beyond, y = t->mark_y;

	t->pen = was->pen;
	memcpy(t->charsets, was->charsets, sizeof(t->charsets));
	t->charset = was->charset;
	t->modes = was->modes;
	t->last = was->last;
	t->break_state = was->break_state;
	t->top = 0;
	t->bottom = t->nrows - 1;
	t->main.saved = was->main.saved;
	if (x > t->ncols)
		x = t->ncols - 1;
	if (alt) {
		t->grid = &t->alt;
		t->main.saved.x = x;
		t->main.saved.y = y;
		x = was->x < t->ncols ? was->x : t->ncols - 1;
		y = was->y < t->nrows ? was->y : t->nrows - 1;
	}
	t->x = x;
	t->y = y;
	clamp_saved(t, &t->main.saved);
	clamp_saved(t, &t->alt.saved);
}

static void prepare(struct emulator *t, int rows, int cols)
{
	resize_alternate(t, rows, cols);
	grid_release(&t->main, t->nrows);
	grid_init(&t->main, rows, cols);
	t->nrows = rows;
	t->ncols = cols;
	t->grid = &t->main;
	t->x = t->y = t->top = 0;
	t->bottom = rows - 1;
	t->pen = (struct pen){ 0 };
	memset(t->charsets, 'B', sizeof(t->charsets));
	t->charset = 0;
	t->last = 0;
	modes_reset(&t->modes);
	t->parser = (struct parser){ 0 };
	buf_init(&t->parser.osc, OSC_MAX);
	buf_init(&t->parser.pending, PENDING_MAX);
}

void emulator_resize(struct emulator *t, int rows, int cols)
{
	bool alt = t->grid == &t->alt;
	int x = alt ? t->main.saved.x : t->x, y = alt ? t->main.saved.y : t->y;
	struct text text = { .bytes = BUF_INIT(TEXT_MAX) };
	const struct emulator was = *t;
	int own;

	emulator_clamp(&rows, &cols);
	if (rows == t->nrows && cols == t->ncols)
		return;
	own = snapshot_width(t->main.rows[y], t->ncols);
	write_rows(t, &text, x, y, cols);
	take_lines(t, &text, rows, cols, last_row(t, y) == t->nrows - 1);
	prepare(t, rows, cols);
	write_again(t, &text);
	buf_release(&t->parser.osc);
	buf_release(&t->parser.pending);
	t->parser = was.parser;
	put_back(t, &was, alt, x > own ? x - own : 0);
	buf_release(&text.bytes);
}
