#include "config.h"
#include "session/message_queue_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/recorder.h"

struct queued *queued_find(const struct messages *list, const char *id)
{
	struct queued *q;

	TAILQ_FOREACH(q, list, next) {
		if (str_equal(q->m.id, id))
			return q;
	}
	return NULL;
}

static struct queued *find_waiting(const struct session *s, const char *id)
{
	return queued_find(&s->queue->waiting, id);
}

const char *message_queue_text(const struct session *s, const char *id)
{
	const struct queued *q = find_waiting(s, id);

	return q ? q->m.text : NULL;
}

static const char *reason_of(const char *word)
{
	static const char *const words[] = { "stopped", "withdrawn" };
	const char *const *found = table_find(words, word);

	return found ? *found : "untaken";
}

void message_queue_tell(struct session *s)
{
	s->ev->queue(s->data);
	s->ev->changed(s->data);
}

static void forget(struct session *s, struct queued *q)
{
	TAILQ_REMOVE(&s->queue->waiting, q, next);
	talloc_free(q);
	message_queue_tell(s);
}

struct marking {
	TAILQ_ENTRY(marking) next;
	struct session *s;
	char conversation[ID_SIZE], id[ID_SIZE];
	const char *state;	/* NULL: no longer held */
	const char *why;	/* of a held message; else NULL */
};

static int mark_work(void *data, struct db *db, struct err *e)
{
	struct marking *m = data;

	if (!m->state)
		return message_release(db, m->conversation, m->id, e);
	if (m->why)
		return message_hold(db, m->conversation, m->id, m->why, e);
	return message_set_state(db, m->conversation, m->id, m->state, e);
}

static void mark_done(void *data, const struct err *e)
{
	struct marking *m = data;
	struct session *s = m->s;

	/* Harmless: a message without an echo is given again. */
	if (e && e->kind != ERR_CONFLICT && e->kind != ERR_MISSING)
		session_trouble(s, "message_state_not_stored", e);
	TAILQ_REMOVE(&s->queue->marks, m, next);
	talloc_free(m);
	session_job_over(s);
}

static void mark(struct session *s, const char *id, const char *state,
		 const char *why)
{
	struct marking *m = talloc_zero(NULL, struct marking);

	m->s = s;
	m->state = state;
	m->why = why;
	memcpy(m->id, id, ID_SIZE);
	memcpy(m->conversation, s->id, ID_SIZE);
	TAILQ_INSERT_TAIL(&s->queue->marks, m, next);
	session_job(s, mark_work, mark_done, m);
}

/*
 * The store's jobs run in order: what it said of a message before such a change
 * is no longer so.
 */
static bool being_stored(const struct session *s, const char *id)
{
	const struct marking *m;

	TAILQ_FOREACH(m, &s->queue->marks, next) {
		if (str_equal(m->id, id))
			return true;
	}
	return recorder_has_seen(s, id);
}

void message_queue_load(struct session *s, const struct message *m)
{
	struct message_queue *queue = s->queue;
	struct queued *q;

	if (queued_find(&queue->waiting, m->id) ||
	    queued_find(&queue->held, m->id) || being_stored(s, m->id))
		return;
	q = talloc_zero(s, struct queued);
	q->m = *m;
	q->m.state = str_equal(m->state, "sent") ? "sent" : "queued";
	q->m.held = m->held[0] ? reason_of(m->held) : "";
	q->m.text = talloc_strdup(q, m->text);
	q->m.pictures = talloc_strdup(q, m->pictures);
	sent_pictures_keep(s, m->id, m->pictures);
	if (m->held[0])
		TAILQ_INSERT_TAIL(&queue->held, q, next);
	else
		TAILQ_INSERT_TAIL(&queue->waiting, q, next);
}

void session_discard(struct session *s, const char *held)
{
	struct queued *q = queued_find(&s->queue->held, held);

	if (!q || q->withdrawing)
		return;
	mark(s, q->m.id, NULL, NULL);
	TAILQ_REMOVE(&s->queue->held, q, next);
	talloc_free(q);
	s->ev->queue(s->data);
}

/* ---- lines with pictures, which are made beside the loop ---- */

struct making {
	struct session *s;
	char id[ID_SIZE], user_id[ID_SIZE];
	char *text, *ids, *line;
	bool now;
};

static int make_work(void *data, struct db *db, struct err *e)
{
	struct picture *all[PICTURES_PER_MESSAGE] = { NULL };
	struct making *m = data;
	char id[ID_SIZE];
	const char *at;
	size_t n = 0;

	for (at = m->ids; *at && n < PICTURES_PER_MESSAGE; at += *at == ' ') {
		memcpy(id, at, ID_SIZE - 1);
		id[ID_SIZE - 1] = '\0';
		at += ID_SIZE - 1;
		all[n] = picture_load(db, m, id, m->user_id, e);
		if (!all[n++])
			return -1;
	}
	m->line = stdin_json_pictures(m->id, m->text, m->now, all, n, e);
	while (n)
		talloc_free(all[--n]);
	return m->line ? 0 : -1;
}

