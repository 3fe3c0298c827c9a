/* The cursor's moves, line feeds and tab stops. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <string.h>

void cursor_restrict(struct emulator *t)
{
	int least = t->modes.origin ? t->top : 0;
	int most = t->modes.origin ? t->bottom : t->nrows - 1;

	t->x = t->x < 0 ? 0 : t->x >= t->ncols ? t->ncols - 1 : t->x;
	t->y = t->y < least ? least : t->y > most ? most : t->y;
}

void cursor_go(struct emulator *t, int x, int y)
{
	t->x = x;
	t->y = t->modes.origin ? t->top + y : y;
	cursor_restrict(t);
}

static void down(struct emulator *t)
{
	if (t->y == t->bottom)
		grid_scroll(t, t->top, t->bottom, 1,
			    t->top == 0 && t->grid == &t->main);
	else if (t->y < t->nrows - 1)
		t->y++;
}

void cursor_line_feed(struct emulator *t)
{
	down(t);
	grid_row(t, t->y)->wrapped = false;
	if (t->x >= t->ncols)
		t->x = t->ncols - 1;
}

void cursor_wrap(struct emulator *t)
{
	t->x = 0;
	down(t);
	grid_row(t, t->y)->wrapped = true;
}

void cursor_reverse_feed(struct emulator *t)
{
	cursor_restrict(t);
	if (t->y == t->top)
		grid_scroll(t, t->top, t->bottom, -1, false);
	else if (t->y > 0)
		t->y--;
	cursor_restrict(t);
}

void cursor_save(struct emulator *t)
{
	struct saved *s = &t->grid->saved;

	*s = (struct saved){ .x = t->x, .y = t->y, .pen = t->pen,
			     .charset = t->charset };
	memcpy(s->charsets, t->charsets, sizeof(s->charsets));
}

void cursor_restore(struct emulator *t)
{
	const struct saved *s = &t->grid->saved;

	t->x = s->x;
	t->y = s->y;
	t->pen = s->pen;
	t->charset = s->charset;
	memcpy(t->charsets, s->charsets, sizeof(t->charsets));
	cursor_restrict(t);
}

void cursor_reset_tabs(struct emulator *t)
{
	int x;

	for (x = 0; x < EMULATOR_COLS_MAX; x++)
		t->tabs[x] = x % 8 == 0;
	t->tabs_moved = false;
}

void cursor_tab(struct emulator *t, int n)
{
	if (t->x >= t->ncols)
		return;
	for (; n > 0 && t->x < t->ncols - 1; n--) {
		do
			t->x++;
		while (t->x < t->ncols - 1 && !t->tabs[t->x]);
	}
}

void cursor_back_tab(struct emulator *t, int n)
{
	if (t->x >= t->ncols)
		return;
	for (; n > 0 && t->x > 0; n--) {
		do
			t->x--;
		while (t->x > 0 && !t->tabs[t->x]);
	}
}
