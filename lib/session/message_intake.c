/* A new message: checked, and stored before it is queued for Claude. */
#include "config.h"
#include "session/message_queue_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/recorder.h"

#define QUEUE_MAX 100		/* queued messages of one conversation */
#define QUEUE_BYTES_MAX (8u << 20)	/* bytes of their texts; a single one may be longer */

struct adding {
	struct session *s;
	uint64_t asker;
	char *conversation;
	struct message m;
	const char *held;	/* the message that it is in place of; NULL none */
	const char *pictures;	/* their ids */
	bool now;
	char user_id[ID_SIZE];
	int64_t account_max;	/* bytes of records */
	int known;
};

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
				   a->pictures, a->held, e);
	if (a->known < 0)
		return -1;
	a->m.pictures = message_pictures(db, a, a->m.id, e);
	return a->m.pictures ? 0 : -1;
}

/* Removes the held message that a stored one replaces. */
static void end_replacement(struct session *s, const struct adding *a, bool added)
{
	struct queued *q = a->held ? queued_find(&s->queue->held, a->held) : NULL;

	if (!q)
		return;
	q->withdrawing = false;
	if (!added)
		return;
	TAILQ_REMOVE(&s->queue->held, q, next);
	talloc_free(q);
	s->ev->queue(s->data);
}

/* The message is stored: queues it and requests Claude. */
static void take_in(struct session *s, const struct message *m, bool now)
{
	struct queued *q;

	message_queue_load(s, m);
	q = queued_find(&s->queue->waiting, m->id);
	if (q)
		q->now = now;
	s->want_workspace = true;
	claude_process_ask(s);
	message_queue_tell(s);
	session_step(s);
}

static void add_done(void *data, const struct err *e)
{
	struct adding *a = data;
	struct session *s = a->s;

	s->queue->adding--;
	s->queue->adding_bytes -= strlen(a->m.text);
	if (!s->closed)
		end_replacement(s, a, !e);
	if (!s->closed && e) {
		s->ev->refused(s->data, a->asker, a->m.id, e);
	} else if (!s->closed) {
		s->ev->accepted(s->data, a->asker, a->m.id);
		if (a->known == 1)
			take_in(s, &a->m, a->now);
	}
	talloc_free(a);
	session_job_over(s);
}

static void add_up(const struct messages *list, int *messages, size_t *bytes)
{
	const struct queued *q;

	TAILQ_FOREACH(q, list, next) {
		++*messages;
		*bytes += strlen(q->m.text);
	}
}

/* held: the message that it replaces, or NULL. */
static int check_message(struct session *s, const struct session_message *m,
			 const struct queued *held, struct err *e)
{
	const char *text = m->text;
	struct message_queue *queue = s->queue;
	size_t n = strlen(text);
	int64_t max = settings_number(s->env->settings, SET_MESSAGE_MAX);
	int waiting = queue->adding - (held != NULL);
	size_t bytes = queue->adding_bytes;

	if (!n && !*m->pictures)
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
	add_up(&queue->waiting, &waiting, &bytes);
	add_up(&queue->held, &waiting, &bytes);
	if (waiting >= (s->env->queue_max ? s->env->queue_max : QUEUE_MAX) ||
	    (waiting && bytes + n > (s->env->queue_bytes_max ?
				     s->env->queue_bytes_max :
				     QUEUE_BYTES_MAX)))
		return err_tell(e, ERR_LIMIT, "error_queue_full",
				"%d messages wait", waiting);
	return 0;
}

void session_message_for(struct session *s, uint64_t asker,
			 const struct session_message *m)
{
	struct message_queue *queue = s->queue;
	struct queued *instead = m->held ? queued_find(&queue->held, m->held) : NULL;
	struct err e = { 0 };
	struct adding *a;

	if (queued_find(&queue->waiting, m->id)) {
		s->ev->accepted(s->data, asker, m->id);
		return;
	}
	if (check_message(s, m, instead, &e) < 0) {
		s->ev->refused(s->data, asker, m->id, &e);
		return;
	}
	a = talloc_zero(NULL, struct adding);
	a->s = s;
	a->asker = asker;
	a->conversation = talloc_strdup(a, s->id);
	a->pictures = talloc_strdup(a, m->pictures);
	a->now = m->now;
	a->m.text = talloc_strdup(a, m->text);
	a->m.state = "queued";
	a->m.held = a->m.pictures = "";
	a->m.at = -1;
	if (instead) {
		instead->withdrawing = true;
		a->held = talloc_strdup(a, m->held);
	}
	a->m.created_at = clock_now_ms();
	a->account_max = settings_number(s->env->settings, SET_RECORD_ACCOUNT_MAX) << 20;
	memcpy(a->user_id, s->user_id, ID_SIZE);
	if (!str_copy(a->m.id, sizeof(a->m.id), m->id) ||
	    !str_copy(a->m.conversation_id, sizeof(a->m.conversation_id), s->id))
		err_abort("an id too long");
	queue->adding++;
	queue->adding_bytes += strlen(m->text);
	session_job(s, add_work, add_done, a);
}

void session_message(struct session *s, uint64_t asker, const char *id,
		     const char *text)
{
	session_message_for(s, asker, &(struct session_message){
		.id = id, .text = text, .pictures = "",
	});
}

void session_send_held(struct session *s, uint64_t asker, const char *id,
		       const char *held)
{
	const struct queued *q = queued_find(&s->queue->held, held);
	struct session_message m = { .id = id, .held = held };
	char *ids;

	/* Another page may have sent it first; that page's list shows it. */
	if (!q || q->withdrawing)
		return;
	m.text = q->m.text;
	m.pictures = ids = sent_pictures_ids(NULL, q->m.pictures);
	session_message_for(s, asker, &m);
	talloc_free(ids);
}
