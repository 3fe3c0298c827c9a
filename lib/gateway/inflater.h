/*
 * Decodes a compressed reply as its bytes pass: gzip (RFC 1952) of any number
 * of members, and "deflate", which is zlib (RFC 1950). Bytes behind the last
 * member that begin no other are ignored, as gzip(1) does. What would become
 * much more than it is (a bomb) is damaged.
 */
#ifndef GATEWAY_INFLATER_H
#define GATEWAY_INFLATER_H

#include <stdbool.h>
#include <stddef.h>

struct inflater;

/* coding: a content-coding's name. NULL: none that is known here. Gives (child of ctx). */
struct inflater *inflater_new(const void *ctx, const char *coding);

enum inflater_result {
	INFLATER_TAKEN,		/* all of the bytes */
	INFLATER_FULL,		/* sink refused some: the same bytes must come again */
	INFLATER_DAMAGED,
};

/* sink gets at most 16 KB at a time; false: no room, the same ones come to it again. */
enum inflater_result inflater_feed(struct inflater *f, const char *bytes, size_t n,
				   bool (*sink)(void *data, const char *bytes, size_t n),
				   void *data);

/* False in the middle of a member: a reply that ends here was cut. */
bool inflater_whole(const struct inflater *f);

#endif
