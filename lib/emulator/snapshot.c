/* The bytes that draw everything again. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <string.h>

static const struct pen plain_pen;

/* At the cap the rest is left out. */
static void add(struct buf *out, const char *text)
{
	struct err full = { 0 };

	(void)!buf_add_text(out, text, &full);
}

static void add_point(struct buf *out, uint32_t c)
{
	struct err full = { 0 };
	char bytes[4];
	size_t n = 0;

	if (c < 0x80) {
		bytes[n++] = (char)c;
	} else if (c < 0x800) {
		bytes[n++] = (char)(0xc0 | c >> 6);
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		bytes[n++] = (char)(0xe0 | c >> 12);
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | c >> 18);
		bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	}
	(void)!buf_add(out, bytes, n, &full);
}

/* Returns its last code point, for the next one. */
static uint32_t add_cell(const struct emulator *t, struct buf *out,
			 uint32_t before, uint32_t ch)
{
	const uint32_t *points = NULL;
	uint32_t one;
	unsigned i, n = glyph_points(t, ch, &points, &one);

	/* A mark that is alone here must not join its neighbour: a control between them. */
	if (n && glyph_joins(before, points[0]))
		add(out, "\017");
	for (i = 0; i < n; i++)
		add_point(out, points[i]);
	return n ? points[n - 1] : 'a';
}

static bool same_blank(const struct cell *a, const struct cell *b)
{
	return b->ch == CELL_EMPTY && a->pen.bg == b->pen.bg;
}

int snapshot_width(const struct row *row, int ncols)
{
	while (ncols > 0 && row->cells[ncols - 1].ch == CELL_EMPTY &&
	       row->cells[ncols - 1].pen.bg == COLOR_DEFAULT)
		ncols--;
	return ncols;
}

bool snapshot_joins(const struct row *above, const struct row *row, int ncols)
{
	return row->wrapped && row->cells[0].ch != CELL_EMPTY &&
	       (above->cells[ncols - 1].ch != CELL_EMPTY ||
		(above->wide_end && row->cells[1].ch == CELL_REST &&
		 above->cells[ncols - 2].ch != CELL_EMPTY));
}

/* Printable ASCII of one pen is most of what there is. */
static int add_ascii(const struct row *row, int from, int to, struct buf *out)
{
	struct err full = { 0 };
	char bytes[EMULATOR_COLS_MAX];
	int x;

	for (x = from; x < to && row->cells[x].ch - 0x20 < 0x5f &&
	     pen_equal(&row->cells[x].pen, &row->cells[from].pen); x++)
		bytes[x - from] = (char)row->cells[x].ch;
	(void)!buf_add(out, bytes, (size_t)(x - from), &full);
	return x - from;
}

/* Cells that were never written: the cursor goes over them. */
static int add_blank(const struct emulator *t, const struct row *row, int from,
		     int to, struct pen *pen, struct buf *out)
{
	struct pen back = { .bg = row->cells[from].pen.bg };
	struct err full = { 0 };
	int n = 1;

	while (from + n < to && same_blank(&row->cells[from], &row->cells[from + n]))
		n++;
	if (back.bg != COLOR_DEFAULT) {
		pen_draw(t, out, pen, &back);
		*pen = back;
		(void)!buf_addf(out, &full, "\033[%dX", n);
	}
	(void)!buf_addf(out, &full, "\033[%dC", n);
	return n;
}

void snapshot_row(const struct emulator *t, const struct row *row, int from,
		  int to, struct buf *out)
{
	struct pen pen = plain_pen;
	uint32_t before = 'a';
	int x, n;

	for (x = from; x < to; x += n) {
		const struct cell *c = &row->cells[x];

		n = 1;
		if (c->ch == CELL_EMPTY) {
			n = add_blank(t, row, x, to, &pen, out);
			continue;
		}
		if (c->ch == CELL_REST)
			continue;
		pen_draw(t, out, &pen, &c->pen);
		pen = c->pen;
		n = add_ascii(row, x, to, out);
		if (n) {
			before = 'a';
		} else {
			before = add_cell(t, out, before, c->ch);
			n = 1;
		}
	}
	pen_draw(t, out, &pen, &plain_pen);
}

struct drawing {
	struct buf *out;
	bool continues;
};

static void draw_line(void *data, const char *a, size_t an, const char *b,
		      size_t bn, bool continues)
{
	struct drawing *d = data;
	struct err full = { 0 };

	(void)!buf_add(d->out, a, an, &full);
	(void)!buf_add(d->out, b, bn, &full);
	d->continues = continues;
	if (!continues)
		add(d->out, "\r\n");
}

