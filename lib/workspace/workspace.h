/*
 * One user's container, kept as the settings say: created, started, linked,
 * watched, stopped when idle. All on one libuv loop.
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
	WORKSPACE_STOPPED,	/* not running, not requested */
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
 * Gives (child of ctx). Adopts the instance's running containers, so idle ones
 * are stopped later.
 */
struct workspaces *workspaces_new(const void *ctx, uv_loop_t *loop, struct engine *eng,
				  const struct settings *s);

#define WORKSPACE_NAME_SIZE 26

/*
 * The name of a user's container: "gongbang-" and 16 hex digits of the id's
 * hash. Containers can learn each other's names from the engine's resolver.
 */
void workspace_container_name(const char *user_id, char out[WORKSPACE_NAME_SIZE]);

/*
 * Finds or creates the record; starts nothing. Borrowed until workspaces is
 * freed.
 */
struct workspace *workspace_get(struct workspaces *all, const char user_id[ID_SIZE]);

/*
 * Starts making it ready unless it is or is about to be. A failed one is
 * retried at once.
 */
void workspace_ensure(struct workspace *w);
/*
 * The same, with its urgency. One that waits in the queue continues with the
 * highest urgency.
 */
void workspace_ensure_as(struct workspace *w, enum start_class class);

/* Its position in the start queue: 1 is next; 0: it is not queued. */
int workspace_place(const struct workspace *w);
/* It waits for memory on this host. */
bool workspace_place_short(const struct workspace *w);

enum workspace_state workspace_state(const struct workspace *w);
const struct err *workspace_error(const struct workspace *w);
const char *workspace_user(const struct workspace *w);
/*
 * NULL unless READY. When a workspace leaves READY its watchers are told
 * first, then the link is freed: release its streams in that call.
 */
struct link *workspace_link(struct workspace *w);

/* Its container's on the workspaces' network; "" unless it is known to run. */
const char *workspace_address(const struct workspace *w);
/* SHA-256 of the token in that container's environment; "" as above. */
const char *workspace_token_hash(const struct workspace *w);

/* Events of containers, for the caller of workspaces_new. */
enum workspace_move {
	WORKSPACE_MOVES,	/* about to be started or stopped: the address map is invalid */
	WORKSPACE_UP,		/* started, or found running: address and token are known */
	WORKSPACE_DOWN,		/* stopped or removed, or found so */
};
void workspaces_on_move(struct workspaces *all,
			void (*moved)(void *data, struct workspace *w,
				      enum workspace_move move),
			void *data);

/*
 * From the shim's /health, at most 5 s old while the workspace is in use; -1
 * unknown.
 */
struct workspace_health {
	int64_t memory, memory_max;	/* bytes */
	int cpu_percent;		/* of its CPUs */
	int64_t oom_kills;		/* since the container started */
	int64_t disk_free;		/* bytes on the volume's file system */
	int64_t disk_used, disk_max;	/* bytes of the volume, and by settings */
};
const struct workspace_health *workspace_health(const struct workspace *w);
/* Its disk is full: no byte can be written. */
bool workspace_disk_is_out(const struct workspace *w);
/* At the last count it holds more than the settings allow, or is nearly full. */
bool workspace_disk_is_full(const struct workspace *w);

/*
 * Calls back on every change of state and new health; ensure and stop may call
 * back before they return. Removing the watch in the callback is fine.
 */
struct workspace_watch;
struct workspace_watch *workspace_watch(struct workspace *w, void (*changed)(void *data),
					void *data);
void workspace_unwatch(struct workspace_watch *watch);

/*
 * While there is a use (a session, a page, a run) the idle rule does not stop
 * it.
 */
void workspace_hold(struct workspace *w);
void workspace_release(struct workspace *w);

/*
 * A user waits for something that starts in it: on a busy host it gets more
 * CPU than others until workspace_boost_end or for some seconds, within the
 * user's allowance, and once fewer than a few others are boosted. Makes engine
 * calls in the background. asker is only compared: the last one ends it.
 */
void workspace_boost(struct workspace *w, const void *asker);
void workspace_boost_end(struct workspace *w, const void *asker);

/*
 * Stops and starts it through the engine, whether its shim answers or not, to
 * end runaway processes. A stopped one stays stopped.
 */
void workspace_restart(struct workspace *w);

/*
 * Stops the container (the account was disabled, or an administrator asked);
 * the volume stays.
 */
void workspace_stop(struct workspace *w);

/*
 * Removes container and volume: the account is removed. From here on nothing
 * starts it; STOPPING becomes REMOVED or FAILED; after FAILED call this again
 * to retry. False when it is done, or in progress.
 */
bool workspace_remove(struct workspace *w);

/*
 * Closes links; containers and sessions live on. Call it before the engine is
 * freed; the loop must run once more to close the timers.
 */
void workspaces_close(struct workspaces *all);

#endif
