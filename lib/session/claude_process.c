/* Claude's process: when it is started, how it is known to live, when it is ended. */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"

#define WAKE_MS 30000		/* from its start to the answer to `initialize` */
#define SLOW_MS 8000		/* of them, until a person is told and offered other ways */
#define REASON_MAX 1500		/* bytes of its last words that are kept */
#define END_MS 30000		/* from DELETE to the exit line */
#define STOP_MS 15000		/* from `interrupt` to the turn's end */
#define PLACE_MS 1000		/* until a place is asked for again */
#define SPARES_MAX 3		/* ids beside the conversation's own */
#define STARTS_MAX 3		/* in a row that come to nothing */

bool process_takes_input(const struct session *s)
{
	return s->link &&
	       (s->process == PROCESS_WAKING || s->process == PROCESS_READY);
}

bool process_needed(const struct session *s)
{
	if (s->run)
		return agent_run_open(s) && !TAILQ_EMPTY(&s->queue);
	return !s->left && (s->wanted || !TAILQ_EMPTY(&s->queue));
}

/* What is waited for so long in each state; 0: for ever. */
static int64_t limit_of(enum process process)
{
	return process == PROCESS_WAKING ? start_deadline(WAKE_MS) :
	       process == PROCESS_ENDING ? start_deadline(END_MS) :
	       process == PROCESS_PLACE ? PLACE_MS : 0;
}

static bool starting(enum process process)
{
	return process == PROCESS_LINE || process == PROCESS_TOKEN ||
	       process == PROCESS_STARTING || process == PROCESS_WAKING;
}

void process_enter(struct session *s, enum process process)
{
	int64_t limit = limit_of(process);

	s->process = process;
	s->starting_at = clock_mono_ms();
	s->late_at = limit ? s->starting_at + limit : 0;
	s->idle_at = 0;
	if (process == PROCESS_READY || process == PROCESS_FAILED)
		s->needed_at = 0;
	if (starting(process))
		return;
	start_leave(s->start);
	s->start = NULL;
}

enum start_class process_class(const struct session *s)
{
	return s->run ? START_RUN : s->ahead ? START_AHEAD : START_PERSON;
}

static void turn(void *data)
{
	struct session *s = data;

	if (s->process != PROCESS_LINE)
		return;
	process_enter(s, PROCESS_TOKEN);
	/* A session that has its answer gives the weight up to those that wait for their first. */
	if (start_urgent(s->start) && !s->renewed)
		workspace_boost(s->workspace, s);
	s->renewed = false;
	claude_token_begin(s);
	session_step(s);
}

static void moved(void *data)
{
	session_step(data);
}

static void stand_in_line(struct session *s)
{
	static const struct start_events events = { turn, moved };
	const struct start_request rq = {
		.user_id = s->user_id,
		.class = process_class(s),
		.since = s->needed_at,
	};

	process_enter(s, PROCESS_LINE);
	s->start = start_join(s->env->workspaces, &rq, &events, s);
}

void process_fail(struct session *s, const struct err *e)
{
	s->process_error = *e;
	process_enter(s, PROCESS_FAILED);
	s->wanted = false;
	session_trouble(s, "claude", e);
	agent_run_not_started(s, e);
	session_tell(s);
}

void process_found(struct session *s)
{
	process_enter(s, PROCESS_WAKING);
	claude_token_found(s);
	stdin_add(s, STDIN_CONTROL,
		  stdin_json_control("init", "initialize", NULL,
				     NULL), NULL, 0, 0);
	session_tell(s);
}

void process_answered(struct session *s)
{
	if (s->process != PROCESS_WAKING)
		return;
	process_enter(s, PROCESS_READY);
	s->refused = 0;
	session_tell(s);
}

/*
 * A container that is stopped gracefully has its shim end Claude first, and
 * that may be read before the link goes: pages get Claude back with it.
 */
void process_link_lost(struct session *s)
{
	if (s->fell && s->pages)
		s->wanted = true;
	s->fell = false;
	process_unknown(s);
}

void process_unknown(struct session *s)
{
	if (s->process != PROCESS_FAILED)
		process_enter(s, PROCESS_NONE);
	queue_forget_given(s);
	stdin_drop(s);
}

/*
 * The wrong one of --session-id and --resume: each is tried once. A transcript
 * that is empty or torn refuses both: then another id has its turn.
 */
static bool wrong_flag(struct session *s, const char *said)
{
	enum { RESUME = 1, NEW = 2 };
	bool used = said && strstr(said, "is already in use");

	if (!used && !(said && strstr(said, "No conversation found")))
		return false;
	s->refused |= used ? NEW : RESUME;
	s->resume = used;
	if (s->refused != (RESUME | NEW))
		return true;
	if (s->spare == SPARES_MAX)
		return false;
	s->spare++;
	s->refused = 0;
	s->resume = true;
	return true;
}

/* Tried again by itself, so many times; what waits to be said stays in the queue. */
void process_try_again(struct session *s, const struct err *why)
{
	if (++s->failures >= STARTS_MAX) {
		process_fail(s, why);
		return;
	}
	s->retry_at = clock_mono_ms() + 1000 * s->failures;
	if (s->failures == 1)
		session_trouble(s, "claude_again", why);
	if (starting(s->process))
		process_enter(s, PROCESS_NONE);
}

