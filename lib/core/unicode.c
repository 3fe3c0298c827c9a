#include "config.h"
#include "core/unicode.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <utf8proc.h>

#include "core/str.h"

#define BRAILLE_BLANK 0x2800	/* a symbol by category, but invisible */

static bool turns_direction(int32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool forbidden(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return turns_direction(c);
	}
}

/* Marks, joiners, fillers and blanks show nothing by themselves. */
static bool visible(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZS:
		return false;
	default:
		return !forbidden(c) && c != BRAILLE_BLANK &&
		       !utf8proc_get_property(c)->ignorable;
	}
}

/* Bytes of the character at s, which has n; 0 if ill-formed. */
static size_t next(const char *s, size_t n, int32_t *c)
{
	utf8proc_ssize_t used = utf8proc_iterate((const uint8_t *)s,
						 (utf8proc_ssize_t)n, c);

	return used > 0 ? (size_t)used : 0;
}

bool unicode_name_valid(const char *name, size_t max)
{
	size_t n = strlen(name), used, count = 0;
	bool seen = false;
	int32_t c;

	if (!utf8_valid(name, n))
		return false;
	for (; n; name += used, n -= used) {
		used = next(name, n, &c);
		if (!used || forbidden(c) || ++count > max)
			return false;
		seen |= visible(c);
	}
	return seen;
}

char *unicode_name(const void *ctx, const char *text, size_t max)
{
	size_t n = strlen(text), used, len = 0, count = 0;
	char *out = alloc_checked(talloc_size(ctx, n + 1));
	bool seen = false, space = false;
	int32_t c;

	for (; n && count < max; text += used, n -= used) {
		used = next(text, n, &c);
		if (!used || c == ' ' || forbidden(c)) {
			used = used ? used : 1;
			space = len > 0;
			continue;
		}
		if (space && ++count == max)
			break;
		if (space)
			out[len++] = ' ';
		space = false;
		memcpy(out + len, text, used);
		len += used;
		count++;
		seen |= visible(c);
	}
	out[seen ? len : 0] = '\0';
	return out;
}

char *unicode_nfc(const void *ctx, const char *text)
{
	uint8_t *made = utf8_valid(text, strlen(text)) ?
			utf8proc_NFC((const uint8_t *)text) : NULL;
	char *out = talloc_strdup(ctx, made ? (const char *)made : text);

	free(made);
	if (!out)
		err_abort("out of memory");
	return out;
}

/* Shows nothing, or changes how others are shown. */
static bool misleads(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
		return true;
	default:
		return forbidden(c);
	}
}

char *unicode_escape(const void *ctx, const char *text)
{
	size_t n = strlen(text), used;
	char *out = alloc_checked(talloc_array(ctx, char, 8 * n + 1)), *to = out;
	int32_t c;

	for (; n; text += used, n -= used) {
		used = next(text, n, &c);
		if (!used) {
			used = 1;
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
		} else if (misleads(c)) {
			to += sprintf(to, c < 0x80 ? "\\x%02x" :
				      c < 0x10000 ? "\\u%04x" : "\\U%06x",
				      (unsigned)c);
		} else {
			memcpy(to, text, used);
			to += used;
		}
	}
	*to = '\0';
	return out;
}
