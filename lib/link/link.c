#include "config.h"
#include "link/link.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"

#define STREAM_WINDOW (256 << 10)
#define BULK_WINDOW (1 << 20)
#define LINK_WINDOW (4 << 20)
#define FRAME_MAX (64 << 10)
#define PATH_MAX_LEN 8192
#define ACKS_MAX 64

enum state { GREETING, READY, FAILED };

struct link {
	const struct link_events *ev;
	void *data;
	nghttp2_session *h2;
	enum state state;
	size_t greeted;			/* bytes of the greeting seen */
	const uint8_t *unsent;		/* taken from h2, refused by send() */
	size_t unsent_len;
	struct link_stream *streams;
	unsigned inside;		/* number of our calls on the stack */
	bool ping_waits, doomed;
};

struct link_stream {
	struct link *link;
	const struct link_response_events *ev;
	void *data;
	int32_t id;
	int status;
	bool told, complete;		/* status() was called; END_STREAM was received */
	uint8_t *body;			/* rest of the request's body */
	size_t body_at, body_len;
	bool streams, finished;		/* the body comes in pieces; has come whole */
	bool waits, roomy;		/* nghttp2 waits for bytes; room() is due */
	size_t held;			/* bytes that body() left in the window */
	struct link_stream *next;
};

static struct link_stream *stream_of(struct link *l, int32_t id)
{
	return nghttp2_session_get_stream_user_data(l->h2, id);
}

