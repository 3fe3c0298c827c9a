#include "config.h"
#include "preview/json_tree.h"

#include <talloc.h>

#include "core/str.h"
#include "json/strict_json.h"

#define OPEN_DEPTH 2	/* branches that are open at first */
#define DEPTH_MAX 24	/* what is deeper is not opened */

static const struct strict_json_limits limits = {
	.bytes = 4 << 20, .depth = 64, .containers = 40000,
	.elements = 400000,
};

static struct json_row *add_row(struct json_tree *t, enum json_row_kind kind,
				const char *key, size_t depth)
{
	struct json_row *row = &t->rows[t->n++];

	row->kind = kind;
	row->depth = depth;
	row->word = "null";
	row->key = key ? alloc_checked(talloc_strdup(t, key)) : NULL;
	return row;
}

static const char *shorten(struct json_tree *t, const char *text, size_t n)
{
	size_t shown = n > JSON_TEXT_MAX ? utf8_prefix(text, n, JSON_TEXT_MAX) : n;

	return alloc_checked(talloc_asprintf(t, "%.*s%s", (int)shown, text,
					     shown < n ? "…" : ""));
}

static void add_leaf(struct json_tree *t, const char *key,
		     struct json_object *o, size_t depth)
{
	struct json_row *row = add_row(t, JSON_ROW_LEAF, key, depth);
	size_t n = 0;
	const char *text = json_object_to_json_string_length(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	row->value = shorten(t, text, n);
	switch (json_object_get_type(o)) {
	case json_type_string:
		row->word = "text";
		break;
	case json_type_boolean:
		row->word = "flag";
		break;
	case json_type_null:
		break;
	default:
		row->word = "number";
	}
}

static void add_value(struct json_tree *t, const char *key,
		      struct json_object *o, size_t depth);

/* Each row that opens has kept room for the one that closes it. */
static void add_children(struct json_tree *t, struct json_object *o,
			 size_t depth)
{
	size_t i, n;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value)
			add_value(t, key, value, depth);
		return;
	}
	n = json_object_array_length(o);
	for (i = 0; i < n && !t->more; i++)
		add_value(t, NULL, json_object_array_get_idx(o, i), depth);
}

static void add_value(struct json_tree *t, const char *key,
		      struct json_object *o, size_t depth)
{
	bool object = json_object_is_type(o, json_type_object);
	bool array = json_object_is_type(o, json_type_array);
	struct json_row *row;

	if (t->n >= JSON_ROWS) {
		t->more = true;
		return;
	}
	if ((!object && !array) || depth == DEPTH_MAX) {
		add_leaf(t, key, o, depth);
		return;
	}
	row = add_row(t, JSON_ROW_OPENS, key, depth);
	row->word = object ? "object" : "array";
	row->count = object ? (size_t)json_object_object_length(o) :
			      json_object_array_length(o);
	add_children(t, o, depth + 1);
	add_row(t, JSON_ROW_CLOSES, NULL, depth);
}

struct json_tree *json_tree_parse(const void *ctx, const char *text, size_t n)
{
	auto_strict_json *o = NULL;
	struct json_tree *t;

	if (!strict_json_valid(text, n, &limits))
		return NULL;
	o = strict_json_parse(text, n, &limits);
	t = alloc_checked(talloc_zero(ctx, struct json_tree));
	/* JSON_ROWS, and what closes the branches that are open then. */
	t->rows = alloc_checked(talloc_zero_array(t, struct json_row,
						  JSON_ROWS + DEPTH_MAX + 1));
	add_value(t, NULL, o, 0);
	return t;
}

static void add_view(struct view *rows, const struct i18n_locale *text,
		     const struct json_row *row)
{
	struct view *map = view_append(rows);
	char *count;

	view_flag(map, "opens", row->kind == JSON_ROW_OPENS);
	view_flag(map, "leaf", row->kind == JSON_ROW_LEAF);
	view_flag(map, "closes", row->kind == JSON_ROW_CLOSES);
	view_flag(map, "open", row->depth < OPEN_DEPTH);
	view_text(map, "key", row->key);
	view_text(map, "type", row->word);
	view_text(map, "words", row->value);
	view_textf(map, "count", "%zu", row->count);
	if (!text || row->kind != JSON_ROW_OPENS)
		return;
	count = i18n_count(NULL, text, str_equal(row->word, "array") ?
			   "preview_elements" : "preview_members",
			   (int64_t)row->count);
	view_text(map, "count", count);
	talloc_free(count);
}

void json_tree_view(struct view *map, const struct i18n_locale *text,
		    const struct json_tree *t)
{
	struct view *rows = view_list(map, "rows");
	size_t i;

	for (i = 0; i < t->n; i++)
		add_view(rows, text, &t->rows[i]);
}
