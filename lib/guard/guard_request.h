/*
 * One HTTP/1.1 request (RFC 9112) to the guard, parsed incrementally and
 * strictly.
 */
#ifndef GUARD_GUARD_REQUEST_H
#define GUARD_GUARD_REQUEST_H

#include <http_parser.h>
#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

#define GUARD_HEAD_MAX 16384
#define GUARD_BODY_MAX 65536

/* In the caller's storage; the fields after parser may be read once it is done. */
struct guard_request {
	http_parser parser;
	const char *method;
	struct buf target;		/* as sent: nothing is decoded */
	struct buf body;
	bool upgrade;			/* "Upgrade: tcp" was requested */
	bool done;
	struct buf name, value;		/* the current header line */
	bool in_value;
	size_t head;
	struct err e;
};

void guard_request_init(struct guard_request *r);
void guard_request_release(struct guard_request *r);

/* ERR_INPUT: malformed, beyond a cap, or followed by further bytes. */
int guard_request_feed(struct guard_request *r, const char *bytes, size_t n,
		       struct err *e) must_check;

#endif
