#include "config.h"
#include "demo/demo_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/address.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/str.h"
#include "demo/demo_reply.h"
#include "demo/demo_script.h"
#include "demo/demo_share.h"
#include "demo/demo_stream.h"
#include "demo/demo_turn.h"
#include "json/field.h"

#define CONNECTIONS_MAX 1000
#define IDLE_S 120
#define SEEN_MAX 256
#define SLICE_MS 100
#define PARSED_AT_ONCE 4	/* parsed requests in memory */

struct demo_server {
	struct MHD_Daemon *daemon;
	uint16_t port;
	atomic_bool stopping;
	struct shares shares;
	sem_t parsing;
	pthread_mutex_t lock;
	uint64_t seen[SEEN_MAX];	/* hashes of words sent once */
	size_t seen_next;
};

/* One request; lives from its first header to its last byte. */
struct call {
	struct demo_server *server;
	struct demo_share *share;
	struct buf body;
	size_t counted;		/* bytes counted for its address */
	bool refused;		/* too large or too many: read on, keep nothing */
	bool streaming;
	struct demo_stream *stream;
	struct buf out;		/* events not sent yet, from out_at */
	size_t out_at;
};

static void call_free(struct call *c)
{
	demo_share_give_bytes(&c->server->shares, c->share, c->counted);
	if (c->streaming)
		demo_share_give_stream(&c->server->shares, c->share);
	demo_stream_free(c->stream);
	buf_release(&c->body);
	buf_release(&c->out);
	free(c);
}

static void completed(void *cls, struct MHD_Connection *connection,
		      void **state, enum MHD_RequestTerminationCode why)
{
	if (*state)
		call_free(*state);
	*state = NULL;
}

static enum MHD_Result send_response(struct MHD_Connection *connection,
				     int status, struct MHD_Response *response)
{
	enum MHD_Result ok;

	if (!response)
		return MHD_NO;
	ok = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return ok;
}

/* Takes o. */
static enum MHD_Result send_json(struct MHD_Connection *connection, int status,
				 struct json_object *o, const char *retry)
{
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	json_object_put(o);
	if (response) {
		MHD_add_response_header(response, "Content-Type",
					"application/json");
		if (retry)
			MHD_add_response_header(response, "x-should-retry",
						retry);
	}
	return send_response(connection, status, response);
}

static enum MHD_Result send_error(struct MHD_Connection *connection,
				  int status, const char *type,
				  const char *text)
{
	return send_json(connection, status, demo_error_json(type, text), NULL);
}

