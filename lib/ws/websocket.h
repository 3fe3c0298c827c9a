/*
 * One WebSocket (RFC 6455) on a connected descriptor, on a libuv loop. An idle
 * one holds no buffers.
 */
#ifndef WS_WEBSOCKET_H
#define WS_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/err.h"

#define WEBSOCKET_OUT_MAX (8u << 20)	/* unsent bytes beyond which a reader is too slow */
#define WEBSOCKET_DROP_MAX (64u << 20)	/* a longer message ends the socket (1009) */

enum {	/* close codes, beside RFC 6455 section 7.4.1 */
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TRY_AGAIN = 1013,
	WEBSOCKET_OVER = 4000,		/* what it showed has ended */
	WEBSOCKET_LOGIN_ENDED = 4401,
	WEBSOCKET_MISSING = 4404,
	WEBSOCKET_SLOW = 4408,
	WEBSOCKET_TOO_MANY = 4429,
};

struct websocket;

struct websocket_events {
	/* A complete text message, valid UTF-8, borrowed. */
	void (*message)(void *data, const char *text, size_t n);
	/* A complete binary message, borrowed. NULL: it ends the socket. */
	void (*binary)(void *data, const void *bytes, size_t n);
	/* A message larger than the cap was dropped; head: its first bytes. The socket stays open. */
	void (*too_long)(void *data, const char *head, size_t n);
	/* Called once; the socket is freed afterwards. */
	void (*closed)(void *data);
	int64_t message_ms;	/* deadline of a message, from its first byte to its last */
};

/*
 * Takes fd. cap: bytes of one message. early: bytes that were already read,
 * copied. Calls no callback. Gives (child of ctx), valid until closed().
 */
struct websocket *websocket_new(const void *ctx, uv_loop_t *loop, int fd,
				size_t cap, const void *early, size_t n,
				const struct websocket_events *ev, void *data);

/* Queues a text message (copies). Closes a too slow reader with WEBSOCKET_SLOW. */
void websocket_send(struct websocket *w, const char *text, size_t n);
/* The same, of a binary one. */
void websocket_send_binary(struct websocket *w, const void *bytes, size_t n);

/* Sends a ping; ends the socket if nothing was received since the previous one. */
void websocket_ping(struct websocket *w);

/* Bytes queued and not yet sent. */
size_t websocket_unsent(const struct websocket *w);
/* False as soon as either end closes it. */
bool websocket_is_open(const struct websocket *w);

/* Starts the close handshake; closed() follows within 2 s. */
void websocket_close(struct websocket *w, int code, const char *reason);

/* Sec-WebSocket-Accept for a key (section 4.2.2): base64 of SHA-1. ERR_INPUT if the key is not 16 bytes. */
int websocket_accept(const char *key, char out[29], struct err *e) must_check;

#endif
