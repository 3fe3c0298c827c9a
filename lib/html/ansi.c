#include "config.h"
#include "html/ansi.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS_MAX 32		/* of one SGR sequence; later ones are ignored */
#define STRING_MAX 4096		/* bytes of an OSC or DCS; longer ones are text */

enum { BOLD = 1, DIM = 2, ITALIC = 4, UNDERLINE = 8, INVERSE = 16, STRIKE = 32 };

struct sgr {
	int fg, bg;		/* 1..8; 0: the page's own */
	unsigned flags;
};

struct writer {
	struct sgr now, open;	/* what the text should have; what the open span gives it */
	struct buf *out;
	struct err *e;
};

static const struct { unsigned flag; const char *name; } flags[] = {
	{ BOLD, "bold" }, { DIM, "dim" }, { ITALIC, "italic" },
	{ UNDERLINE, "underline" }, { INVERSE, "inverse" }, { STRIKE, "strike" },
};

/* ---- escape sequences ---- */

/* The nearest of the eight colours: each channel is on if it is near the strongest. */
static int nearest(int r, int g, int b)
{
	int most = r > g ? r : g;

	most = b > most ? b : most;
	if (most < 48)
		return 1;
	return 1 + (r * 3 > most * 2) + 2 * (g * 3 > most * 2) + 4 * (b * 3 > most * 2);
}

static int of_256(int n)
{
	static const int levels[] = { 0, 95, 135, 175, 215, 255 };

	if (n < 16)
		return 1 + n % 8;
	if (n >= 232)
		return nearest(8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10);
	n -= 16;
	return nearest(levels[n / 36], levels[n / 6 % 6], levels[n % 6]);
}

/* "5;N" or "2;R;G;B" after a 38 or 48; the number of arguments it takes. */
static size_t extended(const int *n, size_t count, int *colour)
{
	if (count >= 2 && n[0] == 5) {
		if (n[1] <= 255)
			*colour = of_256(n[1]);
		return 2;
	}
	if (count >= 4 && n[0] == 2) {
		if (n[1] <= 255 && n[2] <= 255 && n[3] <= 255)
			*colour = nearest(n[1], n[2], n[3]);
		return 4;
	}
	return count;
}

static void set_flag(struct sgr *s, int n)
{
	static const unsigned on[] = { 0, BOLD, DIM, ITALIC, UNDERLINE, 0, 0, INVERSE, 0, STRIKE };

	if (n == 0)
		*s = (struct sgr) { 0 };
	else if (n < 10)
		s->flags |= on[n];
	else if (n == 22)
		s->flags &= ~(unsigned)(BOLD | DIM);
	else if (n > 22 && n < 30)
		s->flags &= ~on[n - 20];
}

static void apply(struct sgr *s, const int *n, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (n[i] == 38)
			i += extended(n + i + 1, count - i - 1, &s->fg);
		else if (n[i] == 48)
			i += extended(n + i + 1, count - i - 1, &s->bg);
		else if (n[i] < 30)
			set_flag(s, n[i]);
		else if (n[i] < 40)
			s->fg = n[i] == 39 ? 0 : n[i] - 29;
		else if (n[i] < 50)
			s->bg = n[i] == 49 ? 0 : n[i] - 39;
		else if (n[i] >= 90 && n[i] < 98)
			s->fg = n[i] - 89;
		else if (n[i] >= 100 && n[i] < 108)
			s->bg = n[i] - 99;
	}
}

/* The parameters of CSI … m. Anything but numbers: not SGR as we know it. */
static void select_graphics(struct sgr *s, const char *text, size_t n)
{
	int numbers[NUMBERS_MAX] = { 0 };
	size_t count = 1, i;

	for (i = 0; i < n; i++) {
		if (text[i] == ';' || text[i] == ':') {
			if (count == NUMBERS_MAX)
				break;
			count++;
		} else if (text[i] < '0' || text[i] > '9') {
			return;
		} else if (numbers[count - 1] < 1000) {
			numbers[count - 1] = numbers[count - 1] * 10 + text[i] - '0';
		}
	}
	apply(s, numbers, count);
}

static bool between(char c, int from, int to)
{
	return c >= from && c <= to;
}

static size_t control_sequence(struct sgr *s, const char *text, size_t n)
{
	size_t i = 2, end;

	while (i < n && between(text[i], 0x30, 0x3f))
		i++;
	end = i;
	while (i < n && between(text[i], 0x20, 0x2f))
		i++;
	if (i == n || !between(text[i], 0x40, 0x7e))
		return i;
	if (text[i] == 'm' && i == end)
		select_graphics(s, text + 2, end - 2);
	return i + 1;
}

