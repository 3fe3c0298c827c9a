/* Sends one HTTP/1.1 request to another program of ours on a Unix socket (libcurl). Blocks. */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include <stdint.h>

#include "core/buf.h"

struct http_client_call {
	const char *socket;	/* path of the Unix socket */
	const char *method;	/* GET, POST, DELETE */
	const char *path;	/* begins with "/", encoded */
	const char *body;	/* NULL for none */
	size_t body_len;	/* 0: a text, to its NUL */
	const char *request_id;	/* sent as X-Request-Id; NULL for none */
	int64_t deadline_ms;	/* for the whole request */
	/* Gets the response's headers, as they come; may be NULL. */
	void (*header)(void *data, const char *name, const char *value);
	void *data;
};

/* Once per process, before threads start. */
void http_client_start(void);

/*
 * Sends the request, sets *status and appends the response's body to answer,
 * whose cap limits it (NULL: the body is dropped). ERR_UNAVAILABLE
 * "error_bridge" if there is no response in time.
 */
int http_client_run(const struct http_client_call *call, int *status,
		    struct buf *answer,
		    struct err *e) must_check;

#endif
