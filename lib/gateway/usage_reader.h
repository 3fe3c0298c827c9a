/*
 * Reads the usage from a reply of the Messages API as its bytes pass, at
 * little more than the cost of finding line ends: an event stream (SSE, WHATWG
 * HTML 9.2), of which only message_start, message_delta and the start of each
 * block are parsed, or one JSON body, of which only the top level's "model"
 * and "usage" are. The first byte decides which of them it is, whatever its
 * content-type says. Hostile input is bounded, never fatal: what cannot be
 * read is estimated.
 */
#ifndef GATEWAY_USAGE_READER_H
#define GATEWAY_USAGE_READER_H

#include <stdbool.h>

#include "store/usage.h"

struct usage_reader;

/* Gives (child of ctx); a few hundred bytes, at most 64 KB while it holds a line. */
struct usage_reader *usage_reader_new(const void *ctx);

/* Reads the next bytes of the (decoded) body. */
void usage_reader_feed(struct usage_reader *r, const void *bytes, size_t n);

/* A hosted tool that the service ran during the reply; it bills each use. */
#define USAGE_TOOLS 6		/* further kinds count as uses of the last one */
#define USAGE_TOOL_NAME 32
struct usage_tool {
	char name[USAGE_TOOL_NAME];	/* as "web_search"; "unknown" */
	int64_t reported, seen;	/* uses: in usage.server_tool_use; shown by the stream */
};

static inline int64_t usage_tool_uses(const struct usage_tool *t)
{
	return t->reported > t->seen ? t->reported : t->seen;
}

/*
 * The usage reported so far: the largest number of each class of tokens, as the
 * CLI counts.
 */
struct usage_reading {
	struct usage usage;
	char model[129];	/* "" until named; longer names are truncated */
	bool any;		/* some usage was reported */
	bool complete;		/* message_stop, or the complete JSON body, was read */
	bool absurd;		/* part of it was not a number of tokens, or a report could not be read */
	bool final;		/* the reply's output was reported; message_start does not know it */
	bool error;		/* an `event: error`, or a JSON body of type error */
	int changes;		/* incremented by each new report */
	struct usage_tool tools[USAGE_TOOLS];
	size_t n_tools;
	int64_t unreported;	/* bytes of output since the last report of it */
	int64_t streamed;	/* output by the last message_delta: what follows comes on top */
};
const struct usage_reading *usage_reader_reading(const struct usage_reader *r);

/* Estimated tokens for that many bytes of text. */
#define USAGE_BYTES_PER_TOKEN 4

/*
 * What a reply costs that is cut off now, or cannot be read: input is used
 * when no prompt was reported; the output is what was reported, or if larger
 * what passed since plus unseen (tokens that never reached us).
 */
void usage_estimate(const struct usage_reading *r, int64_t input, int64_t unseen,
		    struct usage *out);

#endif
