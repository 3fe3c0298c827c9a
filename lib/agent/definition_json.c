#include "config.h"
#include "agent/definition.h"
#include "agent/definition_internal.h"

#include <inttypes.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/strict_json.h"

#define SHOWN_MAX 60	/* bytes of an unknown member's name */

/* A file without a schedule needs no time zone. */
#define TIMEZONE "UTC"

static const struct strict_json_limits limits = {
	.bytes = DEFINITION_JSON_MAX, .depth = 32, .containers = 4000, .elements = 40000,
};

static int wrong(const char *member, const char *what, struct err *e)
{
	return err_tell(e, ERR_INPUT, "error_agent_json_type", "%s: %s",
			member, what);
}

static int unknown(const char *prefix, const char *key, struct err *e)
{
	size_t n = utf8_prefix(key, strlen(key), SHOWN_MAX);

	return err_tell(e, ERR_INPUT, "error_agent_json_unknown",
			"%s%.*s: unknown member", prefix, (int)n, key);
}

static int text(const void *ctx, const char *member, struct json_object *o,
		const char **out, struct err *e)
{
	if (!json_object_is_type(o, json_type_string))
		return wrong(member, "a text", e);
	*out = talloc_strdup(ctx, json_object_get_string(o));
	return 0;
}

static int read_frequency(struct schedule *s, struct json_object *o,
			  struct err *e)
{
	if (!json_object_is_type(o, json_type_string))
		return wrong("schedule.frequency", "a text", e);
	if (frequency_parse(json_object_get_string(o), &s->frequency, e) < 0)
		return err_tell(e, ERR_INPUT, "error_agent_frequency",
				"schedule.frequency: none of its words");
	return 0;
}

static int read_schedule_member(struct definition *d, const char *key,
				struct json_object *o, struct err *e)
{
	struct schedule *s = &d->schedule;
	const struct {
		const char *key, *member;
		const char **out;
	} rows[] = {
		{ "date", "schedule.date", &s->date },
		{ "time", "schedule.time", &s->time },
		{ "days", "schedule.days", &s->days },
		{ "cron", "schedule.cron", &s->cron },
		{ "timezone", "schedule.timezone", &s->timezone },
	};
	size_t i;

	if (str_equal(key, "frequency"))
		return read_frequency(s, o, e);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_equal(key, rows[i].key))
			return text(d, rows[i].member, o, rows[i].out, e);
	}
	return unknown("schedule.", key, e);
}

static int read_schedule(struct definition *d, struct json_object *o,
			 struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return wrong("schedule", "an object", e);
	d->schedule.timezone = "";
	json_object_object_foreach(o, key, value) {
		if (read_schedule_member(d, key, value, e) < 0)
			return -1;
	}
	if (!d->schedule.timezone[0])
		return err_tell(e, ERR_INPUT, "error_schedule_zone",
				"schedule.timezone: it is missing");
	return 0;
}

static int read_tools(struct definition *d, struct json_object *o,
		      struct err *e)
{
	size_t n, i;

	if (!json_object_is_type(o, json_type_array))
		return wrong("tools", "a list of texts", e);
	n = json_object_array_length(o);
	if (n > AGENT_TOOLS_MAX)
		return err_tell(e, ERR_LIMIT, "error_agent_tools_many",
				"tools: at most %d", AGENT_TOOLS_MAX);
	d->tools = talloc_zero_array(d, const char *, (unsigned)n);
	for (i = 0; i < n; i++) {
		if (text(d, "tools", json_object_array_get_idx(o, i),
			 &d->tools[i], e) < 0)
			return -1;
	}
	d->ntools = n;
	return 0;
}

static int read_word(struct definition *d, const char *key,
		     struct json_object *o, struct err *e)
{
	const char *s;

	if (!json_object_is_type(o, json_type_string))
		return wrong(key, "a text", e);
	s = json_object_get_string(o);
	if (str_equal(key, "policy"))
		return policy_parse(s, &d->policy, e);
	if (str_equal(key, "overlap"))
		return overlap_parse(s, &d->overlap, e);
	return missed_parse(s, &d->missed, e);
}

static int read_number(struct definition *d, const char *key,
		       struct json_object *o, struct err *e)
{
	size_t i;

	for (i = 0; i < definition_nnumbers; i++) {
		if (!str_equal(key, definition_numbers[i].member))
			continue;
		if (!json_object_is_type(o, json_type_int))
			return wrong(key, "a whole number", e);
		*definition_number(d, &definition_numbers[i]) =
			json_object_get_int64(o);
		return 0;
	}
	return unknown("", key, e);
}

static int read_member(struct definition *d, const char *key,
		       struct json_object *o, struct err *e)
{
	if (str_equal(key, "gongbang_agent"))
		return 0;
	if (str_equal(key, "name"))
		return text(d, key, o, &d->name, e);
	if (str_equal(key, "prompt"))
		return text(d, key, o, &d->prompt, e);
	if (str_equal(key, "model"))
		return text(d, key, o, &d->model, e);
	if (str_equal(key, "schedule"))
		return read_schedule(d, o, e);
	if (str_equal(key, "tools"))
		return read_tools(d, o, e);
	if (str_equal(key, "policy") || str_equal(key, "overlap") ||
	    str_equal(key, "missed"))
		return read_word(d, key, o, e);
	return read_number(d, key, o, e);
}

static int check_version(struct json_object *o, struct err *e)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object))
		return err_tell(e, ERR_INPUT, "error_agent_json",
				"(file): not a JSON object");
	if (!json_object_object_get_ex(o, "gongbang_agent", &v) ||
	    !json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) < 1)
		return err_tell(e, ERR_INPUT, "error_agent_json_kind",
				"gongbang_agent: no exported agent");
	if (json_object_get_int64(v) > DEFINITION_VERSION)
		return err_tell(e, ERR_INPUT, "error_agent_json_newer",
				"gongbang_agent: version %" PRId64 ", this"
				" reads up to %d", json_object_get_int64(v),
				DEFINITION_VERSION);
	return 0;
}

