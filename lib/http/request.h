/* One request, from the variables of CGI/1.1 (RFC 3875) or FastCGI. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };

/* The source of a request's environment and body: FastCGI or plain CGI. */
struct request_source {
	const char *(*env)(void *data, const char *name);	/* NULL if unset */
	/* Reads up to n bytes; 0 at the end, -1 on failure. */
	int64_t (*read)(void *data, char *out, size_t n);
	void *data;
};

struct form;
struct multipart;

/* A talloc context that owns everything of the request. */
struct request {
	enum method method;
	const char *path;	/* decoded, below base_path, begins with "/" */
	const char *query;	/* raw, "" if none */
	const char *host;
	const char *remote;	/* the client's address, from nginx */
	const char *id;		/* nginx's request id, or a new one */
	bool secure;		/* received over TLS */
	const char *accept_language;
	const char *cookie;	/* raw header, "" if none */
	const char *origin;	/* "" if none */
	bool as_image;		/* an <img> of some page asks for it */
	struct form *form;	/* the body's fields, after request_read_form */
	struct multipart *files;	/* of a form with files; else NULL */
	const char *body;	/* of a ROUTE_RAW; body_len bytes and a NUL */
	const char *body_type;
	size_t body_len;
	struct form *args;	/* the query's fields */
	const struct form *captures;	/* segments that matched the route's {names} */
	void *state;		/* the program's, see cgi-bin/web/web.h */
};

/*
 * Reads and checks method, host, path (REQUEST_URI, else PATH_INFO), query and
 * headers. ERR_INPUT "error_request", "error_path" or "error_form" (query) if
 * malformed, "error_host" if the host is not in server_names (separated by
 * spaces; any port); ERR_MISSING if the path is not below base_path. Gives (child
 * of ctx).
 */
struct request *request_new(const void *ctx, const struct request_source *src,
			    const char *base_path, const char *server_names,
			    struct err *e) must_check;

/*
 * Reads the body as application/x-www-form-urlencoded in UTF-8, or as a form
 * with files (http/multipart.h). ERR_LIMIT
 * "error_too_large" past cap bytes; ERR_INPUT for another type, a wrong length,
 * bad escapes, NUL or ill-formed UTF-8.
 */
int request_read_form(struct request *r, const struct request_source *src,
		      size_t cap, struct err *e) must_check;

/*
 * Reads a body of any type, or none, into r->body. ERR_LIMIT "error_too_large"
 * past cap bytes; ERR_INPUT for a wrong length or a content encoding.
 */
int request_read_raw(struct request *r, const struct request_source *src,
		     size_t cap, struct err *e) must_check;

/* The value of the first cookie of that name, or NULL. */
const char *request_cookie(struct request *r, const char *name);

#endif
