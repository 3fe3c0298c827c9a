/* Cookie and Set-Cookie (RFC 6265). */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

/* Finds name in a Cookie header. Gives the value (child of ctx); NULL if absent or ill-formed. */
char *cookie_find(const void *ctx, const char *header, const char *name);

struct cookie {
	const char *name, *value, *path;
	int64_t max_age;	/* seconds; 0 deletes the cookie; -1: until the browser ends */
	bool secure;
};

/* Appends the value of a Set-Cookie header; always HttpOnly and SameSite=Lax. */
int cookie_format(struct buf *out, const struct cookie *c, struct err *e) must_check;

#endif
