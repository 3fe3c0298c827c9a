/*
 * Bytes to characters and complete sequences. A sequence may be cut anywhere:
 * what has come of it so far is in `pending`, for snapshots.
 */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <string.h>

#define PARAM_MAX 0x7fffffff
#define REPLACEMENT 0xfffd

static void begin(struct parser *p, enum state state)
{
	p->state = state;
	p->nparams = 0;
	p->prefix = p->middle = 0;
	p->ignore = false;
	buf_clear(&p->osc);
}

static void to_ground(struct parser *p)
{
	p->state = STATE_GROUND;
	p->more = 0;
	buf_clear(&p->pending);
}

static void note(struct parser *p, unsigned char c)
{
	struct err full = { 0 };

	/* The beginning says what it is, so the rest may be missing. */
	(void)!buf_add(&p->pending, &c, 1, &full);
}

static void add_digit(struct parser *p, int digit)
{
	int32_t *n;

	if (!p->nparams) {
		p->params[0] = -1;
		p->sub[0] = false;
		p->nparams = 1;
	}
	n = &p->params[p->nparams - 1];
	if (*n < 0)
		*n = 0;
	*n = *n > (PARAM_MAX - 9) / 10 ? PARAM_MAX - 9 : *n * 10 + digit;
}

static void next_param(struct parser *p, bool sub)
{
	if (!p->nparams) {
		p->params[0] = -1;
		p->sub[0] = false;
		p->nparams = 1;
	}
	if (p->nparams == PARAMS_MAX) {
		p->ignore = true;
		return;
	}
	p->params[p->nparams] = -1;
	p->sub[p->nparams++] = sub;
}

static void csi_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;

	if (c >= '0' && c <= '9' && !p->middle) {
		add_digit(p, c - '0');
	} else if ((c == ';' || c == ':') && !p->middle) {
		next_param(p, c == ':');
	} else if (c >= '<' && c <= '?') {
		if (p->nparams || p->prefix || p->middle)
			p->ignore = true;
		p->prefix = (char)c;
	} else if (c >= 0x20 && c <= 0x2f) {
		if (p->middle)
			p->ignore = true;
		p->middle = (char)c;
	} else if (c >= 0x40 && c <= 0x7e) {
		to_ground(p);
		control_csi(t, (char)c);
	} else if (c != 0x7f) {
		p->ignore = true;
	}
}

static void escape_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;

	if (c >= 0x20 && c <= 0x2f) {
		p->middle = (char)c;
	} else if (p->middle && c >= 0x30 && c <= 0x7e) {
		to_ground(p);
		control_escape(t, p->middle, (char)c);
	} else if (c == '[') {
		begin(p, STATE_CSI);
	} else if (c == ']') {
		begin(p, STATE_OSC);
	} else if (c == 'P' || c == 'X' || c == '^' || c == '_') {
		begin(p, STATE_STRING);
	} else if (c >= 0x30 && c <= 0x7e) {
		to_ground(p);
		control_escape(t, 0, (char)c);
	} else if (c != 0x7f) {
		to_ground(p);
	}
}

static void osc_byte(struct parser *p, unsigned char c)
{
	struct err full = { 0 };

	if (c < 0x20)
		return;
	/* Too long for anything that is kept: its end makes nothing of it. */
	if (buf_add(&p->osc, &c, 1, &full) < 0)
		p->ignore = true;
}

/* A character of several bytes is complete. */
static void point_done(struct emulator *t, uint32_t point)
{
	struct parser *p = &t->parser;

	if (point < 0x80 || point > 0x10ffff || point < p->least ||
	    (point >= 0xd800 && point <= 0xdfff))
		point = REPLACEMENT;
	to_ground(p);
	if (point < 0xa0) {	/* C1: the same as ESC and a letter */
		begin(p, STATE_ESCAPE);
		note(p, 0x1b);
		note(p, (unsigned char)(point - 0x40));
		escape_byte(t, (unsigned char)(point - 0x40));
	} else {
		glyph_print(t, point);
	}
}

static void lead_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;

	p->more = c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 && c < 0xf0 ? 2 :
		  c >= 0xc2 && c < 0xe0 ? 1 : 0;
	if (!p->more) {
		glyph_print(t, REPLACEMENT);
		return;
	}
	p->point = c & (0x3f >> p->more);
	p->least = p->more == 3 ? 0x10000 : p->more == 2 ? 0x800 : 0x80;
	buf_clear(&p->pending);
	note(p, c);
}

/* False: it does not continue the character, and has yet to be read. */
static bool rest_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;

	if ((c & 0xc0) != 0x80) {
		to_ground(p);
		glyph_print(t, REPLACEMENT);
		return false;
	}
	p->point = p->point << 6 | (c & 0x3f);
	note(p, c);
	if (!--p->more)
		point_done(t, p->point);
	return true;
}

/* Bytes that mean the same in every state; false for others. */
static bool common_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;
	bool was_osc = p->state == STATE_OSC;

	if (c == 0x1b || c == 0x18 || c == 0x1a || (was_osc && c == 7)) {
		if (was_osc && !p->ignore && c != 0x18 && c != 0x1a)
			osc_run(t);
		if (p->state != STATE_GROUND)
			t->last = 0;
		to_ground(p);
		if (c == 0x1b) {
			begin(p, STATE_ESCAPE);
			note(p, c);
		}
		return true;
	}
	if (c >= 0x20 || was_osc || p->state == STATE_STRING)
		return false;
	control_c0(t, c);
	return true;
}

static void sequence_byte(struct emulator *t, unsigned char c)
{
	struct parser *p = &t->parser;

	note(p, c);
	if (p->state == STATE_ESCAPE)
		escape_byte(t, c);
	else if (p->state == STATE_CSI)
		csi_byte(t, c);
	else if (p->state == STATE_OSC)
		osc_byte(p, c);
}

/* Printable ASCII from here on, if any is expected here. */
static size_t plain(const struct emulator *t, const char *bytes, size_t n)
{
	size_t i = 0;

	if (t->parser.state != STATE_GROUND || t->parser.more)
		return 0;
	while (i < n && bytes[i] >= 0x20 && bytes[i] < 0x7f)
		i++;
	return i;
}

void emulator_feed(struct emulator *t, const char *bytes, size_t n)
{
	struct parser *p = &t->parser;
	size_t i = 0, run;

	while (i < n) {
		unsigned char c = (unsigned char)bytes[i];

		run = plain(t, bytes + i, n - i);
		if (run) {
			glyph_print_ascii(t, bytes + i, run);
			i += run;
			continue;
		}
		if (p->more) {
			i += rest_byte(t, c);
			continue;
		}
		i++;
		if (common_byte(t, c))
			continue;
		if (p->state != STATE_GROUND)
			sequence_byte(t, c);
		else if (c != 0x7f)
			lead_byte(t, c);
	}
}