static void count_failure(struct session *s)
{
	struct err e = { 0 };

	err_tell(&e, ERR_UNAVAILABLE, "error_claude_start",
		 "Claude's process ended %d times in a row", s->failures + 1);
	process_try_again(s, &e);
}

/* Hostile: no control byte is kept, so no terminal sequence either. */
static void keep_reason(struct session *s, const char *said)
{
	size_t n = strlen(said), at = n > REASON_MAX ? n - REASON_MAX : 0;
	char *to;

	while (at < n && ((unsigned char)said[at] & 0xc0) == 0x80)
		at++;
	talloc_free(s->reason);
	s->reason = to = talloc_strdup(s, said + at);
	for (said = to; *said; said++) {
		if (*said == '\n' || ((unsigned char)*said >= 0x20 &&
				      *said != 0x7f))
			*to++ = *said;
	}
	*to = '\0';
	if (!s->reason[0])
		TALLOC_FREE(s->reason);
}

bool process_slow(const struct session *s)
{
	return (s->process == PROCESS_WAKING &&
		clock_mono_ms() - s->starting_at >= SLOW_MS) ||
	       (s->failures > 0 && process_needed(s) &&
		s->process != PROCESS_READY && s->process != PROCESS_FAILED);
}

void process_lost(struct session *s)
{
	enum process was = s->process;

	if (was == PROCESS_NONE || was == PROCESS_PLACE ||
	    was == PROCESS_LINE || was == PROCESS_FAILED)
		return;
	claude_token_over(s);
	process_enter(s, PROCESS_NONE);
	queue_forget_given(s);
	stdin_drop(s);
	s->stop_at = 0;
	if (was != PROCESS_WAKING && was != PROCESS_ENDING) {
		s->fell = s->wanted;
		s->wanted = false;	/* the next message resumes it */
	}
	if (was != PROCESS_ENDING)
		count_failure(s);
	s->ev->ended(s->data);
}

void process_ended(struct session *s, const char *stderr_tail)
{
	bool flag = s->process == PROCESS_WAKING && wrong_flag(s, stderr_tail);

	if (log_in_backlog(s) || s->process == PROCESS_LINE ||
	    s->process == PROCESS_TOKEN ||
	    s->process == PROCESS_STARTING)
		return;
	claude_token_over(s);
	if (flag)
		s->failures--;
	else if (s->process == PROCESS_WAKING || s->process == PROCESS_FAILED ||
		 (s->process == PROCESS_ENDING && s->failures))
		keep_reason(s, stderr_tail);
	process_lost(s);
	if (flag)
		s->retry_at = 0;
	session_tell(s);
}

static void ignore_answer(struct session *s, int status, const char *body,
			  const struct err *e)
{
}

void process_turn_ended(struct session *s, bool ok)
{
	s->failures = 0;
	s->aside[0] = '\0';
	TALLOC_FREE(s->reason);
	if (!log_in_backlog(s))
		workspace_boost_end(s->workspace, s);
	if (!s->stop_at)
		return;
	s->stop_at = 0;
	if (!shim_request_new(s, "POST", NULL, 0, ignore_answer,
			      "/sessions/%s/tools/end", s->id))
		return;
}

void process_remove(struct session *s, int grace)
{
	if (!shim_request_new(s, "DELETE", NULL, 0, ignore_answer,
			      "/sessions/%s?grace=%d",
			      s->id, grace))
		return;
	process_enter(s, PROCESS_ENDING);
}

void process_purge(struct session *s)
{
	bool runs = process_takes_input(s);

	if (!shim_request_new(s, "DELETE", NULL, 0, ignore_answer,
			      "/sessions/%s?grace=1&purge=1", s->id))
		return;
	if (runs)
		process_enter(s, PROCESS_ENDING);
}

static void asked_to_end(struct session *s, int status, const char *body,
			 const struct err *e)
{
	if (s->process == PROCESS_ENDING && !agent_run_leaving(s))
		process_remove(s, 5);
}

#define FOREIGN_MS 2000

void process_foreign(struct session *s)
{
	process_enter(s, PROCESS_NONE);
	decoder_end_as(s->decoder, "error_claude_left");
	if (!shim_request_new(s, "DELETE", NULL, 0, NULL,
			      "/sessions/%s?grace=5", s->id))
		return;
	log_list_again(s, FOREIGN_MS);
}

/* A turn in progress is stopped first, or it would go on until the grace ends. */
static char *last_words(const struct session *s)
{
	char *end = stdin_json_control("end", "end_session", NULL,
				       NULL), *stop, *both;

	if (!session_working(s))
		return end;
	stop = stdin_json_interrupt("leave");
	both = talloc_asprintf(NULL, "%s%s", stop, end);
	talloc_free(stop);
	talloc_free(end);
	return both;
}

