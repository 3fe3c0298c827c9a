/* What others may know of a session. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"

#define STEPS 4

/* What Claude does, by the decoder's phase; the first row for any other. */
static const struct {
	const char *phase, *key;
} activities[] = {
	{ "", "status_working" },
	{ "requesting", "status_requesting" },
	{ "thinking", "status_thinking" },
	{ "writing", "status_writing" },
	{ "tool", "status_tool" },
	{ "retrying", "status_retrying" },
	{ "compacting", "status_compacting" },
};

static void set(struct session_status *out, const char *state, const char *key)
{
	out->state = state;
	out->key = key;
}

static void working(const struct session *s, struct session_status *out)
{
	size_t i;

	out->stop = true;
	if (recorder_waiting(s)) {
		set(out, "waiting", "status_waiting");
		return;
	}
	set(out, "working", s->stop_at ? "status_stopping" : activities[0].key);
	for (i = 1; i < sizeof(activities) / sizeof(activities[0]); i++) {
		if (!s->stop_at && str_equal(activities[i].phase, s->activity))
			out->key = activities[i].key;
	}
	out->detail = s->detail;
}

static void failed(struct session_status *out, const struct err *e,
		   const char *other)
{
	set(out, "failed", e->key[0] ? e->key : other);
	out->retry = true;
	out->restart = true;
}

static void step(struct session_status *out, int n, const char *key)
{
	set(out, "starting", key);
	out->step = n;
	out->steps = STEPS;
}

bool session_status_line(struct session_status *out, int place, bool memory)
{
	if (!place || place == START_UNCOUNTED)
		return false;
	set(out, "starting", memory ? "status_line_memory" : "status_line");
	snprintf(out->place, sizeof(out->place), "%d", place);
	out->detail = out->place;
	return true;
}

static void no_workspace(const struct session *s, struct session_status *out)
{
	if (session_status_line(out, workspace_place(s->workspace),
		    workspace_place_short(s->workspace)))
		return;
	switch (workspace_state(s->workspace)) {
	case WORKSPACE_CREATING:
		step(out, 1, "status_creating");
		break;
	case WORKSPACE_STARTING:
		step(out, 2, "status_starting");
		break;
	case WORKSPACE_LINKING:
	case WORKSPACE_READY:
		step(out, 3, "status_linking");
		break;
	case WORKSPACE_STOPPING:
	case WORKSPACE_REMOVED:
		set(out, "stopped", "status_stopping_workspace");
		break;
	case WORKSPACE_FAILED:
		failed(out, workspace_error(s->workspace), "error_workspace_start");
		break;
	case WORKSPACE_STOPPED:
		if (s->want_workspace || !s->loaded) {
			step(out, 1, "status_starting");
			break;
		}
		set(out, "stopped", "status_stopped");
		out->retry = true;
		break;
	}
}

/* Without a token of its own it does not start. */
static void starting(const struct session *s, struct session_status *out)
{
	if (!s->token_error.kind || s->process == PROCESS_WAKING)
		step(out, 4, "status_claude");
	else if (str_equal(s->token_error.key, "error_redis"))
		set(out, "starting", "status_token");
	else
		set(out, "starting", "status_token_store");
}

static void process(const struct session *s, struct session_status *out)
{
	switch (s->process) {
	case PROCESS_READY:
		if (TAILQ_EMPTY(&s->queue))
			set(out, "ready", "status_ready");
		else
			set(out, "working", "status_working");
		out->stop = !TAILQ_EMPTY(&s->queue);
		break;
	case PROCESS_PLACE:
		set(out, "starting", "status_place");
		out->no_place = true;
		break;
	case PROCESS_LINE:
	case PROCESS_TOKEN:
	case PROCESS_STARTING:
	case PROCESS_WAKING:
		if (!session_status_line(out, start_place(s->start), start_short(s->start)))
			starting(s, out);
		break;
	case PROCESS_NONE:
	case PROCESS_ENDING:
	case PROCESS_FAILED:
		if (process_needed(s))
			starting(s, out);
		else
			set(out, "stopped", "status_resting");
		break;
	}
}

