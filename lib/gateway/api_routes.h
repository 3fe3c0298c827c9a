/*
 * Which paths of the Messages API are forwarded: a table of methods and paths.
 * A request's target (RFC 9112, section 3.2) is compared as received: nothing
 * is decoded, so nothing can be hidden by encoding.
 */
#ifndef GATEWAY_API_ROUTES_H
#define GATEWAY_API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#define API_ROUTE_QUERY_MAX 1024	/* bytes */
#define API_ROUTE_MODEL_MAX 128

struct api_route {
	const char *name;	/* name of the row, for the log */
	bool local;		/* answered by the gateway, not forwarded; needs no token */
	bool metered;		/* counts against budgets */
	bool body;		/* the method has one */
};

enum api_route_verdict { API_ROUTE_GOOD, API_ROUTE_NO_PATH, API_ROUTE_NO_METHOD };

/* *out points into the table. */
enum api_route_verdict api_route_find(const char *method, const char *raw,
				      const struct api_route **out);

#endif
