#include "config.h"

#include <stdarg.h>
#include <string.h>

#include <talloc.h>

#include "core/buf.h"
#include "session/session_internal.h"

struct shim_request {
	TAILQ_ENTRY(shim_request) next;
	struct session *s;
	struct link_stream *stream;
	uv_timer_t *deadline;
	shim_request_done *done;
	struct buf body;
	int status;
};

static void timer_closed(uv_handle_t *h)
{
	struct session *s = h->data;

	talloc_free(h);
	session_handle_over(s);
}

static void release(struct shim_request *c)
{
	struct session *s = c->s;

	TAILQ_REMOVE(&s->requests, c, next);
	buf_release(&c->body);
	c->deadline->data = s;
	uv_close((uv_handle_t *)c->deadline, timer_closed);
	talloc_free(c);
}

static void finish(struct shim_request *c, const struct err *e)
{
	struct session *s = c->s;
	shim_request_done *done = c->done;
	int status = e ? 0 : c->status;
	auto_buf body = BUF_INIT(SHIM_REQUEST_BODY_MAX);

	body = c->body;
	buf_init(&c->body, SHIM_REQUEST_BODY_MAX);
	release(c);
	if (done)
		done(s, status, buf_text(&body), e);
}

static void on_status(void *data, int status)
{
	struct shim_request *c = data;

	c->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct shim_request *c = data;
	struct err full = { 0 };

	/* Longer replies are truncated: no caller reads more. */
	if (buf_add(&c->body, bytes, n, &full) < 0)
		buf_clear(&c->body);
	return true;
}

static void on_end(void *data, const struct err *e)
{
	struct shim_request *c = data;

	c->stream = NULL;
	finish(c, e);
}

static const struct link_response_events events = {
	.status = on_status,
	.body = on_body,
	.end = on_end,
};

static void too_late(uv_timer_t *timer)
{
	struct shim_request *c = timer->data;
	struct err e = { 0 };

	link_stream_cancel(c->stream);
	err_tell(&e, ERR_UNAVAILABLE, "error_workspace_silent",
		 "the workspace does not answer");
	finish(c, &e);
}

struct shim_request *shim_request_new(struct session *s, const char *method,
				      const void *body,
				      size_t n, shim_request_done *done, const char *path, ...)
{
	struct link_request rq = {
		.method = method,
		.body = body,
		.body_len = n,
	};
	struct err e = { 0 };
	struct shim_request *c;
	va_list ap;

	if (!s->link)
		return NULL;
	c = talloc_zero(s, struct shim_request);
	va_start(ap, path);
	rq.path = talloc_vasprintf(c, path, ap);
	va_end(ap);
	c->s = s;
	c->done = done;
	buf_init(&c->body, SHIM_REQUEST_BODY_MAX);
	c->stream = link_request(s->link, &rq, &events, c, &e);
	if (!c->stream) {
		talloc_free(c);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&s->requests, c, next);
	c->deadline = talloc_zero(s, uv_timer_t);
	uv_timer_init(s->env->loop, c->deadline);
	c->deadline->data = c;
	s->handles++;
	uv_timer_start(c->deadline, too_late, SHIM_REQUEST_DEADLINE_MS, 0);
	return c;
}

void shim_request_cancel(struct shim_request *c)
{
	link_stream_cancel(c->stream);
	release(c);
}

void shim_request_cancel_all(struct session *s)
{
	struct shim_request *c;

	while ((c = TAILQ_FIRST(&s->requests)))
		shim_request_cancel(c);
	stdin_link_lost(s);
}
