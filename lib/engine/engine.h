/*
 * A container engine behind a driver table (docker.c): workspaces are created,
 * started, entered and stopped through it. Asynchronous on one libuv loop;
 * callbacks never run inside the call that started them. Every call has a
 * deadline.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/err.h"

struct engine;

/*
 * Docker Engine API 1.41 or later on a Unix socket. Gives (child of ctx);
 * freeing it ends calls and streams without a callback, and the loop must run
 * once more to close their sockets.
 */
struct engine *engine_docker_new(const void *ctx, uv_loop_t *loop, const char *socket_path);

/* The definition of a workspace's container; texts borrowed during the call. */
struct container_spec {
	const char *name;		/* gongbang-<hash of the user's id> */
	const char *image;
	const char *instance;		/* label gongbang.instance */
	const char *user_id;		/* label gongbang.user */
	const char *volume;		/* named volume at /workspace */
	const char *network;
	const char *const *env;		/* "K=V", NULL-ended */
	const char *secret;		/* one more variable, for this container alone: not in the
					 * hash; NULL: none */
	const char *token_hash;		/* label gongbang.token: the secret's hash; NULL: none */
	/*
	 * Host file, bound read-only at /etc/ssl/certs/ca-certificates.crt;
	 * NULL: none.
	 */
	const char *extra_ca;
	const char *seccomp;		/* profile, JSON text; NULL: the engine's default */
	int64_t memory;			/* bytes; no swap */
	int64_t cpus;
	int64_t pids;
	int64_t tmp;			/* bytes of /tmp, in whole MiB */
	int64_t uids;			/* label gongbang.uids: first uid for users; 0: every user
					 * is 1000 */
	/* Set by the host's guard; not in the hash. */
	int64_t uid;			/* uid and gid inside; 0: 1000 */
	const char *passwd, *group;	/* host files, bound read-only over those in /etc; NULL:
					 * the image's */
	bool boosted;			/* begins with the weight of a starting container; not in
					 * the hash */
};

struct container_state {
	bool exists, running;
	char image_id[80];		/* sha256:... of its image */
	char spec_hash[65];		/* label gongbang.spec, to detect an outdated one */
	char token_hash[65];		/* label gongbang.token; "" when none */
	char address[46];		/* on its network; "" while stopped */
	int exit_code;
	bool boosted;			/* has more than the usual weight */
};

/*
 * The address of a running container of this instance. Texts borrowed during
 * the call.
 */
struct container_place {
	const char *user_id;
	const char *address;		/* "" when it has none */
	const char *token_hash;		/* "" when none */
};

/*
 * e NULL: done. ERR_UNAVAILABLE: not answering ("error_engine") or refused
 * with a message; ERR_MISSING: no such container, image ("error_no_image") or
 * network ("error_no_network"); ERR_CONFLICT: name taken, or its state forbids
 * it. Starting a running container and stopping a stopped one succeed.
 */
typedef void engine_done(void *data, const struct err *e);
typedef void engine_state_done(void *data, const struct container_state *s,
			       const struct err *e);
typedef void engine_list_done(void *data, const char *const *user_ids, size_t n,
			      const struct err *e);
typedef void engine_places_done(void *data, const struct container_place *places,
				size_t n, const struct err *e);

/* Volume (created when missing) and container. */
void engine_create(struct engine *eng, const struct container_spec *spec,
		   engine_done *done, void *data);
void engine_start(struct engine *eng, const char *name, engine_done *done, void *data);
void engine_stop(struct engine *eng, const char *name, int grace_s, engine_done *done,
		 void *data);
void engine_remove(struct engine *eng, const char *name, engine_done *done, void *data);
/*
 * Removes a named volume with its contents; ERR_CONFLICT while a container
 * uses it.
 */
void engine_remove_volume(struct engine *eng, const char *name, engine_done *done, void *data);
void engine_inspect(struct engine *eng, const char *name, engine_state_done *done, void *data);
/*
 * Sets its CPU weight: a starting container's, many times the usual one, or
 * the usual one; whether it runs or not.
 */
void engine_boost(struct engine *eng, const char *name, bool boosted, engine_done *done,
		  void *data);
/* Lists the user ids of this instance's running containers. */
void engine_list(struct engine *eng, const char *instance, engine_list_done *done, void *data);
/* Lists their addresses, too. */
void engine_places(struct engine *eng, const char *instance, engine_places_done *done,
		   void *data);

/* ID of an image by tag, in container_state.image_id (exists false: no such image). */
void engine_image(struct engine *eng, const char *tag, engine_state_done *done, void *data);

/* The hash that engine_create puts into the container's label. */
void container_spec_hash(const struct container_spec *spec, char out[65]);

/* An exec as a byte stream. */
struct engine_stream;
struct engine_stream_events {
	/*
	 * The engine accepted it (its output does not have to come from the
	 * program yet).
	 */
	void (*open)(void *data);
	/*
	 * stdout bytes; after engine_stream_pause at most those already read
	 * (64 KB).
	 */
	void (*receive)(void *data, const void *bytes, size_t n);
	void (*receive_error)(void *data, const void *bytes, size_t n);	/* stderr */
	/*
	 * The last call, once: e NULL when the program ended, with its exit
	 * code (-1 unknown).
	 */
	void (*closed)(void *data, int exit_code, const struct err *e);
};

/*
 * argv NULL-ended; ev borrowed until closed. Gives; freed by closed or
 * engine_stream_close.
 */
struct engine_stream *engine_exec(struct engine *eng, const char *name, const char *const *argv,
				  const struct engine_stream_events *ev, void *data);
/* Copies; sent when possible. ERR_LIMIT beyond 1 MiB unsent: wait for drained. */
int engine_stream_write(struct engine_stream *s, const void *bytes, size_t n,
			struct err *e) must_check;
size_t engine_stream_unsent(const struct engine_stream *s);
/* Called whenever the unsent bytes reach 0. */
void engine_stream_on_drain(struct engine_stream *s, void (*drained)(void *data));
void engine_stream_pause(struct engine_stream *s);
void engine_stream_resume(struct engine_stream *s);
/* No callback afterwards; frees the stream. */
void engine_stream_close(struct engine_stream *s);

#endif
