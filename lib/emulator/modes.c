/* Modes that programs set and ask for, and the snapshot's part of them. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Those that are a bool; preset: what a reset makes of it. */
static const struct mode {
	int number;
	bool private, preset;
	size_t at;
} table[] = {
	{ 4, false, false, offsetof(struct modes, insert) },
	{ 1, true, false, offsetof(struct modes, cursor_keys) },
	{ 6, true, false, offsetof(struct modes, origin) },
	{ 7, true, true, offsetof(struct modes, wrap) },
	{ 12, true, false, offsetof(struct modes, blink) },
	{ 25, true, true, offsetof(struct modes, shown) },
	{ 45, true, false, offsetof(struct modes, reverse_wrap) },
	{ 66, true, false, offsetof(struct modes, keypad) },
	{ 1004, true, false, offsetof(struct modes, focus) },
	{ 2004, true, false, offsetof(struct modes, paste) },
};

#define NTABLE (sizeof(table) / sizeof(table[0]))

static bool *field(struct modes *m, const struct mode *row)
{
	return (bool *)(void *)((char *)m + row->at);
}

void modes_reset(struct modes *m)
{
	size_t i;

	*m = (struct modes){ 0 };
	for (i = 0; i < NTABLE; i++)
		*field(m, &table[i]) = table[i].preset;
}

static bool is_mouse(int n)
{
	return n == 9 || n == 1000 || n == 1002 || n == 1003;
}

static void show_alternate(struct emulator *t, bool on, bool cursor)
{
	struct grid *to = on ? &t->alt : &t->main;

	if (on && cursor)
		cursor_save(t);
	if (t->grid != to) {
		t->grid = to;
		if (on)
			grid_erase_rows(t, 0, t->nrows);
	}
	if (!on && cursor)
		cursor_restore(t);
}

static bool set_private(struct emulator *t, int n, bool on)
{
	struct modes *m = &t->modes;

	if (is_mouse(n))
		m->mouse = on ? n : 0;
	else if (n == 1006 || n == 1016)
		m->mouse_encoding = on ? n : 0;
	else if (n == 47 || n == 1047 || n == 1049)
		show_alternate(t, on, n == 1049);
	else if (n == 1048 && on)
		cursor_save(t);
	else if (n == 1048)
		cursor_restore(t);
	else
		return false;
	return true;
}

static void set_one(struct emulator *t, int n, bool private, bool on)
{
	size_t i;

	if (private && set_private(t, n, on))
		return;
	for (i = 0; i < NTABLE; i++) {
		if (table[i].number == n && table[i].private == private)
			*field(&t->modes, &table[i]) = on;
	}
	if (private && n == 6)
		cursor_go(t, 0, 0);
}

void modes_set(struct emulator *t, bool on)
{
	const struct parser *p = &t->parser;
	unsigned i;

	for (i = 0; i < p->nparams; i++)
		set_one(t, p->params[i], p->prefix == '?', on);
}

/* DECRPM: 1 set, 2 reset, 0 unknown. */
static int state(struct emulator *t, int n, bool private)
{
	struct modes *m = &t->modes;
	size_t i;

	for (i = 0; i < NTABLE; i++) {
		if (table[i].number == n && table[i].private == private)
			return *field(m, &table[i]) ? 1 : 2;
	}
	if (private && is_mouse(n))
		return m->mouse == n ? 1 : 2;
	if (private && (n == 1006 || n == 1016))
		return m->mouse_encoding == n ? 1 : 2;
	if (private && (n == 47 || n == 1047 || n == 1049))
		return t->grid == &t->alt ? 1 : 2;
	return 0;
}

void modes_report(struct emulator *t)
{
	const struct parser *p = &t->parser;
	bool private = p->prefix == '?';
	int n = p->nparams && p->params[0] > 0 ? p->params[0] : 0;
	char text[48];
	int len;

	len = snprintf(text, sizeof(text), "\033[%s%d;%d$y", private ? "?" : "",
		       n, state(t, n, private));
	t->reply(t->data, text, (size_t)len);
}

/* Origin and insert mode come last, since they change what is drawn. */
void modes_draw(const struct emulator *t, struct buf *out)
{
	struct modes m = t->modes;
	struct err full = { 0 };
	size_t i;

	for (i = 0; i < NTABLE; i++) {
		const struct mode *row = &table[i];

		if (*field(&m, row) == row->preset || row->number == 4 ||
		    row->number == 6)
			continue;
		(void)!buf_addf(out, &full, "\033[?%d%c", row->number,
				*field(&m, row) ? 'h' : 'l');
	}
	if (m.mouse)
		(void)!buf_addf(out, &full, "\033[?%dh", m.mouse);
	if (m.mouse_encoding)
		(void)!buf_addf(out, &full, "\033[?%dh", m.mouse_encoding);
	if (m.cursor_style)
		(void)!buf_addf(out, &full, "\033[%d q", m.cursor_style);
}
