#include "config.h"
#include "bridge/file_relay.h"

#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define START_MS 120000		/* for a workspace to start */
#define SILENT_MS 60000		/* for the shim's next byte */
#define CLIENT_IDLE_S 120
#define KEPT_MAX (2 << 20)	/* above a stream's window, which bounds it */

struct file_relay {
	TAILQ_ENTRY(file_relay) next;
	struct bridge *bridge;
	struct presence *presence;
	struct exchange *x;
	struct file_relay_request rq;
	char *method, *path;
	struct workspace_watch *watch;	/* while it runs */
	struct link_stream *stream;
	struct file_head head;
	struct buf kept;	/* of the answer; still in its stream's window */
	size_t kept_at;
	int64_t waits_since;	/* clock_mono_ms, for workspace or shim; 0: for the client */
	bool running, sent, body_complete;
	bool answered, complete, broken;
};

static void fail(struct file_relay *r, int status, const char *text)
{
	if (r->answered) {
		r->broken = true;
		exchange_wake(r->x);
		return;
	}
	r->answered = true;
	exchange_answer(r->x, status, "text/plain; charset=utf-8", text,
			"X-Content-Type-Options", "nosniff");
}

/* ---- the shim's answer ---- */

static void on_field(void *data, const char *name, const char *value)
{
	struct file_head *h = &((struct file_relay *)data)->head;
	struct err e = { 0 };
	bool fits = true;

	if (str_equal(name, "version"))
		fits = str_copy(h->version, sizeof(h->version), value);
	else if (str_equal(name, "type"))
		fits = str_copy(h->type, sizeof(h->type), value);
	else if (str_equal(name, "size"))
		fits = str_parse_number(value, 0, INT64_MAX, &h->size, &e) == 0;
	else if (str_equal(name, "mtime"))
		fits = str_parse_number(value, 0, INT64_MAX, &h->mtime, &e) == 0;
	(void)fits;	/* a field that is not one stays empty */
}

static void on_status(void *data, int status)
{
	struct file_relay *r = data;

	r->waits_since = clock_mono_ms();
	r->head.status = status;
	r->rq.head(r->rq.data, r, &r->head);
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct file_relay *r = data;
	struct err e = { 0 };

	if (r->kept_at > KEPT_MAX / 4) {
		buf_drop(&r->kept, r->kept_at);
		r->kept_at = 0;
	}
	r->waits_since = 0;
	if (buf_add(&r->kept, bytes, n, &e) < 0)
		r->broken = true;	/* it sent more than the window */
	exchange_wake(r->x);
	return false;
}

static void on_end(void *data, const struct err *e)
{
	struct file_relay *r = data;

	r->stream = NULL;
	r->waits_since = 0;
	if (e) {
		fail(r, 503, "the workspace was lost\n");
	} else {
		r->complete = true;
		exchange_wake(r->x);
	}
}

static void on_room(void *data)
{
	struct file_relay *r = data;

	r->waits_since = 0;
	exchange_wake(r->x);
}

static const struct link_response_events stream_events = {
	.field = on_field,
	.status = on_status,
	.body = on_body,
	.end = on_end,
	.room = on_room,
};

/* ---- the client ---- */

static size_t take(void *data, const void *bytes, size_t n)
{
	struct file_relay *r = data;
	size_t taken;

	if (!n) {
		r->body_complete = true;
		if (r->stream)
			link_stream_finish(r->stream);
		r->waits_since = clock_mono_ms();
		return 0;
	}
	taken = r->stream ? link_stream_write(r->stream, bytes, n) : 0;
	r->waits_since = taken < n ? clock_mono_ms() : 0;
	return taken;
}

static ssize_t read_kept(void *data, void *out, size_t n)
{
	struct file_relay *r = data;
	size_t left = r->kept.len - r->kept_at;

	if (r->broken)
		return EXCHANGE_BROKEN;
	if (!left) {
		if (!r->complete)
			r->waits_since = clock_mono_ms();
		return r->complete ? EXCHANGE_END : 0;
	}
	if (n > left)
		n = left;
	memcpy(out, r->kept.data + r->kept_at, n);
	r->kept_at += n;
	if (r->kept_at == r->kept.len) {
		buf_clear(&r->kept);
		r->kept_at = 0;
	}
	if (r->stream)
		link_stream_consume(r->stream, n);
	return (ssize_t)n;
}

static void run_next(struct presence *p);

static void gone(void *data)
{
	struct file_relay *r = data;
	struct presence *p = r->presence;

	if (r->stream)
		link_stream_cancel(r->stream);
	if (r->running) {
		workspace_unwatch(r->watch);
		workspace_release(p->workspace);
		p->relays_running--;
	}
	p->relays--;
	TAILQ_REMOVE(&r->bridge->relays, r, next);
	buf_release(&r->kept);
	talloc_free(r);
	run_next(p);
	presence_release_unused(p);
}

