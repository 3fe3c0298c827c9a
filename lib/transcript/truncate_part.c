#include "config.h"
#include "transcript/truncate_part.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"

#define TEXT_KEPT 200
#define EMPTY_GIF "R0lGODlhAQABAAAAACw="

/* Texts that are truncated in part, and the flag that says so. */
static const struct {
	const char *key, *flag;
} texts[] = {
	{ "text", "cut" }, { "plan", "cut" }, { "about", NULL },
	{ "title", NULL }, { "detail", NULL }, { "said", NULL },
	{ "output", NULL }, { "output_tail", NULL }, { "reason", NULL },
};

/* Fields that are dropped. */
static const struct {
	const char *key, *flag;
} things[] = {
	{ "input", "input_cut" }, { "diff", "diff_cut" }, { "steps", NULL },
	{ "todos", NULL }, { "questions", NULL }, { "answers", NULL },
	{ "suggestions", NULL },
};

static void shrink_text(struct json_object *o, const char *key,
			const char *flag)
{
	size_t n = 0;
	const char *s = field_text(o, key, &n);
	char *kept;

	if (!s || n <= TEXT_KEPT)
		return;
	kept = alloc_checked(strndup(s, utf8_prefix(s, n, TEXT_KEPT)));
	json_object_object_add(o, key, json_object_new_string(kept));
	free(kept);
	if (flag)
		field_put_flag(o, flag, true);
}

/* Counts the bytes of the output that are missing, for the card. */
static void shrink_output(struct json_object *o)
{
	int64_t all = field_number(o, "bytes");
	size_t head = 0, tail = 0;

	field_text(o, "output", &head);
	field_text(o, "output_tail", &tail);
	if (head + tail <= 2 * TEXT_KEPT)
		return;
	if (all < (int64_t)(head + tail))
		all = (int64_t)(head + tail);
	shrink_text(o, "output", NULL);
	json_object_object_add(o, "output_tail", json_object_new_string(""));
	field_text(o, "output", &head);
	field_put_number(o, "bytes", all);
	field_put_number(o, "output_left_out", all - (int64_t)head);
}

static void shrink_things(struct json_object *o)
{
	struct json_object *v;
	size_t i;

	for (i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (!json_object_object_get_ex(o, things[i].key, &v) ||
		    strlen(json_object_to_json_string(v)) <= TEXT_KEPT)
			continue;
		json_object_object_del(o, things[i].key);
		if (things[i].flag)
			field_put_flag(o, things[i].flag, true);
	}
}

char *truncate_part(const void *ctx, const struct part *p)
{
	struct json_object *o = field_parse(p->data, strlen(p->data));
	const char *text;
	char *data;
	size_t i;

	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return talloc_strdup(ctx, "{}");
	}
	if (str_equal(p->kind, "image") && !field_text(o, "picture", NULL)) {
		json_object_object_add(o, "media_type", json_object_new_string("image/gif"));
		json_object_object_add(o, "data", json_object_new_string(EMPTY_GIF));
	}
	shrink_output(o);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		shrink_text(o, texts[i].key, texts[i].flag);
	shrink_things(o);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	data = talloc_strdup(ctx,
			     strlen(text) <= TRUNCATED_PART_MAX ? text : "{}");
	json_object_put(o);
	if (!data)
		err_abort("out of memory");
	return data;
}
