/* Shared by the files of the Docker driver. */
#ifndef ENGINE_DOCKER_H
#define ENGINE_DOCKER_H

#include <json-c/json.h>

#include "engine/docker_http.h"
#include "engine/engine_driver.h"

#define auto_json __attribute__((cleanup(docker_json_put))) struct json_object

struct docker {
	struct engine engine;
	struct docker_place place;
};

/* Limits of an API call. */
#define DOCKER_ANSWER_MAX (4u << 20)
#define DOCKER_QUICK_MS 5000

struct docker *docker_of(struct engine *eng);

/* NULL (ERR_UNAVAILABLE "error_engine") when the answer is not a JSON object or array. Gives. */
struct json_object *docker_json(const struct buf *body, struct err *e) must_check;
void docker_json_put(struct json_object **o);
/* Looks up a path of keys ended by NULL; NULL when absent. Borrowed. */
struct json_object *docker_json_find(struct json_object *o, ...)
	__attribute__((sentinel));

/* docker_stream.c: the driver's exec calls. */
struct engine_stream *docker_exec(struct engine *eng, const char *name,
				  const char *const *argv,
				  const struct engine_stream_events *ev,
				  void *data);
int docker_stream_write(struct engine_stream *s, const void *bytes, size_t n,
			struct err *e);
size_t docker_stream_unsent(const struct engine_stream *s);
void docker_stream_on_drain(struct engine_stream *s,
			    void (*drained)(void *data));
void docker_stream_pause(struct engine_stream *s);
void docker_stream_resume(struct engine_stream *s);
void docker_stream_close(struct engine_stream *s);

#endif
