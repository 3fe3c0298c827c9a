#include "config.h"
#include "guard/guard.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "engine/docker.h"
#include "engine/docker_spec.h"
#include "guard/inside.h"

#define REQUEST_MS 10000	/* until a request is complete */
#define BACKLOG 512
#define CONNECTIONS_MAX 16384
#define KNOWN_MAX 16384		/* names, and execs not yet inspected */
#define UNSENT_MAX (256u << 10)	/* of a stream, per direction */

/* Prepares a user's uid, files and volume in a thread; outlives its connection. */
struct preparation {
	uv_work_t work;
	struct guard *guard;
	struct connection *connection;	/* NULL: it closed */
	const struct host *host;
	struct host_user user;
	bool create;
	enum volume_quota held;
	int rc;
	struct err e;
};

struct sending {
	uv_write_t write;
	struct connection *to;
	bool last;
	char bytes[];
};

static void know(struct json_object *set, const char *key, const char *value)
{
	if (json_object_object_length(set) >= KNOWN_MAX)
		json_object_object_del(set, json_object_get_object(set)->head->k);
	json_object_object_add(set, key, json_object_new_string(value));
}

static bool knows(struct json_object *set, const char *key)
{
	return json_object_object_get_ex(set, key, NULL);
}

static void gone(uv_handle_t *h)
{
	struct connection *c = h->data;

	if (--c->handles)
		return;
	guard_request_release(&c->request);
	guard_call_release(&c->call);
	talloc_free(c);
}

static void hang_up(struct connection *c)
{
	if (c->closed)
		return;
	c->closed = true;
	LIST_REMOVE(c, link);
	c->guard->connections--;
	if (c->worker)
		*c->worker = NULL;
	if (c->http)
		docker_http_close(c->http);
	c->http = NULL;
	uv_close((uv_handle_t *)&c->pipe, gone);
	uv_close((uv_handle_t *)&c->timer, gone);
}

static void written(uv_write_t *w, int status)
{
	struct sending *s = w->data;
	struct connection *c = s->to;
	bool last = s->last;

	free(s);
	if (c->closed)
		return;
	if (status < 0 || last) {
		hang_up(c);
	} else if (c->stopped && uv_stream_get_write_queue_size(
					(uv_stream_t *)&c->pipe) == 0) {
		c->stopped = false;
		if (c->http)
			docker_http_resume(c->http);
	}
}

/* last: the connection closes once these are sent. */
static void put(struct connection *c, const void *head, size_t n,
		const void *body, size_t m, bool last)
{
	struct sending *s = malloc(sizeof(*s) + n + m);
	uv_buf_t buf;

	if (!s)
		err_abort("out of memory");
	memcpy(s->bytes, head, n);
	if (m)
		memcpy(s->bytes + n, body, m);
	s->to = c;
	s->last = last;
	s->write.data = s;
	buf = uv_buf_init(s->bytes, (unsigned)(n + m));
	if (uv_write(&s->write, (uv_stream_t *)&c->pipe, &buf, 1, written) < 0) {
		free(s);
		hang_up(c);
	}
}

void guard_reply(struct connection *c, int status, const void *body, size_t n)
{
	char head[192];
	int len = snprintf(head, sizeof(head),
			   "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
			   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
			   status, http_status_str((enum http_status)status),
			   status == 204 || status == 304 ? 0 : n);

	if (c->closed)
		return;
	uv_timer_stop(&c->timer);
	uv_read_stop((uv_stream_t *)&c->pipe);
	put(c, head, (size_t)len, body,
	    status == 204 || status == 304 ? 0 : n, true);
}

void guard_reply_words(struct connection *c, int status, const char *words)
{
	struct json_object *o = json_object_new_object();
	const char *text;

	json_object_object_add(o, "message", json_object_new_string(words));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	guard_reply(c, status, text, strlen(text));
	json_object_put(o);
}

/* Logs the path without its query. */
void guard_refuse(struct connection *c, const struct err *e)
{
	char path[160];
	size_t n = strcspn(buf_text(&c->request.target), "?");

	snprintf(path, sizeof(path), "%.*s", (int)n, buf_text(&c->request.target));
	log_failure("engine_call_refused", e, "method",
		    c->request.done ? c->request.method : NULL, "path", path, NULL);
	guard_reply_words(c, 403, "refused by gongbang-guard");
}

static void read_more(struct connection *c);

static void engine_bytes(void *data, const void *bytes, size_t n)
{
	struct connection *c = data;

	put(c, bytes, n, NULL, 0, false);
	if (!c->closed && !c->stopped &&
	    uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) > UNSENT_MAX) {
		c->stopped = true;
		docker_http_pause(c->http);
	}
}

static void engine_drained(void *data)
{
	struct connection *c = data;

	if (!c->closed)
		read_more(c);
}

