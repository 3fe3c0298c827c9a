#include "config.h"
#include "bridge/incoming.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/strict_json.h"

#define SMALL (64 << 10)	/* bytes of a message without a long text */
#define REASON_MAX 10000	/* bytes */
#define ANSWERS_MAX 100
#define PICTURES_MAX 20

/* A message's text may be long; the socket limits its frame. */
static const struct strict_json_limits limits = {
	.bytes = INT32_MAX, .depth = 8, .containers = 300, .elements = 3000,
};

enum { ID = 1, TEXT = 2, ANSWER = 4, MODE = 8, MODEL = 16, DOMAIN = 32, HOW = 64,
       HELD = 128, MAY_HELD = 256, EFFORT = 512, EXTRAS = 1024 };

static const struct {
	const char *name;
	enum incoming_type type;
	unsigned fields;
	size_t max;		/* bytes of the whole message */
} types[] = {
	{ "message", INCOMING_MESSAGE, ID | TEXT | MAY_HELD | EXTRAS, INT32_MAX },
	{ "send", INCOMING_SEND, ID | HELD, SMALL },
	{ "discard", INCOMING_DISCARD, HELD, SMALL },
	{ "recall", INCOMING_RECALL, ID, SMALL },
	{ "withdraw", INCOMING_WITHDRAW, ID, SMALL },
	{ "interrupt", INCOMING_INTERRUPT, 0, SMALL },
	{ "answer", INCOMING_ANSWER, ANSWER, 1 << 20 },
	{ "mode", INCOMING_MODE, MODE, SMALL },
	{ "model", INCOMING_MODEL, MODEL, SMALL },
	{ "effort", INCOMING_EFFORT, EFFORT, SMALL },
	{ "context", INCOMING_CONTEXT, 0, SMALL },
	{ "aside", INCOMING_ASIDE, ID | TEXT, SMALL },
	{ "files", INCOMING_FILES, TEXT, SMALL },
	{ "ask", INCOMING_ASK, DOMAIN, SMALL },
	{ "start", INCOMING_START, HOW, SMALL },
	{ "begin", INCOMING_BEGIN, ID, SMALL },
	{ "release", INCOMING_RELEASE, ID, SMALL },
	{ "ping", INCOMING_PING, 0, SMALL },
};

/*
 * A string without NUL and well-formed: JSON escapes can hide what the frame's
 * check passed.
 */
static bool clean(struct json_object *o)
{
	return json_object_is_type(o, json_type_string) &&
	       utf8_valid(json_object_get_string(o),
			  (size_t)json_object_get_string_len(o));
}

static int get(struct json_object *o, const char *name, const char **out,
	       struct err *e)
{
	struct json_object *field;

	if (!json_object_object_get_ex(o, name, &field))
		return err_set(e, ERR_INPUT, "no %s", name);
	if (!clean(field))
		return err_set(e, ERR_INPUT, "%s is not a text", name);
	*out = json_object_get_string(field);
	return 0;
}

static int get_optional(struct json_object *o, const char *name,
			const char **out, struct err *e)
{
	return json_object_object_get_ex(o, name, NULL) ?
	       get(o, name, out, e) : 0;
}

static int get_id(struct incoming *c, const char *name, char out[ID_SIZE],
		  struct err *e)
{
	const char *id;

	if (get(c->whole, name, &id, e) < 0)
		return -1;
	if (!id_valid(id) || !str_copy(out, ID_SIZE, id))
		return err_set(e, ERR_INPUT, "%s is not a UUID", name);
	return 0;
}

static bool labels_clean(struct json_object *list)
{
	size_t i, n;

	if (clean(list))
		return true;
	if (!json_object_is_type(list, json_type_array))
		return false;
	n = json_object_array_length(list);
	for (i = 0; i < n; i++) {
		if (!clean(json_object_array_get_idx(list, i)))
			return false;
	}
	return n <= ANSWERS_MAX;
}

static int check_answers(struct json_object *o, struct err *e)
{
	if (!json_object_is_type(o, json_type_object) ||
	    json_object_object_length(o) > ANSWERS_MAX)
		return err_set(e, ERR_INPUT, "answers must be an object");
	json_object_object_foreach(o, question, labels) {
		if (!utf8_valid(question, strlen(question)) ||
		    !labels_clean(labels))
			return err_set(e, ERR_INPUT, "an answer must be a label");
	}
	return 0;
}

static int check_reason(const struct incoming *c, struct err *e)
{
	if (strlen(c->reason) <= REASON_MAX)
		return 0;
	return err_tell(e, ERR_LIMIT, "error_reason_too_long",
			"a reason of %zu bytes", strlen(c->reason));
}

