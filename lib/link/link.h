/*
 * The client half of a workspace's link: HTTP/2 (RFC 9113, prior knowledge)
 * over any byte stream. It owns no socket: bytes come in through link_receive
 * and leave through events->send. The peer is hostile: every size is capped.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* The shim's first line, before any HTTP/2 byte. */
#define LINK_GREETING "gongbang-shim 1\n"

struct link;
struct link_stream;

struct link_events {
	/*
	 * Bytes for the peer (copies all). -1: cannot take any now;
	 * link_send_more is called later.
	 */
	int (*send)(void *data, const void *bytes, size_t n);
	/* The greeting was read: requests may be sent. */
	void (*ready)(void *data);
	/*
	 * Once: broken (protocol error, wrong greeting, no ping answer). All
	 * streams have ended.
	 */
	void (*failed)(void *data, const struct err *e);
};

/*
 * Gives (child of ctx); talloc_free, also in a callback, ends it: its streams
 * get no further call. ev, data borrowed for its life.
 */
struct link *link_new(const void *ctx, const struct link_events *ev, void *data);
void link_receive(struct link *l, const void *bytes, size_t n);
void link_send_more(struct link *l);
/*
 * Sends a ping; calls failed() when the last one, or the greeting, was not
 * answered. Call every 15 s or so.
 */
void link_ping(struct link *l);

struct link_request {
	const char *method;	/* GET, POST, DELETE, PUT */
	const char *path;	/* "/sessions/<id>/log?from=10" */
	const void *body;	/* copied; NULL: none */
	size_t body_len;
	bool streams;		/* the body comes by link_stream_write; body is NULL */
	bool bulk;		/* a transfer: the answer's window is 1 MB */
};

/* Callbacks may be NULL. None after end; never inside link_request itself. */
struct link_response_events {
	void (*status)(void *data, int status);
	/*
	 * Return true to continue; false: n bytes stay in the stream's window
	 * (256 KB) until link_stream_consume. Other streams are not affected.
	 */
	bool (*body)(void *data, const void *bytes, size_t n);
	/*
	 * e NULL: complete. ERR_UNAVAILABLE: the link broke or refused it;
	 * ERR_INTERNAL: reset.
	 */
	void (*end)(void *data, const struct err *e);
	/* A streamed body has room again after link_stream_write took less than all. */
	void (*room)(void *data);
	/* A field of the answer, before status(); its name is in lower case. */
	void (*field)(void *data, const char *name, const char *value);
};

/* NULL: the link is not ready or has failed. Borrowed until end. */
struct link_stream *link_request(struct link *l, const struct link_request *rq,
				 const struct link_response_events *ev, void *data,
				 struct err *e) must_check;
/*
 * Releases n bytes that body() left in the window: the peer may send as many
 * more.
 */
void link_stream_consume(struct link_stream *s, size_t n);
/*
 * Accepts at most n bytes of a streamed body and returns how many: no more than a
 * window of them is kept. 0 after the shim answered early: the rest is not
 * wanted.
 */
size_t link_stream_write(struct link_stream *s, const void *bytes, size_t n) must_check;
/* The streamed body is complete. */
void link_stream_finish(struct link_stream *s);
/* Ends it; no callback afterwards. */
void link_stream_cancel(struct link_stream *s);

#endif
