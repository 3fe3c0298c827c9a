/*
 * Parses source into nodes; Mustache specification v1.4, including
 * "standalone" lines.
 */
#include "config.h"
#include "html/template_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/hash.h"
#include "core/str.h"

#define DELIMITER_MAX 16	/* bytes of one, including its NUL */
#define SECTIONS_MAX 48		/* open at once; limits the renderer's recursion */
#define SOURCE_MAX (1u << 24)

struct parser {
	struct template *t;
	enum template_mode mode;
	const char *start, *at, *end;
	char open[DELIMITER_MAX], close[DELIMITER_MAX];
	const char *counted;	/* line is the number of this byte's line */
	uint32_t line;
	uint32_t sections[SECTIONS_MAX];
	size_t depth;
	struct err *e;
};

struct tag {
	char sigil;		/* 0 for a plain name, '{' for three braces */
	const char *start;	/* its first delimiter byte */
	const char *after;	/* behind its last one */
	const char *text;	/* between sigil and end, trimmed */
	size_t len;
	bool alone;		/* alone on its line, except for blanks */
};

int template_error(const struct template *t, uint32_t line, struct err *e,
		   const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INTERNAL, "%s.html:%u: %s", t->name, line, what);
}

static uint32_t line_of(struct parser *p, const char *at)
{
	for (; p->counted < at; p->counted++)
		p->line += *p->counted == '\n';
	return p->line;
}

static struct node *add(struct parser *p, enum node_kind kind, uint32_t line)
{
	struct template *t = p->t;

	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : 16;
		t->nodes = alloc_checked(talloc_realloc(t, t->nodes,
							struct node, t->size));
	}
	t->nodes[t->n] = (struct node) { .kind = kind, .line = line };
	return &t->nodes[t->n++];
}

static char *copy(struct parser *p, const char *s, size_t n)
{
	char *text = alloc_checked(talloc_strndup(p->t, s, n));

	return text;
}

static bool begins_line(const struct parser *p, const char *at)
{
	return at == p->start || at[-1] == '\n';
}

/* An empty text marks a tag at the start of a line, where an indent can go. */
static void add_text(struct parser *p, const char *from, const char *to)
{
	bool line_start = begins_line(p, from);
	struct node *node;

	if (from == to && !line_start)
		return;
	node = add(p, NODE_TEXT, line_of(p, from));
	node->line_start = line_start;
	node->text = copy(p, from, (size_t)(to - from));
	node->len = (uint32_t)(to - from);
}

static const char *blanks_back(const struct parser *p, const char *at)
{
	while (at > p->start && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at;
}

/* The end of blanks and a newline after at; NULL when something else is there. */
static const char *blanks_on(const struct parser *p, const char *at)
{
	while (at < p->end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == p->end)
		return at;
	if (*at == '\r' && at + 1 < p->end && at[1] == '\n')
		at++;
	return *at == '\n' ? at + 1 : NULL;
}

static void trim(struct tag *tag)
{
	while (tag->len && isspace((unsigned char)tag->text[0])) {
		tag->text++;
		tag->len--;
	}
	while (tag->len && isspace((unsigned char)tag->text[tag->len - 1]))
		tag->len--;
}

/* The tag at start, where the open delimiter is. */
static int read_tag(struct parser *p, const char *start, struct tag *tag)
{
	const char *s = start + strlen(p->open), *stop;
	char close[DELIMITER_MAX + 1] = "";

	*tag = (struct tag) { .start = start };
	while (s < p->end && isspace((unsigned char)*s))
		s++;
	if (s < p->end && strchr("#^/>!&={", *s))
		tag->sigil = *s++;
	if (tag->sigil == '{' || tag->sigil == '=')
		close[0] = tag->sigil == '{' ? '}' : '=';
	strcat(close, p->close);
	stop = strstr(s, close);
	if (!stop)
		return template_error(p->t, line_of(p, start), p->e,
				      "tag without its \"%s\"", close);
	tag->text = s;
	tag->len = (size_t)(stop - s);
	tag->after = stop + strlen(close);
	trim(tag);
	tag->alone = tag->sigil && strchr("#^/>!=", tag->sigil) &&
		     begins_line(p, blanks_back(p, start)) &&
		     blanks_on(p, tag->after);
	return 0;
}

static bool name_plain(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("_-./", s[i]))
			return false;
	}
	return n > 0;
}

/* Splits node->name at its dots; "." has no parts. */
static int split(struct parser *p, struct node *node)
{
	size_t n = strlen(node->name), i;
	char *parts;

	parts = alloc_checked(talloc_zero_size(p->t, n + 2));
	node->parts = parts;
	if (str_equal(node->name, "."))
		return 0;
	memcpy(parts, node->name, n);
	for (i = 0; i < n; i++) {
		if (parts[i] != '.')
			continue;
		if (i == 0 || i == n - 1 || parts[i + 1] == '.')
			return template_error(p->t, node->line, p->e,
				"\"%.40s\" has an empty part", node->name);
		parts[i] = '\0';
	}
	node->hash = hash_text(parts);
	return 0;
}

