/*
 * Prints characters: how wide they are, and which join the one before (Unicode
 * annex 29), as xterm.js's add-on for grapheme clusters does it.
 */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <string.h>

#include <utf8proc.h>

#define PREFERS_EMOJI 0xfe0f
#define LINE_DRAWING_FIRST 0x5f

/* DEC's special graphics from '_' on. */
static const uint16_t line_drawing[] = {
	0x00a0, 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0,
	0x00b1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c,
	0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534,
	0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

unsigned glyph_points(const struct emulator *t, uint32_t ch,
		      const uint32_t **points, uint32_t *one)
{
	const struct cluster *c;

	if (ch == CELL_EMPTY || ch == CELL_REST)
		return 0;
	if (!(ch & CELL_CLUSTER)) {
		*one = ch;
		*points = one;
		return 1;
	}
	c = &t->clusters[ch & ~CELL_CLUSTER];
	*points = c->points;
	return c->n;
}

bool glyph_joins(uint32_t before, uint32_t point)
{
	return !utf8proc_grapheme_break((utf8proc_int32_t)before,
					(utf8proc_int32_t)point);
}

static int width(uint32_t point)
{
	return utf8proc_charwidth((utf8proc_int32_t)point) == 2 ? 2 : 1;
}

bool glyph_is_wide(const struct emulator *t, const struct row *row, int x)
{
	const uint32_t *points;
	uint32_t one;
	unsigned n;

	if (x + 1 < t->ncols)
		return row->cells[x + 1].ch == CELL_REST;
	n = glyph_points(t, row->cells[x].ch, &points, &one);
	return n && width(points[0]) == 2;
}

/* ---- clusters ---- */

static void mark(const struct emulator *t, const struct grid *g, bool *used)
{
	int x, y;

	for (y = 0; y < t->nrows; y++) {
		for (x = 0; x < t->ncols; x++) {
			uint32_t ch = g->rows[y]->cells[x].ch;

			if (ch != CELL_REST && ch & CELL_CLUSTER)
				used[ch & ~CELL_CLUSTER] = true;
		}
	}
}

static void free_unused(struct emulator *t)
{
	bool used[CLUSTERS_MAX] = { false };
	size_t i;

	mark(t, &t->main, used);
	mark(t, &t->alt, used);
	for (i = 0; i < CLUSTERS_MAX; i++) {
		if (!used[i])
			t->clusters[i].n = 0;
	}
}

/* A free one; CLUSTERS_MAX when the screen is full of them. */
static unsigned find_free(struct emulator *t)
{
	unsigned i, round;

	for (round = 0; round < 2; round++) {
		for (i = t->next_cluster; i < CLUSTERS_MAX; i++) {
			if (!t->clusters[i].n) {
				t->next_cluster = i + 1;
				return i;
			}
		}
		/* Not at each character when all are on the screen. */
		if (round == 0 && t->sweep_pause-- > 0)
			break;
		t->sweep_pause = CLUSTERS_MAX / 4;
		free_unused(t);
		t->next_cluster = 0;
	}
	return CLUSTERS_MAX;
}

static void add_point(struct emulator *t, struct cell *cell, uint32_t point)
{
	struct cluster *c;
	unsigned i;

	if (cell->ch == CELL_EMPTY) {
		cell->ch = point;
		return;
	}
	if (!(cell->ch & CELL_CLUSTER)) {
		i = find_free(t);
		if (i == CLUSTERS_MAX)
			return;
		c = &t->clusters[i];
		c->points[0] = cell->ch;
		c->n = 1;
		cell->ch = CELL_CLUSTER | i;
	}
	c = &t->clusters[cell->ch & ~CELL_CLUSTER];
	if (c->n < CLUSTER_POINTS)
		c->points[c->n++] = point;
}

/* ---- printing ---- */

static bool is_region(uint32_t point)
{
	return point >= 0x1f1e6 && point <= 0x1f1ff;
}

/* Makes room for a character of that width; false when it cannot be drawn. */
static bool make_room(struct emulator *t, int w)
{
	if (t->x + w <= t->ncols)
		return true;
	if (!t->modes.wrap) {
		t->x = t->ncols - 1;
		return w == 1;
	}
	if (t->x < t->ncols) {
		grid_split(t, grid_row(t, t->y), t->x);
		grid_fill(grid_row(t, t->y), t->x, t->ncols,
			  (struct cell){ CELL_EMPTY, t->pen });
		grid_row(t, t->y)->wide_end = true;
	}
	cursor_wrap(t);
	return true;
}

/* It became wide in the last column: it moves to the next line. */
static int move_down(struct emulator *t, int at)
{
	struct row *row = grid_row(t, t->y);
	struct cell cell = row->cells[at];

	if (!t->modes.wrap)
		return -1;
	row->cells[at] = (struct cell){ CELL_EMPTY, t->pen };
	row->wide_end = true;
	cursor_wrap(t);
	row = grid_row(t, t->y);
	grid_split(t, row, 1);
	row->cells[0] = cell;
	t->x = 1;
	return 0;
}

static void widen(struct emulator *t, int at)
{
	struct row *row = grid_row(t, t->y);

	grid_split(t, row, at + 2);
	row->cells[at + 1] = (struct cell){ CELL_REST, t->pen };
	t->x = at + 2;
}

/* Joins the character before the cursor; false when it begins a new one. */
static bool join(struct emulator *t, uint32_t point)
{
	struct row *row = grid_row(t, t->y);
	int at = t->x - 1, old = 1, now;

	if (!t->last || utf8proc_grapheme_break_stateful(
			(utf8proc_int32_t)t->last, (utf8proc_int32_t)point,
			&t->break_state))
		return false;
	if (at < 0)
		return false;
	if (row->cells[at].ch == CELL_REST && at > 0) {
		at--;
		old = 2;
	}
	now = point == PREFERS_EMOJI || width(point) == 2 ||
	      (is_region(point) && is_region(t->last)) ? 2 : old;
	if (now > old && at + 1 == t->ncols)
		at = move_down(t, at);
	if (at < 0)
		return true;
	add_point(t, &grid_row(t, t->y)->cells[at], point);
	if (now > old)
		widen(t, at);
	return true;
}

static uint32_t translate(const struct emulator *t, uint32_t point)
{
	char set = t->charsets[t->charset];

	if (set == '0' && point >= LINE_DRAWING_FIRST && point <= 0x7e)
		return line_drawing[point - LINE_DRAWING_FIRST];
	return set == 'A' && point == '#' ? 0xa3 : point;
}

void glyph_print(struct emulator *t, uint32_t point)
{
	struct row *row;
	int w;

	point = translate(t, point);
	if (point >= 0x80 && join(t, point)) {
		t->last = point;
		return;
	}
	t->break_state = 0;
	t->last = point;
	w = width(point);
	if (!make_room(t, w))
		return;
	row = grid_row(t, t->y);
	if (t->modes.insert)
		grid_insert(t, t->y, t->x, w);
	grid_split(t, row, t->x);
	grid_split(t, row, t->x + w);
	row->cells[t->x++] = (struct cell){ point, t->pen };
	if (w == 2)
		row->cells[t->x++] = (struct cell){ CELL_REST, t->pen };
}

void glyph_repeat(struct emulator *t, int n)
{
	const struct row *row = grid_row(t, t->y);
	uint32_t points[CLUSTER_POINTS], one;
	const uint32_t *from = NULL;
	unsigned i, count;
	int at = t->x - 1;

	if (at > 0 && row->cells[at].ch == CELL_REST)
		at--;
	count = at < 0 ? 0 : glyph_points(t, row->cells[at].ch, &from, &one);
	if (count)
		memcpy(points, from, count * sizeof(points[0]));
	while (n-- > 0) {
		for (i = 0; i < count; i++)
			glyph_print(t, points[i]);
	}
}

void glyph_print_ascii(struct emulator *t, const char *bytes, size_t n)
{
	struct cell cell = { .pen = t->pen };
	struct row *row;
	size_t i, part;

	if (t->modes.insert || t->charsets[t->charset] != 'B') {
		for (i = 0; i < n; i++)
			glyph_print(t, (unsigned char)bytes[i]);
		return;
	}
	while (n) {
		if (!make_room(t, 1))
			return;
		row = grid_row(t, t->y);
		part = (size_t)(t->ncols - t->x);
		if (part > n)
			part = n;
		grid_split(t, row, t->x);
		grid_split(t, row, t->x + (int)part);
		for (i = 0; i < part; i++) {
			cell.ch = (unsigned char)bytes[i];
			row->cells[(size_t)t->x + i] = cell;
		}
		t->x += (int)part;
		bytes += part;
		n -= part;
	}
	t->last = (unsigned char)bytes[-1];
	t->break_state = 0;
}
