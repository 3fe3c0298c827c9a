/* One request as CGI/1.1 (RFC 3875) gives it, the same under FastCGI. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };

/* Where a request's environment and body come from: FastCGI or plain CGI. */
struct request_source {
	const char *(*env)(void *data, const char *name);	/* NULL when unset */
	/* Up to n bytes; 0 at the end, -1 when it broke. */
	int64_t (*read)(void *data, char *out, size_t n);
	void *data;
};

struct form;

/* A talloc context: everything of the request is its child. */
struct request {
	enum method method;
	const char *path;	/* decoded, below base_path, begins with "/" */
	const char *query;	/* raw, "" when none */
	const char *host;
	const char *remote;	/* address of the browser, as nginx saw it */
	const char *id;		/* nginx's request id, or a new one */
	bool secure;		/* came by TLS */
	const char *accept_language;
	const char *cookie;	/* raw header, "" when none */
	const char *origin;	/* "" when none */
	struct form *form;	/* the body's fields, after the router read it */
	const char *body;	/* of a ROUTE_RAW, with its type; body_len bytes and a NUL */
	const char *body_type;
	size_t body_len;
	struct form *args;	/* the query's fields */
	const struct form *captures;	/* what the route's {names} matched */
	void *state;		/* the program's own: see cgi-bin/web/web.h */
};

/*
 * Reads and checks method, host, path (REQUEST_URI, else PATH_INFO), query,
 * headers. ERR_INPUT "error_request", "error_path", "error_form" (query):
 * malformed; host not in server_names (parted by spaces; any port): ERR_INPUT
 * "error_host"; path not below base_path: ERR_MISSING. Gives (child of ctx).
 */
struct request *request_new(const void *ctx, const struct request_source *src,
			    const char *base_path, const char *server_names,
			    struct err *e) must_check;

/*
 * Reads the body as application/x-www-form-urlencoded in UTF-8, at most cap
 * bytes: ERR_LIMIT "error_too_large" past it, ERR_INPUT for another type, a wrong length, bad
 * escapes, NUL or ill-formed UTF-8.
 */
int request_read_form(struct request *r, const struct request_source *src,
		      size_t cap, struct err *e) must_check;

/*
 * Reads a body of any type, or none, into body: ERR_LIMIT "error_too_large"
 * past cap bytes, ERR_INPUT for a wrong length or an encoding.
 */
int request_read_raw(struct request *r, const struct request_source *src,
		     size_t cap, struct err *e) must_check;

/* A cookie's value, or NULL; of several with the name the first. */
const char *request_cookie(struct request *r, const char *name);

#endif
