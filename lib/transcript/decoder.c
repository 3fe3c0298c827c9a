#include "config.h"
#include "transcript/decoder_internal.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "core/str.h"

static int drop(struct decoder *d)
{
	while (d->open) {	/* theirs own memory outside of talloc */
		struct live *l = d->open;

		d->open = l->next;
		talloc_free(l);
	}
	live_unkill(d);
	buf_release(&d->line);
	buf_release(&d->joined);
	return 0;
}

/*
 * The message to continue: that of the block where decoding restarts, if any,
 * otherwise that of the last part before.
 */
static void restore(struct decoder *d, const struct part *open, size_t nopen)
{
	const struct part *last = NULL, *next = NULL;
	size_t i;

	for (i = 0; i < nopen; i++) {
		live_restore(d, &open[i]);
		if (open[i].at >= d->line_at) {
			if (!next || open[i].at < next->at)
				next = &open[i];
		} else if (!last || open[i].at > last->at) {
			last = &open[i];
		}
	}
	if (!d->in_turn)
		return;
	d->tools = true;	/* of its earlier parts only the open ones are known */
	d->turn_time = last ? last->created_at : 0;
	if (next && str_equal(next->role, "assistant"))
		d->group = next->turn < d->line_at ? next->turn : -1;
	else if (last && !next && str_equal(last->role, "assistant") &&
		 !str_equal(last->kind, "usage"))	/* a turn's last part */
		d->group = last->turn;
	d->drawn = d->group >= 0;
	d->failed = last && !next && str_equal(last->kind, "error");
}

struct decoder *decoder_new(const void *ctx, int64_t offset,
			    const struct part *open, size_t nopen, bool in_turn,
			    int64_t (*now)(void), const struct decoder_events *ev, void *data)
{
	struct decoder *d = alloc_checked(talloc_zero(ctx, struct decoder));

	d->ev = ev;
	d->data = data;
	d->now = now;
	d->line_at = d->line_end = offset;
	d->drawn_at = -1;
	d->in_turn = in_turn;
	d->group = d->user_group = d->joined_at = -1;
	buf_init(&d->line, DECODER_LINE_MAX);
	buf_init(&d->joined, JOINED_MAX);
	talloc_set_destructor(d, drop);
	restore(d, open, nopen);
	return d;
}

void activity(struct decoder *d, const char *phase, const char *detail)
{
	if (d->ev->activity)
		d->ev->activity(d->data, phase, detail);
}

void turn_start(struct decoder *d)
{
	if (d->in_turn)
		return;
	d->in_turn = true;
	d->failed = d->drawn = d->broken_said = d->tools = false;
	d->turn_time = d->line_time;
	d->group = -1;
	if (d->ev->turn_started)
		d->ev->turn_started(d->data);
}

void turn_end(struct decoder *d, bool ok, const struct turn_usage *usage)
{
	if (!d->in_turn)
		return;
	d->in_turn = false;
	d->group = -1;
	d->oom_pending = false;
	live_unkill(d);
	buf_clear(&d->joined);
	d->joined_at = -1;
	activity(d, "idle", NULL);
	if (d->ev->turn_ended)
		d->ev->turn_ended(d->data, ok, usage);
}

static void control_response(struct decoder *d, struct json_object *line)
{
	static const int plain = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *response = field_object(line, "response"), *inner;
	const char *id = field_text(response, "request_id", NULL);
	size_t budget = 1 << 20;
	bool ok = field_is(response, "subtype", "success"), cut = false;
	auto_strict_json *copy = NULL;

	if (!id || ask_answered(d, response) || !d->ev->control)
		return;
	inner = ok ? field_object(response, "response") : response;
	if (inner)
		copy = field_copy(inner, &budget, &cut);
	d->ev->control(d->data, id, ok, copy ?
		       json_object_to_json_string_ext(copy, plain) : "{}");
}

#define ID_MAX 200

static void control_request(struct decoder *d, struct json_object *line)
{
	const char *subtype = field_text(field_object(line, "request"),
					 "subtype", NULL);
	const char *id;
	size_t n = 0;

	if (!subtype)
		return;
	if (str_equal(subtype, "can_use_tool")) {
		ask_request(d, line);
		return;
	}
	if (str_equal(subtype, "elicitation")) {
		form_request(d, line);
		return;
	}
	id = field_text(line, "request_id", &n);
	if (id && n && n <= ID_MAX && d->ev->asked)
		d->ev->asked(d->data, id, subtype);
}

static const struct {
	const char *type;
	void (*take)(struct decoder *d, struct json_object *line);
	bool nested;		/* may come from a sub-agent */
} types[] = {
	{ "assistant", stream_assistant, true },
	{ "command_lifecycle", command_line, false },
	{ "control_cancel_request", ask_withdrawn, false },
	{ "control_request", control_request, false },
	{ "control_response", control_response, false },
	{ "conversation_reset", conversation_reset, false },
	{ "gongbang", turn_process, false },
	{ "prompt_suggestion", turn_suggestion, false },
	{ "result", turn_result, false },
	{ "stream_event", stream_event, true },
	{ "system", turn_system, false },
	{ "user", user_line, true },
};

