/*
 * One HTTP/1.1 response (RFC 9112) of the engine, parsed incrementally; after
 * a 101, or a 200 to a request that asked for an upgrade, the connection is a
 * raw byte stream.
 */
#ifndef ENGINE_DOCKER_RESPONSE_H
#define ENGINE_DOCKER_RESPONSE_H

#include <http_parser.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"

#define DOCKER_HEAD_MAX 65536

/* In the caller's storage; the fields after parser may be read. */
struct docker_response {
	http_parser parser;
	int status;		/* 0 until the head was read */
	bool done;		/* complete: body holds all of it */
	bool raw;		/* the connection is a byte stream from here on */
	struct buf body;
	bool upgrade;
	struct err e;
};

/* upgrade: the request asked for a byte stream. */
void docker_response_init(struct docker_response *r, bool upgrade,
			  size_t body_max);
void docker_response_release(struct docker_response *r);

/*
 * Returns the bytes used, or -1 with ERR_UNAVAILABLE "error_engine": not HTTP,
 * or beyond a cap. When raw is set the remaining bytes belong to the stream;
 * when done, to nothing.
 */
ssize_t docker_response_feed(struct docker_response *r, const char *bytes,
			     size_t n, struct err *e) must_check;

/* The connection closed: this ends the body, or truncates it. */
int docker_response_end(struct docker_response *r, struct err *e) must_check;

#endif
