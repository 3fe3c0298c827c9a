#include "config.h"
#include "core/percent.h"

#include <string.h>

#include "core/buf.h"

static bool stays(char c, const char *keep)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || strchr("-._~", c) || strchr(keep, c);
}

size_t percent_encode(char *out, const char *text, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = out;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (stays(*text, keep)) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return (size_t)(to - out);
}

static size_t encoded_length(const char *text, const char *keep)
{
	size_t n = 0;

	for (; *text; text++)
		n += stays(*text, keep) ? 1 : 3;
	return n;
}

int percent_add(struct buf *out, const char *text, const char *keep,
		struct err *e)
{
	char *to = buf_reserve(out, encoded_length(text, keep), e);

	if (!to)
		return -1;
	buf_grew(out, percent_encode(to, text, keep));
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ptrdiff_t percent_decode(char *out, const char *text, size_t n, bool plus)
{
	const char *end = text + n;
	char *to = out;
	int high, low;

	while (text < end) {
		if (*text != '%') {
			*to++ = *text == '+' && plus ? ' ' : *text;
			text++;
			continue;
		}
		high = end - text > 2 ? digit(text[1]) : -1;
		low = high >= 0 ? digit(text[2]) : -1;
		if (low < 0)
			return -1;
		*to++ = (char)(high * 16 + low);
		text += 3;
	}
	*to = '\0';
	return to - out;
}
