#include "config.h"
#include "shim/link_server.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define ANSWER_MAX (1 << 20)
#define WINDOW (1 << 20)	/* of a body: a transfer continues across the latency */
#define FIELDS_MAX (sizeof(((struct exchange *)0)->fields) / sizeof(struct link_server_field))

struct link_server {
	nghttp2_session *h2;
	const struct link_server_route *routes;
	size_t bodies_max;
	void (*dirty)(void *data);
	void *data;
	struct exchange *exchanges;
};

static size_t bodies;	/* bytes held by all exchanges of all servers */

void body_release(struct buf *body)
{
	bodies -= body->len;
	buf_release(body);
}

void exchange_take_body(struct exchange *x, struct buf *out)
{
	*out = x->body;
	buf_init(&x->body, 0);
}

bool link_server_query(const char *query, const char *name, char *out,
		       size_t size)
{
	size_t n = strlen(name), len;
	const char *at;

	for (at = query; *at; at += len + (at[len] == '&')) {
		len = strcspn(at, "&");
		if (len <= n || strncmp(at, name, n) != 0 || at[n] != '=')
			continue;
		if (len - n - 1 >= size)
			return false;
		memcpy(out, at + n + 1, len - n - 1);
		out[len - n - 1] = '\0';
		return true;
	}
	return false;
}

int link_server_query_number(const char *query, const char *name, int64_t preset,
			     int64_t max, int64_t *out, struct err *e)
{
	char text[24];

	if (!link_server_query(query, name, text, sizeof(text))) {
		*out = preset;
		return 0;
	}
	if (str_parse_number(text, 0, max, out, e) < 0)
		return err_wrap(e, "%s", name);
	return 0;
}

static void free_exchange(struct exchange *x)
{
	struct exchange **at;

	if (x->gone)
		x->gone(x);
	for (at = &x->server->exchanges; *at != x; at = &(*at)->sibling)
		;
	*at = x->sibling;
	body_release(&x->body);
	buf_release(&x->answer);
	free(x);
}

