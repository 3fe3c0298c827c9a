#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"
#include "transcript/ask_rules.h"

#define EXACT_MAX 9007199254740991.0	/* the largest number that each reader of JSON keeps exactly */

/* Takes o. */
static char *write_line(struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line = talloc_asprintf(NULL, "%s\n", text);

	json_object_put(o);
	return line;
}

char *stdin_json_user(const char *id, const char *text)
{
	struct json_object *o = json_object_new_object();
	struct json_object *message = json_object_new_object();

	field_put_string(o, "type", "user");
	field_put_string(message, "role", "user");
	field_put_string(message, "content", text);
	json_object_object_add(o, "message", message);
	field_put_string(o, "uuid", id);
	return write_line(o);
}

static struct json_object *control(const char *request_id, const char *subtype,
				   struct json_object **request)
{
	struct json_object *o = json_object_new_object();

	*request = json_object_new_object();
	field_put_string(o, "type", "control_request");
	field_put_string(o, "request_id", request_id);
	field_put_string(*request, "subtype", subtype);
	json_object_object_add(o, "request", *request);
	return o;
}

char *stdin_json_control(const char *request_id, const char *subtype,
			 const char *name, const char *value)
{
	struct json_object *request, *o = control(request_id, subtype, &request);

	if (name)
		field_put_string(request, name, value);
	return write_line(o);
}

char *stdin_json_interrupt(const char *request_id)
{
	struct json_object *request;
	struct json_object *o = control(request_id, "interrupt", &request);

	field_put_flag(request, "cancel_queued", true);
	return write_line(o);
}

char *stdin_json_refuse(const char *request_id, const char *why)
{
	struct json_object *o = json_object_new_object();
	struct json_object *response = json_object_new_object();

	field_put_string(o, "type", "control_response");
	field_put_string(response, "subtype", "error");
	field_put_string(response, "request_id", request_id);
	field_put_string(response, "error", why);
	json_object_object_add(o, "response", response);
	return write_line(o);
}

static struct json_object *copy_of(struct json_object *o)
{
	struct json_object *copy = NULL;

	if (o && json_object_deep_copy(o, &copy, NULL) == 0)
		return copy;
	return json_object_new_object();
}

static struct json_object *accept_edits(void)
{
	struct json_object *update = json_object_new_object();
	struct json_object *list = json_object_new_array();

	field_put_string(update, "type", "setMode");
	field_put_string(update, "mode", "acceptEdits");
	field_put_string(update, "destination", "session");
	json_object_array_add(list, update);
	return list;
}

bool widens_edits(const struct part *p, const struct session_answer *a)
{
	return str_equal(a->choice, str_equal(p->kind, "plan") ?
			 "allow_session" : "allow_edits");
}

static struct json_object *allow(const struct part *p, struct json_object *data,
				 const struct session_answer *a)
{
	struct json_object *r = json_object_new_object(), *input = NULL;
	bool session = str_equal(a->choice, "allow_session");

	field_put_string(r, "behavior", "allow");
	/* A truncated input is not the original: sends none. */
	if (!json_object_object_get_ex(data, "input_cut", NULL))
		json_object_object_get_ex(data, "input", &input);
	input = input ? copy_of(input) : NULL;
	if (input && a->answers && str_equal(p->kind, "question"))
		json_object_object_add(input, "answers", copy_of(a->answers));
	if (input)
		json_object_object_add(r, "updatedInput", input);
	if (widens_edits(p, a))
		json_object_object_add(r, "updatedPermissions", accept_edits());
	else if (session && str_equal(p->kind, "permission"))
		json_object_object_add(r, "updatedPermissions", ask_rules(data));
	return r;
}

static struct json_object *deny(const struct session_answer *a)
{
	struct json_object *r = json_object_new_object();

	field_put_string(r, "behavior", "deny");
	field_put_string(r, "message", a->reason[0] ? a->reason : ASK_DENIED);
	return r;
}

/* Converts a typed answer to the field's type. NULL: it has no such value. */
static struct json_object *field_value(struct json_object *field, const char *typed)
{
	bool whole = field_is(field, "type", "integer");
	char *end;
	double n;

	if (field_is(field, "type", "boolean"))
		return json_object_new_boolean(str_equal(typed, "true"));
	if (!whole && !field_is(field, "type", "number"))
		return json_object_new_string(typed);
	n = strtod(typed, &end);
	if (end == typed || *end || !(n >= -EXACT_MAX && n <= EXACT_MAX))
		return NULL;
	if (n == (double)(int64_t)n)
		return json_object_new_int64((int64_t)n);
	return whole ? NULL : json_object_new_double(n);
}

/* 0 also when nothing was typed into a field that may be empty. */
static int add_field(struct json_object *content, struct json_object *field,
		     struct json_object *typed)
{
	const char *name = ask_answer_name(field), *text;
	struct json_object *value = NULL;

	if (json_object_is_type(typed, json_type_array)) {
		json_object_object_add(content, name, copy_of(typed));
		return 0;
	}
	text = json_object_is_type(typed, json_type_string) ?
	       json_object_get_string(typed) : "";
	if (!*text)
		return field_flag(field, "optional") ? 0 : -1;
	value = field_value(field, text);
	if (!value)
		return -1;
	json_object_object_add(content, name, value);
	return 0;
}

/* The answer to a form, as its server's schema has it. NULL: something is missing or no number. */
static struct json_object *fill_form(struct json_object *data,
				     const struct session_answer *a)
{
	struct json_object *fields = field_list(data, "questions"), *typed;
	struct json_object *content = json_object_new_object(), *r;
	size_t i;

	for (i = 0; fields && i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);

		typed = NULL;
		if (a->answers)
			json_object_object_get_ex(a->answers,
						  ask_answer_name(field), &typed);
		if (add_field(content, field, typed) < 0) {
			json_object_put(content);
			return NULL;
		}
	}
	r = json_object_new_object();
	field_put_string(r, "action", "accept");
	json_object_object_add(r, "content", content);
	return r;
}

static struct json_object *answer_of(const struct part *p, struct json_object *data,
				     const struct session_answer *a)
{
	bool denies = str_equal(a->choice, "deny");
	struct json_object *r;

	if (!field_flag(data, "form"))
		return denies ? deny(a) : allow(p, data, a);
	if (!denies)
		return fill_form(data, a);
	r = json_object_new_object();
	field_put_string(r, "action", "decline");
	return r;
}

char *stdin_json_answer(const struct part *p, const struct session_answer *a,
			struct err *e)
{
	struct json_object *data = field_parse(p->data, strlen(p->data)), *request = NULL;
	struct json_object *o, *response, *said;

	json_object_object_get_ex(data, "request", &request);
	if (!json_object_is_type(request, json_type_string)) {
		json_object_put(data);
		err_set(e, ERR_INTERNAL, "part without a request");
		return NULL;
	}
	said = answer_of(p, data, a);
	if (!said) {
		json_object_put(data);
		err_tell(e, ERR_INPUT, "error_form_fields", "a field of the form");
		return NULL;
	}
	o = json_object_new_object();
	response = json_object_new_object();
	field_put_string(o, "type", "control_response");
	field_put_string(response, "subtype", "success");
	field_put_string(response, "request_id", json_object_get_string(request));
	json_object_object_add(response, "response", said);
	json_object_object_add(o, "response", response);
	json_object_put(data);
	return write_line(o);
}
