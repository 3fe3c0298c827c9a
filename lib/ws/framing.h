/*
 * WebSocket framing (RFC 6455, section 5) over any byte stream: libwslay's
 * server side, with messages capped and put together here. The peer is hostile.
 */
#ifndef WS_FRAMING_H
#define WS_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct framing;

struct framing_events {
	/* As read(2) and write(2) on a non-blocking descriptor. */
	ssize_t (*read)(void *data, void *out, size_t n);
	ssize_t (*write)(void *data, const void *bytes, size_t n);
	/* A frame begins; false: too many. NULL: any number. */
	bool (*frame)(void *data);
	/* A whole text message, valid UTF-8, borrowed. */
	void (*message)(void *data, const char *text, size_t n);
	/* One past the cap ended; head: the bytes of it that were kept. */
	void (*too_long)(void *data, const char *head, size_t n);
};

/* ev borrowed for its life. Gives (child of ctx). */
struct framing *framing_new(const void *ctx, size_t cap,
			    const struct framing_events *ev, void *data);

/* Reads what is there. -1: the peer is gone or broke the protocol beyond a close frame. */
int framing_receive(struct framing *f);

/* Writes what can be written. -1: as above. */
int framing_flush(struct framing *f);

/* Queues (copies). Bytes that wait: framing_unsent. */
void framing_text(struct framing *f, const char *text, size_t n);
void framing_ping(struct framing *f);
void framing_close(struct framing *f, int code, const char *reason);
size_t framing_unsent(const struct framing *f);

bool framing_wants_write(const struct framing *f);
/* A close frame was queued, sent or read: nothing more is told or taken. */
bool framing_closing(const struct framing *f);
/* The close handshake is over, both ways. */
bool framing_over(const struct framing *f);
/* A message has begun and not ended. */
bool framing_amid(const struct framing *f);
/* Nothing is half read or half written: it may be freed and made anew later. */
bool framing_quiet(const struct framing *f);

#endif
