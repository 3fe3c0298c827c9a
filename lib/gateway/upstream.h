/*
 * The model service: requests to it on a libuv loop by libcurl's multi
 * interface. Connections are used again, HTTP/2 where the service speaks it,
 * one request a connection at a time: a reply that is held up, because nobody
 * reads it, stands in no other's way. TLS is verified, redirects are not
 * followed, what comes compressed is handed on decoded.
 */
#ifndef GATEWAY_UPSTREAM_H
#define GATEWAY_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "gateway/headers.h"

struct upstream;
struct outbound;	/* one request and its reply */

struct upstream_options {
	const char *base;	/* http(s)://HOST[:PORT][/PATH] */
	const char *ca;		/* PEM bundle; "" for the system's own */
	int64_t calls;		/* at once; connections kept */
	int64_t connect_ms, whole_ms;	/* deadlines */
};

/* ERR_INPUT for a base that is none. Keeps loop. Gives (child of ctx). */
struct upstream *upstream_new(const void *ctx, uv_loop_t *loop,
			      const struct upstream_options *options, struct err *e) must_check;

/* When its transfers are freed. closed is called when the loop has let go, then it is freed. */
void upstream_close(struct upstream *u, void (*closed)(void *data), void *data);

/* Whether it has to run without waiting for the loop; upstream_run does that, never from inside a callback. */
bool upstream_due(const struct upstream *u);
void upstream_run(struct upstream *u);

enum outbound_end {
	OUTBOUND_WHOLE,		/* the reply came to its end */
	OUTBOUND_CUT,		/* after its head */
	OUTBOUND_UNREACHED,	/* no connection */
	OUTBOUND_UNTRUSTED,	/* TLS */
	OUTBOUND_LATE,		/* a deadline, before its head */
	OUTBOUND_BROKEN,	/* anything else before its head */
};

struct outbound_events {
	/* Request bytes: how many; 0 at their end, -1 for none now (outbound_more follows). */
	ssize_t (*body)(void *data, char *to, size_t n);
	/* The body again from its begin; false when that cannot be. */
	bool (*rewind)(void *data);
	/* The final head; length -1 unknown. Fields of HEADERS_RESPONSE, borrowed. */
	void (*head)(void *data, int status, const struct headers *fields, int64_t length);
	/* Reply bytes; false: no room, the same ones come again after outbound_room. */
	bool (*bytes)(void *data, const char *bytes, size_t n);
	/*
	 * The last event, never from inside outbound_new; why: libcurl's words.
	 * Then outbound_free it.
	 */
	void (*end)(void *data, enum outbound_end end, const char *why);
};

struct outbound_request {
	const char *target;	/* path and query, as they are sent */
	bool post;
	int64_t length;		/* of the body; -1 unknown */
	const char *whole;	/* the body, when all is there; NULL: it is asked for. Kept until sent or freed */
	const struct headers *fields;	/* kept until outbound_free */
	const char *key;	/* one more field, or NULL; copied, and wiped after */
};

/* events: kept. Gives. */
struct outbound *outbound_new(struct upstream *u,
			      const struct outbound_request *request,
			      const struct outbound_events *events, void *data);

/* At any time but inside its own body, rewind, head and bytes: ends it at once, no event follows. */
void outbound_free(struct outbound *t);

/* After the head: whether the body is not needed any more, all of it is on its way. */
bool outbound_sent(struct outbound *t);

/* From inside head: no bytes of the reply come. */
void outbound_ignore(struct outbound *t);

/* Whether a connection stood, so that the request may have gone. */
bool outbound_begun(const struct outbound *t);

/* There are request bytes again; there is room for reply bytes again. From anywhere. */
void outbound_more(struct outbound *t);
void outbound_room(struct outbound *t);

#endif
