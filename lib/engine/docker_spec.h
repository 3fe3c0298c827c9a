/* A workspace's container in the words of POST /containers/create. */
#ifndef ENGINE_DOCKER_SPEC_H
#define ENGINE_DOCKER_SPEC_H

#include <json-c/json.h>

#include "engine/engine.h"

#define LABEL_INSTANCE "gongbang.instance"
#define LABEL_USER "gongbang.user"
#define LABEL_SPEC "gongbang.spec"
#define LABEL_TOKEN "gongbang.token"

/* Gives (json_object_put), with the labels gongbang.spec and gongbang.token, and the secret. */
struct json_object *docker_spec_new(const struct container_spec *spec);

#endif
