#include "config.h"
#include "html/emphasis.h"

#include <cmark-gfm.h>
#include <cmark-gfm/utf8.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Hangul, kana, Han, Bopomofo, Yi, their punctuation and full- and half-width
 * forms.
 */
static const struct { int32_t first, last; } ranges[] = {
	{ 0x1100, 0x11ff }, { 0x2e80, 0x2fff }, { 0x3001, 0xa4cf },
	{ 0xa960, 0xa97f }, { 0xac00, 0xd7ff }, { 0xf900, 0xfaff },
	{ 0xfe10, 0xfe1f }, { 0xfe30, 0xfe6f }, { 0xff01, 0xffef },
	{ 0x16fe0, 0x18dff }, { 0x1aff0, 0x1b2ff }, { 0x1f200, 0x1f2ff },
	{ 0x20000, 0x3ffff },
};

/* The character on one side of a run. */
struct side {
	bool space, mark, cjk;	/* mark: punctuation of any script */
};

static struct side side_of(int32_t c)
{
	struct side s = {
		.space = cmark_utf8proc_is_space(c),
		.mark = cmark_utf8proc_is_punctuation(c),
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		s.cjk |= c >= ranges[i].first && c <= ranges[i].last;
	return s;
}

static struct side after(const char *at, const char *end)
{
	int32_t c = '\n';

	if (at < end && cmark_utf8proc_iterate((const uint8_t *)at,
					       (bufsize_t)(end - at), &c) < 0)
		c = 0xfffd;
	return side_of(c);
}

static struct side before(const char *at, const char *start)
{
	const char *s = at;

	if (at == start)
		return side_of('\n');
	do
		s--;
	while (s > start && at - s < 4 && ((unsigned char)*s & 0xc0) == 0x80);
	return after(s, at);
}

/*
 * Flanking as in the specification, for a run between its inner and its outer
 * side.
 */
static bool specified(struct side in, struct side out)
{
	return !in.space && (!in.mark || out.space || out.mark);
}

/* Next to these scripts punctuation does not prevent flanking. */
static bool wanted(struct side in, struct side out)
{
	return !in.space && (!in.mark || in.cjk || out.space || out.mark || out.cjk);
}

static bool needs_mark(struct side in, struct side out)
{
	return wanted(in, out) && !specified(in, out);
}

/* cmark skips "~" when it looks at the neighbours of a run of "*". */
static const char *skip_left(const char *at, const char *start, char c)
{
	while (c == '*' && at > start && at[-1] == '~')
		at--;
	return at;
}

static const char *skip_right(const char *at, const char *end, char c)
{
	while (c == '*' && at < end && *at == '~')
		at++;
	return at;
}

struct marking {
	const char *text, *end;
	const char *mark;
	struct buf *out;
};

static int add_run(const struct marking *m, const char *s, const char *to,
		   struct err *e)
{
	struct side left = before(skip_left(s, m->text, *s), m->text);
	struct side right = after(skip_right(to, m->end, *s), m->end);

	if (needs_mark(right, left) && buf_add_text(m->out, m->mark, e) < 0)
		return -1;
	if (buf_add(m->out, s, (size_t)(to - s), e) < 0)
		return -1;
	return needs_mark(left, right) ? buf_add_text(m->out, m->mark, e) : 0;
}

/* Bytes up to the next run; an escaped character belongs to none. */
static size_t plain(const char *s, const char *end)
{
	const char *at = s;

	while (at < end && *at != '*' && *at != '~')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return (size_t)(at - s);
}

static const char *choose_mark(const char *text, size_t n)
{
	/*
	 * U+10A50, U+12470, U+1BC9F: punctuation of historic scripts, and of a
	 * shorthand.
	 */
	static const char *const marks[] = {
		"\xf0\x90\xa9\x90", "\xf0\x92\x91\xb0", "\xf0\x9b\xb2\x9f",
	};
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!memmem(text, n, marks[i], EMPHASIS_MARK_MAX))
			return marks[i];
	}
	return NULL;
}

int emphasis_mark(const char *text, size_t n, struct buf *out,
		  const char **mark, struct err *e)
{
	const struct marking m = { text, text + n, choose_mark(text, n), out };
	const char *s = text, *to;
	size_t some;

	*mark = m.mark;
	if (!m.mark)
		return buf_add(out, text, n, e);
	while (s < m.end) {
		some = plain(s, m.end);
		if (buf_add(out, s, some, e) < 0)
			return -1;
		s += some;
		for (to = s; to < m.end && *to == *s; to++)
			;
		if (to > s && add_run(&m, s, to, e) < 0)
			return -1;
		s = to;
	}
	return 0;
}
