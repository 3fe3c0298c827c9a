/*
 * Which header fields pass from one side to the other: allow-lists, a row a
 * name or a beginning of names. Nothing else passes: no token, no cookie, no
 * address, no framing.
 */
#ifndef GATEWAY_HEADERS_H
#define GATEWAY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define HEADERS_MAX 64			/* fields that pass */
#define HEADERS_BYTES (16 << 10)	/* of them together */

struct headers {
	void *ctx;			/* owner of the lines */
	size_t n, bytes;
	char *lines[HEADERS_MAX];	/* "name: value", as they came */
};

enum headers_way { HEADERS_REQUEST, HEADERS_RESPONSE };

/* ctx: owns the lines. */
void headers_init(struct headers *h, void *ctx);

/*
 * Keeps a field when the way's list has it; an empty value never. ERR_INPUT
 * for bytes that no field has (RFC 9110, section 5.5), ERR_LIMIT past the
 * caps: then it is not kept.
 */
int headers_take(struct headers *h, enum headers_way way, const char *name, size_t name_len,
		 const char *value, size_t value_len, struct err *e) must_check;

/* A field's value (name in lower case); NULL when it is not there. Borrowed. */
const char *headers_value(const struct headers *h, const char *name);

/* Parts "name: value" as curl and MHD want it: the name's length; *value its begin. */
size_t headers_split(const char *line, const char **value);

#endif
