/*
 * The model service: requests to it on a libuv loop through libcurl's multi
 * interface. Connections are reused, HTTP/2 where the service supports it, one
 * request per connection at a time: a reply that nobody reads does not block
 * another. TLS is verified, redirects are not followed, compressed replies are
 * decoded.
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
	const char *ca;		/* PEM bundle; "" for the system's */
	int64_t calls;		/* open at once; kept when idle */
	int64_t connect_ms, whole_ms;	/* deadlines */
};

/* ERR_INPUT for an invalid base. Keeps loop. Gives (child of ctx). */
struct upstream *upstream_new(const void *ctx, uv_loop_t *loop,
			      const struct upstream_options *options, struct err *e) must_check;

/*
 * Call after its requests are freed. Calls closed when the loop has released
 * its handles, then frees itself.
 */
void upstream_close(struct upstream *u, void (*closed)(void *data), void *data);

/*
 * Whether it must run before the loop waits; upstream_run does that, never
 * from inside a callback.
 */
bool upstream_due(const struct upstream *u);
void upstream_run(struct upstream *u);

enum outbound_end {
	OUTBOUND_WHOLE,		/* the reply is complete */
	OUTBOUND_CUT,		/* failed after its head */
	OUTBOUND_UNREACHED,	/* no connection */
	OUTBOUND_UNTRUSTED,	/* TLS handshake */
	OUTBOUND_LATE,		/* a deadline before its head */
	OUTBOUND_BROKEN,	/* any other failure before its head */
};

struct outbound_events {
	/*
	 * Reads request bytes: returns how many; 0 at their end, -1 for none
	 * now (outbound_more follows).
	 */
	ssize_t (*body)(void *data, char *to, size_t n);
	/* Starts the body again; false when that is impossible. */
	bool (*rewind)(void *data);
	/*
	 * The final head; length -1: unknown. Fields in HEADERS_RESPONSE,
	 * borrowed.
	 */
	void (*head)(void *data, int status, const struct headers *fields, int64_t length);
	/*
	 * Reply bytes; false: no room, the same bytes come again after
	 * outbound_room.
	 */
	bool (*bytes)(void *data, const char *bytes, size_t n);
	/*
	 * The last event, never from inside outbound_new; why: libcurl's
	 * message. Then call outbound_free.
	 */
	void (*end)(void *data, enum outbound_end end, const char *why);
};

struct outbound_request {
	const char *target;	/* path and query, as they are sent */
	bool post;
	int64_t length;		/* of the body; -1: unknown */
	const char *whole;	/* the complete body; NULL: it is read by body(). Kept until sent
				 * or freed */
	const struct headers *fields;	/* kept until outbound_free */
	const char *key;	/* one more field, or NULL; copied, and wiped afterwards */
};

/* events: kept. Gives. */
struct outbound *outbound_new(struct upstream *u,
			      const struct outbound_request *request,
			      const struct outbound_events *events, void *data);

/*
 * At any time except inside its own body, rewind, head and bytes: ends it at
 * once, no event follows.
 */
void outbound_free(struct outbound *t);

/*
 * After the head: whether the body is no longer needed because all of it was
 * sent.
 */
bool outbound_sent(struct outbound *t);

/* From inside head: skips the bytes of the reply. */
void outbound_ignore(struct outbound *t);

/* Whether it was connected, so that the request may have been sent. */
bool outbound_begun(const struct outbound *t);

/*
 * Request bytes are available again; there is room for reply bytes again. From
 * anywhere.
 */
void outbound_more(struct outbound *t);
void outbound_room(struct outbound *t);

#endif
