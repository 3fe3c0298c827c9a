#include "config.h"
#include "engine/docker_http.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "engine/docker_response.h"
#include "json/strict_json.h"

#define REQUEST_MAX (1 << 20)

struct docker_http {
	LIST_ENTRY(docker_http) link;
	struct docker_place *place;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	int handles;			/* not yet closed */
	struct docker_response response;
	struct buf request;
	struct err refused;		/* the request could not be built */
	int64_t deadline_ms;
	size_t unsent;
	bool closed, paused, streaming;
	const struct docker_http_events *ev;
	void *data;
};

struct sending {
	uv_write_t write;
	struct docker_http *to;
	size_t n;
	char bytes[];
};

int docker_encode(struct buf *out, const char *text, struct err *e)
{
	return percent_add(out, text, "/:", e);
}

struct json_object *docker_tree(const struct buf *body)
{
	/* Room for a list of some ten thousand containers. */
	static const struct strict_json_limits limits = {
		.bytes = 64 << 20, .depth = 32, .containers = 1 << 19,
		.elements = 4 << 20, .loose = true,
	};

	return strict_json_parse(buf_text(body), body->len, &limits);
}

/*
 * Errors that only the guard returns: the engine does not answer, or the disk
 * is nearly full.
 */
static const char *words_of(int status)
{
	return status == 502 ? "error_engine" :
	       status == 507 ? "error_host_disk" : "";
}

int docker_status(int status, const struct buf *body, struct err *e)
{
	struct json_object *answer, *message = NULL;
	enum err_kind kind = ERR_UNAVAILABLE;
	const char *text = "";

	if (status / 100 == 2 || status == 304)
		return 0;
	if (status == 404)
		kind = ERR_MISSING;
	else if (status == 409)
		kind = ERR_CONFLICT;
	answer = docker_tree(body);
	if (json_object_object_get_ex(answer, "message", &message))
		text = json_object_get_string(message);
	err_tell(e, kind, words_of(status),
		 "the engine answered %d: %s", status, text ? text : "");
	json_object_put(answer);
	return -1;
}

static int build(struct buf *b, const struct docker_request *rq, struct err *e)
{
	size_t n = rq->body ? strlen(rq->body) : 0;

	if (buf_addf(b, e, "%s %s HTTP/1.1\r\nHost: engine\r\n", rq->method,
		     rq->path) < 0)
		return -1;
	if (rq->body && buf_add_text(b, "Content-Type: application/json\r\n",
				     e) < 0)
		return -1;
	if (buf_addf(b, e, "Content-Length: %zu\r\nConnection: %s\r\n\r\n", n,
		     rq->upgrade ? "Upgrade\r\nUpgrade: tcp" : "close") < 0)
		return -1;
	return n ? buf_add(b, rq->body, n, e) : 0;
}

static void gone(uv_handle_t *h)
{
	struct docker_http *c = h->data;

	if (--c->handles)
		return;
	docker_response_release(&c->response);
	buf_release(&c->request);
	talloc_free(c);
}

void docker_http_close(struct docker_http *c)
{
	if (c->closed)
		return;
	c->closed = true;
	LIST_REMOVE(c, link);
	uv_close((uv_handle_t *)&c->pipe, gone);
	uv_close((uv_handle_t *)&c->timer, gone);
}

void docker_http_close_all(struct docker_place *place)
{
	while (!LIST_EMPTY(&place->open))
		docker_http_close(LIST_FIRST(&place->open));
}

/*
 * A failure: reported as the answer before there was one, as the stream's end
 * after it.
 */
static void fail(struct docker_http *c, const struct err *e)
{
	void *data = c->data;
	bool streaming = c->streaming;

	if (c->closed)
		return;
	docker_http_close(c);
	if (streaming)
		c->ev->end(data, e);
	else
		c->ev->answer(data, 0, &c->response.body, e);
}

static void fail_uv(struct docker_http *c, int code, const char *what)
{
	struct err e = { 0 };

	err_tell(&e, ERR_UNAVAILABLE, "error_engine", "%s %s: %s", what,
		 c->place->socket_path, uv_strerror(code));
	fail(c, &e);
}

static void answer(struct docker_http *c)
{
	struct docker_response *r = &c->response;

	uv_timer_stop(&c->timer);
	c->streaming = r->raw;
	if (!r->raw)
		docker_http_close(c);
	else if (c->paused)
		uv_read_stop((uv_stream_t *)&c->pipe);
	c->ev->answer(c->data, r->status, &r->body, NULL);
}

