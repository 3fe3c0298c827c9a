/* Rows of cells: erasing, scrolling, inserting; xterm.js's rules for halves of wide ones. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct cell empty;

static struct row *row_new(int cols)
{
	return alloc_checked(calloc(1, sizeof(struct row) +
				    (size_t)cols * sizeof(struct cell)));
}

void grid_init(struct grid *g, int rows, int cols)
{
	int y;

	g->rows = alloc_checked(calloc((size_t)rows, sizeof(*g->rows)));
	for (y = 0; y < rows; y++)
		g->rows[y] = row_new(cols);
}

void grid_release(struct grid *g, int rows)
{
	int y;

	for (y = 0; y < rows; y++)
		free(g->rows[y]);
	free(g->rows);
	g->rows = NULL;
}

struct cell grid_blank(const struct emulator *t)
{
	struct cell c = empty;

	c.pen.bg = t->pen.bg;
	return c;
}

struct row *grid_row(const struct emulator *t, int y)
{
	return t->grid->rows[y];
}

void grid_fill(struct row *row, int from, int to, struct cell with)
{
	int x;

	for (x = from; x < to; x++)
		row->cells[x] = with;
}

static void clear_row(const struct emulator *t, struct row *row)
{
	row->wrapped = row->wide_end = false;
	if (t->pen.bg == COLOR_DEFAULT)
		memset(row->cells, 0, (size_t)t->ncols * sizeof(struct cell));
	else
		grid_fill(row, 0, t->ncols, grid_blank(t));
}

void grid_split(const struct emulator *t, struct row *row, int x)
{
	if (x <= 0 || x >= t->ncols || row->cells[x].ch != CELL_REST)
		return;
	row->cells[x - 1].ch = CELL_EMPTY;
	row->cells[x].ch = CELL_EMPTY;
}

void grid_erase(struct emulator *t, int y, int from, int to)
{
	struct row *row = grid_row(t, y);

	if (to > t->ncols)
		to = t->ncols;
	if (from >= to)
		return;
	grid_split(t, row, from);
	grid_split(t, row, to);
	grid_fill(row, from, to, grid_blank(t));
	if (to == t->ncols)
		row->wide_end = false;
}

void grid_erase_rows(struct emulator *t, int from, int to)
{
	int y;

	for (y = from; y < to; y++)
		clear_row(t, grid_row(t, y));
}

static void keep_row(struct emulator *t)
{
	static struct buf bytes = BUF_INIT(EMULATOR_HISTORY_MAX);
	struct row **rows = t->grid->rows;
	bool continues = t->nrows > 1 && snapshot_joins(rows[0], rows[1],
							t->ncols);

	if (history_continues(&t->history) &&
	    (!rows[0]->wrapped || rows[0]->cells[0].ch == CELL_EMPTY))
		history_break(&t->history);
	buf_clear(&bytes);
	snapshot_row(t, rows[0], 0, snapshot_width(rows[0], t->ncols), &bytes);
	history_push(&t->history, buf_text(&bytes), bytes.len, continues);
	t->mark_y--;
}

static void scroll_up(struct emulator *t, int top, int bottom, bool keep)
{
	struct grid *g = t->grid;
	struct row *out = g->rows[top];

	if (keep)
		keep_row(t);
	memmove(g->rows + top, g->rows + top + 1,
		(size_t)(bottom - top) * sizeof(*g->rows));
	clear_row(t, out);
	g->rows[bottom] = out;
}

static void scroll_down(struct emulator *t, int top, int bottom)
{
	struct grid *g = t->grid;
	struct row *out = g->rows[bottom];

	memmove(g->rows + top + 1, g->rows + top,
		(size_t)(bottom - top) * sizeof(*g->rows));
	clear_row(t, out);
	g->rows[top] = out;
}

void grid_scroll(struct emulator *t, int top, int bottom, int n, bool keep)
{
	int most = bottom - top + 1;

	if (n > most)
		n = most;
	if (n < -most)
		n = -most;
	for (; n > 0; n--)
		scroll_up(t, top, bottom, keep);
	for (; n < 0; n++)
		scroll_down(t, top, bottom);
}

void grid_insert(struct emulator *t, int y, int x, int n)
{
	struct row *row = grid_row(t, y);

	if (n > t->ncols - x)
		n = t->ncols - x;
	grid_split(t, row, x);
	memmove(row->cells + x + n, row->cells + x,
		(size_t)(t->ncols - x - n) * sizeof(struct cell));
	grid_fill(row, x, x + n, grid_blank(t));
	/* A wide one whose right half was pushed out. */
	if (row->cells[t->ncols - 1].ch != CELL_REST &&
	    glyph_is_wide(t, row, t->ncols - 1))
		row->cells[t->ncols - 1].ch = CELL_EMPTY;
	row->wide_end = false;
}

void grid_delete(struct emulator *t, int y, int x, int n)
{
	struct row *row = grid_row(t, y);

	if (n > t->ncols - x)
		n = t->ncols - x;
	grid_split(t, row, x);
	grid_split(t, row, x + n);
	memmove(row->cells + x, row->cells + x + n,
		(size_t)(t->ncols - x - n) * sizeof(struct cell));
	grid_fill(row, t->ncols - n, t->ncols, grid_blank(t));
	row->wide_end = false;
}
