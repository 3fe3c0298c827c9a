/*
 * The workspaces' side of the gateway: HTTP/1.1 on an address (libmicrohttpd
 * on a libuv loop). A caller is one request and its answer; both bodies pass
 * through windows, so neither side is read faster than the other takes it.
 * Slow ones have deadlines, but none while a window is full or there is
 * nothing to send: then it is the call that has to move, by a deadline of its
 * own. One that leaves is noticed at once, also while nothing is sent to it.
 */
#ifndef GATEWAY_LISTENER_H
#define GATEWAY_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "gateway/headers.h"

#define LISTENER_BODY_MAX (32 << 20)	/* bytes of a request that are taken */
#define LISTENER_DRAIN_MAX (64 << 20)	/* read and dropped before an answer */
#define LISTENER_CONNECTIONS_EACH 64	/* of one address; more are closed at once */
#define LISTENER_WINDOW (64 << 10)		/* bytes of each way in memory */

struct listener;
struct inbound;

struct listener_events {
	/* A head was read. inbound_set the call; answer now or later. */
	void (*request)(void *data, struct inbound *c);
	/* More of the request's body, or its end. */
	void (*arrived)(void *call);
	/* Some of the answer was taken. */
	void (*taken)(void *call);
	/* The last event, of callers with a call: answered whole, or lost. */
	void (*ended)(void *call, bool whole);
};

struct listener_options {
	const char *listen;	/* ADDRESS:PORT */
	int64_t connections;	/* of all; later ones wait */
	/*
	 * ms: a head, or the wait for the next one; a body's next LISTENER_STEP
	 * bytes; an answer's next reader_bytes
	 */
	int64_t head_ms, body_ms, reader_ms;
	int64_t reader_bytes;	/* only while so long some wait for the client */
};
#define LISTENER_STEP 8192

/* ERR_UNAVAILABLE when the address is not there or the port is taken. events: kept. Gives (child of ctx). */
struct listener *listener_new(const void *ctx, uv_loop_t *loop,
			      const struct listener_options *options,
			      const struct listener_events *events, void *data, struct err *e) must_check;
uint16_t listener_port(const struct listener *d);

/* Closes what is over its deadline: each second. now: clock_mono_ms. */
void listener_tick(struct listener *d, int64_t now);

/* As upstream_due and upstream_run. */
bool listener_due(const struct listener *d);
void listener_run(struct listener *d);

/* No new connections. */
void listener_quiesce(struct listener *d);
/* Cuts what is left (ended is called); closed when the loop has let go, then it is freed. */
void listener_close(struct listener *d, void (*closed)(void *data), void *data);

int64_t listener_connections(const struct listener *d);

/* ---- a caller; texts are borrowed until ended */

void inbound_set(struct inbound *c, void *call);
const char *inbound_method(const struct inbound *c);
const char *inbound_target(const struct inbound *c);	/* as it came: nothing decoded */
const char *inbound_address(const struct inbound *c);
const char *inbound_header(const struct inbound *c, const char *name);
/* What of its fields may pass, as headers_take; ERR_INPUT too for two lengths and for names that are none. */
int inbound_fields(const struct inbound *c, struct headers *out,
		   struct err *e) must_check;

/* Its connection is one too many: answer so. */
bool inbound_crowded(const struct inbound *c);

/* Of the body: what was announced (0: none, -1: chunked), what came, whether it is all. */
int64_t inbound_length(const struct inbound *c);
int64_t inbound_received(const struct inbound *c);
bool inbound_complete(const struct inbound *c);
bool inbound_window_full(const struct inbound *c);

/* The last n bytes that came, from inside of arrived; the byte at an offset of the body, NULL when it was taken. May be changed. */
char *inbound_tail(struct inbound *c, size_t n);
char *inbound_at(struct inbound *c, int64_t offset);
/* Whether it waits to be told to go on. */
bool inbound_expects(const struct inbound *c);

/* "Expect: 100-continue" is told to go on; the body is wanted. */
void inbound_go_on(struct inbound *c);

/* Body bytes: how many; 0 at the end, -1 for none now, or none any more after inbound_drain. */
ssize_t inbound_read(struct inbound *c, void *to, size_t n);
bool inbound_rewind(struct inbound *c);
/*
 * The body when all of it is in memory, else NULL. Borrowed until
 * inbound_drain, inbound_answer or inbound_finish.
 */
const char *inbound_whole(const struct inbound *c);

/* What is left of the body is not wanted: it is dropped as it comes. */
void inbound_drain(struct inbound *c);

/* A whole answer, copied; the rest of the request is dropped. One answer or inbound_begin. */
void inbound_answer(struct inbound *c, int status, const struct headers *fields,
		    const char *type, const char *body);

/* An answer in pieces; length -1 when it is not known. It is sent when the request's body is read, which goes on. */
void inbound_begin(struct inbound *c, int status, const struct headers *fields,
		   int64_t length);
/* All of it, or false: no room (taken follows). */
bool inbound_write(struct inbound *c, const char *bytes, size_t n);
/* Its end, the rest of the request is dropped; whole false: what was written is still sent, then the connection is cut. */
void inbound_finish(struct inbound *c, bool whole);
/* Whether it has an answer, or the begin of one. */
bool inbound_answered(const struct inbound *c);

/* Cut now; ended is not called any more. */
void inbound_drop(struct inbound *c);

#endif