static void receive_bytes(struct docker_http *c, const char *bytes, size_t n)
{
	struct err e = { 0 };
	ssize_t used = 0;

	if (!c->streaming) {
		used = docker_response_feed(&c->response, bytes, n, &e);
		if (used < 0) {
			fail(c, &e);
			return;
		}
		if (!c->response.done && !c->response.raw)
			return;
		answer(c);
	}
	if (c->closed || (size_t)used == n)
		return;
	c->ev->receive(c->data, bytes + used, n - (size_t)used);
}

static void finish(struct docker_http *c)
{
	struct err e = { 0 };

	if (c->streaming)
		fail(c, NULL);
	else if (docker_response_end(&c->response, &e) < 0)
		fail(c, &e);
	else
		answer(c);
}

static void lend(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct docker_http *c = h->data;

	*buf = uv_buf_init(c->place->read_buffer, DOCKER_READ_SIZE);
}

static void readable(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct docker_http *c = s->data;

	if (c->closed || n == 0)
		return;
	if (n > 0)
		receive_bytes(c, buf->base, (size_t)n);
	else if (n == UV_EOF)
		finish(c);
	else
		fail_uv(c, (int)n, "read from");
}

static void written(uv_write_t *w, int status)
{
	struct sending *s = w->data;
	struct docker_http *c = s->to;

	c->unsent -= s->n;
	free(s);
	if (c->closed)
		return;
	/* What the engine sent before it closed its end must still be read. */
	if (status < 0 && status != UV_EPIPE)
		fail_uv(c, status, "write to");
	else if (!c->unsent && c->streaming && c->ev->drained)
		c->ev->drained(c->data);
}

void docker_http_write(struct docker_http *c, const void *bytes, size_t n)
{
	struct sending *s = alloc_checked(malloc(sizeof(*s) + n));
	uv_buf_t buf;
	int code;

	memcpy(s->bytes, bytes, n);
	s->to = c;
	s->n = n;
	s->write.data = s;
	buf = uv_buf_init(s->bytes, (unsigned)n);
	code = uv_write(&s->write, (uv_stream_t *)&c->pipe, &buf, 1, written);
	if (code < 0)		/* the reading side reports its end */
		free(s);
	else
		c->unsent += n;
}

size_t docker_http_unsent(const struct docker_http *c)
{
	return c->unsent;
}

/* A failed write shows up at the reading side. */
static void shut(uv_shutdown_t *rq, int status)
{
}

void docker_http_shutdown(struct docker_http *c)
{
	if (!c->closed && !uv_is_closing((uv_handle_t *)&c->pipe))
		uv_shutdown(&c->shutdown, (uv_stream_t *)&c->pipe, shut);
}

void docker_http_pause(struct docker_http *c)
{
	c->paused = true;
	if (c->streaming && !c->closed)
		uv_read_stop((uv_stream_t *)&c->pipe);
}

void docker_http_resume(struct docker_http *c)
{
	bool was = c->paused;

	c->paused = false;
	if (was && c->streaming && !c->closed)
		uv_read_start((uv_stream_t *)&c->pipe, lend, readable);
}

static void connected(uv_connect_t *rq, int status)
{
	struct docker_http *c = rq->data;

	if (c->closed)
		return;
	if (status < 0) {
		fail_uv(c, status, "connect to");
		return;
	}
	docker_http_write(c, c->request.data, c->request.len);
	buf_release(&c->request);
	status = uv_read_start((uv_stream_t *)&c->pipe, lend, readable);
	if (status < 0)
		fail_uv(c, status, "read from");
}

static void late(uv_timer_t *t)
{
	struct docker_http *c = t->data;
	struct err e = c->refused;

	if (!e.kind)
		err_tell(&e, ERR_UNAVAILABLE, "error_engine",
			 "no complete answer to %s in %lld ms",
			 c->place->socket_path, (long long)c->deadline_ms);
	fail(c, &e);
}

struct docker_http *docker_http_send(struct docker_place *place,
				     const struct docker_request *rq,
				     const struct docker_http_events *ev,
				     void *data)
{
	struct docker_http *c =
		alloc_checked(talloc_zero(NULL, struct docker_http));

	c->place = place;
	c->ev = ev;
	c->data = data;
	c->deadline_ms = rq->deadline_ms;
	c->handles = 2;
	c->pipe.data = c->timer.data = c->connect.data = c;
	LIST_INSERT_HEAD(&place->open, c, link);
	docker_response_init(&c->response, rq->upgrade, rq->body_max);
	buf_init(&c->request, REQUEST_MAX);
	uv_pipe_init(place->loop, &c->pipe, 0);
	uv_timer_init(place->loop, &c->timer);
	if (build(&c->request, rq, &c->refused) < 0) {
		uv_timer_start(&c->timer, late, 0, 0);
		return c;
	}
	uv_timer_start(&c->timer, late, (uint64_t)rq->deadline_ms, 0);
	uv_pipe_connect(&c->connect, &c->pipe, place->socket_path, connected);
	return c;
}
