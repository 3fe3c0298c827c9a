/* Finds a request's route in the table of pages. Routes need a login by default. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include <stddef.h>

#include "http/request.h"
#include "http/response.h"

enum {
	ROUTE_OPEN = 1,		/* needs no login */
	ROUTE_NO_CSRF = 2,	/* an unsafe method without CSRF token: say why in the row */
	ROUTE_ADMIN = 4,	/* administrators only; 404 for others */
	ROUTE_PASSWORD = 16,	/* hashes a password (~100 ms, 64 MiB): limited concurrency */
	ROUTE_BYTES = 32,	/* a body of any type, from our script: CSRF token in X-CSRF-Token */
	ROUTE_RAW = 8,		/* for programs: a body of any type; ignores cookies and Origin */
};

struct route {
	enum method method;	/* GET also serves HEAD */
	const char *pattern;	/* "/workspace/{id}": {id} a UUID, {name} any segment, {name*} all that follows */
	int (*handler)(struct request *r, struct response *out, struct err *e);
	unsigned flags;
	size_t body_cap;	/* bytes of a POST body; 0: 64 KiB */
};

/*
 * Finds the route for r->method and r->path and sets r->captures. ERR_MISSING if
 * no pattern matches; ERR_INPUT "error_method" and *allowed (bits) if only the
 * method does not match.
 */
const struct route *router_find(const struct route *table, size_t n,
				struct request *r, unsigned *allowed,
				struct err *e) must_check;

/* What matched {name} or {name*}; aborts if the pattern has no such name. */
const char *request_arg(const struct request *r, const char *name);

#endif
