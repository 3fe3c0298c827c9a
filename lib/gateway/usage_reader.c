#include "config.h"
#include "gateway/usage_reader.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/str.h"
#include "gateway/usage_reader_internal.h"
#include "json/strict_json.h"

#define USES_MAX 1000		/* more in one call is not a number of uses */
#define TOKENS_MAX INT64_C(100000000)	/* more in one call is not a number of tokens */
static const struct strict_json_limits limits = {
	.bytes = USAGE_KEPT_MAX, .depth = 32, .containers = 512,
	.elements = 4096, .loose = true,
};
#define KEPT_IDLE 2048		/* bytes kept allocated between lines */

static int release(struct usage_reader *r)
{
	buf_release(&r->kept);
	return 0;
}

struct usage_reader *usage_reader_new(const void *ctx)
{
	struct usage_reader *r =
		alloc_checked(talloc_zero(ctx, struct usage_reader));

	buf_init(&r->kept, USAGE_KEPT_MAX);
	talloc_set_destructor(r, release);
	return r;
}

/*
 * A body begins with "{", "[" or a quote, a stream with a field's name or a
 * colon. Leading bytes (blanks, a byte order mark) decide nothing.
 */
static size_t find_shape(struct usage_reader *r, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && r->format == USAGE_UNKNOWN; i++) {
		if (strchr(" \t\r\n\xef\xbb\xbf", bytes[i]) && bytes[i])
			continue;
		r->format = strchr("{[\"", bytes[i]) && bytes[i] ? USAGE_JSON : USAGE_SSE;
		return i;
	}
	return i;
}

void usage_reader_feed(struct usage_reader *r, const void *bytes, size_t n)
{
	size_t skip = r->format == USAGE_UNKNOWN ? find_shape(r, bytes, n) : 0;
	const char *from = (const char *)bytes + skip;

	if (r->format == USAGE_SSE)
		sse_feed(r, from, n - skip);
	else if (r->format == USAGE_JSON)
		json_feed(r, from, n - skip);
}

const struct usage_reading *usage_reader_reading(const struct usage_reader *r)
{
	return &r->reading;
}

void usage_estimate(const struct usage_reading *r, int64_t input, int64_t unseen,
		    struct usage *out)
{
	static const struct usage none;
	int64_t passed = r ? r->unreported / USAGE_BYTES_PER_TOKEN : 0;

	*out = r ? r->usage : none;
	if (!usage_prompt(out))
		out->input = input;
	if (r && out->output < r->streamed + passed)
		out->output = r->streamed + passed;
	if (out->output < passed + unseen)
		out->output = passed + unseen;
}

bool usage_keep(struct usage_reader *r, const char *bytes, size_t n)
{
	struct err e = { 0 };

	return buf_add(&r->kept, bytes, n, &e) == 0;
}

void usage_drop(struct usage_reader *r)
{
	if (r->kept.size > KEPT_IDLE)
		buf_release(&r->kept);
	else
		buf_clear(&r->kept);
}

/*
 * Up to a NUL: counting must work on whatever can be read. Of a name that occurs
 * twice only one value is seen.
 */
static struct json_object *parse(struct usage_reader *r)
{
	const char *text = buf_text(&r->kept);
	size_t n = strnlen(text, r->kept.len);
	struct json_object *o = strict_json_parse(text, n, &limits);

	if (o && strict_json_repeats(o, text, n))
		r->reading.absurd = true;
	return o;
}

/* NULL unless it is an object. */
static struct json_object *object_at(struct json_object *o, const char *name)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	v = json_object_object_get(o, name);
	return json_object_is_type(v, json_type_object) ? v : NULL;
}

static bool is_text(struct json_object *o, const char *want)
{
	return json_object_is_type(o, json_type_string) &&
	       str_equal(json_object_get_string(o), want);
}

/*
 * False when it is absent; anything but a number of tokens is noted and counts
 * as absent.
 */
static bool tokens_at(struct usage_reader *r, struct json_object *o, const char *name,
		      int64_t *out)
{
	struct json_object *v = json_object_object_get(o, name);
	int64_t n;

	if (!v)
		return false;
	n = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
	if (n < 0 || n > TOKENS_MAX) {
		r->reading.absurd = true;
		return false;
	}
	*out = n;
	return true;
}

/*
 * Cache writes: by lifetime, or one number; tokens not known to live an hour
 * count as five minutes.
 */
