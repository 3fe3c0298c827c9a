/*
 * cmark-gfm 0.29.0.gfm.6 takes quadratic time over some texts: brackets and
 * "@" within one inline run, blank lines within deep containers, table rows
 * filled up to a wide header; and a reference's target is copied into each link.
 * This looks at the lines alone and errs on the
 * side of refusing. Fenced code is not counted, as it is neither inline nor
 * nested; only a fence that stands at the first column is believed, which no
 * container can hold, and none once an HTML block may have begun.
 */
#include "config.h"
#include "html/markdown_guard.h"

#include <string.h>

#define DEPTH_MAX 100		/* containers, estimated by a line's beginning */
#define SPECIAL_MAX 20000	/* brackets, "@" between two blank lines */
#define CELLS_MAX 200000	/* widest line's pipes times lines, of all runs */
#define WALK_MAX 10000000	/* deepest container times lines */
#define COPIES_MAX 8000000	/* longest definition times brackets, in bytes */

struct guard {
	size_t special, lines, pipes, bytes;	/* of the run since a blank line */
	bool defines;			/* the run may hold "[x]: target" */
	size_t cells, longest;		/* of the runs before; of defining ones */
	size_t all_lines, brackets, twice_deepest;
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

static void end_run(struct guard *g)
{
	g->cells += g->pipes * g->lines;
	if (g->defines && g->bytes > g->longest)
		g->longest = g->bytes;
	g->special = g->lines = g->pipes = g->bytes = 0;
	g->defines = false;
}

static void count_line(struct guard *g, const char *s, const char *end)
{
	size_t pipes = 0;

	g->lines++;
	g->bytes += (size_t)(end - s) + 1;
	for (; s < end; s++) {
		g->special += *s == '[' || *s == ']' || *s == '@';
		g->brackets += *s == '[';
		pipes += *s == '|';
		if (*s == ']' && s + 1 < end && s[1] == ':')
			g->defines = true;
	}
	if (pipes > g->pipes)
		g->pipes = pipes;
}

static bool line_harmless(struct guard *g, const char *s, const char *end)
{
	size_t twice;

	g->all_lines++;
	if (g->fence) {
		if (closes_fence(g, s, end))
			g->fence = 0;
		return true;
	}
	if (blank(s, end)) {
		end_run(g);
		return end - s <= 2 * DEPTH_MAX;
	}
	twice = depth(s, end, &g->html);
	if (twice > g->twice_deepest)
		g->twice_deepest = twice;
	if (twice > 2 * DEPTH_MAX)
		return false;
	if (!g->html && opens_fence(g, s, end)) {
		end_run(g);
		return true;
	}
	count_line(g, s, end);
	return g->special <= SPECIAL_MAX &&
	       g->cells + g->pipes * g->lines <= CELLS_MAX;
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
	end_run(&g);
	return g.twice_deepest / 2 * g.all_lines <= WALK_MAX &&
	       g.longest * g.brackets <= COPIES_MAX;
}
