/*
 * WebSocket framing (RFC 6455, section 5) over any byte stream: libwslay's
 * server side; assembles messages up to a cap. The peer is hostile.
 */
#ifndef WS_FRAMING_H
#define WS_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct framing;

struct framing_events {
	/* Like read(2) and write(2) on a non-blocking descriptor. */
	ssize_t (*read)(void *data, void *out, size_t n);
	ssize_t (*write)(void *data, const void *bytes, size_t n);
	/* A frame begins; return false to refuse it. NULL: no limit. */
	bool (*frame)(void *data);
	/* A complete text message, valid UTF-8, borrowed. */
	void (*message)(void *data, const char *text, size_t n);
	/* A complete binary message, borrowed. NULL: it ends the socket (1003). */
	void (*binary)(void *data, const void *bytes, size_t n);
	/* A message larger than the cap ended; head: its first bytes. */
	void (*too_long)(void *data, const char *head, size_t n);
};

/* Keeps ev. cap: bytes of one message. Gives (child of ctx). */
struct framing *framing_new(const void *ctx, size_t cap,
			    const struct framing_events *ev, void *data);

/* Reads what is available. -1: the peer is gone, or broke the protocol too badly for a close frame. */
int framing_receive(struct framing *f);

/* Writes what can be written. -1: as framing_receive. */
int framing_flush(struct framing *f);

/* Each queues a frame (copies). framing_unsent: bytes not yet written. */
void framing_text(struct framing *f, const char *text, size_t n);
void framing_binary(struct framing *f, const void *bytes, size_t n);
void framing_ping(struct framing *f);
void framing_close(struct framing *f, int code, const char *reason);
size_t framing_unsent(const struct framing *f);

bool framing_wants_write(const struct framing *f);
/* A close frame was queued, sent or read: no more events or messages. */
bool framing_closing(const struct framing *f);
/* The close handshake is complete in both directions. */
bool framing_over(const struct framing *f);
/* A message has been received in part. */
bool framing_amid(const struct framing *f);
/* Nothing is half read or half written, so it may be freed and recreated later. */
bool framing_quiet(const struct framing *f);

#endif
