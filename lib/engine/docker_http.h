/*
 * One request to the engine on a connection of its own (Unix socket,
 * HTTP/1.1). A request that asks for an upgrade leaves a byte stream.
 */
#ifndef ENGINE_DOCKER_HTTP_H
#define ENGINE_DOCKER_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "core/buf.h"
#include "core/err.h"

#define DOCKER_READ_SIZE 65536

struct docker_http;
LIST_HEAD(docker_https, docker_http);

/* Shared by all requests to one engine. */
struct docker_place {
	uv_loop_t *loop;
	const char *socket_path;
	char *read_buffer;		/* DOCKER_READ_SIZE bytes */
	struct docker_https open;
};

struct docker_request {
	const char *method;
	const char *path;		/* encoded, including its query */
	const char *body;		/* JSON; NULL: none */
	int64_t deadline_ms;		/* until the answer is complete, or raw */
	size_t body_max;		/* of the answer */
	bool upgrade;
};

struct docker_http_events {
	/*
	 * Called once. status 0: no answer, e says why. The connection is
	 * closed afterwards, except for the 101 or 200 of an upgrade.
	 */
	void (*answer)(void *data, int status, const struct buf *body,
		       const struct err *e);
	/* The remaining callbacks are for an upgraded connection. */
	void (*receive)(void *data, const void *bytes, size_t n);
	void (*drained)(void *data);
	/* The last call: e NULL at end of file. */
	void (*end)(void *data, const struct err *e);
};

/*
 * Copies the request; ev is borrowed for its life. No callback before it
 * returns.
 */
struct docker_http *docker_http_send(struct docker_place *place,
				     const struct docker_request *rq,
				     const struct docker_http_events *ev,
				     void *data);

/* No callback afterwards. Memory is freed once the loop has run. */
void docker_http_close(struct docker_http *c);
void docker_http_close_all(struct docker_place *place);

/* Copies; the caller enforces a cap. */
void docker_http_write(struct docker_http *c, const void *bytes, size_t n);
size_t docker_http_unsent(const struct docker_http *c);
/* Half-closes a stream: sends what was written first, then end of file. */
void docker_http_shutdown(struct docker_http *c);
void docker_http_pause(struct docker_http *c);
void docker_http_resume(struct docker_http *c);

/* Appends text percent-encoded for a path ('/' and ':' stay) or a query. */
int docker_encode(struct buf *out, const char *text, struct err *e) must_check;

/*
 * 0 for a 2xx or 304; else an error with the engine's own message: 404
 * ERR_MISSING, 409 ERR_CONFLICT, others ERR_UNAVAILABLE.
 */
int docker_status(int status, const struct buf *body, struct err *e) must_check;

/*
 * Parses a JSON value from the engine; NULL when invalid. Gives
 * (json_object_put).
 */
struct json_object *docker_tree(const struct buf *body);

#endif
