/*
 * HTTP/1.1 on a Unix socket inside a libuv loop (libmicrohttpd), as much as
 * WebSocket handshakes (RFC 6455, section 4) and the control API need.
 */
#ifndef BRIDGE_BRIDGE_SERVER_H
#define BRIDGE_BRIDGE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "core/err.h"

struct bridge_server;
struct exchange;	/* one request until its answer is sent */

/*
 * The head was read; a body is dropped. Answer x now or later: it lives until
 * it is answered, even after the client left.
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

/*
 * Takes fd: the upgraded connection, non-blocking, -1 when the client left
 * first. early: bytes that it sent already, borrowed during the call.
 */
typedef void exchange_upgraded(void *data, int fd, const void *early, size_t n);

/* Sends 101 with Sec-WebSocket-Accept; calls upgraded exactly once. */
void exchange_upgrade(struct exchange *x, const char *accept,
		      exchange_upgraded *upgraded, void *data);

#endif
