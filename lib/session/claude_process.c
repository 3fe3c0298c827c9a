#include "config.h"
#include "session/claude_process_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/session_internal.h"

#define WAKE_MS 30000		/* from its start to the answer to `initialize` */
#define END_MS 30000		/* from DELETE to the exit line */
#define PLACE_MS 1000		/* between requests for a place */
#define FOREIGN_MS 2000		/* until the shim is asked about a foreign process */
#define STARTS_MAX 3		/* failed starts in a row */

/* ---- the states ---- */

/* Maximum time in a state; 0: unlimited. */
static int64_t limit_of(enum claude_state state)
{
	return state == CLAUDE_WAKING ? start_deadline(WAKE_MS) :
	       state == CLAUDE_ENDING ? start_deadline(END_MS) :
	       state == CLAUDE_NO_PLACE ? PLACE_MS : 0;
}

static bool starting(enum claude_state state)
{
	return state >= CLAUDE_QUEUED && state <= CLAUDE_WAKING;
}

static void enter(struct claude_process *p, enum claude_state state)
{
	int64_t limit = limit_of(state);

	p->state = state;
	p->since = clock_mono_ms();
	p->late_at = limit ? p->since + limit : 0;
	p->idle_at = 0;
	if (state == CLAUDE_READY || state == CLAUDE_FAILED)
		p->needed_at = 0;
	if (starting(state))
		return;
	start_leave(p->ticket);
	p->ticket = NULL;
}

static void join_queue(struct session *s);
static void begin_token(struct session *s);
static void initialize(struct session *s);
static void end_foreign(struct session *s);
static void forget_input(struct session *s);
static void clear_up(struct session *s);

/* The action of an event, called in the new state. */
static void (*const actions[CLAUDE_EVENTS])(struct session *s) = {
	[CLAUDE_ALLOWED] = join_queue,
	[CLAUDE_UNWANTED] = claude_token_over,
	[CLAUDE_TURN_CAME] = begin_token,
	[CLAUDE_TOKEN_GOOD] = claude_start_ask,
	[CLAUDE_FOUND] = initialize,
	[CLAUDE_FOREIGN] = end_foreign,
	[CLAUDE_ANSWERED] = claude_start_answered,
	[CLAUDE_ENDED] = clear_up,
	[CLAUDE_UNKNOWN] = forget_input,
};

void claude_process_event(struct session *s, enum claude_event event)
{
	enum claude_state from = s->process->state;
	const struct claude_transition *t = claude_transition_find(from, event);
	struct err e = { 0 };

	if (!t) {
		err_set(&e, ERR_INTERNAL, "%s while %s", claude_event_name(event),
			claude_state_name(from));
		session_trouble(s, "claude_state", &e);
		return;
	}
	enter(s->process, t->to);
	if (s->ev->claude_state)
		s->ev->claude_state(s->data, from, t);
	if (actions[event])
		actions[event](s);
}

/* ---- what is known of it ---- */

enum claude_state claude_process_state(const struct session *s)
{
	return s->process->state;
}

bool claude_process_down(const struct session *s)
{
	return s->process->state == CLAUDE_NONE ||
	       s->process->state == CLAUDE_FAILED;
}

static bool runs(enum claude_state state)
{
	return state == CLAUDE_WAKING || state == CLAUDE_READY ||
	       state == CLAUDE_ENDING;
}

bool claude_process_takes_input(const struct session *s)
{
	return s->link && runs(s->process->state) &&
	       s->process->state != CLAUDE_ENDING;
}

bool claude_process_needed(const struct session *s)
{
	if (s->run)
		return agent_run_open(s) && !message_queue_empty(s);
	return !s->process->left &&
	       (s->process->wanted || !message_queue_empty(s));
}

bool claude_process_stopping(const struct session *s)
{
	return s->process->stop_at != 0;
}

bool claude_process_in_background(const struct session *s)
{
	return s->process->background;
}

const struct err *claude_process_error(const struct session *s)
{
	return &s->process->error;
}

