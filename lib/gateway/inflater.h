/*
 * Decodes a compressed reply as its bytes pass: gzip (RFC 1952) with any
 * number of members, and "deflate", which is zlib (RFC 1950). Trailing bytes
 * that do not begin a member are ignored, as in gzip(1). Input that would
 * expand too much (a bomb) counts as damaged.
 */
#ifndef GATEWAY_INFLATER_H
#define GATEWAY_INFLATER_H

#include <stdbool.h>
#include <stddef.h>

struct inflater;

/* coding: a content-coding's name. NULL: not supported. Gives (child of ctx). */
struct inflater *inflater_new(const void *ctx, const char *coding);

enum inflater_result {
	INFLATER_TAKEN,		/* all of the bytes */
	INFLATER_FULL,		/* sink refused some: pass the same bytes again */
	INFLATER_DAMAGED,
};

/*
 * sink gets at most 16 KB at a time; when it returns false (no room) it gets
 * the same bytes again.
 */
enum inflater_result inflater_feed(struct inflater *f, const char *bytes, size_t n,
				   bool (*sink)(void *data, const char *bytes, size_t n),
				   void *data);

/* False in the middle of a member: a reply that ends here is truncated. */
bool inflater_whole(const struct inflater *f);

#endif
