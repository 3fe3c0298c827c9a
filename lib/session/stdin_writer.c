#include "config.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/session_internal.h"

#define BATCH_MAX (8u << 20)	/* bytes of one POST; one line alone may be longer */

void stdin_add(struct session *s, enum stdin_kind kind, char *line,
	       const char *id, int64_t part, uint64_t asker)
{
	struct stdin *in = talloc_zero(s, struct stdin);

	in->kind = kind;
	in->line = talloc_steal(in, line);
	in->n = strlen(line);
	in->part = part;
	in->asker = asker;
	if (id && !str_copy(in->id, sizeof(in->id), id))
		err_abort("an id too long");
	TAILQ_INSERT_TAIL(&s->inputs, in, next);
}

static void lose(struct session *s, struct stdin *in)
{
	struct live_part *memo;
	struct err e = { 0 };

	if (in->kind == STDIN_ANSWER) {
		memo = recorder_find(s, in->part);
		if (memo)
			memo->answered = false;
		recorder_asked(s);
		err_tell(&e, ERR_UNAVAILABLE, "error_answer_lost",
			 "Claude's process is gone");
		s->ev->trouble(s->data, in->asker, &e);
	}
	TAILQ_REMOVE(&s->inputs, in, next);
	talloc_free(in);
}

void stdin_drop(struct session *s)
{
	struct stdin *in;

	if (s->input_call) {
		shim_request_cancel(s->input_call);
		s->input_call = NULL;
	}
	while ((in = TAILQ_FIRST(&s->inputs)))
		lose(s, in);
}

static void take(struct session *s)
{
	struct stdin *in;

	while ((in = TAILQ_FIRST(&s->inputs)) && in->in_flight) {
		if (in->kind == STDIN_MESSAGE)
			queue_taken(s, in->id);
		TAILQ_REMOVE(&s->inputs, in, next);
		talloc_free(in);
	}
}

static void written(struct session *s, int status, const char *body,
		    const struct err *e)
{
	struct err failed = { 0 };
	struct stdin *in;

	s->input_call = NULL;
	if (!e && status == 200) {
		take(s);
	} else if (!e && status == 409) {
		/* Not running: the log's exit line says how it ended. */
		while ((in = TAILQ_FIRST(&s->inputs)) && in->in_flight)
			lose(s, in);
		queue_forget_given(s);
		process_lost(s);
	} else {
		/* The link broke or the shim refused: whether the lines were read is not known, and messages may be sent twice. */
		while ((in = TAILQ_FIRST(&s->inputs)) && in->in_flight)
			lose(s, in);
		queue_forget_given(s);
		if (!e) {
			err_set(&failed, ERR_INTERNAL, "input: status %d", status);
			session_trouble(s, "input_refused", &failed);
			process_lost(s);
		}
	}
	session_step(s);
}

/* All that waits, in order, as one body. */
void stdin_step(struct session *s)
{
	auto_buf body = BUF_INIT((size_t)64 << 20);
	struct err full = { 0 };
	struct stdin *in;

	if (s->input_call || TAILQ_EMPTY(&s->inputs) || !process_takes_input(s))
		return;
	TAILQ_FOREACH(in, &s->inputs, next) {
		if (body.len && body.len + in->n > BATCH_MAX)
			break;
		if (buf_add(&body, in->line, in->n, &full) < 0)
			break;
		in->in_flight = true;
	}
	s->input_call = shim_request_new(s, "POST", body.data, body.len,
					 written,
					 "/sessions/%s/input", s->id);
	if (!s->input_call) {
		TAILQ_FOREACH(in, &s->inputs, next)
			in->in_flight = false;
	}
}
