/*
 * The workspaces' side of the gateway: HTTP/1.1 on an address (libmicrohttpd
 * on a libuv loop). An inbound is one request and its answer; both bodies pass
 * through bounded buffers, so neither side is read faster than the other takes
 * it. Slow clients have deadlines, but not while a buffer is full or there is
 * nothing to send: then the call must move, within its own deadline. A client
 * that disconnects is noticed at once, even while nothing is sent to it.
 */
#ifndef GATEWAY_LISTENER_H
#define GATEWAY_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "gateway/headers.h"

#define LISTENER_BODY_MAX (32 << 20)	/* bytes of a request that are accepted */
#define LISTENER_DRAIN_MAX (64 << 20)	/* bytes read and dropped before an answer */
#define LISTENER_CONNECTIONS_EACH 64	/* per address; further ones are closed at once */
#define LISTENER_WINDOW (64 << 10)		/* bytes in memory, per direction */

struct listener;
struct inbound;

struct listener_events {
	/* A head was read. Call inbound_set; answer now or later. */
	void (*request)(void *data, struct inbound *c);
	/* More of the request's body, or its end. */
	void (*arrived)(void *call);
	/* Some of the answer was taken. */
	void (*taken)(void *call);
	/*
	 * The last event, for inbounds with a call: completely answered, or
	 * lost.
	 */
	void (*ended)(void *call, bool whole);
};

struct listener_options {
	const char *listen;	/* ADDRESS:PORT */
	int64_t connections;	/* in total; later ones wait */
	/*
	 * ms: for a head, or between requests; for LISTENER_STEP bytes of a
	 * body; for reader_bytes of an answer
	 */
	int64_t head_ms, body_ms, reader_ms;
	int64_t reader_bytes;	/* only while the client has kept us waiting this long */
};
#define LISTENER_STEP 8192

/*
 * ERR_UNAVAILABLE when the address does not exist or the port is taken.
 * events: kept. Gives (child of ctx).
 */
struct listener *listener_new(const void *ctx, uv_loop_t *loop,
			      const struct listener_options *options,
			      const struct listener_events *events, void *data, struct err *e) must_check;
uint16_t listener_port(const struct listener *d);

/* Closes connections past their deadline: call every second. now: clock_mono_ms. */
void listener_tick(struct listener *d, int64_t now);

/* As upstream_due and upstream_run. */
bool listener_due(const struct listener *d);
void listener_run(struct listener *d);

/* Accepts no new connections. */
void listener_quiesce(struct listener *d);
/*
 * Cuts what is left (ended is called); calls closed when the loop has released
 * its handles, then frees itself.
 */
void listener_close(struct listener *d, void (*closed)(void *data), void *data);

int64_t listener_connections(const struct listener *d);

/* ---- an inbound request; texts are borrowed until ended */

void inbound_set(struct inbound *c, void *call);
const char *inbound_method(const struct inbound *c);
const char *inbound_target(const struct inbound *c);	/* as received, not decoded */
const char *inbound_address(const struct inbound *c);
const char *inbound_header(const struct inbound *c, const char *name);
/*
 * Its fields that may be forwarded, as in headers_add; also ERR_INPUT for two
 * lengths and for invalid names.
 */
int inbound_fields(const struct inbound *c, struct headers *out,
		   struct err *e) must_check;

/* One connection too many: answer accordingly. */
bool inbound_crowded(const struct inbound *c);

/*
 * The body: announced length (0: none, -1: chunked), bytes received, whether
 * it is complete.
 */
int64_t inbound_length(const struct inbound *c);
int64_t inbound_received(const struct inbound *c);
bool inbound_complete(const struct inbound *c);
bool inbound_window_full(const struct inbound *c);

/*
 * The last n bytes received, from inside arrived; the byte at an offset of the
 * body, NULL when it was taken. May be changed.
 */
char *inbound_tail(struct inbound *c, size_t n);
char *inbound_at(struct inbound *c, int64_t offset);
/* Whether the client waits for "100 Continue". */
bool inbound_expects(const struct inbound *c);

/* Sends "100 Continue" if the client expects it; the body is wanted. */
void inbound_go_on(struct inbound *c);

/*
 * Reads body bytes: returns how many; 0 at the end, -1 for none now, or after
 * inbound_drain.
 */
ssize_t inbound_read(struct inbound *c, void *to, size_t n);
bool inbound_rewind(struct inbound *c);
/*
 * The body when it is completely in memory, else NULL. Borrowed until
 * inbound_drain, inbound_answer or inbound_finish.
 */
const char *inbound_whole(const struct inbound *c);

/* The rest of the body is not wanted: it is dropped as it arrives. */
void inbound_drain(struct inbound *c);

/*
 * Sends a complete answer, copied; drops the rest of the request. Call either
 * this or inbound_begin, once.
 */
void inbound_answer(struct inbound *c, int status, const struct headers *fields,
		    const char *type, const char *body);

/*
 * Begins an answer in pieces; length -1 when unknown. It is sent while the
 * request's body is still read.
 */
void inbound_begin(struct inbound *c, int status, const struct headers *fields,
		   int64_t length);
/* Sends all of it, or nothing and returns false: no room (taken follows). */
bool inbound_write(struct inbound *c, const char *bytes, size_t n);
/*
 * Ends it and drops the rest of the request; whole false: sends what was
 * written, then cuts the connection.
 */
void inbound_finish(struct inbound *c, bool whole);
/* Whether an answer was sent or begun. */
bool inbound_answered(const struct inbound *c);

/* Cuts it now; ended is not called any more. */
void inbound_drop(struct inbound *c);

#endif
