/*
 * Reads the usage out of a reply of the Messages API as its bytes pass by, at
 * the cost of looking for line ends: an event stream (SSE, WHATWG HTML 9.2),
 * of which only message_start and message_delta are parsed, or one JSON body,
 * of which only the top level's "model" and "usage" are. Hostile input is
 * bounded, never fatal: what cannot be read is not counted.
 */
#ifndef GATEWAY_USAGE_READER_H
#define GATEWAY_USAGE_READER_H

#include <stdbool.h>

#include "store/usage.h"

enum usage_format {
	USAGE_SSE,		/* content-type text/event-stream */
	USAGE_JSON,		/* application/json */
	USAGE_OTHER,		/* anything else: nothing is read */
};

enum usage_format usage_format_of(const char *content_type);

struct usage_reader;

/* Gives (child of ctx); a few hundred bytes, at most 64 KB while it holds a line. */
struct usage_reader *usage_reader_new(const void *ctx, enum usage_format format);

/* The next bytes of the (decoded) body. */
void usage_reader_feed(struct usage_reader *r, const void *bytes, size_t n);

/* What was reported so far: message_start, then each message_delta over it. */
struct usage_reading {
	struct usage usage;
	char model[129];	/* "" until named; longer names are cut */
	bool any;		/* some usage was reported */
	bool complete;		/* message_stop, or the whole JSON body, was read */
	bool error;		/* an `event: error`, or a JSON body of type error */
	int changes;		/* counts up with each new report */
	int64_t unreported;	/* bytes of output that passed since the last report of it */
};
const struct usage_reading *usage_reader_reading(const struct usage_reader *r);

/* Tokens that so many bytes of text may be. */
#define USAGE_BYTES_PER_TOKEN 4

/*
 * What a reply comes to that is cut off now: the output is what was reported,
 * or what passed since, if that is more. sent: bytes of the request's body, if
 * the service has it whole; they are the input when nothing was reported.
 */
void usage_estimate(const struct usage_reading *r, int64_t sent, struct usage *out);

#endif
