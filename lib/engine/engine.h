/*
 * A container engine behind a driver table (docker.c first): workspaces are
 * made, started, entered, stopped through it. Asynchronous on one libuv loop;
 * callbacks never run inside the call that asked. Every call has a deadline.
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
 * once more to let go of their sockets.
 */
struct engine *engine_docker_new(const void *ctx, uv_loop_t *loop, const char *socket_path);

/* What a workspace's container is; texts borrowed during the call. */
struct container_spec {
	const char *name;		/* gongbang-<user id> */
	const char *image;
	const char *instance;		/* label gongbang.instance */
	const char *user_id;		/* label gongbang.user */
	const char *volume;		/* named volume on /workspace */
	const char *network;
	const char *const *env;		/* "K=V", NULL-ended */
	const char *secret;		/* one more, of this container alone: not in the hash; NULL: none */
	const char *token_hash;		/* label gongbang.token: what the secret is known by; NULL: none */
	/* Host file, bound read-only on /etc/ssl/certs/ca-certificates.crt; NULL: none. */
	const char *extra_ca;
	const char *seccomp;		/* profile, JSON text; NULL: the engine's own */
	int64_t memory;			/* bytes; swap none */
	int64_t cpus;
	int64_t pids;
	int64_t tmp;			/* bytes of /tmp, in whole MiB */
	int64_t uids;			/* label gongbang.uids: first of the users' own uids; 0: all are 1000 */
	/* Of the host, set by its guard; not in the hash. */
	int64_t uid;			/* user and group inside; 0: 1000 */
	const char *passwd, *group;	/* host files, bound read-only over /etc's; NULL: the image's */
	bool boosted;			/* begins with the weight of a start; not in the hash */
};

struct container_state {
	bool exists, running;
	char image_id[80];		/* sha256:... it was made from */
	char spec_hash[65];		/* label gongbang.spec, to notice an old one */
	char token_hash[65];		/* label gongbang.token; "" when none */
	char address[46];		/* on its network; "" while it does not run */
	int exit_code;
	bool boosted;			/* has a greater weight than the usual one */
};

/* Where a running container of this instance is. Texts borrowed during the call. */
struct container_place {
	const char *user_id;
	const char *address;		/* "" when it has none */
	const char *token_hash;		/* "" when none */
};

/*
 * e NULL: done. ERR_UNAVAILABLE: not answering ("error_engine") or refused in
 * words; ERR_MISSING: no such container, image ("error_no_image") or network
 * ("error_no_network"); ERR_CONFLICT: name taken, or its state forbids it.
 * Starting what runs and stopping what does not are done.
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
/* A named volume with all that is in it; ERR_CONFLICT while a container has it. */
void engine_remove_volume(struct engine *eng, const char *name, engine_done *done, void *data);
void engine_inspect(struct engine *eng, const char *name, engine_state_done *done, void *data);
/* Its share of busy processors: a start's, many times the usual one, or that; whether it runs or not. */
void engine_boost(struct engine *eng, const char *name, bool boosted, engine_done *done,
		  void *data);
/* user ids of this instance's running containers. */
void engine_list(struct engine *eng, const char *instance, engine_list_done *done, void *data);
/* And where they are. */
void engine_places(struct engine *eng, const char *instance, engine_places_done *done,
		   void *data);

/* ID of an image by tag, in container_state.image_id (exists false: no such image). */
void engine_image(struct engine *eng, const char *tag, engine_state_done *done, void *data);

/* Hash that engine_create labels the container with. */
void container_spec_hash(const struct container_spec *spec, char out[65]);

/* An exec as a byte stream. */
struct engine_stream;
struct engine_stream_events {
	/* The engine accepted it (what it prints is not proved to be the program yet). */
	void (*open)(void *data);
	/* stdout bytes; after engine_stream_pause at most what was read already (64 KB). */
	void (*receive)(void *data, const void *bytes, size_t n);
	void (*receive_error)(void *data, const void *bytes, size_t n);	/* stderr */
	/* Once, the last call: e NULL when the program ended, with its exit code (-1 unknown). */
	void (*closed)(void *data, int exit_code, const struct err *e);
};

/* argv NULL-ended; ev borrowed until closed. Gives; ended by closed or engine_stream_close. */
struct engine_stream *engine_exec(struct engine *eng, const char *name, const char *const *argv,
				  const struct engine_stream_events *ev, void *data);
/* Copies; sent when it can be. ERR_LIMIT past 1 MiB unsent: wait for drained. */
int engine_stream_write(struct engine_stream *s, const void *bytes, size_t n,
			struct err *e) must_check;
size_t engine_stream_unsent(const struct engine_stream *s);
/* Called whenever unsent falls to 0. */
void engine_stream_on_drain(struct engine_stream *s, void (*drained)(void *data));
void engine_stream_pause(struct engine_stream *s);
void engine_stream_resume(struct engine_stream *s);
/* No callback after it; the stream is gone. */
void engine_stream_close(struct engine_stream *s);

#endif