/* end_session lets it write what it has; the shim then ends it and its tools. */
void process_end(struct session *s)
{
	char *line;

	if (!process_takes_input(s))
		return;
	line = last_words(s);
	if (shim_request_new(s, "POST", line, strlen(line), asked_to_end,
			     "/sessions/%s/input", s->id))
		process_enter(s, PROCESS_ENDING);
	talloc_free(line);
	s->wanted = false;
	session_tell(s);
}

void process_give_up(struct session *s)
{
	if (s->process == PROCESS_PLACE || s->process == PROCESS_LINE)
		process_enter(s, PROCESS_NONE);
	if (s->process != PROCESS_TOKEN)
		return;
	process_enter(s, PROCESS_NONE);
	claude_token_over(s);
}

void session_leave(struct session *s, const char *key)
{
	s->left = key;
	s->wanted = s->want_workspace = false;
	process_give_up(s);
	if (process_takes_input(s)) {
		decoder_end_as(s->decoder, key);
		process_end(s);
	}
	session_tell(s);
}

void session_give_place(struct session *s, const char *key)
{
	queue_hold_all(s);
	session_leave(s, key);
}

static bool busy(const struct session *s)
{
	return session_working(s) || !TAILQ_EMPTY(&s->queue) ||
	       !TAILQ_EMPTY(&s->inputs) || s->adding || s->background;
}

static void check_idle(struct session *s, int64_t now)
{
	int64_t limit = settings_number(s->env->settings, SET_SESSION_IDLE);

	if (s->process != PROCESS_READY || busy(s) || agent_run_unwritten(s))
		s->idle_at = 0;
	else if (!s->idle_at)
		s->idle_at = now;
	else if (now - s->idle_at >= limit * 1000)
		process_end(s);
}

static void check_deadlines(struct session *s, int64_t now)
{
	struct err e = { 0 };

	if (s->process == PROCESS_WAKING && now >= s->late_at) {
		err_tell(&e, ERR_UNAVAILABLE, "error_claude_start",
			 "Claude said nothing in %lld ms",
			 (long long)(now - s->starting_at));
		process_remove(s, 0);
		process_try_again(s, &e);
	} else if (s->process == PROCESS_ENDING && now >= s->late_at) {
		s->listed = false;
		process_unknown(s);
	}
	if (s->stop_at && now - s->stop_at >= start_deadline(STOP_MS)) {
		s->stop_at = 0;
		s->wanted = false;
		process_remove(s, 3);
	}
}

/*
 * Over its disk a workspace begins nothing new. What has begun goes on, for
 * that is how its user makes room.
 */
static bool refuse_full(struct session *s)
{
	struct err e = { 0 };

	if (s->spoken || !workspace_disk_is_full(s->workspace))
		return false;
	err_tell(&e, ERR_LIMIT, "error_workspace_disk", "the disk is full");
	process_fail(s, &e);
	return true;
}

/* Whoever wanted Claude wants the next one. */
static void renew(struct session *s)
{
	bool wanted = s->wanted;

	process_end(s);
	s->wanted = wanted;
	s->renewed = s->spoken;
}

void process_step(struct session *s)
{
	int64_t now = clock_mono_ms();

	if (!s->link || !s->listed)
		return;
	check_deadlines(s, now);
	queue_check(s, now);
	check_idle(s, now);
	if (s->left && process_takes_input(s))
		session_leave(s, s->left);	/* it was starting then */
	if (mode_renews(s))
		renew(s);
	if (s->process == PROCESS_LINE && !process_needed(s))
		process_enter(s, PROCESS_NONE);
	if (s->process != PROCESS_NONE && s->process != PROCESS_PLACE)
		return;
	/* Ends that are history must be read first, not to be taken for this one's. */
	if (!process_needed(s) || s->retry_at > now ||
	    (!s->no_log && log_in_backlog(s)))
		return;
	s->retry_at = 0;
	if (refuse_full(s))
		return;
	if (s->ev->may_start(s->data)) {
		s->fell = false;
		stand_in_line(s);
	} else {
		process_enter(s, PROCESS_PLACE);
	}
	session_tell(s);
}

static void sooner(int64_t *next, int64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

static void on_timer(uv_timer_t *timer)
{
	session_step(timer->data);
}

/* One timer for all of it: the nearest moment at which something is due. */
void process_arm(struct session *s)
{
	int64_t next = 0, now = clock_mono_ms();
	int64_t limit = settings_number(s->env->settings, SET_SESSION_IDLE);

	if (s->closed)
		return;
	sooner(&next, agent_run_due(s));
	sooner(&next, s->log_retry_at);
	sooner(&next, s->log_rest_at);
	sooner(&next, s->retry_at);
	sooner(&next, queue_due(s));
	if (s->idle_at)
		sooner(&next, s->idle_at + limit * 1000);
	if (s->stop_at)
		sooner(&next, s->stop_at + start_deadline(STOP_MS));
	sooner(&next, s->late_at);
	sooner(&next, s->ahead_until);
	if (s->process == PROCESS_WAKING && s->starting_at + SLOW_MS > now)
		sooner(&next, s->starting_at + SLOW_MS);
	if (next)
		uv_timer_start(&s->timer, on_timer,
			       next > now ? (uint64_t)(next - now) : 1, 0);
	else
		uv_timer_stop(&s->timer);
}
