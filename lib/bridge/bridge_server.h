/*
 * HTTP/1.1 on a Unix socket inside a libuv loop (libmicrohttpd), as much as
 * WebSocket handshakes (RFC 6455, section 4) and the control API need.
 */
#ifndef BRIDGE_BRIDGE_SERVER_H
#define BRIDGE_BRIDGE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "core/err.h"

struct bridge_server;
struct exchange;	/* one request until its answer is sent */

/*
 * The head was read. Answer x now or later: it lives until it is answered, even
 * after the client left. Its body waits for exchange_attach; without that it is
 * dropped once x is answered.
 */
typedef void bridge_server_request(void *data, struct exchange *x);

/*
 * Binds the socket (mode 0666: access is limited by its folder; an existing
 * file is replaced). Gives (child of ctx); call bridge_server_close first.
 */
struct bridge_server *bridge_server_new(const void *ctx, uv_loop_t *loop,
					const char *socket_path, bridge_server_request *request,
					void *data, struct err *e) must_check;

/* Accepts no new connections from now on. */
void bridge_server_quiesce(struct bridge_server *s);

/* Ends what is left. Open requests get 503 and must not be answered afterwards. */
void bridge_server_close(struct bridge_server *s);

/* Borrowed until the answer; NULL when absent. */
const char *exchange_method(const struct exchange *x);
const char *exchange_path(const struct exchange *x);
const char *exchange_header(const struct exchange *x, const char *name);
const char *exchange_query(const struct exchange *x, const char *name);

/* Whether root connected (SO_PEERCRED, unix(7)). */
bool exchange_of_root(const struct exchange *x);

/* Copies the body. extra: one more header as name, value; may be NULL. */
void exchange_answer(struct exchange *x, int status, const char *type,
		     const char *body, const char *extra_name,
		     const char *extra_value);

/* Both bodies of an exchange, in pieces. */
struct exchange_pieces {
	/*
	 * The request's: takes as many of the n bytes as it can; the rest comes
	 * again after exchange_wake. n 0: it is complete.
	 */
	size_t (*take)(void *data, const void *bytes, size_t n);
	/*
	 * The answer's, after exchange_stream: fills out; 0: none until
	 * exchange_wake.
	 */
	ssize_t (*read)(void *data, void *out, size_t n);
	/* Once: the answer was sent, or the client left. x is freed. */
	void (*gone)(void *data);
};
#define EXCHANGE_END (-1)	/* of read(): the body is complete */
#define EXCHANGE_BROKEN (-2)	/* of read(): the connection is cut, so the client notices */

/* From now on x's body comes by take(). idle_s: without progress it ends. */
void exchange_attach(struct exchange *x, const struct exchange_pieces *pieces,
		     void *data, unsigned idle_s);
/* There is something to read or room to take. Safe in every callback. */
void exchange_wake(struct exchange *x);

struct exchange_row {
	const char *name, *value;	/* of a header; a NULL value leaves it out */
};
/* Answers with a body by read(). size: -1 unknown. Headers: n rows, copied. */
void exchange_stream(struct exchange *x, int status, int64_t size,
		     const struct exchange_row *rows, size_t n);

/*
 * Takes fd: the upgraded connection, non-blocking, -1 when the client left
 * first. early: bytes that it sent already, borrowed during the call.
 */
typedef void exchange_upgraded(void *data, int fd, const void *early, size_t n);

/* Sends 101 with Sec-WebSocket-Accept; calls upgraded exactly once. */
void exchange_upgrade(struct exchange *x, const char *accept,
		      exchange_upgraded *upgraded, void *data);

#endif