/* Parses RFC 3339 as the CLI writes it; a time in the future is not trusted. */
static int64_t time_of(struct decoder *d, struct json_object *line)
{
	const char *text = field_text(line, "timestamp", NULL);
	int64_t now = d->now(), at;
	struct tm tm = { 0 };
	int ms = 0, used = 0;

	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &tm.tm_year,
			    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
			    &tm.tm_sec, &ms, &used) != 7 || !used)
		return now;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	at = (int64_t)timegm(&tm) * 1000 + ms;
	return at > 0 && at < now ? at : now;
}

/*
 * Not JSON: skipped, with one part per turn that says so. It does not count as
 * an answer for a turn without other parts.
 */
static void say_broken(struct decoder *d)
{
	bool drawn = d->drawn;

	d->broken++;
	if (d->broken_said)
		return;
	d->broken_said = true;
	d->line_time = d->now();
	live_say(d, "status", "status_line_broken", "text", NULL, 0);
	d->drawn = drawn;
}

static void decode_line(struct decoder *d, const char *text, size_t n)
{
	auto_strict_json *line = field_parse(text, n);
	const char *type;
	size_t i;

	if (!json_object_is_type(line, json_type_object)) {
		say_broken(d);
		return;
	}
	type = field_text(line, "type", NULL);
	d->line_time = time_of(d, line);
	for (i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_equal(types[i].type, type))
			continue;
		if (!types[i].nested || !agent_line(d, line))
			types[i].take(d, line);
		return;
	}
}

static void end_line(struct decoder *d, const char *text, size_t n)
{
	d->nth = 0;
	if (n && text[n - 1] == '\r')
		n--;
	if (n)
		decode_line(d, text, n);
	d->line_at = d->line_end;
}

static void end_long_line(struct decoder *d)
{
	char size[32];
	int n;

	d->nth = 0;
	d->line_time = d->now();
	n = snprintf(size, sizeof(size), "%lld",
		     (long long)(d->line_end - d->line_at - 1));
	live_say(d, "error", "error_line_long", "size", size, (size_t)n);
	d->line_at = d->line_end;
}

/* n bytes of an incomplete line. */
static void append_line(struct decoder *d, const char *bytes, size_t n)
{
	struct err e = { 0 };
	char less[4096];
	size_t some;

	if (!d->truncating && buf_add(&d->line, bytes, n, &e) == 0)
		return;
	if (!d->truncating) {
		d->truncating = true;
		d->truncate = (struct truncate_line) { 0 };
		some = truncate_line_feed(&d->truncate, STRING_MAX, d->line.data,
					  d->line.len, d->line.data);
		d->line.len = 0;
		if (some)
			buf_grew(&d->line, some);
	}
	for (; n && !d->lost; bytes += some, n -= some) {
		some = n < sizeof(less) ? n : sizeof(less);
		if (buf_add(&d->line, less,
			    truncate_line_feed(&d->truncate, STRING_MAX, bytes,
					       some, less), &e) < 0) {
			d->lost = true;
			buf_release(&d->line);
		}
	}
}

void decoder_feed(struct decoder *d, const void *bytes, size_t n)
{
	const char *at = bytes, *newline;
	size_t len;

	for (; n; at += len, n -= len) {
		newline = memchr(at, '\n', n);
		len = newline ? (size_t)(newline - at) + 1 : n;
		d->line_end += (int64_t)len;
		if (!newline) {
			append_line(d, at, len);
			return;
		}
		if (!d->line.len && !d->truncating && len <= DECODER_LINE_MAX) {
			end_line(d, at, len - 1);
			continue;
		}
		append_line(d, at, len - 1);
		if (d->lost)
			end_long_line(d);
		else
			end_line(d, d->line.data, d->line.len);
		if (d->line.size > 64 << 10)
			buf_release(&d->line);
		buf_clear(&d->line);
		d->truncating = d->lost = false;
	}
}

int64_t decoder_offset(const struct decoder *d)
{
	return d->line_at;
}

int64_t decoder_safe_offset(const struct decoder *d)
{
	int64_t safe = d->line_at;
	const struct live *l;

	if (d->joined_at >= 0)
		safe = d->joined_at;
	if (d->nbegun && d->begun[0].at < safe)
		safe = d->begun[0].at;
	for (l = d->open; l; l = l->next) {
		if ((l->stream || l->stale) && l->p.at < safe)
			safe = l->p.at;
	}
	return safe;
}

bool decoder_in_turn(const struct decoder *d)
{
	return d->in_turn;
}

void decoder_end_as(struct decoder *d, const char *key)
{
	d->end_key = key;
}

int64_t decoder_broken_lines(const struct decoder *d)
{
	return d->broken;
}
