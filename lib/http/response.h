/* One response, built completely, then written as CGI output. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "http/cookie.h"

struct response {
	int status;
	const char *type;	/* "text/html; charset=utf-8" unless set */
	struct buf headers;	/* more header lines, each ended by CRLF */
	struct buf body;	/* capped at 16 MiB */
	bool kept;		/* never changes: its user's browser may keep it; else no-store */
	const char *base_path;
	bool inline_styles;	/* the page's scripts write style attributes */
};

void response_init(struct response *out, const char *base_path);
void response_release(struct response *out);

/* Adds a header; ERR_INPUT for a control byte in name or value. */
int response_header(struct response *out, const char *name, const char *value,
		    struct err *e) must_check;
int response_cookie(struct response *out, const struct cookie *c,
		    struct err *e) must_check;

/* Redirects (303 See Other) to a path of ours, prefixed with base_path. Returns 0, or -1. */
int response_redirect(struct response *out, struct err *e, const char *fmt, ...)
	must_check printf_like(3, 4);

/*
 * The status for a failure's kind: 400, 401, 403, 404, 409, 429, 503, 500. Some
 * keys have their own: error_method 405; error_too_large, error_message_too_long,
 * error_export_large, error_share_large, error_csv_large and error_file_large 413;
 * error_files_full 507.
 */
int response_status(const struct err *e);

/*
 * Appends the Status line, headers, security headers (CSP, nosniff,
 * frame-ancestors, Referrer-Policy, no-store), Content-Length and, unless head,
 * the body.
 */
int response_format(const struct response *out, bool head, struct buf *bytes,
		    struct err *e) must_check;

#endif
