#include "config.h"
#include "session/changes.h"

#include <string.h>

#include "core/str.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Bytes decoded, or -1: too long, no such digits. */
static ptrdiff_t decode(const char *text, size_t n, char out[CHANGES_PATH_MAX + 1])
{
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		if (len == CHANGES_PATH_MAX)
			return -1;
		if (text[i] != '%') {
			out[len++] = text[i];
			continue;
		}
		if (n - i < 3 || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)
			return -1;
		out[len++] = (char)(digit(text[i + 1]) << 4 | digit(text[i + 2]));
		i += 2;
	}
	out[len] = '\0';
	return (ptrdiff_t)len;
}

static void encode(const char *path, char out[CHANGES_NAME_MAX + 1])
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *path; path++) {
		if (strchr(plain, *path)) {
			*out++ = *path;
			continue;
		}
		*out++ = '%';
		*out++ = digits[(unsigned char)*path >> 4];
		*out++ = digits[(unsigned char)*path & 15];
	}
	*out = '\0';
}

bool changes_path_valid(const char *path, size_t n)
{
	size_t at = 0, len, i;

	if (!n || n > CHANGES_PATH_MAX || !utf8_valid(path, n))
		return false;
	for (i = 0; i < n; i++) {
		if ((unsigned char)path[i] < ' ' || path[i] == 0x7f)
			return false;
	}
	for (; at <= n; at += len + 1) {
		const char *slash = memchr(path + at, '/', n - at);

		len = slash ? (size_t)(slash - path) - at : n - at;
		if (!len || (len == 1 && path[at] == '.') ||
		    (len == 2 && path[at] == '.' && path[at + 1] == '.'))
			return false;
	}
	return true;
}

/* Its number and the blank after it; NULL: there is none. */
static const char *take_number(const char *line, const char *end, int64_t *out)
{
	const char *space = memchr(line, ' ', (size_t)(end - line));
	struct err e = { 0 };
	char number[20];

	if (!space || (size_t)(space - line) >= sizeof(number))
		return NULL;
	memcpy(number, line, (size_t)(space - line));
	number[space - line] = '\0';
	if (str_parse_number(number, 0, INT64_MAX, out, &e) < 0)
		return NULL;
	return space + 1;
}

/* "made 120 1764025200123 a%20name"; a shim of before says no time. */
static bool parse(const char *line, size_t n, struct change *c)
{
	const char *end = line + n, *after;
	ptrdiff_t len;

	c->made = n > 5 && memcmp(line, "made ", 5) == 0;
	if (!c->made && !(n > 8 && memcmp(line, "changed ", 8) == 0))
		return false;
	line += c->made ? 5 : 8;
	line = take_number(line, end, &c->size);
	if (!line)
		return false;
	after = take_number(line, end, &c->changed_at);
	if (after)
		line = after;
	else
		c->changed_at = 0;
	len = decode(line, (size_t)(end - line), c->path);
	if (len < 0 || !changes_path_valid(c->path, (size_t)len))
		return false;
	encode(c->path, c->name);
	return true;
}

void changes_each(const char *text, size_t n,
		  void (*each)(void *data, const struct change *c), void *data)
{
	const char *end = text + n, *newline;
	struct change c;
	int lines = 0;

	for (; text < end && lines < CHANGES_MAX; text = newline + 1, lines++) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			return;		/* cut */
		if (parse(text, (size_t)(newline - text), &c))
			each(data, &c);
	}
}
