/*
 * One WebSocket (RFC 6455) on a connected descriptor: libwslay's framing on a
 * libuv loop. An idle one holds no buffer at all.
 */
#ifndef WS_WEBSOCKET_H
#define WS_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/err.h"

#define WEBSOCKET_OUT_MAX (8u << 20)	/* bytes unsent before a reader is too slow */
#define WEBSOCKET_DROP_MAX (64u << 20)	/* a longer message ends the socket (1009) */

enum {	/* close codes, beside RFC 6455 section 7.4.1 */
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TRY_AGAIN = 1013,
	WEBSOCKET_LOGIN_ENDED = 4401,
	WEBSOCKET_MISSING = 4404,
	WEBSOCKET_SLOW = 4408,
	WEBSOCKET_TOO_MANY = 4429,
};

struct websocket;

struct websocket_events {
	/* One whole text message, valid UTF-8, borrowed. */
	void (*message)(void *data, const char *text, size_t n);
	/* A message past the cap was dropped; head: its first bytes. The socket lives. */
	void (*too_long)(void *data, const char *head, size_t n);
	/* Once; the socket is gone after it. */
	void (*closed)(void *data);
	int64_t message_ms;	/* a message may take so long from its first byte to its last */
};

/*
 * Takes fd. cap: bytes of one message. early: what was read already, copied.
 * No callback runs inside this call. Gives (child of ctx), until closed.
 */
struct websocket *websocket_new(const void *ctx, uv_loop_t *loop, int fd,
				size_t cap, const void *early, size_t n,
				const struct websocket_events *ev, void *data);

/* Queues a text message (copies). A reader too slow is closed with WEBSOCKET_SLOW. */
void websocket_send(struct websocket *w, const char *text, size_t n);

/* Asks whether the other end lives; ends the socket when nothing came since the ping before. */
void websocket_ping(struct websocket *w);

/* Bytes that wait for a reader. */
size_t websocket_unsent(const struct websocket *w);
/* False from the moment it is being closed, by whom ever. */
bool websocket_is_open(const struct websocket *w);

/* Close handshake; closed() follows, at the latest after 2 s. */
void websocket_close(struct websocket *w, int code, const char *reason);

/* Sec-WebSocket-Accept of a key (section 4.2.2): base64 of SHA-1; out holds 29. ERR_INPUT for a key that is not 16 bytes. */
int websocket_accept(const char *key, char out[29], struct err *e) must_check;

#endif
