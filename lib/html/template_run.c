/* Renders nodes with a view. */
#include "config.h"
#include "html/template_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define STEPS_MAX 1000000	/* nodes per rendering */
#define PARTIALS_MAX 32		/* nested in each other */
#define INDENT_MAX 256		/* bytes */

struct frame {
	const struct view *view;
	const struct frame *up;
};

struct run {
	enum template_mode mode;
	const struct i18n_locale *text;
	struct buf *out;
	struct err *e;
	const char *indent;	/* inserted before each line of the template */
	unsigned steps, depth;
};

static int run(struct run *r, const struct template *t, uint32_t from,
	       uint32_t to, const struct frame *frame);

int html_escape(struct buf *out, const char *s, struct err *e)
{
	static const char *const escapes[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
		['"'] = "&quot;", ['\''] = "&#39;",
	};
	size_t n;

	for (;;) {
		n = strcspn(s, "&<>\"'");
		if (buf_add(out, s, n, e) < 0)
			return -1;
		s += n;
		if (!*s)
			return 0;
		if (buf_add_text(out, escapes[(unsigned char)*s++], e) < 0)
			return -1;
	}
}

/* NULL when no context has the name, or a later part is missing. */
static const struct view *find_value(const struct node *node,
				     const struct frame *frame)
{
	const char *part = node->parts;
	const struct view *v = NULL;

	if (!*part)
		return frame->view;
	for (; frame && !v; frame = frame->up)
		v = view_get_hashed(frame->view, part, node->hash);
	for (part += strlen(part) + 1; v && *part; part += strlen(part) + 1)
		v = view_get(v, part);
	return v;
}

static int unknown(struct run *r, const struct template *t,
		   const struct node *node)
{
	if (r->mode == TEMPLATE_SPEC)
		return 0;
	return template_error(t, node->line, r->e,
			      "the view has no \"%.60s\"", node->name);
}

static int write_value(struct run *r, const struct template *t,
		       const struct node *node, const struct frame *frame)
{
	const struct view *v = find_value(node, frame);
	const char *text;

	if (!v)
		return unknown(r, t, node);
	text = view_string(v);
	if (!text) {
		if (r->mode == TEMPLATE_SPEC)
			return view_type(v) == VIEW_TRUE ?
			       buf_add_text(r->out, "true", r->e) : 0;
		return template_error(t, node->line, r->e,
				      "\"%.60s\" is not a text", node->name);
	}
	if (node->kind == NODE_VALUE)
		return html_escape(r->out, text, r->e);
	if (view_type(v) != VIEW_HTML && r->mode == TEMPLATE_STRICT)
		return template_error(t, node->line, r->e,
				      "\"%.60s\" is text, not html",
				      node->name);
	return buf_add_text(r->out, text, r->e);
}

static int write_sentence(struct run *r, const struct template *t,
			  const struct node *node)
{
	const char *sentence = node->name;

	if (r->text) {
		sentence = i18n_sentence(r->text, node->name);
		if (!sentence)
			return template_error(t, node->line, r->e,
				"no sentence \"%.60s\"", node->name);
	}
	return html_escape(r->out, sentence, r->e);
}

static int write_text(struct run *r, const struct node *node)
{
	const char *s = node->text, *end = s + node->len, *line;
	bool line_start = node->line_start;

	if (!*r->indent)
		return buf_add(r->out, s, node->len, r->e);
	do {
		line = memchr(s, '\n', (size_t)(end - s));
		line = line ? line + 1 : end;
		if (line_start &&
		    buf_add_text(r->out, r->indent, r->e) < 0)
			return -1;
		if (buf_add(r->out, s, (size_t)(line - s), r->e) < 0)
			return -1;
		line_start = true;
		s = line;
	} while (s < end);
	return 0;
}

static int write_section(struct run *r, const struct template *t,
			 uint32_t at, const struct frame *frame)
{
	const struct node *node = &t->nodes[at];
	const struct view *v = find_value(node, frame);
	struct frame inner = { .view = v, .up = frame };
	size_t i;

	if (!v && unknown(r, t, node) < 0)
		return -1;
	if (node->kind == NODE_INVERTED)
		return v && view_truthy(v) ? 0 :
		       run(r, t, at + 1, node->end, frame);
	if (!v || !view_truthy(v))
		return 0;
	switch (view_type(v)) {
	case VIEW_TRUE:
		return run(r, t, at + 1, node->end, frame);
	case VIEW_LIST:
		for (i = 0; (inner.view = view_item(v, i)); i++) {
			if (run(r, t, at + 1, node->end, &inner) < 0)
				return -1;
		}
		return 0;
	default:
		return run(r, t, at + 1, node->end, &inner);
	}
}

static int write_partial(struct run *r, const struct template *t,
			 const struct node *node, const struct frame *frame)
{
	const char *outer = r->indent;
	char indent[INDENT_MAX];
	int done;

	if (!node->partial)
		return 0;
	if (r->depth == PARTIALS_MAX)
		return err_set(r->e, ERR_LIMIT,
			       "%s.html:%u: more than %d partials deep",
			       t->name, node->line, PARTIALS_MAX);
	if (node->len) {
		if (strlen(outer) + node->len >= sizeof(indent))
			return err_set(r->e, ERR_LIMIT,
				       "%s.html:%u: indented too far",
				       t->name, node->line);
		snprintf(indent, sizeof(indent), "%s%s", outer, node->text);
		r->indent = indent;
	}
	r->depth++;
	done = run(r, node->partial, 0, node->partial->n, frame);
	r->depth--;
	r->indent = outer;
	return done;
}

static int run(struct run *r, const struct template *t, uint32_t from,
	       uint32_t to, const struct frame *frame)
{
	const struct node *node;
	uint32_t i, next;
	int done = 0;

	for (i = from; i < to && done == 0; i = next) {
		node = &t->nodes[i];
		next = i + 1;
		if (r->steps++ == STEPS_MAX)
			return err_set(r->e, ERR_LIMIT,
				       "%s.html:%u: more than %d nodes",
				       t->name, node->line, STEPS_MAX);
		switch (node->kind) {
		case NODE_TEXT:
			done = write_text(r, node);
			break;
		case NODE_VALUE:
		case NODE_RAW:
			done = write_value(r, t, node, frame);
			break;
		case NODE_SENTENCE:
			done = write_sentence(r, t, node);
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			done = write_section(r, t, i, frame);
			next = node->end;
			break;
		case NODE_PARTIAL:
			done = write_partial(r, t, node, frame);
			break;
		}
	}
	return done;
}

int template_run(const struct template *t, const struct view *view,
		 const struct i18n_locale *text, enum template_mode mode,
		 struct buf *out, struct err *e)
{
	struct frame root = { .view = view };
	struct run r = { .mode = mode, .text = text, .out = out, .e = e,
			 .indent = "" };

	return run(&r, t, 0, t->n, &root);
}
