/* Colours and attributes of text: CSI m, and back. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <string.h>

bool pen_equal(const struct pen *a, const struct pen *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->flags == b->flags &&
	       a->link == b->link;
}

static uint32_t byte(int32_t n)
{
	return n < 0 ? 0 : (uint32_t)n & 0xff;
}

/*
 * 38, 48 or 58 at params[i]: its colour, with either separator. Returns the
 * index of the last parameter that belongs to it.
 */
static unsigned color(const struct parser *p, unsigned i, uint32_t *out)
{
	bool colons = i + 1 < p->nparams && p->sub[i + 1];
	unsigned end = i + 1, at = i + 2, need;
	int32_t kind = i + 1 < p->nparams ? p->params[i + 1] : 0;

	while (colons && end < p->nparams && p->sub[end])
		end++;
	if (!colons)
		end = p->nparams;
	if (colons && kind == 2 && end - at > 3)
		at++;		/* 38:2:<colour space>:r:g:b */
	need = kind == 2 ? 3 : kind == 5 ? 1 : 0;
	if (!need || at + need > end)
		return colons || need ? end - 1 : i;
	*out = need == 1 ? COLOR_INDEX | byte(p->params[at]) :
	       COLOR_RGB | byte(p->params[at]) << 16 |
	       byte(p->params[at + 1]) << 8 | byte(p->params[at + 2]);
	return colons ? end - 1 : at + need - 1;
}

static void set_underline(struct pen *pen, int32_t style)
{
	pen->flags &= (uint16_t)~PEN_UNDERLINE;
	if (style >= 0 && style <= 5)
		pen->flags |= (uint16_t)(style << PEN_UNDERLINE_SHIFT);
}

/* Numbers that set or clear attributes. */
static bool set_flag(struct pen *pen, int32_t n)
{
	static const struct {
		int32_t number;
		uint16_t set, clear;
	} rows[] = {
		{ 1, PEN_BOLD, 0 }, { 2, PEN_DIM, 0 }, { 3, PEN_ITALIC, 0 },
		{ 5, PEN_BLINK, 0 }, { 7, PEN_INVERSE, 0 },
		{ 8, PEN_HIDDEN, 0 }, { 9, PEN_STRIKE, 0 },
		{ 21, 2 << PEN_UNDERLINE_SHIFT, PEN_UNDERLINE },
		{ 22, 0, PEN_BOLD | PEN_DIM }, { 23, 0, PEN_ITALIC },
		{ 24, 0, PEN_UNDERLINE }, { 25, 0, PEN_BLINK },
		{ 27, 0, PEN_INVERSE }, { 28, 0, PEN_HIDDEN },
		{ 29, 0, PEN_STRIKE }, { 53, PEN_OVERLINE, 0 },
		{ 55, 0, PEN_OVERLINE },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number != n)
			continue;
		pen->flags = (uint16_t)((pen->flags & ~rows[i].clear) | rows[i].set);
		return true;
	}
	return false;
}

static void set_color(struct pen *pen, int32_t n)
{
	if (n >= 30 && n <= 37)
		pen->fg = COLOR_INDEX | (uint32_t)(n - 30);
	else if (n >= 90 && n <= 97)
		pen->fg = COLOR_INDEX | (uint32_t)(n - 90 + 8);
	else if (n >= 40 && n <= 47)
		pen->bg = COLOR_INDEX | (uint32_t)(n - 40);
	else if (n >= 100 && n <= 107)
		pen->bg = COLOR_INDEX | (uint32_t)(n - 100 + 8);
	else if (n == 39)
		pen->fg = COLOR_DEFAULT;
	else if (n == 49)
		pen->bg = COLOR_DEFAULT;
}

void pen_select(struct emulator *t)
{
	const struct parser *p = &t->parser;
	struct pen *pen = &t->pen;
	uint32_t ignored;
	unsigned i;

	for (i = 0; i < p->nparams || i == 0; i++) {
		int32_t n = p->nparams && p->params[i] > 0 ? p->params[i] : 0;

		if (n == 0) {
			*pen = (struct pen){ .link = pen->link };
		} else if (n == 4) {
			bool styled = i + 1 < p->nparams && p->sub[i + 1];

			set_underline(pen, styled ? p->params[++i] : 1);
		} else if (n == 38) {
			i = color(p, i, &pen->fg);
		} else if (n == 48) {
			i = color(p, i, &pen->bg);
		} else if (n == 58) {
			i = color(p, i, &ignored);
		} else if (!set_flag(pen, n)) {
			set_color(pen, n);
		}
		while (i + 1 < p->nparams && p->sub[i + 1])
			i++;
	}
}

/* ---- back to bytes ---- */

static void add(struct buf *out, const char *text)
{
	struct err full = { 0 };

	(void)!buf_add_text(out, text, &full);
}

static void draw_color(struct buf *out, uint32_t c, int base)
{
	struct err full = { 0 };
	unsigned n = c & 0xff;

	if ((c & COLOR_KIND) == COLOR_RGB)
		(void)!buf_addf(out, &full, ";%d;2;%u;%u;%u", base + 8,
				c >> 16 & 0xff, c >> 8 & 0xff, n);
	else if (c & COLOR_INDEX && n < 8)
		(void)!buf_addf(out, &full, ";%d", base + (int)n);
	else if (c & COLOR_INDEX && n < 16)
		(void)!buf_addf(out, &full, ";%d", base + 60 + (int)n - 8);
	else if (c & COLOR_INDEX)
		(void)!buf_addf(out, &full, ";%d;5;%u", base + 8, n);
}

static void draw_attributes(struct buf *out, const struct pen *to)
{
	static const struct {
		uint16_t flag;
		const char *text;
	} rows[] = {
		{ PEN_BOLD, ";1" }, { PEN_DIM, ";2" }, { PEN_ITALIC, ";3" },
		{ PEN_BLINK, ";5" }, { PEN_INVERSE, ";7" },
		{ PEN_HIDDEN, ";8" }, { PEN_STRIKE, ";9" },
		{ PEN_OVERLINE, ";53" },
	};
	struct err full = { 0 };
	int style = (to->flags & PEN_UNDERLINE) >> PEN_UNDERLINE_SHIFT;
	size_t i;

	add(out, "\033[0");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (to->flags & rows[i].flag)
			add(out, rows[i].text);
	}
	if (style == 1)
		add(out, ";4");
	else if (style)
		(void)!buf_addf(out, &full, ";4:%d", style);
	draw_color(out, to->fg, 30);
	draw_color(out, to->bg, 40);
	add(out, "m");
}

void pen_draw(const struct emulator *t, struct buf *out, const struct pen *from,
	      const struct pen *to)
{
	if (from->fg != to->fg || from->bg != to->bg || from->flags != to->flags)
		draw_attributes(out, to);
	if (from->link == to->link)
		return;
	add(out, "\033]8;;");
	if (to->link && t->links[to->link - 1])
		add(out, t->links[to->link - 1]);
	add(out, "\033\\");
}
