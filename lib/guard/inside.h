/* What the guard's own files share: its connections and how they are answered. */
#ifndef GUARD_INSIDE_H
#define GUARD_INSIDE_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "engine/docker_http.h"
#include "guard/engine_call.h"
#include "guard/guard.h"
#include "guard/host_user.h"

struct connection {
	LIST_ENTRY(connection) link;
	struct guard *guard;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_shutdown_t shutdown;
	int handles;			/* not yet closed */
	struct guard_request request;
	struct guard_call call;
	struct docker_http *http;	/* the engine's side; NULL: none now */
	struct connection **worker;	/* what is done for it on a thread refers to it here */
	const char *volume_path;	/* of a volume to be removed; NULL: not on this host's disk */
	bool closed, streaming, stopped;
};

/* Closed by libuv after the guard is gone: heap of its own. */
struct listener {
	uv_pipe_t pipe;
	struct guard *guard;
};

struct guard {
	const struct guard_policy *policy;
	struct docker_place engine;
	struct listener *listener;
	char *read_buffer;
	LIST_HEAD(, connection) open;
	int connections;
	/* Sets, by key: containers seen to be of this instance, execs made here. */
	struct json_object *names, *execs;
	struct json_object *preparing;	/* set of user ids */
};

/* One answer, then the connection ends. */
void guard_reply(struct connection *c, int status, const void *body, size_t n);
void guard_reply_words(struct connection *c, int status, const char *words);
/* 403, and why in the log. */
void guard_refuse(struct connection *c, const struct err *e);
/* Puts the call to the engine as it is. */
void guard_forward(struct connection *c, const struct docker_http_events *events);
/* To find out what the call is about; its answer goes to events->answer. */
void guard_ask(struct connection *c, const char *path,
	       const struct docker_http_events *events);

/* Whether a volume is a plain one of the engine's own: its folder on the host, or NULL. Borrowed of o. */
const char *guard_volume_path(struct json_object *o);

/* remove.c: DELETE /volumes/NAME. */
void guard_remove_volume(struct connection *c);

#endif