const char *definition_member(const char *field)
{
	static const char *const rows[][2] = {
		{ "frequency", "schedule.frequency" },
		{ "date", "schedule.date" }, { "time", "schedule.time" },
		{ "days", "schedule.days" }, { "cron", "schedule.cron" },
		{ "timezone", "schedule.timezone" },
	};
	const char *const (*row)[2] = table_find(rows, field);
	size_t i;

	if (row)
		return (*row)[1];
	for (i = 0; i < definition_nnumbers; i++) {
		if (str_equal(definition_numbers[i].field, field))
			return definition_numbers[i].member;
	}
	return field;
}

/* "timeout: ..." is about the file's member timeout_minutes. */
static int check_read(const struct definition *d, struct err *e)
{
	struct err inner = { 0 };
	const char *field = "", *rest;

	if (definition_check(d, &field, &inner) == 0)
		return 0;
	rest = strstr(inner.text, ": ");
	return err_tell(e, inner.kind, inner.key, "%s%s",
			definition_member(field), rest ? rest : "");
}

static int read_all(struct definition *d, struct json_object *o,
		    const char *json, size_t n, struct err *e)
{
	if (check_version(o, e) < 0)
		return -1;
	if (strict_json_repeats(o, json, n))
		return err_tell(e, ERR_INPUT, "error_agent_json_twice",
				"(file): duplicate member");
	json_object_object_foreach(o, key, value) {
		if (read_member(d, key, value, e) < 0)
			return -1;
	}
	return check_read(d, e);
}

struct definition *definition_parse(const void *ctx, const char *json,
				    size_t n, struct err *e)
{
	struct definition *d;
	auto_strict_json *o = NULL;

	if (n > DEFINITION_JSON_MAX) {
		err_tell(e, ERR_LIMIT, "error_agent_json_long",
			 "(file): at most %u bytes", DEFINITION_JSON_MAX);
		return NULL;
	}
	o = strict_json_parse(json, n, &limits);
	d = definition_new(ctx, TIMEZONE);
	if (read_all(d, o, json, n, e) == 0)
		return d;
	talloc_free(d);
	return NULL;
}

/* ---- writing ---- */

static int add_string(struct buf *out, const char *s, struct err *e)
{
	auto_strict_json *o = alloc_checked(json_object_new_string(s));

	return buf_add_text(out, json_object_to_json_string_ext(o,
			    JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE), e);
}

static int add_text(struct buf *out, const char *indent, const char *member,
		    const char *s, const char *end, struct err *e)
{
	if (buf_addf(out, e, "%s\"%s\": ", indent, member) < 0 ||
	    add_string(out, s, e) < 0)
		return -1;
	return buf_add_text(out, end, e);
}

/* Empty fields are left out; the zone comes last and is always written. */
static int add_schedule(struct buf *out, const struct schedule *s,
			struct err *e)
{
	const char *const rows[][2] = {
		{ "frequency", frequency_name(s->frequency) },
		{ "date", s->date }, { "time", s->time }, { "days", s->days },
		{ "cron", s->cron },
	};
	size_t i;

	if (buf_add_text(out, "\t\"schedule\": {\n", e) < 0)
		return -1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i][1] && rows[i][1][0] &&
		    add_text(out, "\t\t", rows[i][0], rows[i][1], ",\n", e) < 0)
			return -1;
	}
	return add_text(out, "\t\t", "timezone", s->timezone, "\n\t},\n", e);
}

static int add_tools(struct buf *out, const struct definition *d,
		     struct err *e)
{
	size_t i;

	if (!d->ntools)
		return buf_add_text(out, "\t\"tools\": [],\n", e);
	if (buf_add_text(out, "\t\"tools\": [\n", e) < 0)
		return -1;
	for (i = 0; i < d->ntools; i++) {
		if (buf_add_text(out, "\t\t", e) < 0 ||
		    add_string(out, d->tools[i], e) < 0 ||
		    buf_add_text(out, i + 1 < d->ntools ? ",\n" : "\n", e) < 0)
			return -1;
	}
	return buf_add_text(out, "\t],\n", e);
}

static int add_numbers(struct buf *out, const struct definition *d,
		       struct err *e)
{
	size_t i;

	for (i = 0; i < definition_nnumbers; i++) {
		if (buf_addf(out, e, "\t\"%s\": %" PRId64 ",\n",
			     definition_numbers[i].member,
			     definition_number_of(d, &definition_numbers[i])) < 0)
			return -1;
	}
	return 0;
}

int definition_format(const struct definition *d, struct buf *out,
		      struct err *e)
{
	if (buf_addf(out, e, "{\n\t\"gongbang_agent\": %d,\n",
		     DEFINITION_VERSION) < 0 ||
	    add_text(out, "\t", "name", d->name, ",\n", e) < 0 ||
	    add_text(out, "\t", "prompt", d->prompt, ",\n", e) < 0 ||
	    add_schedule(out, &d->schedule, e) < 0 ||
	    add_text(out, "\t", "model", d->model, ",\n", e) < 0 ||
	    add_text(out, "\t", "policy", policy_name(d->policy), ",\n", e) < 0 ||
	    add_tools(out, d, e) < 0 || add_numbers(out, d, e) < 0 ||
	    add_text(out, "\t", "overlap", overlap_name(d->overlap), ",\n", e) < 0)
		return -1;
	return add_text(out, "\t", "missed", missed_name(d->missed), "\n}\n", e);
}
