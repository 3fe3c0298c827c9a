/* Shared by the guard's files: its connections and how they are answered. */
#ifndef GUARD_GUARD_INTERNAL_H
#define GUARD_GUARD_INTERNAL_H

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
	struct docker_http *http;	/* to the engine; NULL: none now */
	struct connection **worker;	/* a thread's reference to this connection, cleared when it closes; NULL none */
	const char *volume_path;	/* removal: NULL if not on this host's disk */
	bool closed, streaming, stopped;
};

/* Closed by libuv after the guard is freed: separate heap memory. */
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
	/*
	 * Hash sets: containers known to be of this instance, execs created
	 * here.
	 */
	struct json_object *names, *execs;
	struct json_object *preparing;	/* set of user ids */
};

/* guard_connection.c */
/* Sends head and body; last: the connection closes once these are sent. */
void guard_send(struct connection *c, const void *head, size_t n,
	       const void *body, size_t m, bool last);
/* Closes the connection, which is freed with its handles. */
void guard_hang_up(struct connection *c);
/* Sends one answer, then closes the connection. */
void guard_reply(struct connection *c, int status, const void *body, size_t n);
void guard_reply_words(struct connection *c, int status, const char *words);
/* Sends 403, and logs the reason. */
void guard_refuse(struct connection *c, const struct err *e);
void guard_refuse_words(struct connection *c, const char *why);

/* guard.c */
/* Forwards the call to the engine. */
void guard_forward(struct connection *c, const struct docker_http_events *events);
/* Forwards the call, and the engine's answer to the client. */
void guard_forward_answer(struct connection *c);
/* Asks the engine about the call's subject; the answer goes to events->answer. */
void guard_ask(struct connection *c, const char *path,
	       const struct docker_http_events *events);
/*
 * For the engine's answer to guard_ask or guard_forward: notes that it came. If
 * there was none (trouble), sends 502 and returns false.
 */
bool guard_answered(struct connection *c, const struct err *trouble);
/* Adds a key to one of the hash sets; a full one drops its oldest. */
void guard_know(struct json_object *set, const char *key, const char *value);
/*
 * The user of a container or volume of this instance by its labels, which only
 * root and the guard write; NULL for another instance's. Borrowed.
 */
const char *guard_label_user(const struct connection *c,
			     struct json_object *labels);

/* volume_prepare.c */
/*
 * If a volume is a plain one of the local driver: its folder on the host, else
 * NULL. Borrowed from o.
 */
const char *guard_volume_path(struct json_object *o);
/* Prepares the user's uid and volume, then forwards the call. */
void guard_prepare_volume(struct connection *c);

/* volume_remove.c */
/* DELETE /volumes/NAME. */
void guard_remove_volume(struct connection *c);

#endif
