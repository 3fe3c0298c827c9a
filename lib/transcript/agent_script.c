#include "config.h"
#include "transcript/agent_script.h"

#include <string.h>

#define FENCE_LEAST 3

static size_t line_length(const char *s)
{
	return strcspn(s, "\n");
}

static const char *next_line(const char *s)
{
	s += line_length(s);
	return *s ? s + 1 : s;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Backticks at the start of a line, after up to three spaces; 0: no fence.
 * info: the text after them, trimmed.
 */
static size_t fence(const char *line, const char **info, size_t *n)
{
	const char *end = line + line_length(line), *s = line;
	size_t ticks;

	while (s < end && *s == ' ' && s - line < 3)
		s++;
	ticks = strspn(s, "`");
	if (ticks < FENCE_LEAST)
		return 0;
	s += ticks;
	while (s < end && blank(*s))
		s++;
	while (end > s && blank(end[-1]))
		end--;
	if (memchr(s, '`', (size_t)(end - s)))
		return 0;
	*info = s;
	*n = (size_t)(end - s);
	return ticks;
}

/*
 * The end of a block whose fence has that many backticks: its closing fence, or
 * the text's end.
 */
static const char *block_end(const char *line, size_t ticks)
{
	const char *info;
	size_t n, depth = 0, here;

	for (; *line; line = next_line(line)) {
		here = fence(line, &info, &n);
		if (!here)
			continue;
		if (n)
			depth++;
		else if (depth)
			depth--;
		else if (here >= ticks)
			break;
	}
	return line;
}

static void trim(const char **s, size_t *n)
{
	while (*n && blank(**s)) {
		++*s;
		--*n;
	}
	while (*n && blank((*s)[*n - 1]))
		--*n;
}

/* A heading in the first line is the name. */
static void take_name(struct agent_script *out)
{
	const char *s = out->prompt;
	size_t n = out->prompt_n, line, marks;

	for (line = 0; line < n && s[line] != '\n'; line++)
		;
	for (marks = 0; marks < line && s[marks] == '#'; marks++)
		;
	if (!marks || marks > 6 || (marks < line && !blank(s[marks])))
		return;
	out->name = s + marks;
	out->name_n = line - marks;
	trim(&out->name, &out->name_n);
	out->prompt = s + line;
	out->prompt_n = n - line;
	trim(&out->prompt, &out->prompt_n);
}

bool agent_script_find(const char *text, struct agent_script *out)
{
	const char *line, *info, *body;
	bool found = false;
	size_t n, ticks;

	*out = (struct agent_script){ text, 0, text, strlen(text) };
	for (line = text; *line; line = next_line(line)) {
		ticks = fence(line, &info, &n);
		if (!ticks)
			continue;
		body = next_line(line);
		line = block_end(body, ticks);
		if (n == strlen("agent") && memcmp(info, "agent", n) == 0) {
			out->prompt = body;
			out->prompt_n = (size_t)(line - body);
			found = true;
		}
		if (!*line)
			break;
	}
	trim(&out->prompt, &out->prompt_n);
	if (found)
		take_name(out);
	return found;
}
