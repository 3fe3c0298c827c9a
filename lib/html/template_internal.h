/* A parsed template: an array of nodes. Shared by template*.c only. */
#ifndef HTML_TEMPLATE_INTERNAL_H
#define HTML_TEMPLATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "html/template.h"

enum node_kind {
	NODE_TEXT,
	NODE_VALUE,	/* {{x}} */
	NODE_RAW,	/* {{{x}}}, {{&x}} */
	NODE_SENTENCE,	/* {{t.key}}, strict mode only */
	NODE_SECTION,	/* {{#x}} */
	NODE_INVERTED,	/* {{^x}} */
	NODE_PARTIAL,	/* {{>x}} */
};

struct node {
	enum node_kind kind;
	bool line_start;	/* text: starts a line of the source */
	uint32_t line;
	uint32_t hash;		/* hash_text of the name's first part */
	uint32_t end;		/* section: index after the last node in it */
	uint32_t len;		/* bytes of text */
	const char *text;	/* text; for a partial, the indent before it */
	const char *name;	/* as written, trimmed; a sentence's key */
	const char *parts;	/* the name's parts, each with its NUL, and an empty one */
	const struct template *partial;	/* NULL: renders nothing */
};

struct template {
	const char *name;
	struct node *nodes;
	uint32_t n, size;
};

/*
 * Parses source (borrowed) into t, whose name is set and whose talloc context
 * owns everything. Does not look up partials. ERR_INTERNAL "name.html:line: ...".
 */
int template_parse(struct template *t, const char *source,
		   enum template_mode mode, struct err *e) must_check;

/* Always -1: "name.html:line: ...". */
int template_error(const struct template *t, uint32_t line, struct err *e,
		   const char *fmt, ...) printf_like(4, 5);

/* Renders t, with its partials looked up, and appends to out. */
int template_run(const struct template *t, const struct view *view,
		 const struct i18n_locale *text, enum template_mode mode,
		 struct buf *out, struct err *e) must_check;

#endif
