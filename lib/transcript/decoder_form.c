/*
 * Forms of MCP servers (elicitation, in the Model Context Protocol): a question
 * whose fields are named and typed by a JSON schema.
 */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"

#define FIELDS_MAX 20
#define OPTIONS_MAX 50
#define LABEL_MAX 4000
#define ID_MAX 200

static void put(struct json_object *into, const char *as, const char *text)
{
	if (text)
		field_put_text(into, as, text, strlen(text), LABEL_MAX, true);
}

static void add_option(struct json_object *list, const char *value, const char *title)
{
	struct json_object *option;

	if (!value || json_object_array_length(list) >= OPTIONS_MAX)
		return;
	option = json_object_new_object();
	put(option, "label", title && *title ? title : value);
	put(option, "value", value);
	json_object_array_add(list, option);
}

static const char *text_at(struct json_object *list, size_t i)
{
	struct json_object *o = list && i < json_object_array_length(list) ?
				json_object_array_get_idx(list, i) : NULL;

	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

/* "enum" with "enumNames", or titled constants. NULL: it names no values. */
static struct json_object *options_of(struct json_object *schema)
{
	struct json_object *values = field_list(schema, "enum");
	struct json_object *titled = field_list(schema, "oneOf"), *list, *one;
	size_t i;

	if (!titled)
		titled = field_list(schema, "anyOf");
	if (!values && !titled)
		return NULL;
	list = json_object_new_array();
	for (i = 0; values && i < json_object_array_length(values); i++)
		add_option(list, text_at(values, i),
			   text_at(field_list(schema, "enumNames"), i));
	for (i = 0; !values && i < json_object_array_length(titled); i++) {
		one = json_object_array_get_idx(titled, i);
		add_option(list, field_text(one, "const", NULL),
			   field_text(one, "title", NULL));
	}
	return list;
}

/* How a field is shown. False: not at all. */
static bool fill_field(struct json_object *one, struct json_object *schema)
{
	static const char *const plain[] = { "string", "number", "integer", "boolean" };
	bool many = field_is(schema, "type", "array");
	struct json_object *options = options_of(many ? field_object(schema, "items") : schema);
	size_t i;

	field_put_flag(one, "multi", many);
	if (options) {
		json_object_object_add(one, "options", options);
		put(one, "type", "choice");
		return json_object_array_length(options) > 0;
	}
	for (i = 0; !many && i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (field_is(schema, "type", plain[i])) {
			put(one, "type", plain[i]);
			return true;
		}
	}
	return false;
}

static bool required(struct json_object *form, const char *name)
{
	struct json_object *list = field_list(form, "required");
	const char *wanted;
	size_t i;

	for (i = 0; (wanted = text_at(list, i)); i++) {
		if (str_equal(wanted, name))
			return true;
	}
	return false;
}

static bool add_field(struct json_object *list, struct json_object *form,
		      const char *name, struct json_object *schema)
{
	struct json_object *one = json_object_new_object();
	const char *title = field_text(schema, "title", NULL);

	json_object_array_add(list, one);
	field_put_text(one, "name", name, strlen(name), LABEL_MAX, false);
	put(one, "question", title && *title ? title : name);
	put(one, "about", field_text(schema, "description", NULL));
	field_put_flag(one, "optional", !required(form, name));
	return *name && strlen(name) < LABEL_MAX && utf8_valid(name, strlen(name)) &&
	       fill_field(one, schema);
}

/* False: the form has something that no page shows. */
static bool fill_fields(struct live *l, struct json_object *request)
{
	struct json_object *form = field_object(request, "requested_schema");
	struct json_object *fields = field_object(form, "properties");
	struct json_object *list = json_object_new_array();
	bool shown = !field_is(request, "mode", "url");

	json_object_object_add(l->data, "questions", list);
	if (!fields)
		return shown;
	json_object_object_foreach(fields, name, schema) {
		if (json_object_array_length(list) == FIELDS_MAX ||
		    !add_field(list, form, name, schema))
			return false;
	}
	return shown;
}

void form_request(struct decoder *d, struct json_object *line)
{
	struct json_object *request = field_object(line, "request");
	const char *id, *server = field_text(request, "mcp_server_name", NULL);
	struct live *l;
	size_t n;

	id = field_text(line, "request_id", &n);
	if (!id || !n || n > ID_MAX || live_find(d, id))
		return;
	turn_start(d);
	l = live_begin(d, "assistant", "question", "waiting");
	l->id = talloc_strdup(l, id);
	field_put_text(l->data, "request", id, n, ID_MAX, false);
	field_put_flag(l->data, "form", true);
	put(l->data, "tool", server ? server : "?");
	put(l->data, "message", field_text(request, "message", NULL));
	if (!fill_fields(l, request)) {
		json_object_object_del(l->data, "questions");
		field_put_flag(l->data, "unshown", true);
	}
	activity(d, "waiting", field_text(l->data, "tool", NULL));
	live_emit(d, l);
}

/* A value as the texts that a page sends. */
static struct json_object *answer_of(struct json_object *value)
{
	struct json_object *list;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return json_object_new_string(value ? json_object_get_string(value) : "");
	list = json_object_new_array();
	for (i = 0; i < json_object_array_length(value) && i < OPTIONS_MAX; i++)
		json_object_array_add(list, answer_of(json_object_array_get_idx(value, i)));
	return list;
}

void form_answered(struct decoder *d, struct live *l, struct json_object *answer)
{
	struct json_object *content = field_object(answer, "content"), *texts, *copy;
	size_t budget = QUESTION_MAX;
	bool cut = false;

	activity(d, "requesting", NULL);
	if (!field_is(answer, "action", "accept")) {
		live_finish(d, l, "denied");
		return;
	}
	texts = json_object_new_object();
	if (content) {
		json_object_object_foreach(content, name, value)
			json_object_object_add(texts, name, answer_of(value));
	}
	copy = field_copy(texts, &budget, &cut);
	json_object_put(texts);
	json_object_object_add(l->data, "answers", copy);
	live_finish(d, l, "ok");
}
