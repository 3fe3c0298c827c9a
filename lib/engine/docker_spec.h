/*
 * Builds the JSON of the engine's requests, for instance of POST
 * /containers/create.
 */
#ifndef ENGINE_DOCKER_SPEC_H
#define ENGINE_DOCKER_SPEC_H

#include <json-c/json.h>

#include "core/buf.h"
#include "engine/engine.h"

#define LABEL_INSTANCE "gongbang.instance"
#define LABEL_USER "gongbang.user"
#define LABEL_SPEC "gongbang.spec"
#define LABEL_TOKEN "gongbang.token"
#define LABEL_UIDS "gongbang.uids"

/*
 * Gives (json_object_put), including the labels gongbang.spec and
 * gongbang.token, and the secret.
 */
struct json_object *docker_spec_new(const struct container_spec *spec);

/* The labels of its container and volume. Gives. */
struct json_object *docker_labels_new(const struct container_spec *spec);

/*
 * HostConfig.CpuShares, which cgroup v2 maps to a weight (5 and 2,500; a
 * service of the host has 100): a hundred busy containers weigh as much as a
 * few services, and a few starting ones get nearly all of the containers'
 * share.
 */
#define DOCKER_SHARES 128
#define DOCKER_SHARES_BOOSTED 65536

/* The body of POST /containers/NAME/update. Gives. */
struct json_object *docker_boost_new(bool boosted);

/* The body of POST /containers/NAME/exec: argv NULL-ended, attached without a terminal. Gives. */
struct json_object *docker_exec_new(const char *const *argv);

/* The body of POST /exec/ID/start. Gives. */
#define DOCKER_EXEC_START "{\"Detach\":false,\"Tty\":false}"

/*
 * Appends the path that lists containers (all: including stopped ones) by one
 * filter of the engine's API.
 */
int docker_list_path(struct buf *path, bool all, const char *filter,
		     const char *value, struct err *e) must_check;

/* Likewise for the instance's running containers. */
int docker_instance_path(struct buf *path, const char *instance, struct err *e) must_check;

#endif
