#include "config.h"
#include "session/message_queue.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define QUEUE_MAX 100		/* messages waiting in one conversation */
#define SILENT_MS 60000		/* of an idle process that was given a message */
#define WITHDRAW_MS 15000	/* from asking to the answer */
#define TRIES_MAX 2		/* processes that may be given a message */
#define QUEUE_BYTES_MAX (8u << 20)	/* and their texts; one alone may be longer */

struct queued {
	TAILQ_ENTRY(queued) next;
	struct message m;
	bool given;		/* to this process's input */
	int tries;		/* processes that it was given to */
	bool withdrawing;
	const char *why;	/* it is withdrawn, or held; NULL: nobody asked */
	int64_t asked_at;	/* clock_mono_ms of withdrawing */
};

TAILQ_HEAD(messages, queued);

struct message_queue {
	struct messages waiting;	/* for Claude */
	struct messages held;	/* withdrawn; their person sends or removes them */
	int adding;		/* messages on their way to the store */
	size_t adding_bytes;
	int64_t silent_at;	/* clock_mono_ms since when nothing is heard of what was given; 0 none is */
};

struct adding {
	struct session *s;
	uint64_t asker;
	char *conversation;
	struct message m;
	const char *held;	/* the message that it is in place of; NULL none */
	char user_id[ID_SIZE];
	int64_t account_max;	/* bytes of records */
	int known;
};

struct marking {
	struct session *s;
	char conversation[ID_SIZE], id[ID_SIZE];
	const char *state, *why;	/* why: held; NULL not */
};

static struct queued *find(const struct messages *list, const char *id)
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
	return find(&s->queue->waiting, id);
}

const char *message_queue_text(const struct session *s, const char *id)
{
	const struct queued *q = find_waiting(s, id);

	return q ? q->m.text : NULL;
}

static const char *reason_of(const char *word)
{
	static const char *const words[] = { "stopped", "withdrawn" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(words[i], word))
			return words[i];
	}
	return "untaken";
}

void message_queue_load(struct session *s, const struct message *m)
{
	struct message_queue *queue = s->queue;
	struct queued *q;

	if (find(&queue->waiting, m->id) || find(&queue->held, m->id))
		return;
	q = talloc_zero(s, struct queued);
	q->m = *m;
	q->m.state = str_equal(m->state, "sent") ? "sent" : "queued";
	q->m.held = m->held[0] ? reason_of(m->held) : "";
	q->m.text = talloc_strdup(q, m->text);
	if (m->held[0])
		TAILQ_INSERT_TAIL(&queue->held, q, next);
	else
		TAILQ_INSERT_TAIL(&queue->waiting, q, next);
}

static void tell(struct session *s)
{
	s->ev->queue(s->data);
	s->ev->changed(s->data);
}

static void forget(struct session *s, struct queued *q)
{
	TAILQ_REMOVE(&s->queue->waiting, q, next);
	talloc_free(q);
	tell(s);
}

static int mark_work(void *data, struct db *db, struct err *e)
{
	struct marking *m = data;

	if (m->why)
		return message_hold(db, m->conversation, m->id, m->why, e);
	return message_set_state(db, m->conversation, m->id, m->state, e);
}

static void mark_done(void *data, const struct err *e)
{
	struct marking *m = data;
	struct session *s = m->s;

	/* Nothing is lost by it: what has no echo is given again. */
	if (e && e->kind != ERR_CONFLICT && e->kind != ERR_MISSING)
		session_trouble(s, "message_state_not_stored", e);
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
	session_job(s, mark_work, mark_done, m);
}

/* One that is sent again takes no room. */
static int check_room(const struct adding *a, struct db *db, struct err *e)
{
	char in[ID_SIZE];

	if (message_find(db, a->m.id, a->user_id, in, e) == 0)
		return 0;
	return e->kind != ERR_MISSING ? -1 :
	       message_check_room(db, a->user_id, a->m.text, a->account_max, e);
}

static int add_work(void *data, struct db *db, struct err *e)
{
	struct adding *a = data;

	if (check_room(a, db, e) < 0)
		return -1;
	a->known = message_add_for(db, a->conversation, a->m.id, a->m.text,
				   a->held, e);
	return a->known < 0 ? -1 : 0;
}

/* What became of the message in place of a held one. */
static void settle_held(struct session *s, const struct adding *a, bool added)
{
	struct queued *q = a->held ? find(&s->queue->held, a->held) : NULL;

	if (!q)
		return;
	q->withdrawing = false;
	if (!added)
		return;
	TAILQ_REMOVE(&s->queue->held, q, next);
	talloc_free(q);
	s->ev->queue(s->data);
}

/* The store has it: it waits for Claude, which is wanted for it. */
static void take_in(struct session *s, const struct message *m)
{
	message_queue_load(s, m);
	s->want_workspace = true;
	claude_process_ask(s);
	tell(s);
	session_step(s);
}

static void add_done(void *data, const struct err *e)
{
	struct adding *a = data;
	struct session *s = a->s;

	s->queue->adding--;
	s->queue->adding_bytes -= strlen(a->m.text);
	if (!s->closed)
		settle_held(s, a, !e);
	if (!s->closed && e) {
		s->ev->refused(s->data, a->asker, a->m.id, e);
	} else if (!s->closed) {
		s->ev->accepted(s->data, a->asker, a->m.id);
		if (a->known == 1)
			take_in(s, &a->m);
	}
	talloc_free(a);
	session_job_over(s);
}

static void count(const struct messages *list, int *messages, size_t *bytes)
{
	const struct queued *q;

	TAILQ_FOREACH(q, list, next) {
		++*messages;
		*bytes += strlen(q->m.text);
	}
}