static ssize_t read_answer(nghttp2_session *h2, int32_t stream, uint8_t *out,
			   size_t size, uint32_t *flags,
			   nghttp2_data_source *source, void *data)
{
	struct exchange *x = source->ptr;
	size_t n;
	int got;

	if (x->read) {
		got = x->read(x, out, size);
		if (got == LINK_SERVER_BROKEN)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		if (got < 0)
			*flags |= NGHTTP2_DATA_FLAG_EOF;
		x->asleep = got == 0;
		return got > 0 ? got : got < 0 ? 0 : NGHTTP2_ERR_DEFERRED;
	}
	n = x->answer.len - x->answer_at;
	if (n > size)
		n = size;
	if (n)
		memcpy(out, x->answer.data + x->answer_at, n);
	x->answer_at += n;
	if (x->answer_at == x->answer.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv field_of(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name, .namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = strlen(value),
	};
}

static void submit(struct exchange *x, int status)
{
	nghttp2_data_provider provider = {
		.source = { .ptr = x }, .read_callback = read_answer,
	};
	nghttp2_nv fields[1 + FIELDS_MAX] = { 0 };
	char code[12];
	size_t i;

	if (x->answered)
		return;
	x->answered = true;
	snprintf(code, sizeof(code), "%d", status);
	fields[0] = field_of(":status", code);
	for (i = 0; i < x->nfields; i++)
		fields[i + 1] = field_of(x->fields[i].name, x->fields[i].value);
	if (nghttp2_submit_response(x->server->h2, x->stream, fields,
				    1 + x->nfields, &provider) < 0)
		nghttp2_submit_rst_stream(x->server->h2, NGHTTP2_FLAG_NONE,
					  x->stream, NGHTTP2_INTERNAL_ERROR);
	x->server->dirty(x->server->data);
}

void exchange_answer(struct exchange *x, int status, const char *fmt, ...)
{
	struct err e = { 0 };
	char text[512];
	va_list ap;

	if (x->answered)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_clear(&x->answer);
	if (buf_addf(&x->answer, &e, "%s\n", text) < 0)
		err_abort("an answer's cap");
	submit(x, status);
}

void exchange_answer_text(struct exchange *x)
{
	submit(x, 200);
}

int exchange_status(enum err_kind kind)
{
	static const int statuses[] = {
		[ERR_NONE] = 500, [ERR_INPUT] = 400, [ERR_AUTH] = 401,
		[ERR_DENIED] = 403, [ERR_MISSING] = 404, [ERR_CONFLICT] = 409,
		[ERR_LIMIT] = 413, [ERR_UNAVAILABLE] = 503,
		[ERR_INTERNAL] = 500,
	};

	return statuses[kind];
}

void exchange_fail(struct exchange *x, const struct err *e)
{
	exchange_answer(x, exchange_status(e->kind), "%s", e->text);
}

void exchange_field(struct exchange *x, const char *name, const char *fmt, ...)
{
	struct link_server_field *f;
	va_list ap;

	if (x->nfields == FIELDS_MAX)
		err_abort("too many fields");
	f = &x->fields[x->nfields++];
	snprintf(f->name, sizeof(f->name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(f->value, sizeof(f->value), fmt, ap);
	va_end(ap);
}

void exchange_consume(struct exchange *x, size_t n)
{
	nghttp2_session_consume_stream(x->server->h2, x->stream, n);
	x->server->dirty(x->server->data);
}

void exchange_stream(struct exchange *x, int status,
		     int (*read)(struct exchange *x, void *out, size_t size))
{
	x->read = read;
	submit(x, status);
}

void exchange_wake(struct exchange *x)
{
	if (!x->asleep)
		return;
	x->asleep = false;
	nghttp2_session_resume_data(x->server->h2, x->stream);
	x->server->dirty(x->server->data);
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *data)
{
	struct link_server *s = data;
	struct exchange *x;

	if (frame->hd.type != NGHTTP2_HEADERS ||
	    frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	x = alloc_checked(calloc(1, sizeof(*x)));
	x->server = s;
	x->stream = frame->hd.stream_id;
	x->query = x->path + LINK_SERVER_PATH_MAX - 1;
	buf_init(&x->answer, ANSWER_MAX);
	x->sibling = s->exchanges;
	s->exchanges = x;
	nghttp2_session_set_stream_user_data(h2, x->stream, x);
	return 0;
}

static void copy_field(struct exchange *x, char *to, size_t size,
		       const uint8_t *value, size_t n)
{
	if (n >= size || memchr(value, 0, n)) {
		x->bad = true;
		return;
	}
	memcpy(to, value, n);
	to[n] = '\0';
}

static int header(nghttp2_session *h2, const nghttp2_frame *frame,
		  const uint8_t *name, size_t name_len, const uint8_t *value,
		  size_t value_len, uint8_t flags, void *data)
{
	struct exchange *x;

	x = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
	if (!x || frame->hd.type != NGHTTP2_HEADERS ||
	    frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	x->header_bytes += name_len + value_len + 32;
	if (name_len == 7 && memcmp(name, ":method", 7) == 0)
		copy_field(x, x->method, sizeof(x->method), value, value_len);
	else if (name_len == 5 && memcmp(name, ":path", 5) == 0)
		copy_field(x, x->path, sizeof(x->path), value, value_len);
	return 0;
}

/* Points *arg at the n bytes matched by the '*'. */
static bool matches(const char *pattern, const char *path, const char **arg,
		    size_t *n)
{
	const char *star = strchr(pattern, '*');

	if (!star)
		return str_equal(pattern, path);
	if (strncmp(path, pattern, (size_t)(star - pattern)) != 0)
		return false;
	*arg = path + (star - pattern);
	*n = strcspn(*arg, "/");
	return *n && str_equal(*arg + *n, star + 1);
}

/* Finds the row by path and method, or answers with an error. */
static void route(struct exchange *x)
{
	const struct link_server_route *r;
	bool known = false;
	const char *arg;
	char *mark;
	size_t n;

	if (x->header_bytes > LINK_SERVER_HEADERS_MAX) {
		exchange_answer(x, 431, "more than %d bytes of fields",
				LINK_SERVER_HEADERS_MAX);
		return;
	}
	if (x->bad) {
		exchange_answer(x, 400, "method or path is too long");
		return;
	}
	mark = strchr(x->path, '?');
	if (mark) {
		*mark = '\0';
		x->query = mark + 1;
	}
	for (r = x->server->routes; r->method; r++) {
		if (!matches(r->pattern, x->path, &arg, &n))
			continue;
		known = true;
		if (str_equal(r->method, x->method)) {
			x->route = r;
			buf_init(&x->body, r->body_max);
			return;
		}
	}
	if (known)
		exchange_answer(x, 405, "not with this method");
	else
		exchange_answer(x, 404, "no such path");
}

/* The handler runs once the body is complete, or before it when that streams. */
static void dispatch(struct exchange *x)
{
	const char *at = "";
	char arg[LINK_SERVER_PATH_MAX] = "";
	size_t n = 0;

	if (x->answered || !x->route)
		return;
	matches(x->route->pattern, x->path, &at, &n);
	if (n >= sizeof(arg)) {
		exchange_answer(x, 400, "a name is too long");
		return;
	}
	memcpy(arg, at, n);
	x->route->handle(x, arg);
}

static int received(nghttp2_session *h2, const nghttp2_frame *frame, void *data)
{
	struct exchange *x;

	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	x = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
	if (!x)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		route(x);
		if (x->route && x->route->streams)
			dispatch(x);
	}
	if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	if (x->take)
		x->take(x, NULL, 0);
	else if (!x->route || !x->route->streams)
		dispatch(x);
	return 0;
}

static int chunk(nghttp2_session *h2, uint8_t flags, int32_t stream,
		 const uint8_t *bytes, size_t n, void *data)
{
	struct exchange *x = nghttp2_session_get_stream_user_data(h2, stream);
	struct err e = { 0 };

	/* A stalled body must not stall others: the connection's window is released. */
	nghttp2_session_consume_connection(h2, n);
	if (x && x->take) {
		x->take(x, bytes, n);
		return 0;
	}
	nghttp2_session_consume_stream(h2, stream, n);
	if (!x || x->answered || !x->route || x->route->streams)
		return 0;
	if (bodies + n > x->server->bodies_max) {
		exchange_answer(x, 503, "too many bodies at once");
	} else if (buf_add(&x->body, bytes, n, &e) < 0) {
		exchange_fail(x, &e);
	} else {
		bodies += n;
		return 0;
	}
	body_release(&x->body);
	return 0;
}

/* Larger frames than the preset 16 KB: fewer calls on the whole way. */
static ssize_t frame_length(nghttp2_session *h2, uint8_t type, int32_t stream,
			    int32_t session_window, int32_t stream_window,
			    uint32_t frame_max, void *data)
{
	int32_t n = LINK_SERVER_FRAME_MAX;

	n = session_window < n ? session_window : n;
	n = stream_window < n ? stream_window : n;
	return frame_max < (uint32_t)n ? (ssize_t)frame_max : n;
}

static int closed(nghttp2_session *h2, int32_t stream, uint32_t code, void *data)
{
	struct exchange *x = nghttp2_session_get_stream_user_data(h2, stream);

	if (x) {
		nghttp2_session_set_stream_user_data(h2, stream, NULL);
		free_exchange(x);
	}
	return 0;
}

static void make_session(struct link_server *s)
{
	nghttp2_session_callbacks *calls;
	nghttp2_option *option;
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LINK_SERVER_STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LINK_SERVER_HEADERS_MAX },
		{ NGHTTP2_SETTINGS_MAX_FRAME_SIZE, LINK_SERVER_FRAME_MAX },
	};

	if (nghttp2_session_callbacks_new(&calls) ||
	    nghttp2_option_new(&option))
		err_abort("out of memory");
	nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(calls, header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, received);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, closed);
	nghttp2_session_callbacks_set_data_source_read_length_callback(calls, frame_length);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_outbound_ack(option, 64);
	if (nghttp2_session_server_new2(&s->h2, calls, s, option))
		err_abort("out of memory");
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(calls);
	if (nghttp2_submit_settings(s->h2, NGHTTP2_FLAG_NONE, settings, 4) ||
	    nghttp2_session_set_local_window_size(s->h2, NGHTTP2_FLAG_NONE, 0,
						  4 * WINDOW))
		err_abort("out of memory");
}

struct link_server *link_server_new(const struct link_server_route *routes,
				    size_t bodies_max,
				    void (*dirty)(void *data), void *data)
{
	struct link_server *s = alloc_checked(calloc(1, sizeof(*s)));

	s->routes = routes;
	s->bodies_max = bodies_max;
	s->dirty = dirty;
	s->data = data;
	make_session(s);
	return s;
}

void link_server_free(struct link_server *s)
{
	if (!s)
		return;
	while (s->exchanges)
		free_exchange(s->exchanges);
	nghttp2_session_del(s->h2);
	free(s);
}

int link_server_receive(struct link_server *s, const void *bytes, size_t n)
{
	ssize_t used = nghttp2_session_mem_recv(s->h2, bytes, n);

	s->dirty(s->data);
	return used < 0 ? -1 : 0;
}

size_t link_server_pull(struct link_server *s, const uint8_t **bytes)
{
	ssize_t n = nghttp2_session_mem_send(s->h2, bytes);

	return n > 0 ? (size_t)n : 0;
}

bool link_server_is_done(const struct link_server *s)
{
	return !nghttp2_session_want_read(s->h2) &&
	       !nghttp2_session_want_write(s->h2);
}
