/*
 * Checks whether an HTTP server responds, and how: one request to any http or
 * https URL (libcurl), with the certificate verified, no redirects, and the
 * environment's proxies ignored. Blocks. For checks such as doctor's only.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include <stdint.h>

#include "core/buf.h"

struct probe_call {
	const char *url;
	const char *proxy;		/* http://ADDRESS:PORT; NULL for none */
	const char *const *headers;	/* "Name: value", NULL-ended; NULL for none */
	int64_t deadline_ms;		/* for the whole request */
};

struct probe_answer {
	int status;
	int64_t date;			/* the Date header in UTC seconds; 0: none */
};

/*
 * Call http_client_start() before. Appends the response's body to body (NULL:
 * dropped) up to its cap and drops the rest. ERR_UNAVAILABLE with the reason if
 * there is no response.
 */
int probe_run(const struct probe_call *call, struct probe_answer *out,
	      struct buf *body, struct err *e) must_check;

#endif
