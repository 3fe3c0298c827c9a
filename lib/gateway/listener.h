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

#define DOOR_BODY_MAX (32 << 20)	/* bytes of a request that are taken */
#define DOOR_DRAIN_MAX (64 << 20)	/* read and dropped before an answer */
#define DOOR_CONNECTIONS_EACH 64	/* of one address; more are closed at once */
#define DOOR_WINDOW (64 << 10)		/* bytes of each way in memory */

struct door;
struct caller;

struct door_events {
	/* A head was read. caller_set the call; answer now or later. */
	void (*request)(void *data, struct caller *c);
	/* More of the request's body, or its end. */
	void (*arrived)(void *call);
	/* Some of the answer was taken. */
	void (*taken)(void *call);
	/* The last event, of callers with a call: answered whole, or lost. */
	void (*ended)(void *call, bool whole);
};

struct door_options {
	const char *listen;	/* ADDRESS:PORT */
	int64_t connections;	/* of all; later ones wait */
	/* ms: a head, or the wait for the next one; a body's next DOOR_STEP bytes; an answer's next reader_bytes */
	int64_t head_ms, body_ms, reader_ms;
	int64_t reader_bytes;	/* only while so long some wait for the client */
};
#define DOOR_STEP 8192

/* ERR_UNAVAILABLE when the address is not there or the port is taken. events: kept. Gives (child of ctx). */
struct door *door_new(const void *ctx, uv_loop_t *loop, const struct door_options *options,
		      const struct door_events *events, void *data, struct err *e) must_check;
uint16_t door_port(const struct door *d);

/* Closes what is over its deadline: each second. now: clock_mono_ms. */
void door_tick(struct door *d, int64_t now);

/* As upstream_due and upstream_run. */
bool door_due(const struct door *d);
void door_run(struct door *d);

/* No new connections. */
void door_quiesce(struct door *d);
/* Cuts what is left (ended is called); closed when the loop has let go, then it is freed. */
void door_close(struct door *d, void (*closed)(void *data), void *data);

int64_t door_connections(const struct door *d);

/* ---- a caller; texts are borrowed until ended */

void caller_set(struct caller *c, void *call);
const char *caller_method(const struct caller *c);
const char *caller_target(const struct caller *c);	/* as it came: nothing decoded */
const char *caller_address(const struct caller *c);
const char *caller_header(const struct caller *c, const char *name);
/* What of its fields may pass, as headers_take; ERR_INPUT too for two lengths and for names that are none. */
int caller_fields(const struct caller *c, struct headers *out, struct err *e) must_check;

/* Its connection is one too many: answer so. */
bool caller_crowded(const struct caller *c);

/* Of the body: what was announced (0: none, -1: chunked), what came, whether it is all. */
int64_t caller_length(const struct caller *c);
int64_t caller_received(const struct caller *c);
bool caller_complete(const struct caller *c);
bool caller_window_full(const struct caller *c);

/* The last n bytes that came, from inside of arrived; the byte at an offset of the body, NULL when it was taken. May be changed. */
char *caller_tail(struct caller *c, size_t n);
char *caller_at(struct caller *c, int64_t offset);
/* Whether it waits to be told to go on. */
bool caller_expects(const struct caller *c);

/* "Expect: 100-continue" is told to go on; the body is wanted. */
void caller_go_on(struct caller *c);

/* Body bytes: how many; 0 at the end, -1 for none now, or none any more after caller_drain. */
ssize_t caller_read(struct caller *c, void *to, size_t n);
bool caller_rewind(struct caller *c);
/* The body when all of it is in memory, else NULL. Borrowed until caller_drain, caller_answer or caller_finish. */
const char *caller_whole(const struct caller *c);

/* What is left of the body is not wanted: it is dropped as it comes. */
void caller_drain(struct caller *c);

/* A whole answer, copied; the rest of the request is dropped. One answer or caller_begin. */
void caller_answer(struct caller *c, int status, const struct headers *fields,
		   const char *type, const char *body);

/* An answer in pieces; length -1 when it is not known. It is sent when the request's body is read, which goes on. */
void caller_begin(struct caller *c, int status, const struct headers *fields, int64_t length);
/* All of it, or false: no room (taken follows). */
bool caller_write(struct caller *c, const char *bytes, size_t n);
/* Its end, the rest of the request is dropped; whole false: what was written is still sent, then the connection is cut. */
void caller_finish(struct caller *c, bool whole);
/* Whether it has an answer, or the begin of one. */
bool caller_answered(const struct caller *c);

/* Cut now; ended is not called any more. */
void caller_drop(struct caller *c);

#endif
