/* Lines that begin and end turns and processes: system, result and the shim's. */
#include "config.h"
#include "transcript/decoder_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define STDERR_MAX (16 << 10)
#define SUGGESTION_MAX 1500	/* bytes; a longer one is no button */
#define COUNT_MAX ((int64_t)1 << 50)

static int64_t count(struct json_object *o, const char *key)
{
	int64_t n = field_number(o, key);

	return n > COUNT_MAX ? COUNT_MAX : n;
}

static void say_usage(struct decoder *d, const struct turn_usage *u)
{
	struct live *l;

	if (!u->input && !u->output && !u->cache_read && !u->cache_write)
		return;		/* a command, or stopped before an answer: nothing to show */
	l = live_begin(d, "assistant", "usage", "running");
	field_put_number(l->data, "input", u->input);
	field_put_number(l->data, "output", u->output);
	field_put_number(l->data, "cache_read", u->cache_read);
	field_put_number(l->data, "cache_write", u->cache_write);
	field_put_number(l->data, "ms", u->duration_ms);
	live_finish(d, l, "ok");
}

static void say_failure(struct decoder *d, struct json_object *line)
{
	struct json_object *errors = field_list(line, "errors"), *first;
	const char *text, *key = "error_turn";
	size_t n = 0;

	if (field_is(line, "subtype", "error_max_turns"))
		key = "error_max_turns";
	text = field_text(line, "result", &n);
	first = errors ? json_object_array_get_idx(errors, 0) : NULL;
	if (!text && json_object_is_type(first, json_type_string)) {
		text = json_object_get_string(first);
		n = (size_t)json_object_get_string_len(first);
	}
	live_say(d, "error", key, "detail", text, n);
}

/* A turn without a part: shows a command's answer, or why Claude did not answer. */
static void say_silent(struct decoder *d, struct json_object *line)
{
	size_t n = 0;
	const char *text = field_text(line, "result", &n);

	live_say(d, "status", n ? NULL : "status_no_answer", "text", n ? text : NULL, n);
}

static void tell_result(struct decoder *d, struct json_object *line,
			bool stopped)
{
	const char *why = field_text(line, "terminal_reason", NULL);
	struct json_object *denials = field_list(line, "permission_denials");
	struct json_object *errors = field_list(line, "errors"), *first;
	struct turn_result r = {
		.failed = field_flag(line, "is_error"),
		.stopped = stopped,
		.max_turns = field_is(line, "subtype", "error_max_turns"),
		.api = why && str_equal(why, "api_error"),
		.api_status = count(line, "api_error_status"),
		.api_type = field_string(line, "api_error_type"),
		.api_error = field_string(line, "api_error"),
		.stop_reason = field_string(line, "stop_reason"),
		.turns = count(line, "num_turns"),
		.denials = denials ?
			   (int64_t)json_object_array_length(denials) : 0,
	};

	if (!d->ev->result)
		return;
	r.text = field_text(line, "result", &r.n);
	first = errors ? json_object_array_get_idx(errors, 0) : NULL;
	if (!r.text && json_object_is_type(first, json_type_string)) {
		r.text = json_object_get_string(first);
		r.n = (size_t)json_object_get_string_len(first);
	}
	if (!r.text)
		r.text = "";
	d->ev->result(d->data, &r);
}

void turn_result(struct decoder *d, struct json_object *line)
{
	struct json_object *usage = field_object(line, "usage");
	const char *why = field_text(line, "terminal_reason", NULL);
	bool stopped = why && str_starts(why, "aborted");
	bool failed = field_flag(line, "is_error") && !stopped;
	struct turn_usage u = {
		.input = count(usage, "input_tokens"),
		.output = count(usage, "output_tokens"),
		.cache_read = count(usage, "cache_read_input_tokens"),
		.cache_write = count(usage, "cache_creation_input_tokens"),
		.duration_ms = count(line, "duration_ms"),
	};

	if (!d->in_turn)	/* --resume refused: the exit says why */
		return;
	live_end(d, stopped ? "cancelled" : "ok", false);
	if (!d->drawn && !failed && !stopped)
		say_silent(d, line);
	if (stopped && d->end_key && !d->failed)
		live_say(d, "error", d->end_key, "detail", NULL, 0);
	else if (failed && !d->failed)
		say_failure(d, line);
	live_files(d);
	say_usage(d, &u);
	tell_result(d, line, stopped);
	turn_end(d, !failed, &u);
}