static int get_answer(struct incoming *c, struct err *e)
{
	static const char *const choices[] = { "allow", "allow_session", "allow_edits",
					       "deny" };
	const char *target;
	size_t i;

	if (get(c->whole, "target", &target, e) < 0 ||
	    get(c->whole, "choice", &c->choice, e) < 0 ||
	    get_optional(c->whole, "reason", &c->reason, e) < 0)
		return -1;
	if (!str_starts(target, "p-") ||
	    str_parse_number(target + 2, 0, INT64_MAX, &c->target, e) < 0)
		return err_set(e, ERR_INPUT, "target is not a part");
	if (check_reason(c, e) < 0)
		return -1;
	if (json_object_object_get_ex(c->whole, "answers", &c->answers) &&
	    c->answers && check_answers(c->answers, e) < 0)
		return -1;
	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (str_equal(choices[i], c->choice))
			return 0;
	}
	return err_set(e, ERR_INPUT, "unknown choice");
}

static int get_domain(struct incoming *c, struct err *e)
{
	if (get(c->whole, "domain", &c->domain, e) < 0 ||
	    get_optional(c->whole, "reason", &c->reason, e) < 0)
		return -1;
	return check_reason(c, e);
}

/* A message's pictures, as ids separated by spaces, and whether it interrupts. */
static int get_extras(struct incoming *c, struct err *e)
{
	struct json_object *list;
	const char *id;
	char *ids;
	size_t i, n;

	if (json_object_object_get_ex(c->whole, "now", &list))
		c->now = json_object_get_boolean(list);
	if (!json_object_object_get_ex(c->whole, "pictures", &list))
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return err_set(e, ERR_INPUT, "pictures must be a list");
	n = json_object_array_length(list);
	if (n > PICTURES_MAX)
		return err_tell(e, ERR_LIMIT, "error_pictures_many",
				"%zu pictures", n);
	ids = talloc_strdup(c, "");
	for (i = 0; i < n; i++) {
		id = json_object_get_string(json_object_array_get_idx(list, i));
		if (!id || !id_valid(id) || strstr(ids, id))
			return err_set(e, ERR_INPUT, "a picture's id");
		ids = talloc_asprintf_append_buffer(ids, "%s%s", i ? " " : "", id);
	}
	c->pictures = ids;
	return 0;
}

static int get_fields(struct incoming *c, unsigned fields, struct err *e)
{
	if (fields & ID && get_id(c, "id", c->id, e) < 0)
		return -1;
	if (fields & MAY_HELD && json_object_object_get_ex(c->whole, "held", NULL))
		fields |= HELD;
	if (fields & HELD && get_id(c, "held", c->held, e) < 0)
		return -1;
	if (fields & TEXT && get(c->whole, "text", &c->text, e) < 0)
		return -1;
	if (fields & ANSWER && get_answer(c, e) < 0)
		return -1;
	if (fields & DOMAIN && get_domain(c, e) < 0)
		return -1;
	if (fields & HOW && get_optional(c->whole, "how", &c->how, e) < 0)
		return -1;
	if (fields & MODE && get(c->whole, "mode", &c->mode, e) < 0)
		return -1;
	if (fields & EXTRAS && get_extras(c, e) < 0)
		return -1;
	if (fields & EFFORT && get(c->whole, "effort", &c->effort, e) < 0)
		return -1;
	if (fields & MODEL && get(c->whole, "model", &c->model, e) < 0)
		return -1;
	return 0;
}

static int fill(struct incoming *c, size_t n, struct err *e)
{
	const char *type;
	size_t i;

	if (get(c->whole, "type", &type, e) < 0)
		return -1;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_equal(types[i].name, type))
			continue;
		if (n > types[i].max)
			return err_set(e, ERR_LIMIT, "%zu bytes of %s", n, type);
		c->type = types[i].type;
		return get_fields(c, types[i].fields, e);
	}
	return err_set(e, ERR_INPUT, "unknown type");
}

static int release(struct incoming *c)
{
	json_object_put(c->whole);
	return 0;
}

struct incoming *incoming_parse(const void *ctx, const char *text, size_t n,
				struct err *e)
{
	struct incoming *c;

	c = talloc_zero(ctx, struct incoming);
	c->text = c->choice = c->reason = c->mode = c->model = c->effort =
		c->domain = c->how = c->pictures = "";
	c->whole = strict_json_parse(text, n, &limits);
	talloc_set_destructor(c, release);
	if (!json_object_is_type(c->whole, json_type_object)) {
		err_set(e, ERR_INPUT, "not a JSON object, or too rich a one");
	} else if (fill(c, n, e) == 0) {
		return c;
	}
	talloc_free(c);
	return NULL;
}

bool incoming_find_id(const char *head, size_t n, char id[ID_SIZE])
{
	static const char mark[] = "\"id\"";
	const char *at = memmem(head, n < 512 ? n : 512, mark, sizeof(mark) - 1);
	const char *end = head + n;

	if (!at)
		return false;
	for (at += sizeof(mark) - 1; at < end && strchr(": \"", *at) && *at; at++)
		;
	if (end - at < ID_SIZE)
		return false;
	memcpy(id, at, ID_SIZE - 1);
	id[ID_SIZE - 1] = '\0';
	return id_valid(id);
}
