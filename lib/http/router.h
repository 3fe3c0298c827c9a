/* Routes: one table, closed by default. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include <stddef.h>

#include "http/request.h"
#include "http/response.h"

enum {
	ROUTE_OPEN = 1,		/* needs no login */
	ROUTE_NO_CSRF = 2,	/* unsafe, yet no CSRF token: say why in the row */
	ROUTE_ADMIN = 4,	/* administrators only; others get 404 */
	ROUTE_PASSWORD = 16,	/* hashes a password: some 100 ms and 64 MiB, so few at once */
	ROUTE_RAW = 8,		/* for programs: a body of any type, no cookie and no Origin is looked at */
};

struct route {
	enum method method;	/* GET serves HEAD too */
	const char *pattern;	/* "/workspace/{id}": {id} a UUID, {name} any segment */
	int (*handler)(struct request *r, struct response *out, struct err *e);
	unsigned flags;
	size_t body_cap;	/* bytes of a POST body; 0: 64 KiB */
};

/*
 * The route of r->method and r->path; sets r->captures. ERR_MISSING when no
 * pattern fits, ERR_INPUT "error_method" with *allowed (bits) when only the
 * method does not.
 */
const struct route *router_find(const struct route *table, size_t n,
				struct request *r, unsigned *allowed,
				struct err *e) must_check;

/* The segment that {name} matched; aborts when the pattern has none. */
const char *request_arg(const struct request *r, const char *name);

#endif
