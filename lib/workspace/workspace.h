/*
 * One user's container, kept as settings say: made, started, linked, watched,
 * stopped when idle. All on one libuv loop.
 */
#ifndef WORKSPACE_WORKSPACE_H
#define WORKSPACE_WORKSPACE_H

#include <uv.h>

#include "core/id.h"
#include "core/settings.h"
#include "engine/engine.h"
#include "link/link.h"
#include "workspace/start_queue.h"

enum workspace_state {
	WORKSPACE_STOPPED,	/* nothing runs, nobody asked */
	WORKSPACE_CREATING,
	WORKSPACE_STARTING,
	WORKSPACE_LINKING,	/* entering it */
	WORKSPACE_READY,
	WORKSPACE_STOPPING,
	WORKSPACE_FAILED,	/* workspace_error says why; ensure tries again */
	WORKSPACE_REMOVED,	/* by workspace_remove: container and volume are gone for good */
};

struct workspaces;
struct workspace;

/*
 * Gives (child of ctx). Takes up the instance's running containers, so idle
 * ones are stopped later.
 */
struct workspaces *workspaces_new(const void *ctx, uv_loop_t *loop, struct engine *eng,
				  const struct settings *s);

#define WORKSPACE_NAME_SIZE 26

/*
 * The name of a user's container: "gongbang-" and 16 hex digits of the id's
 * hash. The engine's resolver tells every container its neighbours' names.
 */
void workspace_container_name(const char *user_id, char out[WORKSPACE_NAME_SIZE]);

/* Finds or makes the record; starts nothing. Borrowed until workspaces is freed. */
struct workspace *workspace_get(struct workspaces *all, const char user_id[ID_SIZE]);

/* Begins to make it ready unless it is or is on its way. A failed one tries again at once. */
void workspace_ensure(struct workspace *w);
/* As that, for whom? One that waits in line for its turn goes on by the most urgent. */
void workspace_ensure_as(struct workspace *w, enum start_class class);

/* Where in line it waits to be started: 1 is next; 0: it does not wait there. */
int workspace_place(const struct workspace *w);
/* And what it waits for is this host's memory. */
bool workspace_place_short(const struct workspace *w);

enum workspace_state workspace_state(const struct workspace *w);
const struct err *workspace_error(const struct workspace *w);
const char *workspace_user(const struct workspace *w);
/*
 * NULL unless READY. When a workspace leaves READY its watchers are told
 * first, then the link is freed: let go of its streams in that call.
 */
struct link *workspace_link(struct workspace *w);

/* Its container's on the workspaces' network; "" unless it is known to run. */
const char *workspace_address(const struct workspace *w);
/* SHA-256 of the token in that container's own environment; "" as above. */
const char *workspace_token_hash(const struct workspace *w);

/* Told, by the one who asked for it, what becomes of containers. */
enum workspace_move {
	WORKSPACE_MOVES,	/* is about to be started or stopped: who has which address is not known */
	WORKSPACE_UP,		/* started, or found running: address and token are known */
	WORKSPACE_DOWN,		/* stopped or removed, or found so */
};
void workspaces_on_move(struct workspaces *all,
			void (*moved)(void *data, struct workspace *w,
				      enum workspace_move move),
			void *data);

/* From the shim's /health, at most 5 s old while somebody uses it; -1 unknown. */
struct workspace_health {
	int64_t memory, memory_max;	/* bytes */
	int cpu_percent;		/* of its processors */
	int64_t oom_kills;		/* since the container started */
	int64_t disk_free;		/* bytes on the volume's file system */
	int64_t disk_used, disk_max;	/* bytes of the volume, and by settings */
};
const struct workspace_health *workspace_health(const struct workspace *w);
/* No byte can be written in it. */
bool workspace_disk_is_out(const struct workspace *w);
/* As last counted it holds more than settings allow, or hardly less than it can. */
bool workspace_disk_is_full(const struct workspace *w);

/*
 * Told of every change of state, and of new health; ensure and stop may tell
 * before they return. Remove in the callback is fine.
 */
struct workspace_watch;
struct workspace_watch *workspace_watch(struct workspace *w, void (*changed)(void *data),
					void *data);
void workspace_unwatch(struct workspace_watch *watch);

/* While one use is held the idle rule does not stop it (a session, a page, a run). */
void workspace_hold(struct workspace *w);
void workspace_release(struct workspace *w);

/*
 * A person waits for something that begins in it: on a busy host it comes
 * before others, until workspace_boost_end or for some seconds, within what
 * its user has left of that, and when fewer than some others do, else once one of
 * them is done. Costs calls of the engine, and nobody waits for them. asker is only
 * compared: whoever asked last ends it.
 */
void workspace_boost(struct workspace *w, const void *asker);
void workspace_boost_end(struct workspace *w, const void *asker);

/*
 * Stopped by the engine and started anew, whether its shim answers or not:
 * whatever ran astray in it is gone. One that is stopped stays so.
 */
void workspace_restart(struct workspace *w);

/* Stops the container (the account was disabled, or an operator asked); the volume stays. */
void workspace_stop(struct workspace *w);

/*
 * Takes container and volume away, as they are: the account goes. From here on
 * nothing starts it; STOPPING becomes REMOVED or FAILED, and FAILED tries
 * again when this is asked again. False when it is done, or on its way.
 */
bool workspace_remove(struct workspace *w);

/*
 * Closes links; containers and sessions live on. Before the engine is freed;
 * the loop must run once more to let go of the timers.
 */
void workspaces_close(struct workspaces *all);

#endif