static void forget_stream(struct link_stream *s)
{
	struct link_stream **at;

	for (at = &s->link->streams; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	nghttp2_session_set_stream_user_data(s->link->h2, s->id, NULL);
	talloc_free(s);
}

static void end_stream(struct link_stream *s, const struct err *e)
{
	void (*call)(void *data, const struct err *e) = s->ev->end;
	bool doomed = s->link->doomed;
	void *data = s->data;

	forget_stream(s);
	if (call && !doomed)
		call(data, e);
}

/* Callers hold l->inside. */
static void fail_link(struct link *l, const struct err *e)
{
	struct err away = *e;

	if (l->state == FAILED)
		return;
	l->state = FAILED;
	away.kind = ERR_UNAVAILABLE;
	while (l->streams)
		end_stream(l->streams, &away);
	if (l->ev->failed && !l->doomed)
		l->ev->failed(l->data, e);
}

/* Calls room() of streams whose bytes were sent; true if there was one. */
static bool tell_room(struct link *l)
{
	struct link_stream *s, *next;
	bool any = false;

	for (s = l->streams; s && !l->doomed; s = next) {
		next = s->next;
		if (!s->roomy || s->body_len - s->body_at > STREAM_WINDOW / 2)
			continue;
		s->roomy = false;
		any = true;
		s->ev->room(s->data);
		next = l->streams;	/* the call may have ended any of them */
	}
	return any;
}

static void resume_body(struct link_stream *s)
{
	if (s->waits)
		nghttp2_session_resume_data(s->link->h2, s->id);
	s->waits = false;
}

static void send_bytes(struct link *l)
{
	struct err e = { 0 };
	ssize_t n;

	while (l->state == READY && !l->doomed) {
		if (!l->unsent_len) {
			n = nghttp2_session_mem_send(l->h2, &l->unsent);
			if (n < 0)
				err_abort("out of memory");
			if (n == 0)
				break;
			l->unsent_len = (size_t)n;
		}
		/* h2 keeps these bytes until its next call. */
		if (l->ev->send(l->data, l->unsent, l->unsent_len) < 0)
			return;
		l->unsent_len = 0;
	}
	if (l->state == READY && !nghttp2_session_want_read(l->h2)) {
		err_set(&e, ERR_UNAVAILABLE, "the shim closed the link");
		fail_link(l, &e);
	}
}

static void pump(struct link *l)
{
	do
		send_bytes(l);
	while (l->state == READY && !l->doomed && tell_room(l));
}

static void enter(struct link *l)
{
	l->inside++;
}

/* The outermost call sends, and frees what was freed meanwhile. */
static void leave_link(struct link *l)
{
	if (l->inside == 1)
		pump(l);
	l->inside--;
	if (!l->inside && l->doomed)
		talloc_free(l);
}

static int header(nghttp2_session *h2, const nghttp2_frame *frame,
		  const uint8_t *name, size_t name_len, const uint8_t *value,
		  size_t value_len, uint8_t flags, void *data)
{
	struct link_stream *s = stream_of(data, frame->hd.stream_id);
	struct link *l = data;

	/* nghttp2 NUL-terminates both. */
	if (s && name_len && name[0] != ':' && !s->told && s->ev->field && !l->doomed)
		s->ev->field(s->data, (const char *)name, (const char *)value);
	s = stream_of(l, frame->hd.stream_id);
	/* nghttp2 has checked that a status is three digits. */
	if (s && name_len == 7 && memcmp(name, ":status", 7) == 0 &&
	    value_len == 3)
		s->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 +
			    value[2] - '0';
	return 0;
}

static void finish_stream(struct link *l, struct link_stream *s)
{
	s->complete = true;
	/* An early answer: the rest of the body is not wanted. */
	if (s->body || (s->streams && !s->finished))
		nghttp2_submit_rst_stream(l->h2, NGHTTP2_FLAG_NONE, s->id,
					  NGHTTP2_NO_ERROR);
}

static int received(nghttp2_session *h2, const nghttp2_frame *frame, void *data)
{
	struct link *l = data;
	struct link_stream *s;

	if (frame->hd.type == NGHTTP2_PING &&
	    (frame->hd.flags & NGHTTP2_FLAG_ACK))
		l->ping_waits = false;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	s = stream_of(l, frame->hd.stream_id);
	if (s && frame->hd.type == NGHTTP2_HEADERS && !s->told &&
	    s->status >= 200) {
		s->told = true;
		if (s->ev->status && !l->doomed)
			s->ev->status(s->data, s->status);
		s = stream_of(l, frame->hd.stream_id);
	}
	if (s && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		finish_stream(l, s);
	return 0;
}

static int chunk(nghttp2_session *h2, uint8_t flags, int32_t id,
		 const uint8_t *bytes, size_t n, void *data)
{
	struct link *l = data;
	struct link_stream *s = stream_of(l, id);
	bool go_on = true;

	/*
	 * A stalled stream must not stall others: the connection's window is
	 * released.
	 */
	nghttp2_session_consume_connection(h2, n);
	if (!s)
		return 0;
	s->held += n;
	if (s->ev->body && !l->doomed)
		go_on = s->ev->body(s->data, bytes, n);
	s = stream_of(l, id);
	if (s && go_on) {
		s->held -= n;
		nghttp2_session_consume_stream(h2, id, n);
	}
	return 0;
}

static int closed(nghttp2_session *h2, int32_t id, uint32_t code, void *data)
{
	struct link_stream *s = stream_of(data, id);
	struct err e = { 0 };

	if (!s)
		return 0;
	if (s->complete) {
		end_stream(s, NULL);
		return 0;
	}
	err_set(&e, code == NGHTTP2_REFUSED_STREAM ? ERR_UNAVAILABLE :
		ERR_INTERNAL, "the shim reset a stream: %s",
		nghttp2_http2_strerror(code));
	end_stream(s, &e);
	return 0;
}

static int not_sent(nghttp2_session *h2, const nghttp2_frame *frame, int why,
		    void *data)
{
	struct link_stream *s;
	struct err e = { 0 };

	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	s = stream_of(data, frame->hd.stream_id);
	if (!s)
		return 0;
	err_set(&e, ERR_UNAVAILABLE, "a request was not sent: %s",
		nghttp2_strerror(why));
	end_stream(s, &e);
	return 0;
}

static ssize_t read_body(nghttp2_session *h2, int32_t id, uint8_t *out,
			 size_t size, uint32_t *flags,
			 nghttp2_data_source *source, void *data)
{
	struct link_stream *s = stream_of(data, id);
	size_t n;

	if (!s)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = s->body_len - s->body_at;
	if (n > size)
		n = size;
	if (n)
		memcpy(out, s->body + s->body_at, n);
	s->body_at += n;
	if (s->body_at < s->body_len)
		return (ssize_t)n;
	if (s->streams && !s->finished) {
		s->body_at = s->body_len = 0;
		s->waits = n == 0;
		return n ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	TALLOC_FREE(s->body);
	return (ssize_t)n;
}

size_t link_stream_write(struct link_stream *s, const void *bytes, size_t n)
{
	struct link *l = s->link;
	size_t left = s->body_len - s->body_at;

	if (s->complete || s->finished)
		return 0;
	if (!s->body && !(s->body = talloc_size(s, STREAM_WINDOW)))
		err_abort("out of memory");
	if (n > STREAM_WINDOW - s->body_len && s->body_at) {
		memmove(s->body, s->body + s->body_at, left);
		s->body_at = 0;
		s->body_len = left;
	}
	if (n > STREAM_WINDOW - s->body_len) {
		n = STREAM_WINDOW - s->body_len;
		s->roomy = true;
	}
	memcpy(s->body + s->body_len, bytes, n);
	s->body_len += n;
	enter(l);
	resume_body(s);
	leave_link(l);
	return n;
}

void link_stream_finish(struct link_stream *s)
{
	struct link *l = s->link;

	s->finished = true;
	enter(l);
	resume_body(s);
	leave_link(l);
}

/* Larger frames than the preset 16 KB: fewer calls on the whole way. */
static ssize_t frame_length(nghttp2_session *h2, uint8_t type, int32_t id,
			    int32_t session_window, int32_t stream_window,
			    uint32_t frame_max, void *data)
{
	int32_t n = FRAME_MAX;

	n = session_window < n ? session_window : n;
	n = stream_window < n ? stream_window : n;
	return frame_max < (uint32_t)n ? (ssize_t)frame_max : n;
}

static void make_session(struct link *l)
{
	nghttp2_session_callbacks *calls;
	nghttp2_option *option;

	if (nghttp2_session_callbacks_new(&calls) ||
	    nghttp2_option_new(&option))
		err_abort("out of memory");
	nghttp2_session_callbacks_set_on_header_callback(calls, header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, received);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, closed);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(calls, not_sent);
	nghttp2_session_callbacks_set_data_source_read_length_callback(calls, frame_length);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
	if (nghttp2_session_client_new2(&l->h2, calls, l, option))
		err_abort("out of memory");
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(calls);
}

static int destroy(struct link *l)
{
	l->doomed = true;
	if (l->inside)
		return -1;	/* leave() is reentered here */
	nghttp2_session_del(l->h2);
	return 0;
}

struct link *link_new(const void *ctx, const struct link_events *ev, void *data)
{
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_FRAME_SIZE, FRAME_MAX },
	};
	struct link *l = alloc_checked(talloc_zero(ctx, struct link));

	l->ev = ev;
	l->data = data;
	make_session(l);
	if (nghttp2_submit_settings(l->h2, NGHTTP2_FLAG_NONE, settings, 3) ||
	    nghttp2_session_set_local_window_size(l->h2, NGHTTP2_FLAG_NONE, 0,
						  LINK_WINDOW))
		err_abort("out of memory");
	talloc_set_destructor(l, destroy);
	return l;
}