static void tell_init(struct decoder *d, const char *model, const char *mode,
		      const char *version)
{
	if (d->ev->init && (mode || model))
		d->ev->init(d->data, model, mode, version);
}

static void status(struct decoder *d, struct json_object *line)
{
	const char *now = field_text(line, "status", NULL);

	tell_init(d, NULL, field_text(line, "permissionMode", NULL), NULL);
	if (!now)
		return;
	turn_start(d);
	if (str_equal(now, "requesting") || str_equal(now, "compacting"))
		activity(d, now, NULL);
}

static void init(struct decoder *d, struct json_object *line)
{
	turn_start(d);
	tell_init(d, field_text(line, "model", NULL),
		  field_text(line, "permissionMode", NULL),
		  field_text(line, "claude_code_version", NULL));
}

static void retry(struct decoder *d, struct json_object *line)
{
	char detail[64];

	snprintf(detail, sizeof(detail), "%lld/%lld",
		 (long long)count(line, "attempt"), (long long)count(line, "max_retries"));
	activity(d, "retrying", detail);
}

static void compacted(struct decoder *d, struct json_object *line)
{
	struct json_object *data = field_object(line, "compact_metadata");
	int64_t from = field_number(data, "pre_tokens");
	int64_t to = field_number(data, "post_tokens");
	static const char saved[] = "status_compacted_saved";
	struct live *l;

	if (!to || from <= to) {
		live_say(d, "status", "status_compacted", "text", NULL, 0);
		return;
	}
	l = live_begin(d, "assistant", "status", "running");
	field_put_text(l->data, "key", saved, strlen(saved), NAME_MAX_BYTES, false);
	field_put_number(l->data, "from", from);
	field_put_number(l->data, "to", to);
	live_finish(d, l, "ok");
}

static void background(struct decoder *d, struct json_object *line)
{
	struct json_object *tasks = field_list(line, "tasks");

	if (tasks && d->ev->background)
		d->ev->background(d->data, json_object_array_length(tasks));
}

/* A notice of a hook or the CLI: "info" is not shown, "suggestion" is noise. */
static void informational(struct decoder *d, struct json_object *line)
{
	size_t n = 0;
	const char *text = field_text(line, "content", &n);

	if (n && (field_is(line, "level", "warning") ||
		  field_flag(line, "prevent_continuation")))
		live_say(d, "status", NULL, "text", text, n);
}

/* The disk was full: the transcript it resumes from may be incomplete. */
static void writes_lost(struct decoder *d, struct json_object *line)
{
	struct json_object *lost = field_list(line, "lost"), *what;
	size_t i;

	for (i = 0; lost && i < json_object_array_length(lost); i++) {
		what = json_object_array_get_idx(lost, i);
		if (json_object_is_type(what, json_type_string) &&
		    str_equal(json_object_get_string(what), "transcript")) {
			live_say(d, "status", "status_writes_lost", "text", NULL, 0);
			return;
		}
	}
}

/*
 * gongbang-mend's line, before the CLI's first: lines were lost from the
 * transcript.
 */
static void torn(struct decoder *d, struct json_object *line)
{
	(void)line;
	live_say(d, "status", "status_memory_torn", "text", NULL, 0);
}

/* The CLI reports its turn's end: a second source besides `result`. */
static void cli_state(struct decoder *d, struct json_object *line)
{
	const char *state = field_text(line, "state", NULL);
	struct turn_usage none = { 0 };

	if (!state || !str_equal(state, "idle"))
		return;
	command_end_all(d);
	if (!d->in_turn)
		return;
	live_end(d, "ok", false);
	turn_end(d, true, &none);
}

