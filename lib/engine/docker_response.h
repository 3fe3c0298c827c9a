/*
 * One HTTP/1.1 response (RFC 9112) of the engine, parsed as it comes; after
 * a 101, or a 200 to a request that asked to be upgraded, the connection is a
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

/* On the caller's storage; the fields after parser may be read. */
struct docker_response {
	http_parser parser;
	int status;		/* 0 until the head was read */
	bool done;		/* whole: body holds all of it */
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
 * Bytes used, or -1 with ERR_UNAVAILABLE "error_engine": no HTTP, or past a
 * cap. What is left when raw is set belongs to the stream; when done, nothing.
 */
ssize_t docker_response_feed(struct docker_response *r, const char *bytes,
			     size_t n, struct err *e) must_check;

/* The connection ended: that may be the body's end, or cut it short. */
int docker_response_end(struct docker_response *r, struct err *e) must_check;

#endif