/* OSC, DCS, SOS, PM, APC: up to BEL or ST. */
static size_t control_string(const char *text, size_t n)
{
	size_t i;

	for (i = 2; i < n && i < STRING_MAX; i++) {
		if (text[i] == '\a')
			return i + 1;
		if (text[i] == '\033' && i + 1 < n && text[i + 1] == '\\')
			return i + 2;
	}
	return 2;
}

/* Bytes of the sequence at text, which begins with ESC. */
static size_t sequence(struct sgr *s, const char *text, size_t n)
{
	size_t i = 1;

	if (n < 2)
		return 1;
	if (text[1] == '[')
		return control_sequence(s, text, n);
	if (strchr("]PX^_", text[1]))
		return control_string(text, n);
	while (i < n && between(text[i], 0x20, 0x2f))
		i++;
	return i < n && between(text[i], 0x30, 0x7e) ? i + 1 : i;
}

/* ---- HTML ---- */

static bool same(const struct sgr *a, const struct sgr *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->flags == b->flags;
}

static bool plain(const struct sgr *s)
{
	return !s->fg && !s->bg && !s->flags;
}

static int open_span(struct writer *w)
{
	char names[160];
	size_t n = 0, i;

	if (w->now.fg)
		n += (size_t)snprintf(names + n, sizeof(names) - n, " ansi-%d", w->now.fg);
	if (w->now.bg)
		n += (size_t)snprintf(names + n, sizeof(names) - n, " ansibg-%d", w->now.bg);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (w->now.flags & flags[i].flag)
			n += (size_t)snprintf(names + n, sizeof(names) - n, " ansi-%s",
					      flags[i].name);
	}
	return buf_addf(w->out, w->e, "<span class=\"%s\">", names + 1);
}

static int switch_span(struct writer *w)
{
	if (same(&w->now, &w->open))
		return 0;
	if (!plain(&w->open) && buf_add_text(w->out, "</span>", w->e) < 0)
		return -1;
	w->open = w->now;
	return plain(&w->now) ? 0 : open_span(w);
}

static const char *entity(char c)
{
	switch (c) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	}
	return NULL;
}

static bool is_text(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t';
}

/* Bytes up to the next that is not copied as it is. */
static size_t run_of(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && is_text((unsigned char)text[i]) && !entity(text[i]) &&
	       text[i] != '\xc2')
		i++;
	return i;
}

/* U+0080 … U+009F, the control characters of eight bits. */
static bool is_c1(const char *text, size_t n)
{
	return n > 1 && text[0] == '\xc2' && (unsigned char)text[1] < 0xa0;
}

/* shown: false where a carriage return went back over it; its colours count. */
static int write_text(struct writer *w, const char *text, size_t n, bool shown)
{
	const char *as;
	size_t len;

	for (; n; text += len, n -= len) {
		as = entity(*text);
		len = run_of(text, n);
		if (*text == '\033') {
			len = sequence(&w->now, text, n);
			continue;
		}
		if (is_c1(text, n)) {
			len = 2;
			continue;
		}
		len = len ? len : 1;
		if (!shown || (!as && *text != '\xc2' && !is_text((unsigned char)*text)))
			continue;
		if (switch_span(w) < 0 || (as ? buf_add_text(w->out, as, w->e) :
					   buf_add(w->out, text, len, w->e)) < 0)
			return -1;
	}
	return 0;
}

static int write_line(struct writer *w, const char *text, size_t n)
{
	size_t end = n, from;

	while (end && (text[end - 1] == '\n' || text[end - 1] == '\r'))
		end--;
	for (from = end; from && text[from - 1] != '\r';)
		from--;
	if (write_text(w, text, from, false) < 0)
		return -1;
	return write_text(w, text + from, n - from, true);
}

int ansi_render(const char *text, size_t n, struct buf *out, struct err *e)
{
	struct writer w = { .out = out, .e = e };
	const char *newline;
	size_t len;

	for (; n; text += len, n -= len) {
		newline = memchr(text, '\n', n);
		len = newline ? (size_t)(newline - text) + 1 : n;
		if (write_line(&w, text, len) < 0)
			return -1;
	}
	w.now = (struct sgr) { 0 };
	return switch_span(&w);
}
