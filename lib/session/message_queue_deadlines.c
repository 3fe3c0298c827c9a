/* Deadlines of the message queue: a process that ignores a message, or a withdrawal. */
#include "config.h"
#include "session/message_queue_internal.h"

#include "session/claude_process.h"
#include "session/claude_start.h"

#define SILENT_MS 60000		/* an idle process may ignore a message this long */
#define WITHDRAW_MS 15000	/* from the request to the answer */
#define TRIES_MAX 2		/* processes that a message is given to */

/* The process lost the message, or never read it: tries one more process. */
static void end_silent(struct session *s)
{
	struct queued *q, *next;

	for (q = TAILQ_FIRST(&s->queue->waiting); q; q = next) {
		next = TAILQ_NEXT(q, next);
		if (q->given && q->tries >= TRIES_MAX)
			message_queue_withdrawn(s, q->m.id);
	}
	claude_process_remove(s, 3);
}

static bool any_given(const struct session *s)
{
	const struct queued *q;

	TAILQ_FOREACH(q, &s->queue->waiting, next) {
		if (q->given)
			return true;
	}
	return false;
}

/* Other deadlines count while it starts or the link is down. */
static bool listens(const struct session *s)
{
	return s->link && claude_process_state(s) == CLAUDE_READY;
}

/*
 * The oldest unanswered withdrawal, counted from the process's start at the
 * earliest; 0 none.
 */
static int64_t oldest_asked(const struct session *s)
{
	int64_t since = claude_process_since(s);
	const struct queued *q;

	TAILQ_FOREACH(q, &s->queue->waiting, next) {
		if (q->withdrawing)
			return q->asked_at > since ? q->asked_at : since;
	}
	return 0;
}

int64_t message_queue_silent_ms(const struct session *s)
{
	return s->env->silent_ms ? s->env->silent_ms : start_deadline(SILENT_MS);
}

static int64_t withdraw_ms(const struct session *s)
{
	return s->env->withdraw_ms ? s->env->withdraw_ms : start_deadline(WITHDRAW_MS);
}

void message_queue_check(struct session *s, int64_t now)
{
	struct message_queue *queue = s->queue;
	int64_t asked = oldest_asked(s);

	if (!listens(s) || session_working(s) || !any_given(s))
		queue->silent_at = 0;
	else if (!queue->silent_at)
		queue->silent_at = now;
	else if (now - queue->silent_at >= message_queue_silent_ms(s))
		end_silent(s);
	if (listens(s) && asked && now - asked >= withdraw_ms(s))
		claude_process_remove(s, 3);
}

int64_t message_queue_due(const struct session *s)
{
	int64_t asked = listens(s) ? oldest_asked(s) : 0;
	int64_t silent = s->queue->silent_at;

	return sooner(asked ? asked + withdraw_ms(s) : 0,
		      silent ? silent + message_queue_silent_ms(s) : 0);
}

void message_queue_heard(struct session *s)
{
	s->queue->silent_at = 0;
}
