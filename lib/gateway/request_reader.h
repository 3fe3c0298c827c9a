/*
 * Reads a request of the Messages API as its bytes pass, before they go
 * upstream: how much the call may take (model, max_tokens, an estimate of its
 * input), and whether it asks for something that the service itself would
 * execute or fetch. Such hosted tools are a way out of the workspace that no
 * proxy sees, and cost what no token counts, so each is refused unless it is
 * allowed by name. The reading is strict JSON (RFC 8259): what two parsers
 * could understand differently is refused as malformed.
 */
#ifndef GATEWAY_REQUEST_READER_H
#define GATEWAY_REQUEST_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_NAME_SIZE 65
#define REQUEST_MODEL_SIZE 129

struct request_reader;

enum request_fault {
	REQUEST_GOOD,
	REQUEST_MALFORMED,
	REQUEST_HOSTED,		/* see name */
};

struct request_reading {
	enum request_fault fault;
	char name[REQUEST_NAME_SIZE];	/* what is not allowed: a tool's type, a field, a kind of source */
	bool whole;			/* the object is closed */
	int64_t input;			/* tokens: an estimate from above of what was read so far */
	char model[REQUEST_MODEL_SIZE];	/* "" until read */
	int64_t max_tokens;		/* -1 until read */
	int64_t max_at;			/* offset of its first digit in the body; -1 until seen */
	int max_digits;			/* 0 until it is read whole */
	int64_t thinking;		/* thinking.budget_tokens; 0 for none */
};

/* allowed: names parted by spaces; kept. Gives (child of ctx). */
struct request_reader *request_reader_new(const void *ctx, const char *allowed);

/* The next bytes of the body; nothing after a fault. */
void request_reader_feed(struct request_reader *r, const char *bytes, size_t n);

const struct request_reading *request_reader_reading(const struct request_reader *r);

/* Tokens that n further bytes of unknown content may be, by the same measure. */
int64_t request_tokens(int64_t bytes);

/* Whether a list of names parted by spaces has this one, or what it begins with before its date ("_20250305"). */
bool request_allows(const char *allowed, const char *name);

#endif