void session_status(const struct session *s, struct session_status *out)
{
	*out = (struct session_status){ .detail = "", .since = s->told_since,
					.reason = "", .aside = "" };
	if (s->run && s->run->stage == AGENT_RUN_OVER && !session_working(s)) {
		set(out, "stopped", "status_run_over");
		return;
	}
	if (s->load_error.kind != ERR_NONE) {
		failed(out, &s->load_error, "error_unavailable");
	} else if (s->stuck) {
		failed(out, &(struct err){ 0 }, "error_store_full");
	} else if (!s->link) {
		no_workspace(s, out);
	} else if (workspace_disk_is_out(s->workspace)) {
		failed(out, &(struct err){ 0 }, "error_workspace_out");
		out->restart = true;
	} else if (s->process == PROCESS_FAILED) {
		failed(out, &s->process_error, "error_claude_start");
		out->help = true;
	} else if (session_working(s)) {
		working(s, out);
	} else {
		process(s, out);
	}
	if (process_slow(s) && str_equal(out->state, "starting")) {
		out->help = out->restart = out->retry = true;
		if (s->process == PROCESS_WAKING)
			step(out, 4, "status_claude_slow");
	}
	if (s->reason)
		out->reason = s->reason;
	out->aside = s->aside;
	out->safe = s->safe && process_takes_input(s);
	if (s->run)
		out->retry = out->stop = out->help = out->restart = false;
}

const struct message *session_queued(const struct session *s, size_t i)
{
	const struct queued *q;

	TAILQ_FOREACH(q, &s->unsent, next) {
		if (!i--)
			return &q->m;
	}
	TAILQ_FOREACH(q, &s->queue, next) {
		if (!i--)
			return &q->m;
	}
	return NULL;
}

const char *session_id(const struct session *s)
{
	return s->id;
}

const char *session_title(const struct session *s)
{
	return s->title;
}

const char *session_mode(const struct session *s)
{
	return s->mode;
}

int64_t session_updated(const struct session *s)
{
	return s->updated_at;
}

const char *session_state(const struct session *s)
{
	if (session_working(s))
		return recorder_waiting(s) ? "waiting" : "working";
	return TAILQ_EMPTY(&s->queue) ? "idle" : "working";
}

bool session_is_run(const struct session *s)
{
	return s->run != NULL;
}

const struct session_rules *session_run_rules(const struct session *s)
{
	return s->run ? s->run->rules : NULL;
}

bool session_loaded(const struct session *s)
{
	return s->loaded && !s->deleted && !s->ahead;
}

bool session_running(const struct session *s)
{
	return s->process == PROCESS_LINE || s->process == PROCESS_TOKEN ||
	       s->process == PROCESS_STARTING ||
	       s->process == PROCESS_WAKING ||
	       s->process == PROCESS_READY || s->process == PROCESS_ENDING;
}

bool session_ending(const struct session *s)
{
	return s->process == PROCESS_ENDING;
}

int64_t session_waiting_since(const struct session *s)
{
	return s->waiting_at;
}

int64_t session_idle_since(const struct session *s)
{
	return s->idle_at ? s->idle_at : clock_mono_ms();
}

enum session_tool session_tool(const struct session *s, const char *word)
{
	enum session_tool found = SESSION_TOOL_NONE;
	const struct live_part *m;

	TAILQ_FOREACH(m, &s->memos, next) {
		if (!str_equal(m->part.kind, "tool_use") ||
		    !str_equal(m->part.state, "running"))
			continue;
		if (strstr(m->part.data, word))
			return SESSION_TOOL_NAMES;
		found = SESSION_TOOL_RUNS;
	}
	return found;
}

bool session_at_rest(const struct session *s)
{
	if (s->gone)
		return true;
	if (s->deleted || s->jobs || s->adding || s->stuck || agent_run_unwritten(s))
		return false;
	return !s->loaded ||
	       (!session_running(s) && !process_needed(s) &&
		!session_working(s) && !s->dirty && TAILQ_EMPTY(&s->seen));
}
