/* JSON as rows of a tree that is opened branch by branch. */
#ifndef PREVIEW_JSON_TREE_H
#define PREVIEW_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "html/view.h"
#include "i18n/i18n.h"

#define JSON_ROWS 2000
#define JSON_TEXT_MAX 500	/* bytes of a text; what is longer ends in "…" */

enum json_row_kind { JSON_ROW_OPENS, JSON_ROW_LEAF, JSON_ROW_CLOSES };

struct json_row {
	enum json_row_kind kind;
	const char *key;	/* of a member; NULL: an element, or the root */
	const char *value;	/* of a leaf, as JSON writes it */
	const char *word;	/* "object", "array", "text", "number", "flag", "null" */
	size_t count;		/* members or elements of what opens */
	size_t depth;		/* 0: the root */
};

struct json_tree {
	struct json_row *rows;	/* what opens is closed, however few rows there are */
	size_t n;
	bool more;		/* members or elements than these */
};

/* NULL when the text is not JSON, or nested or long beyond all use. Gives (child of ctx). */
struct json_tree *json_tree_parse(const void *ctx, const char *text, size_t n);

/* Sets "rows" of map, for the template preview/json. text NULL, in tests: counts are digits. */
void json_tree_view(struct view *map, const struct i18n_locale *text,
		    const struct json_tree *t);

#endif
