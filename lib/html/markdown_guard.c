/*
 * cmark-gfm 0.29.0.gfm.6 takes quadratic time over some texts: brackets and
 * "@" within one inline run, blank lines within deep containers, table rows
 * filled up to a wide header. This looks at the lines alone and errs on the
 * side of refusing. Fenced code is not counted, as it is neither inline nor
 * nested; only a fence that stands at the first column is believed, which no
 * container can hold, and none once an HTML block may have begun.
 */
#include "config.h"
#include "html/markdown_guard.h"

#include <string.h>

#define DEPTH_MAX 100		/* containers, estimated by a line's beginning */
#define SPECIAL_MAX 20000	/* brackets, "@" between two blank lines */
#define CELLS_MAX 200000	/* widest line's pipes times lines of a run */

struct guard {
	size_t special, lines, pipes;	/* of the run since a blank line */
	char fence;			/* '`' or '~' while in one */
	size_t fence_len;
	bool html;			/* fences are not believed any more */
};

static size_t count_run(const char *s, const char *end, char c)
{
	const char *at = s;

	while (at < end && *at == c)
		at++;
	return (size_t)(at - s);
}

static bool blank(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s == end;
}

static bool opens_fence(struct guard *g, const char *s, const char *end)
{
	size_t n;

	if (s == end || (*s != '`' && *s != '~'))
		return false;
	n = count_run(s, end, *s);
	if (n < 3 || (*s == '`' && memchr(s + n, '`', (size_t)(end - s) - n)))
		return false;
	g->fence = *s;
	g->fence_len = n;
	return true;
}

static bool closes_fence(const struct guard *g, const char *s, const char *end)
{
	size_t indent = count_run(s, end, ' '), n;

	if (indent > 3)
		return false;
	n = count_run(s + indent, end, g->fence);
	return n >= g->fence_len && blank(s + indent + n, end);
}

/* Twice the containers that the line's beginning may open or be in. */
static size_t depth(const char *s, const char *end, bool *html)
{
	size_t twice = 0;
	bool digits = false;

	for (; s < end; s++) {
		bool marked = s + 1 == end || s[1] == ' ' || s[1] == '\t';

		if (*s == ' ')
			twice++;
		else if (*s == '\t')
			twice += 4;
		else if (*s == '>' || (strchr("-+*", *s) && marked))
			twice += 2;
		else if (*s >= '0' && *s <= '9')
			digits = true;
		else if ((*s == '.' || *s == ')') && digits && marked)
			twice += 2;
		else
			break;
	}
	if (s < end && *s == '<')
		*html = true;
	return twice;
}

static bool line_harmless(struct guard *g, const char *s, const char *end)
{
	size_t pipes = 0;

	if (g->fence) {
		if (closes_fence(g, s, end))
			g->fence = 0;
		return true;
	}
	if (blank(s, end)) {
		g->special = g->lines = g->pipes = 0;
		return end - s <= 2 * DEPTH_MAX;
	}
	if (depth(s, end, &g->html) > 2 * DEPTH_MAX)
		return false;
	if (!g->html && opens_fence(g, s, end)) {
		g->special = g->lines = g->pipes = 0;
		return true;
	}
	for (; s < end; s++) {
		g->special += *s == '[' || *s == ']' || *s == '@';
		pipes += *s == '|';
	}
	g->lines++;
	if (pipes > g->pipes)
		g->pipes = pipes;
	return g->special <= SPECIAL_MAX && g->pipes * g->lines <= CELLS_MAX;
}

bool markdown_harmless(const char *text, size_t n)
{
	const char *end = text + n, *s = text, *line;
	struct guard g = { 0 };

	while (s < end) {
		for (line = s; s < end && *s != '\n' && *s != '\r';)
			s++;
		if (!line_harmless(&g, line, s))
			return false;
		if (s < end)
			s += s[0] == '\r' && s + 1 < end && s[1] == '\n' ? 2 : 1;
	}
	return true;
}
