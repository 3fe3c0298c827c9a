/*
 * A terminal's WebSocket. It carries the shim's records as they are
 * (shim/shim_terminal.h) in binary messages; the browser's binary messages are
 * a byte that says what follows:
 * 'i'  input, up to INPUT_MAX bytes
 * 'a'  4 bytes: so many of the records' bytes were drawn
 * 'r'  2 bytes of rows, 2 of columns
 * Records that are not drawn yet stay in the stream's window, so a slow browser
 * slows the terminal down, and nothing is queued here. Text messages to the
 * browser: {"kind":"waiting"|"missing"|"refused"|"ended"}.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"

#define INPUT_MAX (60 << 10)	/* bytes of a message */
#define SENDING_MAX (1 << 20)	/* bytes on their way to the shim */

/* A request on its way to the shim. */
struct terminal_post {
	TAILQ_ENTRY(terminal_post) next;
	struct terminal_client *client;
	struct link_stream *stream;
	size_t n;
	bool start;
};

static void say(struct terminal_client *c, const char *kind)
{
	char *text = outgoing_text(c, kind, NULL, NULL, NULL, NULL);

	websocket_send(c->ws, text, strlen(text));
	talloc_free(text);
}

void terminal_client_close(struct terminal_client *c, int code,
			   const char *reason)
{
	websocket_close(c->ws, code, reason);
}

/* ---- requests ---- */

static void post_done(struct terminal_post *p)
{
	struct terminal_client *c = p->client;

	TAILQ_REMOVE(&c->posts, p, next);
	c->sending -= p->n;
	talloc_free(p);
}

static void on_post_status(void *data, int status)
{
	struct terminal_post *p = data;

	/* Too many of them, or no process can be started. */
	if (p->start && status >= 400) {
		say(p->client, "refused");
		terminal_client_close(p->client, WEBSOCKET_TRY_AGAIN, "not started");
	}
}

static bool on_post_body(void *data, const void *bytes, size_t n)
{
	return true;
}

static void on_post_end(void *data, const struct err *e)
{
	post_done(data);
}

static const struct link_response_events post_events = {
	.status = on_post_status,
	.body = on_post_body,
	.end = on_post_end,
};

static void post(struct terminal_client *c, const char *path, bool start,
		 const void *body, size_t n)
{
	struct link *l = workspace_link(c->presence->workspace);
	const struct link_request rq = {
		.method = "POST", .path = path, .body = body, .body_len = n,
	};
	struct terminal_post *p;
	struct err e = { 0 };

	if (!l)
		return;
	p = talloc_zero(c, struct terminal_post);
	p->client = c;
	p->n = n;
	p->start = start;
	p->stream = link_request(l, &rq, &post_events, p, &e);
	if (!p->stream) {
		talloc_free(p);
		return;
	}
	c->sending += n;
	TAILQ_INSERT_TAIL(&c->posts, p, next);
}

/* ---- the stream of records ---- */

static void on_status(void *data, int status)
{
	struct terminal_client *c = data;

	c->viewing = status == 200;
	if (status == 404) {
		say(c, "missing");
		terminal_client_close(c, WEBSOCKET_MISSING, "no such terminal");
	} else if (status != 200) {
		say(c, "refused");
		terminal_client_close(c, WEBSOCKET_TRY_AGAIN, "not shown");
	}
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct terminal_client *c = data;

	if (!c->viewing)
		return true;
	c->unread += n;
	websocket_send_binary(c->ws, bytes, n);
	return false;
}

static void on_end(void *data, const struct err *e)
{
	struct terminal_client *c = data;

	c->stream = NULL;
	c->unread = 0;
	if (e || !c->viewing)
		return;		/* the workspace's next state tells */
	say(c, "ended");
	terminal_client_close(c, WEBSOCKET_OVER, "ended");
}

static const struct link_response_events view_events = {
	.status = on_status,
	.body = on_body,
	.end = on_end,
};

static void attach(struct terminal_client *c)
{
	struct link *l = workspace_link(c->presence->workspace);
	struct link_request rq = { .method = "GET" };
	struct err e = { 0 };
	char *path;

	if (!l || c->stream || !websocket_is_open(c->ws))
		return;
	/* The shim handles requests in their order. */
	if (c->starts) {
		path = talloc_asprintf(c, "/terminals/%s?rows=%d&cols=%d", c->id,
				       c->rows, c->cols);
		post(c, path, true, NULL, 0);
		talloc_free(path);
		c->starts = false;
	}
	path = talloc_asprintf(c, "/terminals/%s/io", c->id);
	rq.path = path;
	c->viewing = false;
	c->stream = link_request(l, &rq, &view_events, c, &e);
	talloc_free(path);
}