static int add_named(struct parser *p, const struct tag *tag,
		     enum node_kind kind)
{
	struct node *node = add(p, kind, line_of(p, tag->start));

	if (!tag->len ||
	    (p->mode == TEMPLATE_STRICT && !name_plain(tag->text, tag->len)))
		return template_error(p->t, node->line, p->e,
				      "\"%.*s\" is not a name",
				      (int)(tag->len < 40 ? tag->len : 40),
				      tag->text);
	node->name = copy(p, tag->text, tag->len);
	if (kind == NODE_PARTIAL)
		return 0;
	if (p->mode == TEMPLATE_STRICT && str_starts(node->name, "t.")) {
		if (kind != NODE_VALUE)
			return template_error(p->t, node->line, p->e,
				"%.40s is a sentence: {{%.40s}} only",
				node->name, node->name);
		node->kind = NODE_SENTENCE;
		node->name += 2;
		return 0;
	}
	return split(p, node);
}

static int open_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == SECTIONS_MAX)
		return template_error(p->t, line_of(p, tag->start), p->e,
				      "more than %d sections deep",
				      SECTIONS_MAX);
	p->sections[p->depth++] = p->t->n;
	return add_named(p, tag, tag->sigil == '#' ? NODE_SECTION :
						     NODE_INVERTED);
}

static int close_section(struct parser *p, const struct tag *tag)
{
	struct node *node;

	if (!p->depth)
		return template_error(p->t, line_of(p, tag->start), p->e,
				      "nothing is open to close");
	node = &p->t->nodes[p->sections[--p->depth]];
	if (strlen(node->name) != tag->len ||
	    memcmp(node->name, tag->text, tag->len) != 0)
		return template_error(p->t, line_of(p, tag->start), p->e,
			"{{/%.*s}} closes \"%.40s\" of line %u",
			(int)(tag->len < 40 ? tag->len : 40), tag->text,
			node->name, node->line);
	node->end = p->t->n;
	return 0;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
	char text[2 * DELIMITER_MAX + 8] = "", open[DELIMITER_MAX + 1],
	     close[DELIMITER_MAX + 1], more;

	if (tag->len < sizeof(text))
		memcpy(text, tag->text, tag->len);
	if (sscanf(text, "%16s %16s %c", open, close, &more) != 2 ||
	    !str_copy(p->open, sizeof(p->open), open) ||
	    !str_copy(p->close, sizeof(p->close), close) ||
	    strchr(open, '=') || strchr(close, '='))
		return template_error(p->t, line_of(p, tag->start), p->e,
				      "not two delimiters");
	return 0;
}

static int add_partial(struct parser *p, const struct tag *tag)
{
	const char *indent = blanks_back(p, tag->start);
	struct node *node;

	if (add_named(p, tag, NODE_PARTIAL) < 0)
		return -1;
	node = &p->t->nodes[p->t->n - 1];
	if (tag->alone) {
		node->text = copy(p, indent, (size_t)(tag->start - indent));
		node->len = (uint32_t)(tag->start - indent);
	}
	return 0;
}

static int add_tag(struct parser *p, const struct tag *tag)
{
	switch (tag->sigil) {
	case '!':
		return 0;
	case '=':
		return set_delimiters(p, tag);
	case '#':
	case '^':
		return open_section(p, tag);
	case '/':
		return close_section(p, tag);
	case '>':
		return add_partial(p, tag);
	case '&':
	case '{':
		return add_named(p, tag, NODE_RAW);
	default:
		return add_named(p, tag, NODE_VALUE);
	}
}

static int step(struct parser *p)
{
	const char *start = strstr(p->at, p->open);
	struct tag tag;

	if (!start) {
		add_text(p, p->at, p->end);
		p->at = p->end;
		return 0;
	}
	if (read_tag(p, start, &tag) < 0)
		return -1;
	if (!tag.alone) {
		add_text(p, p->at, start);
		if (start > p->at)
			add_text(p, start, start);
	} else if (blanks_back(p, start) > p->at) {
		add_text(p, p->at, blanks_back(p, start));
	}
	if (add_tag(p, &tag) < 0)
		return -1;
	p->at = tag.alone ? blanks_on(p, tag.after) : tag.after;
	return 0;
}

int template_parse(struct template *t, const char *source,
		   enum template_mode mode, struct err *e)
{
	struct parser p = {
		.t = t, .mode = mode, .start = source, .at = source,
		.end = source + strlen(source), .open = "{{", .close = "}}",
		.counted = source, .line = 1, .e = e,
	};

	if (p.end - p.start > SOURCE_MAX)
		return err_set(e, ERR_LIMIT, "%s.html: too large", t->name);
	while (p.at < p.end) {
		if (step(&p) < 0)
			return -1;
	}
	if (p.depth) {
		const struct node *node = &t->nodes[p.sections[p.depth - 1]];

		return template_error(t, node->line, e,
				      "\"%.40s\" is never closed", node->name);
	}
	return 0;
}
