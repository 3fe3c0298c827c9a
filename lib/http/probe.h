/*
 * Does somebody answer HTTP there, and what? One request to any http or https
 * address (by libcurl), the certificate verified, no redirect followed, the
 * proxies of the environment left alone. Blocks. For checks, not for work.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include <stdint.h>

#include "core/buf.h"

struct probe_call {
	const char *url;
	const char *proxy;		/* http://ADDRESS:PORT; NULL for none */
	const char *const *headers;	/* "Name: value", NULL-ended; NULL for none */
	int64_t deadline_ms;		/* for all of it */
};

struct probe_answer {
	int status;
	int64_t date;			/* UTC s of its Date header; 0: none */
};

/*
 * client_start() before. The body is appended to body (NULL: it is dropped);
 * what passes its cap is dropped too. ERR_UNAVAILABLE when nobody answers,
 * with the reason in words.
 */
int probe_run(const struct probe_call *call, struct probe_answer *out,
	      struct buf *body, struct err *e) must_check;

#endif