/* In slices, so that stopping the server does not wait for a pause. */
static bool pause_for(struct demo_server *s, int64_t ms)
{
	struct timespec t;

	while (ms > 0 && !atomic_load(&s->stopping)) {
		int64_t slice = ms < SLICE_MS ? ms : SLICE_MS;

		t.tv_sec = 0;
		t.tv_nsec = (long)slice * 1000000;
		nanosleep(&t, NULL);
		ms -= slice;
	}
	return !atomic_load(&s->stopping);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *to, size_t max)
{
	struct call *c = cls;
	int64_t wait_ms;
	size_t n;

	if (c->out_at == c->out.len) {
		buf_clear(&c->out);
		c->out_at = 0;
		switch (demo_stream_next(c->stream, &c->out, &wait_ms)) {
		case DEMO_STREAM_END:
			return MHD_CONTENT_READER_END_OF_STREAM;
		case DEMO_STREAM_CUT:
			return MHD_CONTENT_READER_END_WITH_ERROR;
		case DEMO_STREAM_MORE:
			break;
		}
		if (!pause_for(c->server, wait_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	n = c->out.len - c->out_at;
	if (n > max)
		n = max;
	memcpy(to, c->out.data + c->out_at, n);
	c->out_at += n;
	return (ssize_t)n;
}

static enum MHD_Result send_stream(struct MHD_Connection *connection,
				   struct call *c, struct demo_reply *r)
{
	struct MHD_Response *response;

	c->stream = demo_stream_new(r);
	response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 8192, read_stream, c, NULL);
	if (response) {
		MHD_add_response_header(response, "Content-Type",
					"text/event-stream; charset=utf-8");
		MHD_add_response_header(response, "Cache-Control", "no-cache");
	}
	return send_response(connection, 200, response);
}

static uint64_t hash(uint64_t h, const char *s)
{
	return hash_64(h, s, strlen(s));
}

/* True the first time a session sends these words, false the second. */
static bool is_first(struct demo_server *s, const char *session,
		     const struct demo_turn *t)
{
	uint64_t h = hash(hash(HASH_64_OFFSET, session ? session : ""),
			  t->text);
	bool first = true;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < SEEN_MAX && first; i++) {
		if (s->seen[i] == h) {
			s->seen[i] = 0;
			first = false;
		}
	}
	if (first)
		s->seen[s->seen_next++ % SEEN_MAX] = h;
	pthread_mutex_unlock(&s->lock);
	return first;
}

static enum MHD_Result answer(struct MHD_Connection *connection,
			      struct call *c, const struct demo_turn *t)
{
	const char *session = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, "X-Claude-Code-Session-Id");
	struct demo_reply r;
	enum MHD_Result ok;

	demo_reply_init(&r);
	demo_script_play(&r, t, is_first(c->server, session, t));
	if (r.error_type)
		ok = send_json(connection, r.status,
			       demo_error_json(r.error_type, r.error_text),
			       r.may_retry ? "true" : "false");
	else if (t->stream)
		ok = send_stream(connection, c, &r);
	else
		ok = send_json(connection, 200, demo_reply_json(&r), NULL);
	demo_reply_release(&r);
	return ok;
}

typedef enum MHD_Result serve_turn(struct MHD_Connection *connection,
				   struct call *c, const struct demo_turn *t);

/* A parsed request takes many times its size: few of them exist at once. */
static enum MHD_Result parse(struct MHD_Connection *connection, struct call *c,
			     serve_turn *serve)
{
	struct demo_turn t;
	struct err e = { 0 };
	enum MHD_Result ok;

	while (sem_wait(&c->server->parsing) < 0)
		;
	if (demo_turn_parse(&t, buf_text(&c->body), c->body.len, &e) < 0) {
		ok = send_error(connection, 400, "invalid_request_error",
				e.text);
	} else {
		ok = serve(connection, c, &t);
		demo_turn_release(&t);
	}
	sem_post(&c->server->parsing);
	return ok;
}

static enum MHD_Result post_messages(struct MHD_Connection *connection,
				     struct call *c)
{
	struct shares *shares = &c->server->shares;
	enum MHD_Result ok;

	c->streaming = true;
	if (!demo_share_take_stream(shares, c->share))
		return send_error(connection, 529, "overloaded_error",
				  "Demo mode answers at most 200 requests at a time, 40 per workspace.");
	ok = parse(connection, c, answer);
	buf_release(&c->body);
	demo_share_give_bytes(shares, c->share, c->counted);
	c->counted = 0;
	return ok;
}

static enum MHD_Result say_count(struct MHD_Connection *connection,
				 struct call *c, const struct demo_turn *t)
{
	struct json_object *o = json_object_new_object();

	field_put_number(o, "input_tokens", (int64_t)c->body.len / 4 + 4);
	return send_json(connection, 200, o, NULL);
}

static enum MHD_Result count_tokens(struct MHD_Connection *connection,
				    struct call *c)
{
	return parse(connection, c, say_count);
}

static enum MHD_Result list_models(struct MHD_Connection *connection,
				   struct call *c)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *row = json_object_new_object();

	field_put_string(row, "type", "model");
	field_put_string(row, "id", DEMO_MODEL);
	field_put_string(row, "display_name", "Gongbang demo");
	field_put_string(row, "created_at", "2025-01-01T00:00:00Z");
	json_object_array_add(list, row);
	json_object_object_add(o, "data", list);
	field_put_flag(o, "has_more", false);
	field_put_string(o, "first_id", DEMO_MODEL);
	field_put_string(o, "last_id", DEMO_MODEL);
	return send_json(connection, 200, o, NULL);
}

