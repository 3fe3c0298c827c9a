#include "config.h"
#include "preview/preview_text.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "core/str.h"

#define CUT_MAX 3	/* bytes of a character whose rest is missing */
#define CHUNK 8192	/* bytes converted at a time */

/* Control bytes that texts have: tab, line feed, form feed, return, escape. */
static bool no_controls(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)s[i] < ' ' && !strchr("\t\n\f\r\x1b\b", s[i]))
			return false;
		if (!s[i])
			return false;
	}
	return true;
}

/* Whether the last n bytes begin a character of UTF-8 that has more. */
static bool begins_character(const char *s, size_t n)
{
	unsigned char lead = (unsigned char)s[0];

	return n < (lead >= 0xf0 ? 4u : lead >= 0xe0 ? 3u : lead >= 0xc2 ? 2u : 0u);
}

static bool add_utf8(const char *s, size_t n, struct buf *out)
{
	struct err e = { 0 };
	size_t cut;

	for (cut = 0; cut <= CUT_MAX && cut <= n; cut++) {
		if (cut && !begins_character(s + n - cut, cut))
			continue;
		if (utf8_valid(s, n - cut))
			return buf_add(out, s, n - cut, &e) == 0;
	}
	return false;
}

static bool convert(iconv_t how, const char *s, size_t n, struct buf *out)
{
	char *in = (char *)s, part[CHUNK], *to;
	struct err e = { 0 };
	size_t left, done;

	while (n) {
		to = part;
		left = sizeof(part);
		done = iconv(how, &in, &n, &to, &left);
		if (buf_add(out, part, sizeof(part) - left, &e) < 0)
			return false;
		if (done == (size_t)-1 && errno == EINVAL)
			return n <= CUT_MAX;
		if (done == (size_t)-1 && errno != E2BIG)
			return false;
	}
	return true;
}

static bool add_converted(const char *encoding, const char *s, size_t n,
			  struct buf *out)
{
	iconv_t how = iconv_open("UTF-8", encoding);
	size_t before = out->len;
	bool good;

	if (how == (iconv_t)-1)
		return false;
	good = convert(how, s, n, out) &&
	       no_controls(buf_text(out) + before, out->len - before);
	iconv_close(how);
	if (!good && out->data) {
		out->len = before;
		out->data[before] = '\0';
	}
	return good;
}

const char *preview_text_decode(const void *bytes, size_t n, struct buf *out)
{
	static const struct { const char *mark, *encoding; size_t n; } marks[] = {
		{ "\xff\xfe", "UTF-16LE", 2 }, { "\xfe\xff", "UTF-16BE", 2 },
	};
	const char *s = bytes;
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (n >= marks[i].n && memcmp(s, marks[i].mark, marks[i].n) == 0)
			return add_converted(marks[i].encoding, s + marks[i].n,
					     n - marks[i].n, out) ?
			       marks[i].encoding : NULL;
	}
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		n -= 3;
	}
	if (!no_controls(s, n))
		return NULL;
	if (add_utf8(s, n, out))
		return "UTF-8";
	return add_converted("CP949", s, n, out) ? "CP949" : NULL;
}