/* Other bytes instead of the greeting are often an engine's error text. */
static void refuse_greeting(struct link *l, const char *bytes, size_t n)
{
	struct err e = { 0 };
	char said[100];
	size_t i;

	for (i = 0; i < n && i < sizeof(said) - 1 && bytes[i] != '\n'; i++)
		said[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
	said[i] = '\0';
	err_set(&e, ERR_UNAVAILABLE, "no greeting of the shim, but \"%s\"", said);
	fail_link(l, &e);
}

/* Returns the bytes that belonged to the greeting. */
static size_t greet(struct link *l, const char *bytes, size_t n)
{
	size_t left = sizeof(LINK_GREETING) - 1 - l->greeted, all = n;

	if (n > left)
		n = left;
	if (memcmp(bytes, &LINK_GREETING[l->greeted], n) != 0) {
		refuse_greeting(l, bytes, all);
		return 0;
	}
	l->greeted += n;
	if (n == left) {
		l->state = READY;
		l->ping_waits = false;
		if (l->ev->ready)
			l->ev->ready(l->data);
	}
	return n;
}

void link_receive(struct link *l, const void *bytes, size_t n)
{
	const char *at = bytes;
	struct err e = { 0 };
	size_t used = 0;
	ssize_t got;

	enter(l);
	if (l->state == GREETING && n)
		used = greet(l, at, n);
	if (l->state == READY && used < n && !l->doomed) {
		got = nghttp2_session_mem_recv(l->h2, (const uint8_t *)at + used,
					       n - used);
		if (got < 0) {
			err_set(&e, ERR_UNAVAILABLE, "the shim's HTTP/2: %s",
				nghttp2_strerror((int)got));
			fail_link(l, &e);
		}
	}
	leave_link(l);
}

void link_send_more(struct link *l)
{
	enter(l);
	leave_link(l);
}

void link_ping(struct link *l)
{
	struct err e = { 0 };

	if (l->state == FAILED)
		return;
	enter(l);
	if (l->ping_waits) {
		err_set(&e, ERR_UNAVAILABLE, "the shim does not answer");
		fail_link(l, &e);
	} else {
		l->ping_waits = true;
		if (l->state == READY)
			nghttp2_submit_ping(l->h2, NGHTTP2_FLAG_NONE, NULL);
	}
	leave_link(l);
}

static int submit(struct link_stream *s, const struct link_request *rq)
{
	nghttp2_data_provider provider = { .read_callback = read_body };
	nghttp2_nv fields[] = {
		{ .name = (uint8_t *)(char[]){ ":method" }, .namelen = 7,
		  .value = (uint8_t *)(uintptr_t)rq->method,
		  .valuelen = strlen(rq->method) },
		{ .name = (uint8_t *)(char[]){ ":scheme" }, .namelen = 7,
		  .value = (uint8_t *)(char[]){ "http" }, .valuelen = 4 },
		{ .name = (uint8_t *)(char[]){ ":authority" }, .namelen = 10,
		  .value = (uint8_t *)(char[]){ "shim" }, .valuelen = 4 },
		{ .name = (uint8_t *)(char[]){ ":path" }, .namelen = 5,
		  .value = (uint8_t *)(uintptr_t)rq->path,
		  .valuelen = strlen(rq->path) },
	};

	s->id = nghttp2_submit_request(s->link->h2, NULL, fields, 4,
				       s->body || s->streams ? &provider : NULL, s);
	return s->id < 0 ? -1 : 0;
}

struct link_stream *link_request(struct link *l, const struct link_request *rq,
				 const struct link_response_events *ev,
				 void *data, struct err *e)
{
	struct link_stream *s;

	if (l->state != READY || l->doomed ||
	    !nghttp2_session_check_request_allowed(l->h2)) {
		err_set(e, ERR_UNAVAILABLE, "the link is not up");
		return NULL;
	}
	if (strlen(rq->path) > PATH_MAX_LEN) {
		err_set(e, ERR_INPUT, "a path of more than %d bytes",
			PATH_MAX_LEN);
		return NULL;
	}
	s = alloc_checked(talloc_zero(l, struct link_stream));
	s->link = l;
	s->ev = ev;
	s->data = data;
	s->body_len = rq->body_len;
	s->streams = rq->streams;
	if (rq->body) {
		s->body = talloc_size(s, rq->body_len ? rq->body_len : 1);
		if (!s->body)
			err_abort("out of memory");
		memcpy(s->body, rq->body, rq->body_len);
	}
	if (submit(s, rq) < 0)
		err_abort("out of memory");
	s->next = l->streams;
	l->streams = s;
	enter(l);
	/* The stream exists once its head was sent; in a callback it is later. */
	if (rq->bulk && l->inside == 1)
		pump(l);
	if (rq->bulk)
		nghttp2_session_set_local_window_size(l->h2, NGHTTP2_FLAG_NONE,
						      s->id, BULK_WINDOW);
	leave_link(l);
	return s;
}

void link_stream_consume(struct link_stream *s, size_t n)
{
	struct link *l = s->link;

	if (n > s->held)
		n = s->held;
	s->held -= n;
	enter(l);
	nghttp2_session_consume_stream(l->h2, s->id, n);
	leave_link(l);
}

void link_stream_cancel(struct link_stream *s)
{
	struct link *l = s->link;

	enter(l);
	nghttp2_submit_rst_stream(l->h2, NGHTTP2_FLAG_NONE, s->id,
				  NGHTTP2_CANCEL);
	forget_stream(s);
	leave_link(l);
}
