/*
 * Reads a request of the Messages API as its bytes pass, before they go
 * upstream: how much the call may use (model, max_tokens, an estimate of its
 * input), and whether it asks for something that the service itself would
 * execute or fetch. Such hosted tools reach the internet without passing our
 * proxy and cost more than tokens, so each is refused unless it is allowed by
 * name. The parser is strict (RFC 8259): input that two parsers could
 * understand differently is refused as malformed.
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
	char name[REQUEST_NAME_SIZE];	/* not allowed: a tool's type, a field, a kind of source */
	bool whole;			/* the object is complete */
	int64_t input;			/* tokens: an upper estimate of what was read so far */
	char model[REQUEST_MODEL_SIZE];	/* "" until read */
	int64_t max_tokens;		/* -1 until read */
	int64_t max_at;			/* offset of its first digit in the body; -1 until seen */
	int max_digits;			/* 0 until completely read */
	int64_t thinking;		/* thinking.budget_tokens; 0: not set */
};

/* allowed: names separated by spaces; kept. Gives (child of ctx). */
struct request_reader *request_reader_new(const void *ctx, const char *allowed);

/* Reads the next bytes of the body; ignores them after a fault. */
void request_reader_feed(struct request_reader *r, const char *bytes, size_t n);

const struct request_reading *request_reader_reading(const struct request_reader *r);

/* Tokens that n further bytes of unknown content may be, by the same estimate. */
int64_t request_tokens(int64_t bytes);

/*
 * Whether a list of names separated by spaces has this one, or the part before
 * its date ("_20250305").
 */
bool request_allows(const char *allowed, const char *name);

#endif
