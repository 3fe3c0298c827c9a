/*
 * Parses a request to the Engine API, and decides which part of it may reach
 * the engine.
 */
#ifndef GUARD_ENGINE_CALL_H
#define GUARD_ENGINE_CALL_H

#include "core/id.h"
#include "engine/docker_http.h"
#include "guard/guard.h"
#include "guard/guard_request.h"

struct json_object;

enum guard_verb {
	GUARD_CREATE, GUARD_START, GUARD_STOP, GUARD_REMOVE, GUARD_INSPECT, GUARD_BOOST,
	GUARD_LIST, GUARD_IMAGE,
	GUARD_EXEC, GUARD_EXEC_START, GUARD_EXEC_INSPECT,
	GUARD_REMOVE_VOLUME,
};

/* A permitted request, as it is sent to the engine. */
struct guard_call {
	enum guard_verb verb;
	char name[128];			/* name or id of the container, exec or volume */
	char user_id[ID_SIZE];		/* whose; "" unknown from the request */
	struct buf path, body;		/* body.len 0: none */
	struct docker_request request;	/* parent of the two above */
	bool of_container;		/* name must be a container of this instance */
};

void guard_call_init(struct guard_call *call);
void guard_call_release(struct guard_call *call);

/* ERR_DENIED, with the reason for the log. The caller checks exec ids. */
int guard_call_parse(struct guard_call *call, const struct guard_policy *policy,
		     const struct guard_request *r, struct err *e) must_check;

struct host_user;

/* Adapts a create request to the user's uid and files on the host. */
int guard_call_place(struct guard_call *call, const struct guard_policy *policy,
		     const struct host_user *u, struct err *e) must_check;

/* The body of POST /volumes/create for the user's volume. Gives. */
struct json_object *guard_volume_new(const struct container_spec *spec);

/* The path that inspects a container. */
int guard_inspect_path(struct buf *path, const char *name, struct err *e) must_check;

/*
 * The path that lists all containers, including stopped ones, that mount a
 * volume.
 */
int guard_users_path(struct buf *path, const char *volume, struct err *e) must_check;

#endif
