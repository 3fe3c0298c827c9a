/*
 * The server half of a link: HTTP/2 (RFC 9113, prior knowledge) over abstract
 * bytes, one `struct link_server` per connection. Answers are generated when
 * the peer's windows have room, so a stalled reader uses no memory but its
 * stream.
 */
#ifndef SHIM_LINK_SERVER_H
#define SHIM_LINK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"

#define LINK_SERVER_STREAMS_MAX 256
#define LINK_SERVER_PATH_MAX 4096
#define LINK_SERVER_FRAME_MAX (64 << 10)	/* bytes of a frame's payload, in both directions */
#define LINK_SERVER_HEADERS_MAX (16 << 10)	/* bytes of all fields; beyond it: 431 */

struct link_server;

/* One request and its answer; freed when its stream closes. */
struct exchange {
	char method[8];
	char path[LINK_SERVER_PATH_MAX];
	char *query;		/* the part after '?', "" when absent */
	struct buf body;	/* complete when the request is handled */

	/*
	 * A streamed body: gets each piece as it comes, and a last one of no
	 * bytes. Pieces stay in the stream's window until exchange_consume.
	 */
	void (*take)(struct exchange *x, const void *bytes, size_t n);

	/* The handler's: data of unfinished work, and how to cancel it. */
	void *work;
	void (*gone)(struct exchange *x);
	struct exchange *next;

	struct link_server *server;	/* the rest belongs to the server */
	const struct link_server_route *route;
	int32_t stream;
	size_t header_bytes, answer_at;
	struct buf answer;
	struct link_server_field { char name[16], value[40]; } fields[4];
	size_t nfields;
	int (*read)(struct exchange *x, void *out, size_t size);
	bool answered, asleep, bad;
	struct exchange *sibling;
};

/* A table row describes a request; a '*' in the pattern is one path segment. */
struct link_server_route {
	const char *method, *pattern;
	size_t body_max;	/* bytes; beyond it: 413 */
	void (*handle)(struct exchange *x, const char *arg);
	bool streams;		/* handled before its body, which comes by take(); body_max is 0 */
};

/*
 * Ends with a row of NULLs. bodies_max: bytes of all servers' bodies held at
 * once; beyond it: 503. dirty(data): there may be bytes to pull.
 */
struct link_server *link_server_new(const struct link_server_route *routes,
				    size_t bodies_max,
				    void (*dirty)(void *data), void *data);
void link_server_free(struct link_server *s);

/* Bytes from the peer. -1: it broke the protocol; pull what is left, then free. */
int link_server_receive(struct link_server *s, const void *bytes,
			size_t n) must_check;

/* Bytes for the peer, borrowed until the next call; 0: none now. */
size_t link_server_pull(struct link_server *s, const uint8_t **bytes);

/* No more bytes are expected in either direction. */
bool link_server_is_done(const struct link_server *s);

/* Copies the value of name from "a=b&c=d"; false: absent, or of size bytes or more. */
bool link_server_query(const char *query, const char *name, char *out,
		       size_t size);
/* The number from 0 to max that name has; preset when it is absent. */
int link_server_query_number(const char *query, const char *name, int64_t preset,
			     int64_t max, int64_t *out, struct err *e) must_check;

/* Moves the body to out; it counts as held until body_release. */
void exchange_take_body(struct exchange *x, struct buf *out);
void body_release(struct buf *body);

/* n bytes that take() got were used: the peer may send as many more. */
void exchange_consume(struct exchange *x, size_t n);

/* One more field of the answer to come; at most four, of printable ASCII. */
void exchange_field(struct exchange *x, const char *name, const char *fmt, ...)
	printf_like(3, 4);

/* The status that a kind of error is answered with. */
int exchange_status(enum err_kind kind);

/* Answers an exchange with a short text; once, now or later. */
void exchange_answer(struct exchange *x, int status, const char *fmt, ...)
	printf_like(3, 4);

/* 200 with x->answer as it is now. */
void exchange_answer_text(struct exchange *x);

/* Answers with e: its kind's status, its text. */
void exchange_fail(struct exchange *x, const struct err *e);

/*
 * A body that read() generates when there is room: bytes, 0 to wait for
 * exchange_wake, -1 for the end, LINK_SERVER_BROKEN to reset the stream: the
 * body cannot be completed.
 */
#define LINK_SERVER_BROKEN (-2)
void exchange_stream(struct exchange *x, int status,
		     int (*read)(struct exchange *x, void *out, size_t size));
void exchange_wake(struct exchange *x);

#endif
