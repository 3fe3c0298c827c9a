#include "config.h"
#include "transcript/part_search.h"

#include <json-c/json.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"

static const struct {
	const char *kind, *fields[2];
} kinds[] = {
	{ "text", { "text", NULL } },
	{ "tool_use", { "title", "about" } },
	{ "plan", { "plan", NULL } },
	{ "question", { "message", NULL } },
};

static void add(char **out, const char *text)
{
	if (text && *text)
		*out = alloc_checked(talloc_asprintf_append(*out, "%s%s",
							    **out ? "\n" : "",
							    text));
}

static void add_questions(char **out, struct json_object *o)
{
	struct json_object *list = field_list(o, "questions");
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		add(out, field_string(json_object_array_get_idx(list, i),
				      "question"));
}

char *part_search_text(const void *ctx, const struct part *p)
{
	const typeof(kinds[0]) *k = table_find(kinds, p->kind);
	struct json_object *o;
	char *out;
	size_t i;

	if (!k || str_equal(p->state, "running"))
		return NULL;
	o = field_parse(p->data, strlen(p->data));
	out = alloc_checked(talloc_strdup(ctx, ""));
	for (i = 0; i < 2 && k->fields[i]; i++)
		add(&out, field_string(o, k->fields[i]));
	add_questions(&out, o);
	json_object_put(o);
	if (*out && utf8_valid(out, strlen(out)))
		return out;
	talloc_free(out);
	return NULL;
}
