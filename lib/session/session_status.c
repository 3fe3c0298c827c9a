/* A session's status, as pages show it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define STEPS 4

struct shown_status {
	char activity[24], detail[80];	/* Claude's activity; "" if unknown */
	char last[200];		/* digest of the last status sent */
	int64_t since;		/* UTC ms of that */
	int64_t heard_at;	/* clock_mono_ms of Claude's last output; 0: none yet */
};

/* Claude's activity by the decoder's phase; the first row is the default. */
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

/* When a Claude that works has been silent for too long; 0: it may be silent. */
static int64_t silent_at(const struct session *s)
{
	const struct shown_status *shown = s->shown;

	if (!shown->heard_at || !session_working(s) || recorder_waiting(s) ||
	    !claude_process_takes_input(s) || str_equal(shown->activity, "tool"))
		return 0;
	return shown->heard_at + message_queue_silent_ms(s);
}

int64_t session_status_due(const struct session *s)
{
	int64_t at = silent_at(s);

	return at > clock_mono_ms() ? at : 0;
}

void session_note_heard(struct session *s)
{
	s->shown->heard_at = clock_mono_ms();
}

static void working(const struct session *s, struct session_status *out)
{
	bool stopping = claude_process_stopping(s);
	int64_t silent = silent_at(s);
	size_t i;

	out->stop = true;
	if (recorder_waiting(s)) {
		set(out, "waiting", "status_waiting");
		return;
	}
	set(out, "working", stopping ? "status_stopping" : activities[0].key);
	for (i = 1; i < sizeof(activities) / sizeof(activities[0]); i++) {
		if (!stopping && str_equal(activities[i].phase, s->shown->activity))
			out->key = activities[i].key;
	}
	out->detail = s->shown->detail;
	if (stopping || !silent || silent > clock_mono_ms())
		return;
	out->key = "status_silent";
	out->help = out->restart = true;
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

bool session_status_queued(struct session_status *out, int place, bool memory)
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
	if (session_status_queued(out, workspace_place(s->workspace),
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

/* It cannot start without a token. */
static void starting(const struct session *s, struct session_status *out)
{
	const struct err *e = claude_token_error(s);

	if (!e->kind || claude_process_state(s) == CLAUDE_WAKING)
		step(out, 4, "status_claude");
	else if (str_equal(e->key, "error_redis"))
		set(out, "starting", "status_token");
	else
		set(out, "starting", "status_token_store");
}

static void process(const struct session *s, struct session_status *out)
{
	const struct start *line = claude_process_ticket(s);
	bool empty = message_queue_empty(s);

	switch (claude_process_state(s)) {
	case CLAUDE_READY:
		if (empty)
			set(out, "ready", "status_ready");
		else
			set(out, "working", "status_working");
		out->stop = !empty;
		break;
	case CLAUDE_NO_PLACE:
		set(out, "starting", "status_place");
		out->no_place = true;
		break;
	case CLAUDE_QUEUED:
	case CLAUDE_TOKEN:
	case CLAUDE_STARTING:
	case CLAUDE_WAKING:
		if (!session_status_queued(out, start_place(line), start_short(line)))
			starting(s, out);
		break;
	default:		/* none runs */
		if (claude_process_needed(s))
			starting(s, out);
		else
			set(out, "stopped", "status_resting");
		break;
	}
}

void session_status(const struct session *s, struct session_status *out)
{
	*out = (struct session_status){ .detail = "", .since = s->shown->since,
					.reason = "", .aside = "" };
	if (agent_run_over(s) && !session_working(s)) {
		set(out, "stopped", "status_run_over");
		return;
	}
	if (s->load_error.kind != ERR_NONE) {
		failed(out, &s->load_error, "error_unavailable");
	} else if (recorder_stuck(s)) {
		failed(out, &(struct err){ 0 }, "error_store_full");
	} else if (!s->link) {
		no_workspace(s, out);
	} else if (workspace_disk_is_out(s->workspace)) {
		failed(out, &(struct err){ 0 }, "error_workspace_out");
		out->restart = true;
	} else if (claude_process_state(s) == CLAUDE_FAILED) {
		failed(out, claude_process_error(s), "error_claude_start");
		out->help = true;
	} else if (session_working(s)) {
		working(s, out);
	} else {
		process(s, out);
	}
	if (claude_process_slow(s) && str_equal(out->state, "starting")) {
		out->help = out->restart = out->retry = true;
		if (claude_process_state(s) == CLAUDE_WAKING)
			step(out, 4, "status_claude_slow");
	}
	out->reason = claude_start_reason(s);
	out->aside = claude_start_aside(s);
	out->safe = claude_start_safe(s) && claude_process_takes_input(s);
	if (s->run)
		out->retry = out->stop = out->help = out->restart = false;
}

void session_tell(struct session *s)
{
	struct shown_status *shown = s->shown;
	struct session_status now;
	char text[sizeof(shown->last)];

	if (s->closed)
		return;
	session_status(s, &now);
	snprintf(text, sizeof(text), "%s %s %d%d%d %s %zu %s", now.state, now.key,
		 now.help, now.restart, now.safe, now.aside,
		 strlen(now.reason), now.detail);
	if (str_equal(text, shown->last))
		return;
	memcpy(shown->last, text, sizeof(text));
	shown->since = clock_now_ms();
	s->ev->status(s->data);
}

void session_note_activity(struct session *s, const char *phase, const char *detail)
{
	struct shown_status *shown = s->shown;

	snprintf(shown->activity, sizeof(shown->activity), "%s", phase);
	snprintf(shown->detail, sizeof(shown->detail), "%.*s",
		 (int)utf8_prefix(detail, strlen(detail),
				  sizeof(shown->detail) - 1), detail);
}

struct shown_status *shown_status_new(struct session *s)
{
	return talloc_zero(s, struct shown_status);
}

const char *session_id(const struct session *s)
{
	return s->id;
}

const char *session_title(const struct session *s)
{
	return s->title;
}

const char *session_last_line(const struct session *s)
{
	return s->last_line;
}

bool session_pinned(const struct session *s)
{
	return s->pinned;
}

bool session_archived(const struct session *s)
{
	return s->archived;
}

int64_t session_updated(const struct session *s)
{
	return s->updated_at;
}

const char *session_state(const struct session *s)
{
	if (session_working(s))
		return recorder_waiting(s) ? "waiting" : "working";
	return message_queue_empty(s) ? "idle" : "working";
}

bool session_is_run(const struct session *s)
{
	return s->run != NULL;
}

bool session_loaded(const struct session *s)
{
	return s->loaded && !s->deleted && !s->ahead;
}

bool session_running(const struct session *s)
{
	return !claude_process_down(s) &&
	       claude_process_state(s) != CLAUDE_NO_PLACE;
}

bool session_ending(const struct session *s)
{
	return claude_process_state(s) == CLAUDE_ENDING;
}

enum session_tool session_tool(const struct session *s, const char *word)
{
	enum session_tool found = SESSION_TOOL_NONE;
	const struct part *p;

	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p)) {
		if (!str_equal(p->kind, "tool_use") ||
		    !str_equal(p->state, "running"))
			continue;
		if (strstr(p->data, word))
			return SESSION_TOOL_NAMES;
		found = SESSION_TOOL_RUNS;
	}
	return found;
}

void session_blocked(struct session *s, const char *domain)
{
	if (!s->decoder)
		return;
	decoder_blocked(s->decoder, domain);
	recorder_touch(s, false);
}

bool session_at_rest(const struct session *s)
{
	if (s->gone)
		return true;
	if (s->deleted || s->jobs || message_queue_adding(s) ||
	    recorder_stuck(s) || agent_run_unwritten(s))
		return false;
	return !s->loaded ||
	       (!session_running(s) && !claude_process_needed(s) &&
		!session_working(s) && recorder_clean(s));
}