static enum MHD_Result say_what(struct MHD_Connection *connection,
				struct call *c)
{
	struct json_object *o = json_object_new_object();

	field_put_string(o, "model", DEMO_MODEL);
	field_put_string(o, "note",
			 "Demo mode: replies come from a script, not Claude.");
	return send_json(connection, 200, o, NULL);
}

static const struct {
	const char *method, *path;
	enum MHD_Result (*serve)(struct MHD_Connection *connection,
				 struct call *c);
} routes[] = {
	{ "POST", "/v1/messages", post_messages },
	{ "POST", "/v1/messages/count_tokens", count_tokens },
	{ "GET", "/v1/models", list_models },
	{ "GET", "/", say_what },
	{ "HEAD", "/", say_what },
};

static enum MHD_Result route(struct MHD_Connection *connection, struct call *c,
			     const char *method, const char *path)
{
	bool known = false;
	size_t i;

	if (c->refused)
		return send_error(connection, 413, "request_too_large",
				  "Demo mode accepts requests up to 32 MB, 64 MB per workspace and 256 MB in total.");
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!str_equal(routes[i].path, path))
			continue;
		if (str_equal(routes[i].method, method))
			return routes[i].serve(connection, c);
		known = true;
	}
	if (known)
		return send_error(connection, 405, "invalid_request_error",
				  "This path doesn't support that method.");
	return send_error(connection, 404, "not_found_error",
			  "Demo mode doesn't have this path.");
}

static void append_body(struct call *c, const char *bytes, size_t n)
{
	struct err e = { 0 };

	if (c->refused)
		return;
	c->counted += n;
	if (!demo_share_take_bytes(&c->server->shares, c->share, n) ||
	    buf_add(&c->body, bytes, n, &e) < 0) {
		c->refused = true;
		buf_release(&c->body);
	}
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection,
			      const char *path, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **state)
{
	struct call *c = *state;

	if (!c) {
		c = alloc_checked(calloc(1, sizeof(*c)));
		c->server = cls;
		c->share = demo_share_of(&c->server->shares, connection);
		buf_init(&c->body, DEMO_BODY_MAX);
		buf_init(&c->out, DEMO_TEXT_MAX * 7);
		*state = c;
		return MHD_YES;
	}
	if (*size) {
		append_body(c, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return route(connection, c, method, path);
}

static int open_listener(const char *listen_on, uint16_t *port, struct err *e)
{
	struct sockaddr_storage address;
	socklen_t len = 0;
	int one = 1, fd;

	if (address_parse(listen_on, &address, &len, e) < 0)
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(fd, 512) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		err_errno(e, ERR_UNAVAILABLE, errno, "listen on %s", listen_on);
		close(fd);
		return -1;
	}
	*port = address_port(&address);
	return fd;
}

struct demo_server *demo_server_new(const char *listen_on, struct err *e)
{
	struct demo_server *s = alloc_checked(calloc(1, sizeof(*s)));
	int fd;

	pthread_mutex_init(&s->lock, NULL);
	sem_init(&s->parsing, 0, PARSED_AT_ONCE);
	fd = open_listener(listen_on, &s->port, e);
	if (fd < 0) {
		free(s);
		return NULL;
	}
	s->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
		MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL, handle, s,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)DEMO_CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)512 * 1024,
		MHD_OPTION_END);
	if (!s->daemon) {
		err_set(e, ERR_INTERNAL, "start the server on %s", listen_on);
		close(fd);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return NULL;
	}
	return s;
}

void demo_server_free(struct demo_server *s)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	MHD_stop_daemon(s->daemon);
	sem_destroy(&s->parsing);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

uint16_t demo_server_port(const struct demo_server *s)
{
	return s->port;
}
