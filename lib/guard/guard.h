/*
 * The engine's guard: a Unix socket that speaks the Docker Engine API and lets
 * through what lib/engine requests for this installation's containers.
 * Requests are parsed, compared with what the driver would send, and rebuilt:
 * no byte from a client reaches the engine before a stream is open. Everything
 * else gets 403.
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include <uv.h>

#include "engine/engine.h"

struct guard;
struct host;

/* Borrowed for the guard's life. */
struct guard_policy {
	const char *engine_socket;
	const char *socket;		/* created by us; a stale one is replaced */
	const char *state;		/* folder that only root writes (guard/removing.h); NULL:
					 * no volume is removed */
	const char *instance;
	const char *image;
	/*
	 * Commands that may be run in a container: argv lists, NULL-ended;
	 * then NULL.
	 */
	const char *const *const *execs;
	/* Whether a container of this installation may have that name. */
	bool (*named)(void *data, const char *name);
	/*
	 * The spec of that user's (hostile) container, without its token;
	 * NULL: no such user. Gives (child of ctx).
	 */
	struct container_spec *(*spec)(const void *ctx, void *data, const char *user_id);
	void *data;
	struct host *host;		/* NULL: nothing on the host is changed */
	int64_t request_ms;		/* until a request is complete; 0: the usual */
};

/*
 * Gives (child of ctx). Freeing it closes all connections; the loop must run
 * once more.
 */
struct guard *guard_new(const void *ctx, uv_loop_t *loop, const struct guard_policy *policy,
			struct err *e) must_check;

#endif
