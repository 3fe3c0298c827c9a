#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <talloc.h>

#include "core/base64.h"
#include "core/buf.h"
#include "core/str.h"
#include "json/field.h"
#include "session/session_internal.h"
#include "transcript/ask_rules.h"

#define LINE_MAX_BYTES (31u << 20)	/* the shim takes 32 MiB of input at once */
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

char *stdin_json_user(const char *id, const char *text, bool now)
{
	struct json_object *o = json_object_new_object();
	struct json_object *message = json_object_new_object();

	field_put_string(o, "type", "user");
	field_put_string(message, "role", "user");
	field_put_string(message, "content", text);
	json_object_object_add(o, "message", message);
	field_put_string(o, "uuid", id);
	if (now)
		field_put_string(o, "priority", "now");
	return write_line(o);
}

/* As a JSON string. */
static int add_quoted(struct buf *out, const char *text, struct err *e)
{
	struct json_object *o = json_object_new_string(text);
	int bad = buf_add_text(out, json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), e);

	json_object_put(o);
	return bad;
}

static int add_picture(struct buf *out, const struct picture *p, bool first,
		       struct err *e)
{
	if (buf_addf(out, e, "%s{\"type\":\"image\",\"source\":{\"type\":"
		     "\"base64\",\"media_type\":\"%s\",\"data\":\"",
		     first ? "" : ",", p->media_type) < 0 ||
	    base64_add(out, p->data, p->bytes, e) < 0)
		return -1;
	return buf_add_text(out, "\"}}", e);
}

/* Written piece by piece: a tree of it would take several times its size. */
char *stdin_json_pictures(const char *id, const char *text, bool now,
			  struct picture *const *pictures, size_t n,
			  struct err *e)
{
	auto_buf out = BUF_INIT(LINE_MAX_BYTES);
	size_t i;

	if (buf_add_text(&out, "{\"type\":\"user\",\"message\":{\"role\":"
			 "\"user\",\"content\":[", e) < 0)
		return NULL;
	for (i = 0; i < n; i++) {
		if (add_picture(&out, pictures[i], !i, e) < 0)
			return NULL;
	}
	if (*text && (buf_add_text(&out, n ? ",{\"type\":\"text\",\"text\":" :
				   "{\"type\":\"text\",\"text\":", e) < 0 ||
		      add_quoted(&out, text, e) < 0 ||
		      buf_add(&out, "}", 1, e) < 0))
		return NULL;
	if (buf_addf(&out, e, "]},\"uuid\":\"%s\"%s}\n", id,
		     now ? ",\"priority\":\"now\"" : "") < 0)
		return NULL;
	return talloc_strndup(NULL, out.data, out.len);
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

char *stdin_json_effort(const char *request_id, const char *effort)
{
	struct json_object *request, *settings = json_object_new_object();
	struct json_object *o = control(request_id, "apply_flag_settings", &request);

	if (*effort)
		field_put_string(settings, "effortLevel", effort);
	else
		json_object_object_add(settings, "effortLevel", NULL);
	json_object_object_add(request, "settings", settings);
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
