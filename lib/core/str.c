#include "config.h"
#include "core/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool str_copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size) {
		if (size)
			to[0] = '\0';
		return false;
	}
	memcpy(to, from, n + 1);
	return true;
}

bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

const void *table_row(const void *rows, size_t n, size_t size, const char *word)
{
	const char *row = rows;

	for (; word && n; n--, row += size) {
		if (str_equal(*(const char *const *)(const void *)row, word))
			return row;
	}
	return NULL;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

int str_parse_number(const char *s, int64_t min, int64_t max, int64_t *out,
		     struct err *e)
{
	const char *digits = s[0] == '-' ? s + 1 : s;
	int64_t n;
	char *end;

	if (digits[0] < '0' || digits[0] > '9')
		return err_set(e, ERR_INPUT, "not a whole number");
	errno = 0;
	n = strtoll(s, &end, 10);
	if (*end)
		return err_set(e, ERR_INPUT, "not a whole number");
	if (errno || n < min || n > max)
		return err_set(e, ERR_INPUT, "not from %" PRId64 " to %" PRId64,
			       min, max);
	*out = n;
	return 0;
}

/* Bytes of the well-formed character at s (table in RFC 3629), 0 if ill-formed. */
static size_t character(const unsigned char *s, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return s[0] ? 1 : 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	switch (s[0]) {
	case 0xe0: lo = 0xa0; break;
	case 0xed: hi = 0x9f; break;
	case 0xf0: lo = 0x90; break;
	case 0xf4: hi = 0x8f; break;
	default: break;
	}
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

bool utf8_valid(const char *s, size_t n)
{
	size_t len;

	for (; n; s += len, n -= len) {
		len = character((const unsigned char *)s, n);
		if (!len)
			return false;
	}
	return true;
}

/* Bytes of the ECMA-48 escape sequence at s (s[0] is ESC). */
static size_t escape(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (s[1] == '[') {		/* CSI: ends with 0x40..0x7e */
		while (i < n && (s[i] < 0x40 || s[i] > 0x7e)) {
			if (s[i] < 0x20 || (s[i] & 0x80))
				return i;
			i++;
		}
		return i < n ? i + 1 : n;
	}
	if (s[1] == ']') {		/* OSC: ends with BEL or ESC \ */
		for (; i < n; i++) {
			if (s[i] == '\a')
				return i + 1;
			if (s[i] == '\033')
				return i + 1 < n && s[i + 1] == '\\' ?
				       i + 2 : i;
		}
		return n;
	}
	return s[1] & 0x80 || s[1] < 0x20 ? 1 : 2;
}

int utf8_scrub(struct buf *out, const char *s, size_t n, bool strip_ansi,
	       struct err *e)
{
	size_t len;

	while (n) {
		if (strip_ansi && s[0] == '\033') {
			len = escape(s, n);
		} else {
			len = character((const unsigned char *)s, n);
			if (buf_add(out, len ? s : "\xef\xbf\xbd",
				    len ? len : 3, e) < 0)
				return -1;
			if (!len)
				len = 1;
		}
		s += len;
		n -= len;
	}
	return 0;
}

size_t utf8_prefix(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

size_t utf8_count(const char *s, size_t n)
{
	size_t count = 0, i;

	for (i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}
