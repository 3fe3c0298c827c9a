#include "config.h"
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <cmocka.h>

#include "core/str.h"

int64_t trace_now(void)
{
	return 1795420000000;
}

static void note(struct trace *t, const char *fmt, ...) printf_like(2, 3);
static void note(struct trace *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->calls = talloc_vasprintf_append_buffer(t->calls, fmt, ap);
	va_end(ap);
}

static void on_part(void *data, const struct part *p)
{
	struct trace *t = data;
	struct part *slot;
	size_t i;

	assert_true(utf8_valid(p->data, strlen(p->data)));
	note(t, "part %lld %lld turn %lld %s %s %s %s\n", (long long)p->at,
	     (long long)p->changed_at, (long long)p->turn, p->role, p->kind,
	     p->state, p->data);
	for (i = 0; i < t->nparts && t->parts[i].at != p->at; i++)
		;
	assert_true(i < TRACE_PARTS);
	slot = &t->parts[i];
	if (i == t->nparts) {
		t->nparts++;
		while (slot > t->parts && slot[-1].at > p->at) {
			slot[0] = slot[-1];
			slot--;
		}
	}
	*slot = *p;
	slot->data = talloc_strdup(t, p->data);
	slot->role = talloc_strdup(t, p->role);
	slot->kind = talloc_strdup(t, p->kind);
	slot->state = talloc_strdup(t, p->state);
}

static void on_delta(void *data, int64_t at, const char *text, size_t n)
{
	struct trace *t = data;
	size_t i;

	assert_true(utf8_valid(text, n));
	for (i = 0; i < t->nparts && t->parts[i].at != at; i++)
		;
	t->deltas_for_no_part += i == t->nparts;
	note(t, "delta %lld %.*s\n", (long long)at, (int)n, text);
}

static void on_echo(void *data, const char *uuid, int64_t at)
{
	struct trace *t = data;

	assert_true(str_copy(t->echoes[t->nechoes].id, ID_SIZE, uuid));
	t->echoes[t->nechoes++ % 63].at = at;
	note(t, "echo %s %lld\n", uuid, (long long)at);
}

static void on_command(void *data, const char *uuid, const char *lifecycle)
{
	note(data, "command %s %s\n", uuid, lifecycle);
}

static const char *on_words(void *data, const char *uuid)
{
	(void)data;
	(void)uuid;
	return "what was typed";
}

static void on_turn_started(void *data)
{
	struct trace *t = data;

	assert_int_equal(t->started, t->ended);
	t->started++;
	note(t, "turn started\n");
}

static void on_turn_ended(void *data, bool ok, const struct turn_usage *usage)
{
	struct trace *t = data;

	t->ended++;
	assert_int_equal(t->started, t->ended);
	t->ended_ok += ok;
	t->usage = *usage;
	note(t, "turn ended %d\n", ok);
}

static void on_activity(void *data, const char *phase, const char *detail)
{
	struct trace *t = data;

	snprintf(t->activity, sizeof(t->activity), "%s %s", phase, detail ? detail : "");
	note(t, "activity %s %s\n", phase, detail ? detail : "");
}

static void on_init(void *data, const char *model, const char *mode, const char *version)
{
	struct trace *t = data;

	snprintf(t->mode, sizeof(t->mode), "%s", mode ? mode : "");
	note(t, "init %s %s %s\n", model ? model : "", mode ? mode : "", version ? version : "");
}

static void on_control(void *data, const char *id, bool ok, const char *response)
{
	note(data, "control %s %d %s\n", id, ok, response);
}

static void on_background(void *data, size_t n)
{
	((struct trace *)data)->background = (int64_t)n;
}

static void on_result(void *data, const struct turn_result *r)
{
	note(data, "result %d%d%d%d %lld %lld %lld %.*s\n", r->failed, r->stopped,
	     r->max_turns, r->api, (long long)r->api_status,
	     (long long)r->turns, (long long)r->denials, (int)r->n, r->text);
}

static void on_asked(void *data, const char *id, const char *subtype)
{
	note(data, "asked %s %s\n", id, subtype);
}

static void on_process_started(void *data, bool log_lost)
{
	((struct trace *)data)->processes++;
	note(data, "process started %d\n", log_lost);
}

static void on_process_ended(void *data, const struct process_end *end)
{
	((struct trace *)data)->exits++;
	note(data, "process ended %d %d %lld %d%d %s\n", end->code, end->signal,
	     (long long)end->oom_kills, end->container, end->memory,
	     end->stderr_tail);
}

const struct decoder_events trace_events = {
	.part = on_part, .delta = on_delta, .echo = on_echo, .command = on_command,
	.words = on_words,
	.turn_started = on_turn_started, .turn_ended = on_turn_ended,
	.activity = on_activity, .init = on_init, .control = on_control,
	.result = on_result, .asked = on_asked,
	.background = on_background, .process_started = on_process_started,
	.process_ended = on_process_ended,
};

struct trace *trace_new(void)
{
	struct trace *t = talloc_zero(NULL, struct trace);

	assert_non_null(t);
	t->calls = talloc_strdup(t, "");
	return t;
}

void trace_free(struct trace *t)
{
	talloc_free(t);
}

char *trace_file(struct trace *t, const char *name, size_t *n)
{
	const char *srcdir = getenv("top_srcdir");
	char *path, *bytes;
	FILE *f;

	path = talloc_asprintf(t, "%s/tests/transcript/data/%s.jsonl", srcdir ? srcdir : ".", name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", path);
	bytes = talloc_size(t, 1 << 20);
	*n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

struct trace *trace_of(const char *bytes, size_t n)
{
	struct trace *t = trace_new();
	struct decoder *d = decoder_new(t, 0, NULL, 0, false, trace_now, &trace_events, t);

	decoder_feed(d, bytes, n);
	talloc_free(d);
	return t;
}

struct trace *trace_of_file(const char *name)
{
	struct trace *holder = trace_new(), *t;
	size_t n;
	char *bytes = trace_file(holder, name, &n);

	t = trace_of(bytes, n);
	trace_free(holder);
	return t;
}

const struct part *trace_part(const struct trace *t, const char *kind, size_t nth)
{
	size_t i;

	for (i = 0; i < t->nparts; i++) {
		if (str_equal(t->parts[i].kind, kind) && nth-- == 0)
			return &t->parts[i];
	}
	return NULL;
}

size_t trace_count(const struct trace *t, const char *kind)
{
	size_t n = 0;

	while (trace_part(t, kind, n))
		n++;
	return n;
}
