/*
 * Lines for Claude's stdin: all waiting lines are written in order, as one
 * body.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/buf.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"

#define BATCH_MAX (8u << 20)	/* bytes of one POST; a single line may be longer */

struct line {
	TAILQ_ENTRY(line) next;
	enum stdin_kind kind;
	char *text;		/* its child */
	size_t n;
	char id[ID_SIZE];	/* STDIN_MESSAGE */
	int64_t part;		/* STDIN_ANSWER */
	uint64_t asker;
	bool in_flight;
};

struct stdin_writer {
	TAILQ_HEAD(, line) lines;
	struct shim_request *request;
};

void stdin_add(struct session *s, enum stdin_kind kind, char *line,
	       const char *id, int64_t part, uint64_t asker)
{
	struct line *in = talloc_zero(s, struct line);

	in->kind = kind;
	in->text = talloc_steal(in, line);
	in->n = strlen(line);
	in->part = part;
	in->asker = asker;
	if (id && !str_copy(in->id, sizeof(in->id), id))
		err_abort("an id too long");
	TAILQ_INSERT_TAIL(&s->input->lines, in, next);
}

static void lose_line(struct session *s, struct line *in)
{
	struct err e = { 0 };

	if (in->kind == STDIN_ANSWER) {
		recorder_set_answered(s, in->part, false);
		err_tell(&e, ERR_UNAVAILABLE, "error_answer_lost",
			 "Claude's process is gone");
		s->ev->trouble(s->data, in->asker, &e);
	}
	TAILQ_REMOVE(&s->input->lines, in, next);
	talloc_free(in);
}

void stdin_drop(struct session *s)
{
	struct line *in;

	if (s->input->request) {
		shim_request_cancel(s->input->request);
		s->input->request = NULL;
	}
	while ((in = TAILQ_FIRST(&s->input->lines)))
		lose_line(s, in);
}

static void remove_written(struct session *s)
{
	struct line *in;

	while ((in = TAILQ_FIRST(&s->input->lines)) && in->in_flight) {
		if (in->kind == STDIN_MESSAGE)
			message_queue_written(s, in->id);
		TAILQ_REMOVE(&s->input->lines, in, next);
		talloc_free(in);
	}
}

static void lines_written(struct session *s, int status, const char *body,
			  const struct err *e)
{
	struct err failed = { 0 };
	struct line *in;

	s->input->request = NULL;
	if (!e && status == 200) {
		remove_written(s);
	} else if (!e && status == 409) {
		/* Not running: the log's exit line says how it ended. */
		while ((in = TAILQ_FIRST(&s->input->lines)) && in->in_flight)
			lose_line(s, in);
		message_queue_forget_given(s);
		claude_process_lost(s);
	} else {
		/*
		 * The link failed or the shim refused: the lines may have been
		 * read, and messages may be sent twice.
		 */
		while ((in = TAILQ_FIRST(&s->input->lines)) && in->in_flight)
			lose_line(s, in);
		message_queue_forget_given(s);
		if (!e) {
			err_set(&failed, ERR_INTERNAL, "input: status %d", status);
			session_trouble(s, "input_refused", &failed);
			claude_process_lost(s);
		}
	}
	session_step(s);
}

/* Sends all waiting lines in order, as one body. */
void stdin_step(struct session *s)
{
	auto_buf body = BUF_INIT((size_t)64 << 20);
	struct err full = { 0 };
	struct line *in;

	if (s->input->request || stdin_empty(s) || !claude_process_takes_input(s))
		return;
	TAILQ_FOREACH(in, &s->input->lines, next) {
		if (body.len && body.len + in->n > BATCH_MAX)
			break;
		if (buf_add(&body, in->text, in->n, &full) < 0)
			break;
		in->in_flight = true;
	}
	s->input->request = shim_request_new(s, "POST", body.data, body.len,
					 lines_written,
					 "/sessions/%s/input", s->id);
	if (!s->input->request) {
		TAILQ_FOREACH(in, &s->input->lines, next)
			in->in_flight = false;
	}
}

bool stdin_empty(const struct session *s)
{
	return TAILQ_EMPTY(&s->input->lines);
}

void stdin_link_lost(struct session *s)
{
	s->input->request = NULL;
}

struct stdin_writer *stdin_writer_new(struct session *s)
{
	struct stdin_writer *w = talloc_zero(s, struct stdin_writer);

	TAILQ_INIT(&w->lines);
	return w;
}