static bool read_writes(struct usage_reader *r, struct json_object *o, struct usage *u)
{
	struct json_object *split = object_at(o, "cache_creation");
	int64_t five = 0, hour = 0, all;
	bool any = false;

	if (split) {
		any = tokens_at(r, split, "ephemeral_5m_input_tokens", &five);
		any |= tokens_at(r, split, "ephemeral_1h_input_tokens", &hour);
	}
	if (!any) {
		five = u->cache_write_5m;
		hour = u->cache_write_1h;
	}
	if (tokens_at(r, o, "cache_creation_input_tokens", &all)) {
		if (!any && hour > all)
			hour = all;
		if (!any || five + hour < all)
			five = all - hour;
		any = true;
	}
	u->cache_write_5m = five;
	u->cache_write_1h = hour;
	return any;
}

static void add_tokens(int64_t *to, int64_t n)
{
	*to = n > TOKENS_MAX - *to ? TOKENS_MAX : *to + n;
}

static void add_iteration(struct usage_reader *r, struct json_object *o)
{
	struct iterations *to = &r->iterations;
	struct usage u = { 0 };

	tokens_at(r, o, "input_tokens", &u.input);
	tokens_at(r, o, "output_tokens", &u.output);
	tokens_at(r, o, "cache_read_input_tokens", &u.cache_read);
	read_writes(r, o, &u);
	add_tokens(&to->usage.input, u.input);
	add_tokens(&to->usage.output, u.output);
	add_tokens(&to->usage.cache_read, u.cache_read);
	add_tokens(&to->usage.cache_write_1h, u.cache_write_1h);
	add_tokens(object_at(o, "cache_creation") ? &to->usage.cache_write_5m :
		   &to->writes, u.cache_write_5m);
}

/*
 * A call may consist of several runs of the model, for instance one that
 * compacted the context: usage itself covers only the last kind, the list
 * covers all.
 */
