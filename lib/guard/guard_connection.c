/* A client's connection: what is sent on it, and its end. */
#include "config.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/log.h"
#include "guard/guard_internal.h"

struct sending {
	uv_write_t write;
	struct connection *to;
	bool last;
	char bytes[];
};

static void gone(uv_handle_t *h)
{
	struct connection *c = h->data;

	if (--c->handles)
		return;
	guard_request_release(&c->request);
	guard_call_release(&c->call);
	talloc_free(c);
}

void guard_hang_up(struct connection *c)
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
		guard_hang_up(c);
	} else if (c->stopped && uv_stream_get_write_queue_size(
					(uv_stream_t *)&c->pipe) == 0) {
		c->stopped = false;
		if (c->http)
			docker_http_resume(c->http);
	}
}

void guard_send(struct connection *c, const void *head, size_t n,
		const void *body, size_t m, bool last)
{
	struct sending *s = alloc_checked(malloc(sizeof(*s) + n + m));
	uv_buf_t buf;

	memcpy(s->bytes, head, n);
	if (m)
		memcpy(s->bytes + n, body, m);
	s->to = c;
	s->last = last;
	s->write.data = s;
	buf = uv_buf_init(s->bytes, (unsigned)(n + m));
	if (uv_write(&s->write, (uv_stream_t *)&c->pipe, &buf, 1, written) < 0) {
		free(s);
		guard_hang_up(c);
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
	guard_send(c, head, (size_t)len, body,
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

void guard_refuse_words(struct connection *c, const char *why)
{
	struct err e = { 0 };

	err_set(&e, ERR_DENIED, "%s", why);
	guard_refuse(c, &e);
}