/* held: the message that it is in place of, or NULL. */
static int check(struct session *s, const char *text, const struct queued *held,
		 struct err *e)
{
	struct message_queue *queue = s->queue;
	size_t n = strlen(text);
	int64_t max = settings_number(s->env->settings, SET_MESSAGE_MAX);
	int waiting = queue->adding - (held != NULL);
	size_t bytes = queue->adding_bytes;

	if (!n)
		return err_tell(e, ERR_INPUT, "error_message_empty", "empty message");
	if ((int64_t)n > max)
		return err_tell(e, ERR_LIMIT, "error_message_too_long",
				"message of %zu bytes", n);
	if (s->gone || s->deleted)
		return err_tell(e, ERR_MISSING, "error_conversation_gone", "deleted");
	if (recorder_stuck(s))
		return err_tell(e, ERR_UNAVAILABLE, "error_store_full",
				"the store takes nothing");
	if (host_disk_left(settings_text(s->env->settings, SET_DATABASE)) <
	    settings_number(s->env->settings, SET_DISK_RESERVE))
		return err_tell(e, ERR_UNAVAILABLE, "error_host_disk",
				"the host's disk is at its reserve");
	if (held)
		bytes -= strlen(held->m.text);
	count(&queue->waiting, &waiting, &bytes);
	count(&queue->held, &waiting, &bytes);
	if (waiting >= (s->env->queue_max ? s->env->queue_max : QUEUE_MAX) ||
	    (waiting && bytes + n > (s->env->queue_bytes_max ?
				     s->env->queue_bytes_max :
				     QUEUE_BYTES_MAX)))
		return err_tell(e, ERR_LIMIT, "error_queue_full",
				"%d messages wait", waiting);
	return 0;
}

void session_message(struct session *s, uint64_t asker, const char *id,
		     const char *text)
{
	session_message_for(s, asker, id, text, NULL);
}

void session_send_held(struct session *s, uint64_t asker, const char *id,
		       const char *held)
{
	const struct queued *q = find(&s->queue->held, held);

	/* Another page was first: it sees that in its list. */
	if (q && !q->withdrawing)
		session_message_for(s, asker, id, q->m.text, held);
}

struct release {
	struct session *s;
	char conversation[ID_SIZE], id[ID_SIZE];
};

static int release_work(void *data, struct db *db, struct err *e)
{
	struct release *r = data;

	return message_release(db, r->conversation, r->id, e);
}

static void release_done(void *data, const struct err *e)
{
	struct release *r = data;
	struct session *s = r->s;

	if (e)
		session_trouble(s, "message_state_not_stored", e);
	talloc_free(r);
	session_job_over(s);
}

void session_discard(struct session *s, const char *held)
{
	struct queued *q = find(&s->queue->held, held);
	struct release *r;

	if (!q || q->withdrawing)
		return;
	r = talloc_zero(NULL, struct release);
	r->s = s;
	memcpy(r->conversation, s->id, ID_SIZE);
	memcpy(r->id, q->m.id, ID_SIZE);
	TAILQ_REMOVE(&s->queue->held, q, next);
	talloc_free(q);
	session_job(s, release_work, release_done, r);
	s->ev->queue(s->data);
}

void session_message_for(struct session *s, uint64_t asker, const char *id,
			 const char *text, const char *held)
{
	struct message_queue *queue = s->queue;
	struct queued *instead = held ? find(&queue->held, held) : NULL;
	struct err e = { 0 };
	struct adding *a;

	if (find(&queue->waiting, id)) {
		s->ev->accepted(s->data, asker, id);
		return;
	}
	if (check(s, text, instead, &e) < 0) {
		s->ev->refused(s->data, asker, id, &e);
		return;
	}
	a = talloc_zero(NULL, struct adding);
	a->s = s;
	a->asker = asker;
	a->conversation = talloc_strdup(a, s->id);
	a->m.text = talloc_strdup(a, text);
	a->m.state = "queued";
	a->m.held = "";
	a->m.at = -1;
	if (instead) {
		instead->withdrawing = true;
		a->held = talloc_strdup(a, held);
	}
	a->m.created_at = clock_now_ms();
	a->account_max = settings_number(s->env->settings, SET_RECORD_ACCOUNT_MAX) << 20;
	memcpy(a->user_id, s->user_id, ID_SIZE);
	if (!str_copy(a->m.id, sizeof(a->m.id), id) ||
	    !str_copy(a->m.conversation_id, sizeof(a->m.conversation_id), s->id))
		err_abort("an id too long");
	queue->adding++;
	queue->adding_bytes += strlen(text);
	session_job(s, add_work, add_done, a);
}

void message_queue_send(struct session *s)
{
	struct queued *q;

	if (!claude_process_takes_input(s) || (mode_skips(s) && !claude_start_skips(s)))
		return;
	TAILQ_FOREACH(q, &s->queue->waiting, next) {
		if (q->given || q->withdrawing)
			continue;
		q->given = true;
		q->tries++;
		stdin_add(s, STDIN_MESSAGE, stdin_json_user(q->m.id, q->m.text),
			  q->m.id, 0, 0);
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
	struct queued *q = find(&queue->waiting, id);

	if (!q)
		return;
	if (s->run) {	/* nobody is there to decide */
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
	tell(s);
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

/* It read nothing, or lost it: another process may do better, twice is enough. */
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

/* Started, and linked: else other deadlines count. */
static bool listens(const struct session *s)
{
	return s->link && claude_process_state(s) == CLAUDE_READY;
}

/* When a withdrawal that is not answered was asked for, or could be read; 0 none. */
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
	return queue;
}