static void engine_end(void *data, const struct err *e)
{
	struct connection *c = data;

	c->http = NULL;
	if (e)
		hang_up(c);
	else
		put(c, "", 0, NULL, 0, true);
}

/* Remembers what later requests depend on, before the client has the answer. */
static void note(struct connection *c, int status, const struct buf *body)
{
	struct guard *g = c->guard;
	struct err e = { 0 };
	const char *id;

	if (c->call.verb == GUARD_EXEC && status == 201) {
		auto_json *o = docker_json(body, &e);

		id = json_object_get_string(docker_json_find(o, "Id", NULL));
		if (id)
			know(g->execs, id, "");
	} else if (c->call.verb == GUARD_CREATE && status == 201) {
		know(g->names, c->call.name, c->call.user_id);
	} else if (c->call.verb == GUARD_EXEC_INSPECT) {
		json_object_object_del(g->execs, c->call.name);
	} else if (c->call.of_container &&
		   (status == 404 || c->call.verb == GUARD_REMOVE)) {
		json_object_object_del(g->names, c->call.name);
	}
}

static void engine_answer(void *data, int status, const struct buf *body,
			  const struct err *e)
{
	static const char head[] = "HTTP/1.1 101 UPGRADED\r\n"
		"Content-Type: application/vnd.docker.raw-stream\r\n"
		"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
	struct connection *c = data;

	if (!e && c->call.request.upgrade && (status == 101 || status == 200)) {
		c->streaming = true;
		put(c, head, sizeof(head) - 1, NULL, 0, false);
		if (!c->closed)
			read_more(c);
		return;
	}
	c->http = NULL;
	if (e) {
		guard_reply_words(c, 502, e->text);
		return;
	}
	note(c, status, body);
	guard_reply(c, status, body->data, body->len);
}

static const struct docker_http_events events = {
	.answer = engine_answer,
	.receive = engine_bytes,
	.drained = engine_drained,
	.end = engine_end,
};

void guard_forward(struct connection *c, const struct docker_http_events *to)
{
	c->http = docker_http_send(&c->guard->engine, &c->call.request, to, c);
}

static void forward(struct connection *c)
{
	guard_forward(c, &events);
}

void guard_ask(struct connection *c, const char *path,
	       const struct docker_http_events *to)
{
	const struct docker_request rq = {
		.method = "GET",
		.path = path,
		.deadline_ms = DOCKER_QUICK_MS,
		.body_max = DOCKER_ANSWER_MAX,
	};

	c->http = docker_http_send(&c->guard->engine, &rq, to, c);
}

static void prepare(uv_work_t *work)
{
	struct preparation *p = work->data;

	p->rc = p->create ? host_user_names(p->host, &p->user, &p->e) : 0;
	if (p->rc == 0)
		p->rc = host_user_volume(p->host, &p->user, &p->held, &p->e);
}

static void prepared(uv_work_t *work, int status)
{
	struct preparation *p = work->data;
	struct connection *c = p->connection;

	json_object_object_del(p->guard->preparing, p->user.id);
	if (p->rc == 0 && p->e.kind)
		log_failure(p->held == VOLUME_WATCH ? "volume_only_watched" :
			    "volume_not_grown", &p->e, "user", p->user.id, NULL);
	p->e.kind = p->rc == 0 ? ERR_NONE : p->e.kind;
	if (c && p->rc == 0 && p->create)
		p->rc = guard_call_place(&c->call, c->guard->policy, &p->user, &p->e);
	if (p->rc < 0)
		log_failure("volume", &p->e, "user", p->user.id, NULL);
	if (c) {
		c->worker = NULL;
		if (p->rc < 0)
			guard_reply_words(c, p->e.kind == ERR_LIMIT ? 507 : 500, p->e.text);
		else
			forward(c);
	}
	talloc_free(p);
}

static void begin_preparation(struct connection *c, const char *path)
{
	struct guard *g = c->guard;
	struct preparation *p = talloc_zero(NULL, struct preparation);
	struct err e = { 0 };

	if (!p)
		err_abort("out of memory");
	p->work.data = p;
	p->guard = g;
	p->connection = c;
	p->host = g->policy->host;
	p->create = c->call.verb == GUARD_CREATE;
	if (host_user_find(g->policy->host, c->call.user_id, path, &p->user,
			   &e) < 0) {
		log_failure("uid", &e, "user", c->call.user_id, NULL);
		guard_reply_words(c, 500, e.text);
		talloc_free(p);
		return;
	}
	c->worker = &p->connection;
	know(g->preparing, p->user.id, "");
	uv_queue_work(g->engine.loop, &p->work, prepare, prepared);
}

/*
 * Only a plain volume of the engine's local driver is a folder that we may
 * change.
 */
