/* What complete control sequences do (ECMA-48, xterm's ctlseqs). */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int param(const struct emulator *t, unsigned i, int preset)
{
	const struct parser *p = &t->parser;

	return i < p->nparams && p->params[i] > 0 ? p->params[i] : preset;
}

static void printf_like(2, 3) reply(struct emulator *t, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->reply(t->data, text, (size_t)n);
}

static void backspace(struct emulator *t)
{
	if (!t->modes.reverse_wrap || t->x > 0) {
		if (!t->modes.reverse_wrap)
			cursor_restrict(t);
		if (t->x > 0)
			t->x--;
		return;
	}
	/* Back over a wrap, within the region. */
	if (t->y > t->top && t->y <= t->bottom && grid_row(t, t->y)->wrapped) {
		grid_row(t, t->y)->wrapped = false;
		t->y--;
		t->x = t->ncols - 1;
	}
}

void control_c0(struct emulator *t, unsigned char c)
{
	t->last = 0;
	switch (c) {
	case '\b':
		backspace(t);
		break;
	case '\t':
		cursor_tab(t, 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		cursor_line_feed(t);
		break;
	case '\r':
		t->x = 0;
		break;
	case 0x0e:
		t->charset = 1;
		break;
	case 0x0f:
		t->charset = 0;
		break;
	default:
		break;
	}
}

/* DECALN: a screen of E. */
static void fill_screen(struct emulator *t)
{
	int y;

	t->x = t->y = 0;
	for (y = 0; y < t->nrows; y++) {
		grid_row(t, y)->wrapped = false;
		grid_fill(grid_row(t, y), 0, t->ncols,
			  (struct cell){ 'E', t->pen });
	}
}

static void index_down(struct emulator *t)
{
	bool wrapped;

	cursor_restrict(t);
	wrapped = grid_row(t, t->y < t->nrows - 1 ? t->y + 1 : t->y)->wrapped;
	if (t->y == t->bottom || t->y == t->nrows - 1) {
		cursor_line_feed(t);
	} else {
		cursor_line_feed(t);
		grid_row(t, t->y)->wrapped = wrapped;	/* unlike a line feed */
	}
	cursor_restrict(t);
}

static void set_charset(struct emulator *t, char middle, char final)
{
	const char *which = strchr("()*+", middle);

	t->charsets[which - "()*+"] = final == '0' || final == 'A' ? final : 'B';
}

static bool run_cursor(struct emulator *t, char final)
{
	switch (final) {
	case '7':
		cursor_save(t);
		return true;
	case '8':
		cursor_restore(t);
		return true;
	case 'D':
		index_down(t);
		return true;
	case 'E':
		t->x = 0;
		index_down(t);
		return true;
	case 'H':
		if (t->x < t->ncols)
			t->tabs[t->x] = t->tabs_moved = true;
		return true;
	case 'M':
		cursor_reverse_feed(t);
		return true;
	default:
		return false;
	}
}

void control_escape(struct emulator *t, char middle, char final)
{
	t->last = 0;
	if (middle && strchr("()*+", middle))
		set_charset(t, middle, final);
	else if (middle == '#' && final == '8')
		fill_screen(t);
	else if (middle || run_cursor(t, final))
		return;
	else if (final == '=' || final == '>')
		t->modes.keypad = final == '=';
	else if (final == 'n' || final == 'o')
		t->charset = final == 'n' ? 2 : 3;
	else if (final == 'c')
		emulator_reset(t);
}

static void erase_display(struct emulator *t)
{
	int how = param(t, 0, 0);

	switch (how) {
	case 0:
		if (t->x == 0)
			grid_row(t, t->y)->wrapped = false;
		grid_erase(t, t->y, t->x, t->ncols);
		grid_erase_rows(t, t->y + 1, t->nrows);
		break;
	case 1:
		grid_row(t, t->y)->wrapped = false;
		grid_erase(t, t->y, 0, t->x + 1);
		if (t->x + 1 >= t->ncols && t->y + 1 < t->nrows)
			grid_row(t, t->y + 1)->wrapped = false;
		grid_erase_rows(t, 0, t->y);
		break;
	case 2:
		grid_erase_rows(t, 0, t->nrows);
		break;
	case 3:
		if (t->grid == &t->main)
			history_clear(&t->history);
		break;
	default:
		break;
	}
}

static void erase_line(struct emulator *t)
{
	int how = param(t, 0, 0);

	if ((how == 0 && t->x == 0) || how == 2)
		grid_row(t, t->y)->wrapped = false;
	if (how == 0)
		grid_erase(t, t->y, t->x, t->ncols);
	else if (how == 1)
		grid_erase(t, t->y, 0, t->x + 1);
	else if (how == 2)
		grid_erase(t, t->y, 0, t->ncols);
}

/* Inserts (n > 0) or deletes rows at the cursor. */
static void shift_rows(struct emulator *t, int n)
{
	cursor_restrict(t);
	if (t->y < t->top || t->y > t->bottom)
		return;
	grid_scroll(t, t->y, t->bottom, -n, false);
	t->x = 0;
}

static void move(struct emulator *t, int dx, int dy)
{
	cursor_restrict(t);
	t->x += dx;
	t->y += dy;
	cursor_restrict(t);
}

/* Stops at the scroll region's edge when it begins inside. */
static void move_rows(struct emulator *t, int dy)
{
	int room = dy < 0 ? t->y - t->top : t->bottom - t->y;

	if (room >= 0 && dy < -room)
		dy = -room;
	if (room >= 0 && dy > room)
		dy = room;
	move(t, 0, dy);
}

static void set_region(struct emulator *t)
{
	int top = param(t, 0, 1), bottom = param(t, 1, t->nrows);

	if (bottom > t->nrows)
		bottom = t->nrows;
	if (bottom <= top)
		return;
	t->top = top - 1;
	t->bottom = bottom - 1;
	cursor_go(t, 0, 0);
}

static void clear_tabs(struct emulator *t)
{
	int how = param(t, 0, 0);

	if (how == 0 && t->x < t->ncols) {
		t->tabs[t->x] = false;
		t->tabs_moved = true;
	} else if (how == 3) {
		memset(t->tabs, 0, sizeof(t->tabs));
		t->tabs_moved = true;
	}
}

static void soft_reset(struct emulator *t)
{
	int mouse = t->modes.mouse, encoding = t->modes.mouse_encoding;
	int style = t->modes.cursor_style;

	modes_reset(&t->modes);
	t->modes.mouse = mouse;
	t->modes.mouse_encoding = encoding;
	t->modes.cursor_style = style;
	t->top = 0;
	t->bottom = t->nrows - 1;
	t->pen = (struct pen){ 0 };
	memset(t->charsets, 'B', sizeof(t->charsets));
	t->charset = 0;
	t->grid->saved = (struct saved){ .charsets = "BBBB" };
}

/* REP: only right after a character. */
static void repeat(struct emulator *t, uint32_t last)
{
	int n = param(t, 0, 1), most = t->ncols * t->nrows;

	if (last)
		glyph_repeat(t, n < most ? n : most);
}

static void report_status(struct emulator *t)
{
	if (t->parser.prefix)
		return;
	if (param(t, 0, 0) == 5)
		reply(t, "\033[0n");
	else if (param(t, 0, 0) == 6)
		reply(t, "\033[%d;%dR", t->y + 1,
		      (t->x < t->ncols ? t->x : t->ncols - 1) + 1);
}

static void identify(struct emulator *t)
{
	if (param(t, 0, 0))
		return;
	if (t->parser.prefix == '>')
		reply(t, "\033[>0;276;0c");
	else if (!t->parser.prefix)
		reply(t, "\033[?1;2c");
}

/* Final bytes after another character than a parameter. */
static void run_special(struct emulator *t, char final)
{
	char prefix = t->parser.prefix, middle = t->parser.middle;

	if (middle == '$' && final == 'p')
		modes_report(t);
	else if (middle == '!' && final == 'p')
		soft_reset(t);
	else if (middle == ' ' && final == 'q')
		t->modes.cursor_style = param(t, 0, 0) <= 6 ? param(t, 0, 1) : 1;
	else if (middle)
		return;
	else if (prefix == '?' && (final == 'h' || final == 'l'))
		modes_set(t, final == 'h');
	else if (prefix == '?' && final == 'J')
		erase_display(t);
	else if (prefix == '?' && final == 'K')
		erase_line(t);
	else if (final == 'c')
		identify(t);
}

static bool run_move(struct emulator *t, char final)
{
	int n = param(t, 0, 1);

	switch (final) {
	case 'A':
		move_rows(t, -n);
		return true;
	case 'B':
		move_rows(t, n);
		return true;
	case 'C':
	case 'a':
		move(t, n, 0);
		return true;
	case 'D':
		move(t, -n, 0);
		return true;
	case 'E':
	case 'F':
		move_rows(t, final == 'E' ? n : -n);
		t->x = 0;
		return true;
	case 'e':
		move(t, 0, n);
		return true;
	default:
		return false;
	}
}

/* Moves to a place of its own. */
static bool run_go(struct emulator *t, char final)
{
	int n = param(t, 0, 1);

	switch (final) {
	case 'G':
	case '`':
		move(t, n - 1 - (t->x < t->ncols ? t->x : t->ncols - 1), 0);
		return true;
	case 'H':
	case 'f':
		cursor_go(t, param(t, 1, 1) - 1, n - 1);
		return true;
	case 'I':
		cursor_tab(t, n);
		return true;
	case 'Z':
		cursor_back_tab(t, n);
		return true;
	case 'd':
		t->y = n - 1 + (t->modes.origin ? t->top : 0);
		cursor_restrict(t);
		return true;
	default:
		return false;
	}
}

static bool run_edit(struct emulator *t, char final)
{
	int n = param(t, 0, 1);

	switch (final) {
	case '@':
		cursor_restrict(t);
		grid_insert(t, t->y, t->x, n);
		return true;
	case 'P':
		cursor_restrict(t);
		grid_delete(t, t->y, t->x, n);
		return true;
	case 'X':
		cursor_restrict(t);
		grid_erase(t, t->y, t->x, n < t->ncols ? t->x + n : t->ncols);
		return true;
	case 'J':
		erase_display(t);
		return true;
	case 'K':
		erase_line(t);
		return true;
	case 'L':
		shift_rows(t, n);
		return true;
	case 'M':
		shift_rows(t, -n);
		return true;
	case 'S':
		grid_scroll(t, t->top, t->bottom, n, false);
		return true;
	case 'T':
		grid_scroll(t, t->top, t->bottom, -n, false);
		return true;
	default:
		return false;
	}
}

static void run_other(struct emulator *t, char final, uint32_t last)
{
	switch (final) {
	case 'b':
		repeat(t, last);
		break;
	case 'c':
		identify(t);
		break;
	case 'g':
		clear_tabs(t);
		break;
	case 'h':
	case 'l':
		modes_set(t, final == 'h');
		break;
	case 'm':
		pen_select(t);
		break;
	case 'n':
		report_status(t);
		break;
	case 'r':
		set_region(t);
		break;
	case 's':
		cursor_save(t);
		break;
	case 't':
		if (param(t, 0, 0) == 18)
			reply(t, "\033[8;%d;%dt", t->nrows, t->ncols);
		break;
	case 'u':
		cursor_restore(t);
		break;
	default:
		break;
	}
}

void control_csi(struct emulator *t, char final)
{
	uint32_t last = t->last;

	t->last = 0;
	if (t->parser.ignore)
		return;
	if (t->parser.prefix || t->parser.middle)
		run_special(t, final);
	else if (!run_move(t, final) && !run_go(t, final) &&
		 !run_edit(t, final))
		run_other(t, final, last);
}