/* One line, which a page shows as a button. */
void turn_suggestion(struct decoder *d, struct json_object *line)
{
	size_t n = 0;
	const char *text = field_text(line, "suggestion", &n);
	auto_buf clean = BUF_INIT(SUGGESTION_MAX);
	struct err e = { 0 };

	if (n && n <= SUGGESTION_MAX / 3 && !memchr(text, '\n', n) &&
	    d->ev->suggestion && utf8_scrub(&clean, text, n, true, &e) == 0)
		d->ev->suggestion(d->data, buf_text(&clean));
}

static const struct subtype {
	const char *name;
	void (*take)(struct decoder *d, struct json_object *line);
} subtypes[] = {
	{ "api_retry", retry },
	{ "background_tasks_changed", background },
	{ "compact_boundary", compacted },
	{ "gongbang_transcript_torn", torn },
	{ "informational", informational },
	{ "init", init },
	{ "model_refusal_fallback", refusal_fallback },
	{ "session_state_changed", cli_state },
	{ "session_writes_lost", writes_lost },
	{ "status", status },
	{ "task_notification", agent_ended },
};

void turn_system(struct decoder *d, struct json_object *line)
{
	const struct subtype *row = table_find(subtypes, field_text(line, "subtype", NULL));

	if (row)
		row->take(d, line);
}

/* All open parts end with their process; an unfinished turn gets its one error. */
static void process_gone(struct decoder *d, const char *key, const char *tail, size_t n)
{
	struct turn_usage none = { 0 };

	live_end(d, "failed", true);
	command_end_all(d);
	if (d->ev->background)
		d->ev->background(d->data, 0);
	if (!d->in_turn)
		return;
	live_files(d);
	live_say(d, "error", key, "detail", tail, n);
	turn_end(d, false, &none);
}

static void exited(struct decoder *d, struct json_object *line)
{
	auto_strict_json *clean = json_object_new_object();
	int64_t code = field_number(line, "code"), sig = field_number(line, "signal");
	struct process_end end = {
		.code = code > 255 ? 255 : (int)code,
		.signal = sig > 64 ? 64 : (int)sig,
		.oom_kills = count(line, "oom"),
		.container = field_is(line, "reason", "container"),
	};
	const char *tail, *key = "error_claude_exit";
	size_t n = 0;

	tail = field_text(line, "stderr", &n);
	if (tail)
		field_put_text(clean, "tail", tail, n, STDERR_MAX, true);
	tail = field_text(clean, "tail", &n);
	end.stderr_tail = tail ? tail : "";
	end.memory = !end.container && sig == 9 && end.oom_kills > 0;
	if (end.container)
		key = "error_container_stopped";
	else if (end.memory)
		key = "error_claude_memory";
	else if (sig || code == 128 + 15)
		key = "error_claude_killed";
	if (d->end_key)
		process_gone(d, d->end_key, NULL, 0);
	else
		process_gone(d, key, tail && n ? tail : NULL, n);
	if (d->ev->process_ended)
		d->ev->process_ended(d->data, &end);
}

static void out_of_memory(struct decoder *d)
{
	struct live *l = d->oom_killed;

	if (!l) {
		d->oom_pending = d->in_turn;
		return;
	}
	field_put_flag(l->data, "oom", true);
	live_emit(d, l);
	live_unkill(d);
}

void turn_process(struct decoder *d, struct json_object *line)
{
	const char *subtype = field_text(line, "subtype", NULL);

	if (!subtype)
		return;
	if (str_equal(subtype, "start")) {
		process_gone(d, d->end_key ? d->end_key : "error_container_stopped",
			     NULL, 0);
		d->end_key = NULL;
		if (field_flag(line, "lost"))
			live_say(d, "error", "error_log_lost", "detail", NULL, 0);
		if (d->ev->process_started)
			d->ev->process_started(d->data,
					       field_flag(line, "lost"));
	} else if (str_equal(subtype, "exit")) {
		exited(d, line);
	} else if (str_equal(subtype, "oom")) {
		out_of_memory(d);
	}
}