const char *guard_volume_path(struct json_object *o)
{
	const char *path = json_object_get_string(docker_json_find(o, "Mountpoint", NULL));
	const char *driver = json_object_get_string(docker_json_find(o, "Driver", NULL));
	struct json_object *options = docker_json_find(o, "Options", NULL);

	return path && *path == '/' && driver && str_equal(driver, "local") &&
	       !(options && json_object_object_length(options)) ? path : NULL;
}

static void volume_found(void *data, int status, const struct buf *body,
			 const struct err *trouble)
{
	struct connection *c = data;
	struct err e = { 0 };
	auto_json *o = trouble ? NULL : docker_json(body, &e);
	const char *path = guard_volume_path(o);

	c->http = NULL;
	if (trouble)
		guard_reply_words(c, 502, trouble->text);
	else if (status != 201 && status != 200)
		guard_reply(c, status, body->data, body->len);
	else if (!path)
		forward(c);
	else
		begin_preparation(c, path);
}

static const struct docker_http_events volume_events = { .answer = volume_found };

/* Creating an existing volume returns its mount point. */
static void find_volume(struct connection *c)
{
	struct guard *g = c->guard;
	void *ctx = talloc_new(NULL);
	struct container_spec *spec = g->policy->spec(ctx, g->policy->data,
						      c->call.user_id);
	struct docker_request rq = {
		.method = "POST",
		.path = "/volumes/create",
		.deadline_ms = DOCKER_QUICK_MS,
		.body_max = DOCKER_ANSWER_MAX,
	};

	if (!spec) {
		guard_reply_words(c, 403, "no such user");
	} else if (knows(g->preparing, c->call.user_id)) {
		guard_reply_words(c, 409, "its volume is being prepared");
	} else {
		auto_json *body = guard_volume_new(spec);

		rq.body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
		c->http = docker_http_send(&g->engine, &rq, &volume_events, c);
	}
	talloc_free(ctx);
}

static void ask(struct connection *c)
{
	bool starts = c->call.verb == GUARD_CREATE || c->call.verb == GUARD_START;

	if (c->call.verb == GUARD_REMOVE_VOLUME)
		guard_remove_volume(c);
	else if (starts && c->guard->policy->host && *c->call.user_id)
		find_volume(c);
	else
		forward(c);
}

/* Takes its owner from the label, which only root and the guard wrote. */
static bool is_ours(struct connection *c, const struct buf *body)
{
	struct err e = { 0 };
	auto_json *o = docker_json(body, &e);
	struct json_object *labels = docker_json_find(o, "Config", "Labels", NULL);
	const char *label = json_object_get_string(
		docker_json_find(labels, LABEL_INSTANCE, NULL));
	const char *user_id = json_object_get_string(
		docker_json_find(labels, LABEL_USER, NULL));

	return label && str_equal(label, c->guard->policy->instance) && user_id &&
	       str_copy(c->call.user_id, sizeof(c->call.user_id), user_id);
}

static void looked(void *data, int status, const struct buf *body,
		   const struct err *trouble)
{
	struct connection *c = data;
	struct err e = { 0 };

	c->http = NULL;
	if (trouble) {
		guard_reply_words(c, 502, trouble->text);
	} else if (status == 404) {
		ask(c);
	} else if (status != 200 || !is_ours(c, body)) {
		err_set(&e, ERR_DENIED, "a container of another installation");
		guard_refuse(c, &e);
	} else {
		know(c->guard->names, c->call.name, c->call.user_id);
		ask(c);
	}
}

static const struct docker_http_events look_events = { .answer = looked };

/* A matching name may still belong to another installation on the same engine. */
static void inspect(struct connection *c)
{
	auto_buf path = BUF_INIT(512);
	struct err e = { 0 };

	if (guard_inspect_path(&path, c->call.name, &e) < 0)
		err_abort("a container's name too long");
	guard_ask(c, path.data, &look_events);
}

/* True when it was seen before, and its owner. */
static bool recall(struct connection *c)
{
	struct json_object *user_id;

	return json_object_object_get_ex(c->guard->names, c->call.name, &user_id) &&
	       str_copy(c->call.user_id, sizeof(c->call.user_id),
			json_object_get_string(user_id));
}

static void decide(struct connection *c)
{
	const struct guard *g = c->guard;
	struct err e = { 0 };
	bool of_exec;

	uv_timer_stop(&c->timer);
	if (guard_call_parse(&c->call, g->policy, &c->request, &e) < 0) {
		guard_refuse(c, &e);
		return;
	}
	of_exec = c->call.verb == GUARD_EXEC_START ||
		  c->call.verb == GUARD_EXEC_INSPECT;
	if (of_exec && !knows(g->execs, c->call.name)) {
		err_set(&e, ERR_DENIED, "an exec that was not made here");
		guard_refuse(c, &e);
	} else if (c->call.of_container && !recall(c)) {
		inspect(c);
	} else {
		ask(c);
	}
}

