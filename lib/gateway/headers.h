/*
 * Which header fields are forwarded in each direction: allow-lists, one row
 * per name or prefix. Nothing else passes: no token, cookie, address or
 * framing.
 */
#ifndef GATEWAY_HEADERS_H
#define GATEWAY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define HEADERS_MAX 64			/* forwarded fields */
#define HEADERS_BYTES (16 << 10)	/* bytes of all fields */

struct headers {
	void *ctx;			/* owner of the lines */
	size_t n, bytes;
	char *lines[HEADERS_MAX];	/* "name: value", as received */
};

enum headers_way { HEADERS_REQUEST, HEADERS_RESPONSE };

/* ctx: owns the lines. */
void headers_init(struct headers *h, void *ctx);

/*
 * Keeps a field if the direction's list has it and its value is not empty.
 * ERR_INPUT for bytes that are not allowed in a field (RFC 9110, section 5.5),
 * ERR_LIMIT beyond the caps: then it is not kept.
 */
int headers_add(struct headers *h, enum headers_way way, const char *name, size_t name_len,
		 const char *value, size_t value_len, struct err *e) must_check;

/* A field's value (name in lower case); NULL when absent. Borrowed. */
const char *headers_value(const struct headers *h, const char *name);

/*
 * Splits "name: value" as curl and MHD want it: returns the name's length;
 * *value points to the value.
 */
size_t headers_split(const char *line, const char **value);

#endif