int claude_process_failures(const struct session *s)
{
	return s->process->failures;
}

struct start *claude_process_ticket(const struct session *s)
{
	return s->process->ticket;
}

enum start_class claude_process_class(const struct session *s)
{
	return s->run ? START_RUN : s->ahead ? START_AHEAD : START_PERSON;
}

int64_t claude_process_since(const struct session *s)
{
	return s->process->since;
}

/* ---- what is wanted of it ---- */

void claude_process_want(struct session *s)
{
	s->process->wanted = true;
}

void claude_process_unwant(struct session *s)
{
	s->process->wanted = false;
}

bool claude_process_ask(struct session *s)
{
	struct claude_process *p = s->process;
	bool failed = p->state == CLAUDE_FAILED;

	p->left = NULL;
	p->wanted = true;
	p->failures = 0;
	p->retry_at = 0;
	p->error = (struct err){ 0 };
	if (failed)
		claude_process_event(s, CLAUDE_ASKED_FOR);
	return failed;
}

void claude_process_count_wait(struct session *s)
{
	if (!s->process->needed_at)
		s->process->needed_at = clock_mono_ms();
}

void claude_process_give_up(struct session *s)
{
	enum claude_state state = s->process->state;

	if (state == CLAUDE_NO_PLACE || state == CLAUDE_QUEUED ||
	    state == CLAUDE_TOKEN)
		claude_process_event(s, CLAUDE_UNWANTED);
}

unsigned claude_process_stop(struct session *s)
{
	struct claude_process *p = s->process;

	if (session_working(s) && !p->stop_at)
		p->stop_at = clock_mono_ms();
	session_arm(s);
	return ++p->stops;
}

bool claude_process_watched(const struct session *s)
{
	return s->process->pages > 0;
}

bool claude_process_watch(struct session *s, int pages)
{
	struct claude_process *p = s->process;
	bool more = pages > p->pages;

	p->pages = pages;
	if (more)
		p->left = NULL;
	return more;
}

/* ---- its start ---- */

static void on_turn(void *data)
{
	struct session *s = data;

	if (s->process->state != CLAUDE_QUEUED)
		return;
	claude_process_event(s, CLAUDE_TURN_CAME);
	session_step(s);
}

static void begin_token(struct session *s)
{
	/*
	 * A session that was answered before yields its CPU boost to those that
	 * wait for their first answer.
	 */
	if (start_urgent(s->process->ticket) && !s->process->renewed)
		workspace_boost(s->workspace, s);
	s->process->renewed = false;
	claude_token_begin(s);
}

static void on_moved(void *data)
{
	session_step(data);
}

static void join_queue(struct session *s)
{
	static const struct start_events events = { on_turn, on_moved };
	const struct start_request rq = {
		.user_id = s->user_id,
		.class = claude_process_class(s),
		.since = s->process->needed_at,
	};

	s->process->ticket = start_join(s->env->workspaces, &rq, &events, s);
}

void claude_process_token_good(struct session *s)
{
	claude_process_event(s, CLAUDE_TOKEN_GOOD);
}

void claude_process_token_failed(struct session *s, int64_t again)
{
	claude_process_event(s, CLAUDE_TOKEN_FAILED);
	s->process->retry_at = again;
}

void claude_process_unasked(struct session *s)
{
	claude_process_event(s, CLAUDE_NOT_STARTED);
}

void claude_process_fail(struct session *s, const struct err *e)
{
	s->process->error = *e;
	claude_process_event(s, CLAUDE_GIVEN_UP);
	s->process->wanted = false;
	session_trouble(s, "claude", e);
	agent_run_not_started(s, e);
	session_tell(s);
}

/* Retried automatically a few times; messages stay queued. */
void claude_process_not_started(struct session *s, const struct err *why)
{
	struct claude_process *p = s->process;

	if (++p->failures >= STARTS_MAX) {
		claude_process_fail(s, why);
		return;
	}
	p->retry_at = clock_mono_ms() + 1000 * p->failures;
	if (p->failures == 1)
		session_trouble(s, "claude_again", why);
	if (p->state == CLAUDE_STARTING || p->state == CLAUDE_WAKING)
		claude_process_event(s, CLAUDE_NOT_STARTED);
}