static void draw_main(const struct emulator *t, struct buf *out)
{
	struct drawing d = { .out = out };
	struct row **rows = t->main.rows;
	int y;

	history_each(&t->history, &d, draw_line);
	if (d.continues && (!rows[0]->wrapped ||
			    rows[0]->cells[0].ch == CELL_EMPTY))
		add(out, "\r\n");
	for (y = 0; y < t->nrows; y++) {
		if (y && !snapshot_joins(rows[y - 1], rows[y], t->ncols))
			add(out, "\r\n");
		snapshot_row(t, rows[y], 0, snapshot_width(rows[y], t->ncols),
			     out);
	}
}

static void draw_alternate(const struct emulator *t, struct buf *out)
{
	struct row **rows = t->alt.rows;
	struct err full = { 0 };
	int y;

	for (y = 0; y < t->nrows; y++) {
		int width = snapshot_width(rows[y], t->ncols);

		if (!width)
			continue;
		(void)!buf_addf(out, &full, "\033[%d;1H", y + 1);
		snapshot_row(t, rows[y], 0, width, out);
	}
}

static void draw_charsets(const char charsets[4], int charset, struct buf *out)
{
	static const char *const select[] = { "\017", "\016", "\033n", "\033o" };
	struct err full = { 0 };
	int i;

	for (i = 0; i < 4; i++) {
		if (charsets[i] != 'B')
			(void)!buf_addf(out, &full, "\033%c%c", "()*+"[i],
					charsets[i]);
	}
	if (charset)
		add(out, select[charset]);
}

/* Makes the grid's saved cursor; leaves pen and character sets as before. */
static void draw_saved(const struct emulator *t, const struct saved *s,
		       struct buf *out)
{
	struct err full = { 0 };

	(void)!buf_addf(out, &full, "\033[%d;%dH", s->y + 1, s->x + 1);
	pen_draw(t, out, &plain_pen, &s->pen);
	draw_charsets(s->charsets, s->charset, out);
	add(out, "\0337");
	pen_draw(t, out, &s->pen, &plain_pen);
	add(out, "\017\033(B\033)B\033*B\033+B");
}

static void draw_tabs(const struct emulator *t, struct buf *out)
{
	struct err full = { 0 };
	int x;

	if (!t->tabs_moved)
		return;
	add(out, "\033[3g");
	for (x = 0; x < t->ncols; x++) {
		if (t->tabs[x])
			(void)!buf_addf(out, &full, "\033[1;%dH\033H", x + 1);
	}
}

/* A cursor that waits to wrap got there by writing the last column. */
static void draw_cursor(const struct emulator *t, struct buf *out)
{
	const struct row *row = grid_row(t, t->y);
	int top = t->modes.origin ? t->top : 0, x = t->x;
	struct err full = { 0 };

	if (x == t->ncols) {
		x--;
		if (row->cells[x].ch == CELL_REST)
			x--;
	}
	(void)!buf_addf(out, &full, "\033[%d;%dH", t->y - top + 1, x + 1);
	if (t->x == t->ncols && row->cells[x].ch != CELL_EMPTY)
		snapshot_row(t, row, x, t->ncols, out);
}

static void draw_state(const struct emulator *t, struct buf *out)
{
	struct err full = { 0 };

	draw_tabs(t, out);
	if (t->top != 0 || t->bottom != t->nrows - 1)
		(void)!buf_addf(out, &full, "\033[%d;%dr", t->top + 1,
				t->bottom + 1);
	if (t->title[0])
		(void)!buf_addf(out, &full, "\033]2;%s\033\\", t->title);
	if (t->modes.origin)
		add(out, "\033[?6h");
	draw_cursor(t, out);
	modes_draw(t, out);
	if (t->modes.insert)
		add(out, "\033[4h");
	draw_charsets(t->charsets, t->charset, out);
	pen_draw(t, out, &plain_pen, &t->pen);
}

void emulator_snapshot(const struct emulator *t, struct buf *out)
{
	struct err full = { 0 };

	add(out, "\033c");
	draw_main(t, out);
	draw_saved(t, &t->main.saved, out);
	if (t->grid == &t->alt) {
		add(out, "\033[?47h");
		draw_alternate(t, out);
		draw_saved(t, &t->alt.saved, out);
	}
	draw_state(t, out);
	(void)!buf_add(out, t->parser.pending.data, t->parser.pending.len, &full);
}