static void detach(struct terminal_client *c)
{
	struct terminal_post *p;

	if (c->stream)
		link_stream_cancel(c->stream);
	c->stream = NULL;
	c->unread = 0;
	while ((p = TAILQ_FIRST(&c->posts))) {
		link_stream_cancel(p->stream);
		post_done(p);
	}
}

static void on_workspace(void *data)
{
	struct terminal_client *c = data;

	if (workspace_state(c->presence->workspace) == WORKSPACE_READY) {
		attach(c);
	} else if (c->stream) {
		detach(c);
		say(c, "waiting");
	}
}

/* ---- the browser ---- */

static void take_input(struct terminal_client *c, const char *bytes, size_t n)
{
	char path[64];

	if (n > INPUT_MAX || c->sending + n > SENDING_MAX) {
		terminal_client_close(c, WEBSOCKET_POLICY, "too much input");
		return;
	}
	snprintf(path, sizeof(path), "/terminals/%s/input", c->id);
	post(c, path, false, bytes, n);
}

static void take_drawn(struct terminal_client *c, const unsigned char *b)
{
	size_t n = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 |
		   b[3];

	if (n > c->unread)
		n = c->unread;
	c->unread -= n;
	if (n && c->stream)
		link_stream_consume(c->stream, n);
}

static void take_size(struct terminal_client *c, const unsigned char *b)
{
	char path[96];

	snprintf(path, sizeof(path), "/terminals/%s/resize?rows=%d&cols=%d",
		 c->id, b[0] << 8 | b[1], b[2] << 8 | b[3]);
	post(c, path, false, NULL, 0);
}

static void on_binary(void *data, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	struct terminal_client *c = data;

	if (n > 1 && b[0] == 'i')
		take_input(c, (const char *)b + 1, n - 1);
	else if (n == 5 && b[0] == 'a')
		take_drawn(c, b + 1);
	else if (n == 5 && b[0] == 'r' && presence_may_change(c->presence))
		take_size(c, b + 1);
	else
		terminal_client_close(c, WEBSOCKET_POLICY, "not understood");
}

static void on_text(void *data, const char *text, size_t n)
{
	terminal_client_close(data, WEBSOCKET_POLICY, "binary only");
}

static void on_closed(void *data)
{
	struct terminal_client *c = data;
	struct presence *p = c->presence;
	struct bridge *b = c->bridge;

	detach(c);
	workspace_unwatch(c->watch);
	TAILQ_REMOVE(&p->terminals, c, in_person);
	LIST_REMOVE(c, in_bridge);
	p->nclients--;
	b->nclients--;
	login_check_forget(b, &c->login);
	bridge_left(b);
	talloc_free(c);
	presence_release_unused(p);
}

static const struct websocket_events events = {
	.message = on_text,
	.binary = on_binary,
	.too_long = on_text,
	.closed = on_closed,
	.message_ms = 30000,
};

static void login_ended(void *data)
{
	terminal_client_close(data, WEBSOCKET_LOGIN_ENDED, "login ended");
}

void terminal_client_new(struct bridge *b, const struct terminal_client_start *s)
{
	struct terminal_client *c = talloc_zero(b, struct terminal_client);
	struct presence *p = s->presence;

	*c = (struct terminal_client){
		.bridge = b, .presence = p, .starts = s->starts,
		.rows = s->rows, .cols = s->cols,
		.login = { .user_id = p->id, .ended = login_ended, .owner = c },
	};
	memcpy(c->id, s->id, ID_SIZE);
	memcpy(c->login.key, s->key, sizeof(c->login.key));
	TAILQ_INIT(&c->posts);
	TAILQ_INSERT_TAIL(&p->terminals, c, in_person);
	LIST_INSERT_HEAD(&b->terminals, c, in_bridge);
	p->nclients++;
	b->nclients++;
	c->ws = websocket_new(b, b->loop, s->fd, INPUT_MAX + 1, s->early, s->n,
			      &events, c);
	c->watch = workspace_watch(p->workspace, on_workspace, c);
	if (!presence_may_open(p)) {
		terminal_client_close(c, WEBSOCKET_TOO_MANY, "too many pages");
		return;
	}
	presence_watch(p);
	token_lifecycle_workspace(b, p->workspace);
	login_check_ask(b, &c->login);	/* it may have ended during the handshake */
	workspace_ensure(p->workspace);
	attach(c);
	if (!c->stream)
		say(c, "waiting");
}

/* Every 10 s: a terminal does whatever its user may. */
void terminal_client_check(struct bridge *b)
{
	struct terminal_client *c;

	LIST_FOREACH(c, &b->terminals, in_bridge) {
		websocket_ping(c->ws);
		login_check_ask(b, &c->login);
	}
}

void terminal_client_end_login(struct bridge *b, const unsigned char key[32])
{
	struct terminal_client *c;

	LIST_FOREACH(c, &b->terminals, in_bridge) {
		if (memcmp(c->login.key, key, sizeof(c->login.key)) == 0)
			login_ended(c);
	}
}