static void initialize(struct session *s)
{
	claude_token_found(s);
	stdin_add(s, STDIN_CONTROL,
		  stdin_json_control("init", "initialize", NULL,
				     NULL), NULL, 0, 0);
}

void claude_process_found(struct session *s)
{
	claude_process_event(s, CLAUDE_FOUND);
	session_tell(s);
}

static void end_foreign(struct session *s)
{
	decoder_end_as(s->decoder, "error_claude_left");
	if (shim_request_new(s, "DELETE", NULL, 0, NULL,
			     "/sessions/%s?grace=5", s->id))
		log_reader_list_again(s, FOREIGN_MS);
}

void claude_process_foreign(struct session *s)
{
	claude_process_event(s, CLAUDE_FOREIGN);
}

void claude_process_answered(struct session *s)
{
	if (s->process->state != CLAUDE_WAKING)
		return;
	claude_process_event(s, CLAUDE_ANSWERED);
	session_tell(s);
}

/* ---- its end ---- */

/*
 * When a container is stopped gracefully, its shim ends Claude first, which may
 * be read before the link fails: open pages restart Claude with the container.
 */
void claude_process_link_lost(struct session *s)
{
	struct claude_process *p = s->process;

	if (p->fell && p->pages)
		p->wanted = true;
	p->fell = false;
	if (p->state == CLAUDE_FAILED)
		forget_input(s);
	else
		claude_process_event(s, CLAUDE_UNKNOWN);
}

static void forget_input(struct session *s)
{
	message_queue_forget_given(s);
	stdin_drop(s);
}

static void clear_up(struct session *s)
{
	claude_token_over(s);
	forget_input(s);
	s->process->stop_at = 0;
}

static void count_failure(struct session *s)
{
	struct err e = { 0 };

	err_tell(&e, ERR_UNAVAILABLE, "error_claude_start",
		 "Claude's process ended %d times in a row",
		 s->process->failures + 1);
	claude_process_not_started(s, &e);
}

void claude_process_lost(struct session *s)
{
	struct claude_process *p = s->process;
	enum claude_state was = p->state;

	if (!runs(was))
		return;
	claude_process_event(s, CLAUDE_ENDED);
	if (was == CLAUDE_READY) {
		p->fell = p->wanted;
		p->wanted = false;	/* the next message resumes it */
	}
	if (was != CLAUDE_ENDING)
		count_failure(s);
	s->ev->ended(s->data);
}

void claude_process_ended(struct session *s, const char *stderr_tail)
{
	struct claude_process *p = s->process;
	bool refused = p->state == CLAUDE_WAKING &&
		       claude_start_refused(s, stderr_tail);

	if (log_reader_in_backlog(s) || (starting(p->state) && !runs(p->state)))
		return;
	claude_token_over(s);
	if (refused)
		p->failures--;
	else if (p->state == CLAUDE_WAKING || p->state == CLAUDE_FAILED ||
		 (p->state == CLAUDE_ENDING && p->failures))
		claude_start_keep_reason(s, stderr_tail);
	claude_process_lost(s);
	if (refused)
		p->retry_at = 0;
	session_tell(s);
}

void claude_process_turn_started(struct session *s)
{
	s->process->idle_at = 0;
}

void claude_process_turn_ended(struct session *s)
{
	struct claude_process *p = s->process;

	p->failures = 0;
	claude_start_worked(s);
	if (!log_reader_in_backlog(s))
		workspace_boost_end(s->workspace, s);
	if (!p->stop_at)
		return;
	p->stop_at = 0;
	claude_process_end_tools(s);
}

void claude_process_background(struct session *s, bool works)
{
	s->process->background = works;
}

struct claude_process *claude_process_new(struct session *s)
{
	return talloc_zero(s, struct claude_process);
}