/* One that cannot be made is held for its user. */
static void make_done(void *data, const struct err *e)
{
	struct making *m = data;
	struct session *s = m->s;
	struct queued *q = s->closed ? NULL : find_waiting(s, m->id);

	s->queue->making = false;
	if (q && e) {
		session_trouble(s, "pictures_not_read", e);
		message_queue_withdrawn(s, m->id);
	} else if (q) {
		q->line = talloc_steal(q, m->line);
	} else {
		talloc_free(m->line);
	}
	talloc_free(m);
	if (!s->closed)
		session_step(s);
	session_job_over(s);
}

static void make_line(struct session *s, const struct queued *q)
{
	struct making *m;

	if (s->queue->making)
		return;
	s->queue->making = true;
	m = talloc_zero(NULL, struct making);
	m->s = s;
	m->now = q->now;
	m->text = talloc_strdup(m, q->m.text);
	m->ids = sent_pictures_ids(m, q->m.pictures);
	memcpy(m->id, q->m.id, ID_SIZE);
	memcpy(m->user_id, s->user_id, ID_SIZE);
	session_job(s, make_work, make_done, m);
}

void message_queue_send(struct session *s)
{
	struct queued *q;

	if (!claude_process_takes_input(s) || (mode_skips(s) && !claude_start_skips(s)))
		return;
	TAILQ_FOREACH(q, &s->queue->waiting, next) {
		if (q->given || q->withdrawing)
			continue;
		if (*q->m.pictures && !q->line) {
			make_line(s, q);
			return;		/* later ones wait, too */
		}
		q->given = true;
		q->tries++;
		stdin_add(s, STDIN_MESSAGE, q->line ? q->line :
			  stdin_json_user(q->m.id, q->m.text, q->now),
			  q->m.id, 0, 0);
		q->line = NULL;
	}
}

void message_queue_written(struct session *s, const char *id)
{
	struct queued *q = find_waiting(s, id);

	if (!q || str_equal(q->m.state, "sent"))
		return;
	q->m.state = "sent";
	mark(s, id, "sent", NULL);
	s->ev->queue(s->data);
}

void message_queue_echoed(struct session *s, const char *id, int64_t at)
{
	struct queued *q = find_waiting(s, id);

	recorder_add_seen(s, id, at);
	if (q)
		forget(s, q);
}

void message_queue_withdrawn(struct session *s, const char *id)
{
	struct message_queue *queue = s->queue;
	struct queued *q = queued_find(&queue->waiting, id);

	if (!q)
		return;
	if (s->run) {	/* a run has no user who could decide */
		mark(s, id, "withdrawn", NULL);
		forget(s, q);
		return;
	}
	q->m.state = "withdrawn";
	q->m.held = q->why ? q->why : "untaken";
	q->withdrawing = q->given = false;
	mark(s, id, "withdrawn", q->m.held);
	TAILQ_REMOVE(&queue->waiting, q, next);
	TAILQ_INSERT_TAIL(&queue->held, q, next);
	message_queue_tell(s);
}

void message_queue_cancel_failed(struct session *s, const char *id)
{
	struct queued *q = find_waiting(s, id);

	if (q)
		q->withdrawing = false;
}

void message_queue_forget_given(struct session *s)
{
	struct queued *q, *next;

	for (q = TAILQ_FIRST(&s->queue->waiting); q; q = next) {
		next = TAILQ_NEXT(q, next);
		q->given = false;
		if (q->withdrawing)
			message_queue_withdrawn(s, q->m.id);
	}
}

void session_withdraw(struct session *s, const char *id)
{
	struct queued *q = find_waiting(s, id);
	char request[64];

	if (!q || q->withdrawing)
		return;
	q->why = "withdrawn";
	if (!q->given) {
		message_queue_withdrawn(s, id);
		return;
	}
	q->withdrawing = true;
	q->asked_at = clock_mono_ms();
	snprintf(request, sizeof(request), "cancel:%s", id);
	stdin_add(s, STDIN_CONTROL, stdin_json_control(request,
						       "cancel_async_message",
						       "message_uuid", id), NULL, 0, 0);
	stdin_step(s);
	s->ev->queue(s->data);
}

void message_queue_hold_all(struct session *s)
{
	struct queued *q, *next;

	for (q = TAILQ_FIRST(&s->queue->waiting); q; q = next) {
		next = TAILQ_NEXT(q, next);
		q->why = "stopped";
		if (!q->given) {
			message_queue_withdrawn(s, q->m.id);
		} else if (!q->withdrawing) {
			q->withdrawing = true;
			q->asked_at = clock_mono_ms();
		}
	}
}

bool message_queue_empty(const struct session *s)
{
	return TAILQ_EMPTY(&s->queue->waiting);
}

bool message_queue_adding(const struct session *s)
{
	return s->queue->adding > 0;
}

const struct message *session_queued(const struct session *s, size_t i)
{
	const struct queued *q;

	TAILQ_FOREACH(q, &s->queue->held, next) {
		if (!i--)
			return &q->m;
	}
	TAILQ_FOREACH(q, &s->queue->waiting, next) {
		if (!i--)
			return &q->m;
	}
	return NULL;
}

struct message_queue *message_queue_new(struct session *s)
{
	struct message_queue *queue = talloc_zero(s, struct message_queue);

	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->held);
	TAILQ_INIT(&queue->marks);
	return queue;
}