static const struct exchange_pieces pieces = {
	.take = take,
	.read = read_kept,
	.gone = gone,
};

/* ---- workspace and turn ---- */

static void send_request(struct file_relay *r)
{
	struct link_request rq = {
		.method = r->method,
		.path = r->path,
		.streams = !str_equal(r->method, "GET"),
		.bulk = true,
	};
	struct link *l = workspace_link(r->presence->workspace);
	struct err e = { 0 };

	r->sent = true;
	r->waits_since = clock_mono_ms();
	r->head = (struct file_head){ .size = -1, .mtime = -1 };
	r->stream = l ? link_request(l, &rq, &stream_events, r, &e) : NULL;
	if (!r->stream) {
		fail(r, 503, "the workspace is not ready\n");
		return;
	}
	if (r->body_complete && rq.streams)
		link_stream_finish(r->stream);
	exchange_wake(r->x);
}

static void on_workspace(void *data)
{
	struct file_relay *r = data;
	enum workspace_state state = workspace_state(r->presence->workspace);

	if (state == WORKSPACE_READY && !r->sent) {
		send_request(r);
	} else if (state != WORKSPACE_READY && r->sent) {
		/* Its link is freed after this call. */
		if (r->stream)
			link_stream_cancel(r->stream);
		r->stream = NULL;
		if (!r->complete)
			fail(r, 503, "the workspace was stopped\n");
	} else if (state == WORKSPACE_FAILED || state == WORKSPACE_REMOVED) {
		fail(r, 503, "the workspace does not start\n");
	}
}

static void run(struct file_relay *r)
{
	struct workspace *w = r->presence->workspace;

	r->running = true;
	r->presence->relays_running++;
	r->waits_since = clock_mono_ms();
	workspace_hold(w);
	r->watch = workspace_watch(w, on_workspace, r);
	if (workspace_state(w) != WORKSPACE_READY) {
		token_lifecycle_workspace(r->bridge, w);
		workspace_ensure(w);
	}
	if (workspace_state(w) == WORKSPACE_READY && !r->sent)
		send_request(r);
}

static void run_next(struct presence *p)
{
	struct file_relay *r;

	if (p->relays_running >= FILE_RELAYS_MAX || p->bridge->stopping)
		return;
	TAILQ_FOREACH(r, &p->bridge->relays, next) {
		if (r->presence == p && !r->running && !r->answered) {
			run(r);
			return;
		}
	}
}

void file_relay_begin(struct bridge *b, struct exchange *x,
		      const struct file_relay_request *rq)
{
	struct presence *p = presence_get(b, rq->user_id);
	struct file_relay *r;

	if (b->stopping || p->relays >= FILE_RELAYS_MAX + FILE_RELAYS_WAIT_MAX) {
		exchange_answer(x, 503, "text/plain", "come back later\n",
				"Retry-After", "5");
		talloc_free(rq->data);
		presence_release_unused(p);
		return;
	}
	r = talloc_zero(b, struct file_relay);
	r->bridge = b;
	r->presence = p;
	r->x = x;
	r->rq = *rq;
	talloc_steal(r, rq->data);
	r->method = talloc_strdup(r, rq->method);
	r->path = talloc_strdup(r, rq->path);
	buf_init(&r->kept, KEPT_MAX);
	p->relays++;
	TAILQ_INSERT_TAIL(&b->relays, r, next);
	exchange_attach(x, &pieces, r, CLIENT_IDLE_S);
	if (p->relays_running < FILE_RELAYS_MAX)
		run(r);
}

void file_relay_stream(struct file_relay *r, int status, int64_t size,
		       const struct exchange_row *rows, size_t n)
{
	r->answered = true;
	exchange_stream(r->x, status, size, rows, n);
}

static void cancel(struct file_relay *r)
{
	struct link_stream *s = r->stream;

	r->stream = NULL;
	if (s)
		link_stream_cancel(s);
}

void file_relay_drop(struct file_relay *r, int status,
		     const struct exchange_row *rows, size_t n)
{
	cancel(r);
	r->complete = true;
	file_relay_stream(r, status, 0, rows, n);
}

void file_relay_again(struct file_relay *r, const char *path)
{
	cancel(r);
	r->path = talloc_strdup(r, path);
	send_request(r);
}

void file_relays_check(struct bridge *b)
{
	int64_t now = clock_mono_ms();
	struct file_relay *r;

	TAILQ_FOREACH(r, &b->relays, next) {
		if (r->waits_since && r->running &&
		    now - r->waits_since > (r->sent ? SILENT_MS : START_MS)) {
			r->waits_since = 0;
			cancel(r);
			fail(r, 503, "the workspace does not answer\n");
		}
	}
}
