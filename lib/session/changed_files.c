#include "config.h"
#include "session/changed_files.h"

#include <string.h>

#include "core/percent.h"
#include "core/str.h"

/* Number of decoded bytes, or -1 if too long or malformed. */
static ptrdiff_t decode(const char *text, size_t n,
			char out[CHANGED_FILES_PATH_MAX + 1])
{
	char decoded[CHANGED_FILES_NAME_MAX + 1];
	ptrdiff_t len;

	if (n > CHANGED_FILES_NAME_MAX)
		return -1;
	len = percent_decode(decoded, text, n, false);
	if (len < 0 || len > CHANGED_FILES_PATH_MAX)
		return -1;
	memcpy(out, decoded, (size_t)len + 1);
	return len;
}

/* Relative, with no empty, "." or ".." segment, and no NUL. */
static bool is_below(const char *path, size_t n)
{
	size_t at = 0, len;

	if (!n || n > CHANGED_FILES_PATH_MAX || memchr(path, '\0', n))
		return false;
	for (; at <= n; at += len + 1) {
		const char *slash = memchr(path + at, '/', n - at);

		len = slash ? (size_t)(slash - path) - at : n - at;
		if (!len || (len == 1 && path[at] == '.') ||
		    (len == 2 && path[at] == '.' && path[at + 1] == '.'))
			return false;
	}
	return true;
}

bool changed_files_path_valid(const char *path, size_t n)
{
	size_t i;

	if (!is_below(path, n) || !utf8_valid(path, n))
		return false;
	for (i = 0; i < n; i++) {
		if ((unsigned char)path[i] < ' ' || path[i] == 0x7f)
			return false;
	}
	return true;
}

/* Parses a number and the blank after it; NULL if there is none. */
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

static const struct {
	const char *word;	/* with its blank */
	enum change_whose whose;
} words[] = {
	{ "own ", CHANGE_OWN },
	{ "other ", CHANGE_OTHERS },
	{ "none ", CHANGE_OTHERS },
	{ "unknown ", CHANGE_UNKNOWN },
};

static bool is_hex(const char *text, size_t n)
{
	return strspn(text, "0123456789abcdef") >= n;
}

/* Whose it is, and its version: an older shim sends neither. */
static const char *take_whose(const char *line, const char *end,
			      struct change *c)
{
	size_t i, n;

	c->whose = CHANGE_UNTOLD;
	c->version[0] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i].word);
		if ((size_t)(end - line) <= n + CHANGED_FILES_VERSION ||
		    memcmp(line, words[i].word, n) != 0)
			continue;
		if (!is_hex(line + n, CHANGED_FILES_VERSION) ||
		    line[n + CHANGED_FILES_VERSION] != ' ')
			return NULL;
		c->whose = words[i].whose;
		memcpy(c->version, line + n, CHANGED_FILES_VERSION);
		c->version[CHANGED_FILES_VERSION] = '\0';
		return line + n + CHANGED_FILES_VERSION + 1;
	}
	return line;
}

/* "made own 01..ef 120 1764025200123 a%20name"; an older shim sends no time. */
static bool parse(const char *line, size_t n, bool any_name, struct change *c)
{
	const char *end = line + n, *after;
	ptrdiff_t len;

	c->made = n > 5 && memcmp(line, "made ", 5) == 0;
	if (!c->made && !(n > 8 && memcmp(line, "changed ", 8) == 0))
		return false;
	line = take_whose(line + (c->made ? 5 : 8), end, c);
	if (!line)
		return false;
	line = take_number(line, end, &c->size);
	if (!line)
		return false;
	after = take_number(line, end, &c->changed_at);
	if (after)
		line = after;
	else
		c->changed_at = 0;
	len = decode(line, (size_t)(end - line), c->path);
	if (len < 0 || !(any_name ? is_below(c->path, (size_t)len) :
				    changed_files_path_valid(c->path, (size_t)len)))
		return false;
	percent_encode(c->name, c->path, "");
	return true;
}

void changed_files_each(const char *text, size_t n, bool any_name,
			void (*each)(void *data,
				     const struct change *c), void *data)
{
	const char *end = text + n, *newline;
	struct change c;
	int lines = 0;

	for (; text < end && lines < CHANGED_FILES_MAX; text = newline + 1,
	     lines++) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			return;		/* truncated */
		if (parse(text, (size_t)(newline - text), any_name, &c))
			each(data, &c);
	}
}