static void take(struct connection *c, const char *bytes, size_t n)
{
	struct err e = { 0 };

	if (c->streaming && !c->http)
		return;		/* the engine closed first */
	if (c->streaming) {
		docker_http_write(c->http, bytes, n);
		if (docker_http_unsent(c->http) > UNSENT_MAX)
			uv_read_stop((uv_stream_t *)&c->pipe);
		return;
	}
	if (guard_request_feed(&c->request, bytes, n, &e) < 0) {
		guard_refuse(c, &e);
	} else if (c->request.done) {
		uv_read_stop((uv_stream_t *)&c->pipe);
		decide(c);
	}
}

static void lend(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct connection *c = h->data;

	*buf = uv_buf_init(c->guard->read_buffer, DOCKER_READ_SIZE);
}

static void readable(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = s->data;

	if (c->closed || n == 0)
		return;
	if (n > 0)
		take(c, buf->base, (size_t)n);
	else if (n == UV_EOF && c->streaming && c->http)
		docker_http_shutdown(c->http);
	else
		hang_up(c);
}

static void read_more(struct connection *c)
{
	uv_read_start((uv_stream_t *)&c->pipe, lend, readable);
}

static void late(uv_timer_t *t)
{
	hang_up(t->data);
}

static void accepted(uv_stream_t *server, int status)
{
	struct listener *l = server->data;
	struct guard *g = l->guard;
	struct connection *c;

	if (status < 0)
		return;
	c = talloc_zero(NULL, struct connection);
	if (!c)
		err_abort("out of memory");
	c->guard = g;
	c->handles = 2;
	c->pipe.data = c->timer.data = c;
	LIST_INSERT_HEAD(&g->open, c, link);
	g->connections++;
	guard_request_init(&c->request);
	guard_call_init(&c->call);
	uv_pipe_init(server->loop, &c->pipe, 0);
	uv_timer_init(server->loop, &c->timer);
	if (uv_accept(server, (uv_stream_t *)&c->pipe) < 0 ||
	    g->connections > CONNECTIONS_MAX) {
		hang_up(c);
		return;
	}
	uv_timer_start(&c->timer, late, REQUEST_MS, 0);
	read_more(c);
}

static void listener_gone(uv_handle_t *h)
{
	talloc_free(h->data);
}

static int release(struct guard *g)
{
	while (!LIST_EMPTY(&g->open))
		hang_up(LIST_FIRST(&g->open));
	docker_http_close_all(&g->engine);
	while (json_object_object_length(g->preparing))
		uv_run(g->engine.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&g->listener->pipe, listener_gone);
	json_object_put(g->names);
	json_object_put(g->execs);
	json_object_put(g->preparing);
	return 0;
}

/* The folder's mode decides who may connect; the socket itself is open to all. */
static int open_socket(struct guard *g, uv_loop_t *loop, struct err *e)
{
	const char *path = g->policy->socket;
	uv_pipe_t *pipe = &g->listener->pipe;
	int rc;

	unlink(path);
	rc = uv_pipe_bind(pipe, path);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)pipe, BACKLOG, accepted);
	if (rc < 0)
		return err_set(e, ERR_UNAVAILABLE, "listen on %s: %s", path,
			       uv_strerror(rc));
	if (chmod(path, 0666) < 0)
		return err_set(e, ERR_UNAVAILABLE, "chmod %s: %m", path);
	return 0;
}

struct guard *guard_new(const void *ctx, uv_loop_t *loop,
			const struct guard_policy *policy, struct err *e)
{
	struct guard *g = talloc_zero(ctx, struct guard);

	if (!g)
		err_abort("out of memory");
	g->policy = policy;
	g->engine.loop = loop;
	g->engine.socket_path = policy->engine_socket;
	g->engine.read_buffer = talloc_size(g, DOCKER_READ_SIZE);
	g->read_buffer = talloc_size(g, DOCKER_READ_SIZE);
	g->listener = talloc_zero(NULL, struct listener);
	if (!g->engine.read_buffer || !g->read_buffer || !g->listener)
		err_abort("out of memory");
	LIST_INIT(&g->engine.open);
	LIST_INIT(&g->open);
	g->names = json_object_new_object();
	g->execs = json_object_new_object();
	g->preparing = json_object_new_object();
	g->listener->guard = g;
	g->listener->pipe.data = g->listener;
	uv_pipe_init(loop, &g->listener->pipe, 0);
	talloc_set_destructor(g, release);
	if (open_socket(g, loop, e) < 0) {
		talloc_free(g);
		return NULL;
	}
	return g;
}