static bool read_iterations(struct usage_reader *r, struct json_object *o)
{
	struct json_object *list = json_object_object_get(o, "iterations");
	struct json_object *one;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	r->iterations = (struct iterations){ .writes = 0 };
	for (i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (json_object_is_type(one, json_type_object))
			add_iteration(r, one);
	}
	return i > 0;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * The larger of both, class by class; writes without a lifetime use the top
 * level's.
 */
static void join(const struct usage *top, const struct iterations *all,
		 struct usage *out)
{
	const struct usage *u = &all->usage;
	int64_t writes = u->cache_write_5m + u->cache_write_1h + all->writes;

	out->input = larger(top->input, u->input);
	out->output = larger(top->output, u->output);
	out->cache_read = larger(top->cache_read, u->cache_read);
	out->cache_write_1h = larger(top->cache_write_1h, u->cache_write_1h);
	out->cache_write_5m = larger(top->cache_write_5m, u->cache_write_5m);
	out->cache_write_5m = larger(out->cache_write_5m,
				     writes - out->cache_write_1h);
}

static void enlarge(struct usage *to, const struct usage *by)
{
	to->input = larger(to->input, by->input);
	to->output = larger(to->output, by->output);
	to->cache_read = larger(to->cache_read, by->cache_read);
	/* A later report may count the same tokens under another lifetime. */
	if (by->cache_write_1h + by->cache_write_5m >=
	    to->cache_write_1h + to->cache_write_5m) {
		to->cache_write_1h = by->cache_write_1h;
		to->cache_write_5m = by->cache_write_5m;
	}
}

/*
 * Names of blocks and of their reports, unified: all code tools are one kind,
 * so are the tool searches.
 */
static void name_tool(const char *name, size_t n, char out[USAGE_TOOL_NAME])
{
	static const char code[] = "code_execution", search[] = "tool_search";

	const size_t tail = sizeof(code) - 1;

	if (n >= tail && !memcmp(&name[n - tail], code, tail))
		strcpy(out, code);
	else if (n >= strlen(search) && !memcmp(name, search, strlen(search)))
		strcpy(out, search);
	else if (n && n < USAGE_TOOL_NAME &&
		 strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") >= n)
		snprintf(out, USAGE_TOOL_NAME, "%.*s", (int)n, name);
	else
		strcpy(out, "unknown");
}

static struct usage_tool *tool_at(struct usage_reader *r, const char *name, size_t n)
{
	struct usage_reading *u = &r->reading;
	char text[USAGE_TOOL_NAME];
	size_t i;

	name_tool(name, n, text);
	for (i = 0; i < u->n_tools; i++) {
		if (str_equal(u->tools[i].name, text))
			return &u->tools[i];
	}
	if (u->n_tools == USAGE_TOOLS)
		return &u->tools[USAGE_TOOLS - 1];
	strcpy(u->tools[u->n_tools].name, text);
	return &u->tools[u->n_tools++];
}

/* usage.server_tool_use: {"web_search_requests": 2}. */
static void read_tools(struct usage_reader *r, struct json_object *o)
{
	static const char end[] = "_requests";
	struct usage_tool *t;
	int64_t uses;
	size_t n;

	if (!o)
		return;
	json_object_object_foreach(o, key, value) {
		n = strlen(key);
		uses = json_object_is_type(value, json_type_int) ?
			json_object_get_int64(value) : 0;
		if (n < strlen(end) || strcmp(key + n - strlen(end), end) || uses <= 0)
			continue;
		t = tool_at(r, key, n - strlen(end));
		uses = uses < USES_MAX ? uses : USES_MAX;
		t->reported = larger(t->reported, uses);
	}
}

/* A truncated stream has no report: blocks that began count as used. */
static void see_tool(struct usage_reader *r, struct json_object *block)
{
	struct json_object *name;
	struct usage_tool *t;

	if (!block || !is_text(json_object_object_get(block, "type"), "server_tool_use"))
		return;
	name = json_object_object_get(block, "name");
	t = json_object_is_type(name, json_type_string) ?
		tool_at(r, json_object_get_string(name), (size_t)json_object_get_string_len(name)) :
		tool_at(r, "", 0);
	t->seen += t->seen < USES_MAX;
}

/*
 * Reports cover the whole call, so the largest of each class holds: a later
 * zero takes nothing back.
 */
static void read_usage(struct usage_reader *r, struct json_object *o)
{
	struct usage u = r->top;
	bool any, output;

	if (!json_object_is_type(o, json_type_object))
		return;
	read_tools(r, object_at(o, "server_tool_use"));
	any = tokens_at(r, o, "input_tokens", &u.input);
	any |= output = tokens_at(r, o, "output_tokens", &u.output);
	any |= tokens_at(r, o, "cache_read_input_tokens", &u.cache_read);
	any |= read_writes(r, o, &u);
	any |= read_iterations(r, o);
	if (!any)
		return;
	enlarge(&r->top, &u);
	join(&r->top, &r->iterations, &u);
	enlarge(&r->reading.usage, &u);
	if (output) {
		r->reading.unreported = 0;
		r->reading.final = true;
	}
	r->reading.any = true;
	r->reading.changes++;
}

static void read_model(struct usage_reader *r, struct json_object *o)
{
	auto_buf text = BUF_INIT(3 * USAGE_KEPT_MAX);
	struct err e = { 0 };
	size_t n;

	if (!json_object_is_type(o, json_type_string) ||
	    utf8_scrub(&text, json_object_get_string(o),
		       (size_t)json_object_get_string_len(o), false, &e) < 0)
		return;
	n = utf8_prefix(buf_text(&text), text.len,
			sizeof(r->reading.model) - 1);
	memcpy(r->reading.model, buf_text(&text), n);
	r->reading.model[n] = '\0';
}

bool usage_read_event(struct usage_reader *r)
{
	struct json_object *o = parse(r);
	struct json_object *type = NULL, *message;
	bool read = json_object_is_type(o, json_type_object);

	if (read)
		type = json_object_object_get(o, "type");
	if (is_text(type, "message_start")) {
		message = object_at(o, "message");
		if (message) {
			read_model(r, json_object_object_get(message,
							     "model"));
			read_usage(r, object_at(message, "usage"));
			r->reading.final = false;
		}
	} else if (is_text(type, "message_delta")) {
		read_usage(r, object_at(o, "usage"));
		if (r->reading.final)
			r->reading.streamed = r->reading.usage.output;
	} else if (is_text(type, "content_block_start")) {
		see_tool(r, object_at(o, "content_block"));
	} else if (is_text(type, "message_stop")) {
		r->reading.complete = true;
	} else if (is_text(type, "error")) {
		r->reading.error = true;
	}
	json_object_put(o);
	return read;
}

void usage_read_value(struct usage_reader *r, enum json_field field)
{
	struct json_object *o = parse(r);

	if (field == JSON_USAGE)
		read_usage(r, o);
	else if (field == JSON_MODEL)
		read_model(r, o);
	else if (field == JSON_TYPE)
		r->reading.error = is_text(o, "error");
	json_object_put(o);
}

void usage_end_body(struct usage_reader *r)
{
	r->reading.complete = true;
	if (r->reading.usage.output)
		r->reading.unreported = 0;
}
