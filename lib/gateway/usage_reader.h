/*
 * Reads the usage out of a reply of the Messages API as its bytes pass by, at
 * the cost of looking for line ends: an event stream (SSE, WHATWG HTML 9.2),
 * of which only message_start, message_delta and the begin of each block are
 * parsed, or one JSON body,
 * of which only the top level's "model" and "usage" are. Which of them it is
 * its first byte says, whatever its content-type does. Hostile input is
 * bounded, never fatal: what cannot be read is estimated.
 */
#ifndef GATEWAY_USAGE_READER_H
#define GATEWAY_USAGE_READER_H

#include <stdbool.h>

#include "store/usage.h"

struct usage_reader;

/* Gives (child of ctx); a few hundred bytes, at most 64 KB while it holds a line. */
struct usage_reader *usage_reader_new(const void *ctx);

/* The next bytes of the (decoded) body. */
void usage_reader_feed(struct usage_reader *r, const void *bytes, size_t n);

/* A hosted tool that the service ran while it replied; it bills each use. */
#define USAGE_TOOLS 6		/* more kinds count as uses of the last one */
#define USAGE_TOOL_NAME 32
struct usage_tool {
	char name[USAGE_TOOL_NAME];	/* as "web_search"; "unknown" */
	int64_t reported, seen;	/* uses: in usage.server_tool_use; that the stream showed */
};

static inline int64_t usage_tool_uses(const struct usage_tool *t)
{
	return t->reported > t->seen ? t->reported : t->seen;
}

/* What was reported so far: of each class of tokens the largest number, as the CLI has it. */
struct usage_reading {
	struct usage usage;
	char model[129];	/* "" until named; longer names are cut */
	bool any;		/* some usage was reported */
	bool complete;		/* message_stop, or the whole JSON body, was read */
	bool absurd;		/* something of it was no number of tokens */
	bool error;		/* an `event: error`, or a JSON body of type error */
	int changes;		/* counts up with each new report */
	struct usage_tool tools[USAGE_TOOLS];
	size_t n_tools;
	int64_t unreported;	/* bytes of output that passed since the last report of it */
};
const struct usage_reading *usage_reader_reading(const struct usage_reader *r);

/* Tokens that so many bytes of text may be. */
#define USAGE_BYTES_PER_TOKEN 4

/*
 * What a reply comes to that is cut off now, or that cannot be read: input is
 * used when no prompt was reported; the output is what was reported, or what
 * passed since and unseen (tokens that nobody saw pass), if that is more.
 */
void usage_estimate(const struct usage_reading *r, int64_t input, int64_t unseen,
		    struct usage *out);

#endif
