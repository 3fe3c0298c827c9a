/*
 * Timed actions of Claude's process: starting it, its deadlines, ending it when
 * idle.
 */
#include "config.h"

#include "core/clock.h"
#include "session/agent_run.h"
#include "session/claude_process_internal.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/session_internal.h"

#define SLOW_MS 8000		/* in WAKING, before the user is offered other ways to start */
#define STOP_MS 15000		/* from `interrupt` to the turn's end */

static bool busy(const struct session *s)
{
	return session_working(s) || !message_queue_empty(s) ||
	       !stdin_empty(s) || message_queue_adding(s) ||
	       s->process->background;
}

static int64_t idle_ms(const struct session *s)
{
	return settings_number(s->env->settings, SET_SESSION_IDLE) * 1000;
}

static void check_idle(struct session *s, int64_t now)
{
	struct claude_process *p = s->process;

	if (p->state != CLAUDE_READY || busy(s) || agent_run_unwritten(s))
		p->idle_at = 0;
	else if (!p->idle_at)
		p->idle_at = now;
	else if (now - p->idle_at >= idle_ms(s))
		claude_process_end(s);
}

static void check_deadlines(struct session *s, int64_t now)
{
	struct claude_process *p = s->process;
	struct err e = { 0 };

	if (p->state == CLAUDE_WAKING && now >= p->late_at) {
		err_tell(&e, ERR_UNAVAILABLE, "error_claude_start",
			 "Claude said nothing in %lld ms",
			 (long long)(now - p->since));
		claude_process_remove(s, 0);
		claude_process_not_started(s, &e);
	} else if (p->state == CLAUDE_ENDING && now >= p->late_at) {
		log_reader_doubt(s);
		claude_process_event(s, CLAUDE_UNKNOWN);
	}
	if (p->stop_at && now - p->stop_at >= start_deadline(STOP_MS)) {
		p->stop_at = 0;
		p->wanted = false;
		claude_process_remove(s, 3);
	}
}

/*
 * A workspace over its disk limit starts nothing new. Work in progress
 * continues, because that is how its user makes room.
 */
static bool refuse_full(struct session *s)
{
	struct err e = { 0 };

	if (s->spoken || !workspace_disk_is_full(s->workspace))
		return false;
	err_tell(&e, ERR_LIMIT, "error_workspace_disk", "the disk is full");
	claude_process_fail(s, &e);
	return true;
}

/* The user who wanted Claude wants the next process too. */
static void renew(struct session *s)
{
	bool wanted = s->process->wanted;

	claude_process_end(s);
	s->process->wanted = wanted;
	s->process->renewed = s->spoken;
}

/* A process is needed, and only a place may be missing. */
static bool may_start(const struct session *s, int64_t now)
{
	const struct claude_process *p = s->process;

	/*
	 * Reads past earlier exit lines first; they would be taken for this
	 * process's.
	 */
	return (p->state == CLAUDE_NONE || p->state == CLAUDE_NO_PLACE) &&
	       claude_process_needed(s) && p->retry_at <= now &&
	       log_reader_caught_up(s);
}

static void start(struct session *s)
{
	struct claude_process *p = s->process;

	p->retry_at = 0;
	if (refuse_full(s))
		return;
	if (s->ev->may_start(s->data)) {
		p->fell = false;
		claude_process_event(s, CLAUDE_ALLOWED);
	} else {
		claude_process_event(s, CLAUDE_REFUSED);
	}
	session_tell(s);
}

void claude_process_step(struct session *s)
{
	struct claude_process *p = s->process;
	int64_t now = clock_mono_ms();

	if (!s->link || !log_reader_listed(s))
		return;
	check_deadlines(s, now);
	message_queue_check(s, now);
	check_idle(s, now);
	if (p->left && claude_process_takes_input(s))
		session_leave(s, p->left);	/* the process was starting then */
	if (mode_renews(s))
		renew(s);
	if (p->state == CLAUDE_QUEUED && !claude_process_needed(s))
		claude_process_event(s, CLAUDE_UNWANTED);
	if (may_start(s, now))
		start(s);
}

int64_t claude_process_due(const struct session *s)
{
	const struct claude_process *p = s->process;
	int64_t next = p->retry_at;

	next = sooner(next, p->late_at);
	if (p->idle_at)
		next = sooner(next, p->idle_at + idle_ms(s));
	if (p->stop_at)
		next = sooner(next, p->stop_at + start_deadline(STOP_MS));
	if (p->state == CLAUDE_WAKING && p->since + SLOW_MS > clock_mono_ms())
		next = sooner(next, p->since + SLOW_MS);
	return next;
}

bool claude_process_slow(const struct session *s)
{
	const struct claude_process *p = s->process;

	return (p->state == CLAUDE_WAKING &&
		clock_mono_ms() - p->since >= SLOW_MS) ||
	       (p->failures > 0 && claude_process_needed(s) &&
		p->state != CLAUDE_READY && p->state != CLAUDE_FAILED);
}

int64_t session_idle_since(const struct session *s)
{
	return s->process->idle_at ? s->process->idle_at : clock_mono_ms();
}
