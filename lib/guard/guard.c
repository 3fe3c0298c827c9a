#include "config.h"
#include "guard/guard.h"

#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "engine/docker.h"
#include "engine/docker_spec.h"
#include "guard/guard_internal.h"

#define REQUEST_MS 10000	/* until a request is complete */
#define BACKLOG 512
#define CONNECTIONS_MAX 16384
#define KNOWN_MAX 16384		/* names, and execs not yet inspected */
#define UNSENT_MAX (256u << 10)	/* of a stream, per direction */

void guard_know(struct json_object *set, const char *key, const char *value)
{
	if (json_object_object_length(set) >= KNOWN_MAX)
		json_object_object_del(set, json_object_get_object(set)->head->k);
	json_object_object_add(set, key, json_object_new_string(value));
}

static bool knows(struct json_object *set, const char *key)
{
	return json_object_object_get_ex(set, key, NULL);
}

static void read_more(struct connection *c);

static void engine_bytes(void *data, const void *bytes, size_t n)
{
	struct connection *c = data;

	guard_send(c, bytes, n, NULL, 0, false);
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
		guard_hang_up(c);
	else
		guard_send(c, "", 0, NULL, 0, true);
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
			guard_know(g->execs, id, "");
	} else if (c->call.verb == GUARD_CREATE && status == 201) {
		guard_know(g->names, c->call.name, c->call.user_id);
	} else if (c->call.verb == GUARD_EXEC_INSPECT) {
		json_object_object_del(g->execs, c->call.name);
	} else if (c->call.of_container &&
		   (status == 404 || c->call.verb == GUARD_REMOVE)) {
		json_object_object_del(g->names, c->call.name);
	}
}

bool guard_answered(struct connection *c, const struct err *trouble)
{
	c->http = NULL;
	if (trouble)
		guard_reply_words(c, 502, trouble->text);
	return !trouble;
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
		guard_send(c, head, sizeof(head) - 1, NULL, 0, false);
		if (!c->closed)
			read_more(c);
		return;
	}
	if (!guard_answered(c, e))
		return;
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

void guard_forward_answer(struct connection *c)
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

static void pass_call(struct connection *c)
{
	bool starts = c->call.verb == GUARD_CREATE || c->call.verb == GUARD_START;

	if (c->call.verb == GUARD_REMOVE_VOLUME)
		guard_remove_volume(c);
	else if (starts && c->guard->policy->host && *c->call.user_id)
		guard_prepare_volume(c);
	else
		guard_forward_answer(c);
}

const char *guard_label_user(const struct connection *c,
			     struct json_object *labels)
{
	const char *instance = json_object_get_string(
		docker_json_find(labels, LABEL_INSTANCE, NULL));

	return instance && str_equal(instance, c->guard->policy->instance) ?
	       json_object_get_string(docker_json_find(labels, LABEL_USER, NULL)) :
	       NULL;
}

/* Takes the owner from its label. */
static bool is_ours(struct connection *c, const struct buf *body)
{
	struct err e = { 0 };
	auto_json *o = docker_json(body, &e);
	const char *user_id = guard_label_user(c, docker_json_find(o, "Config",
								   "Labels", NULL));

	return user_id &&
	       str_copy(c->call.user_id, sizeof(c->call.user_id), user_id);
}

static void inspected(void *data, int status, const struct buf *body,
		   const struct err *trouble)
{
	struct connection *c = data;

	if (!guard_answered(c, trouble))
		return;
	if (status == 404) {
		pass_call(c);
	} else if (status != 200 || !is_ours(c, body)) {
		guard_refuse_words(c, "a container of another installation");
	} else {
		guard_know(c->guard->names, c->call.name, c->call.user_id);
		pass_call(c);
	}
}

static const struct docker_http_events inspect_events = { .answer = inspected };

/* A matching name may still belong to another installation on the same engine. */
static void inspect(struct connection *c)
{
	auto_buf path = BUF_INIT(512);
	struct err e = { 0 };

	if (guard_inspect_path(&path, c->call.name, &e) < 0)
		err_abort("a container's name too long");
	guard_ask(c, path.data, &inspect_events);
}

/* True if the container is known; then sets its owner. */
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
		guard_refuse_words(c, "an exec that was not made here");
	} else if (c->call.of_container && !recall(c)) {
		inspect(c);
	} else {
		pass_call(c);
	}
}

static void receive_bytes(struct connection *c, const char *bytes, size_t n)
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
		receive_bytes(c, buf->base, (size_t)n);
	else if (n == UV_EOF && c->streaming && c->http)
		docker_http_shutdown(c->http);
	else
		guard_hang_up(c);
}

static void read_more(struct connection *c)
{
	uv_read_start((uv_stream_t *)&c->pipe, lend, readable);
}

static void late(uv_timer_t *t)
{
	guard_hang_up(t->data);
}

static void accepted(uv_stream_t *server, int status)
{
	struct listener *l = server->data;
	struct guard *g = l->guard;
	struct connection *c;

	if (status < 0)
		return;
	c = alloc_checked(talloc_zero(NULL, struct connection));
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
		guard_hang_up(c);
		return;
	}
	uv_timer_start(&c->timer, late, (uint64_t)(g->policy->request_ms ?
			g->policy->request_ms : REQUEST_MS), 0);
	read_more(c);
}

static void listener_gone(uv_handle_t *h)
{
	talloc_free(h->data);
}

static int release(struct guard *g)
{
	while (!LIST_EMPTY(&g->open))
		guard_hang_up(LIST_FIRST(&g->open));
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
	struct guard *g = alloc_checked(talloc_zero(ctx, struct guard));

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
