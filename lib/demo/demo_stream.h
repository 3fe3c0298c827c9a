/* A reply as server-sent events of the Messages API, one step at a time. */
#ifndef DEMO_DEMO_STREAM_H
#define DEMO_DEMO_STREAM_H

#include <stdbool.h>

#include "core/buf.h"
#include "demo/demo_reply.h"

struct demo_stream;

enum demo_stream_step {
	DEMO_STREAM_MORE,	/* wait, then send what was added */
	DEMO_STREAM_END,	/* nothing added: it is complete */
	DEMO_STREAM_CUT,	/* nothing added: break the connection */
};

/* Takes the content of r. Gives. */
struct demo_stream *demo_stream_new(struct demo_reply *r);
void demo_stream_free(struct demo_stream *s);

/*
 * Appends the next (whole) events to out and returns the pause before sending
 * them.
 */
enum demo_stream_step demo_stream_next(struct demo_stream *s, struct buf *out,
				       int64_t *wait_ms);

#endif
