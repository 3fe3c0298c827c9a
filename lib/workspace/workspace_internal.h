/* One workspace's record, shared by this folder's files. */
#ifndef WORKSPACE_WORKSPACE_INTERNAL_H
#define WORKSPACE_WORKSPACE_INTERNAL_H

#include <sys/queue.h>

#include "core/buf.h"
#include "workspace/spec.h"
#include "workspace/start_slots.h"
#include "workspace/workspace.h"

/* What the retry timer does when it fires. */
enum workspace_task {
	TASK_NONE,
	TASK_ENSURE,		/* inspect, create, start, link */
	TASK_REPLACE,		/* remove first: its spec or image is outdated */
	TASK_RESTART,		/* stop first: it runs but cannot be entered */
	TASK_STOP,
	TASK_REMOVE,		/* with its volume, for good */
};

/* Separate heap memory: libuv keeps the handles until the loop has closed them. */
struct workspace_timers {
	uv_timer_t retry, idle, beat, boost;
	int open;
};

struct workspace_step;
struct workspace_boost_call;

struct workspace_boost {
	bool wanted, on;	/* on: the container has it, as far as is known */
	bool unknown;		/* found running; the engine has to be asked */
	bool queued;		/* is among boosts: other places are taken */
	const void *asker;	/* the last asker; only compared */
	int64_t until;		/* clock_mono_ms; when queued or wanted */
	int64_t left, counted_at;	/* ms it may be boosted; clock_mono_ms, 0 never counted */
	struct workspace_boost_call *call;	/* pending call; NULL none */
};

struct workspace {
	LIST_ENTRY(workspace) link_bucket;
	TAILQ_ENTRY(workspace) link_boost;
	struct workspaces *all;
	char user_id[ID_SIZE];
	char name[WORKSPACE_NAME_SIZE];	/* the container's */
	char volume[64];
	enum workspace_state state;
	struct err error;
	unsigned holds;
	struct workspace_timers *timers;
	enum workspace_task task;
	struct start *start;	/* it waits for its turn, or has it */
	enum start_class class;	/* highest urgency requested */
	int64_t since;		/* clock_mono_ms since when it is needed; 0: it is not */
	struct workspace_step *step;	/* the pending engine call */
	struct container_state seen;	/* from the last inspect */
	bool running;			/* the container, as last known */
	char address[46], token_hash[65];	/* while running; "" unknown */
	bool outdated;			/* created from another spec or image */
	bool fresh;			/* created in this attempt */
	bool replaced;			/* removed in this attempt */
	bool quiet;			/* tried in the background: FAILED stays */
	bool again;			/* ensure came while stopping */
	bool removing;			/* for good: nothing else happens any more */
	int conflicts;
	int failures;			/* consecutive */
	int64_t ready_at;		/* clock_mono_ms */
	struct engine_stream *stream;
	struct link *link;
	bool broken;			/* link failed, not yet closed */
	char complaint[128];		/* the exec's stderr */
	struct link_stream *asked;	/* request for /sessions or /health */
	struct buf answer;
	int status;
	int beats;			/* since the last ping */
	int waits;			/* beats without an answer to /health */
	struct workspace_boost boost;
	struct workspace_health health;
	int64_t cpu_usec, cpu_at;	/* of the last health, clock_mono_ms */
	int telling;			/* depth of notifications */
	TAILQ_HEAD(, workspace_watch) watches;
};

#define BUCKETS 256

struct workspaces {
	uv_loop_t *loop;
	struct engine *engine;
	const struct settings *settings;
	LIST_HEAD(, workspace) buckets[BUCKETS];
	struct starts *starts;
	TAILQ_HEAD(, workspace) boosts;	/* waiting for a place among boosts */
	int boosted;
	struct workspace_adoption *adoption;
	uv_timer_t *adopt_timer;
	void (*moved)(void *data, struct workspace *w, enum workspace_move move);
	void *moved_data;
	bool closed;
};

/* workspace.c */
void workspace_tell(struct workspace *w);
void workspace_set_state(struct workspace *w, enum workspace_state state);
void workspace_arm_idle(struct workspace *w);
void workspace_moved(struct workspace *w, enum workspace_move move);

/* start_slots.c */
struct starts *starts_new(struct workspaces *all);
/* Cancels all turns; the loop must run once more. */
void starts_close(struct starts *l);

/* workspace_provision.c */
void workspace_schedule(struct workspace *w, enum workspace_task task, int64_t delay_ms);
void workspace_task_run(struct workspace *w);
void workspace_failed(struct workspace *w, const struct err *e);
/* It no longer waits for its turn, or does not need it any more. */
void workspace_leave_queue(struct workspace *w);
void workspace_steps_close(struct workspace *w);

/* boost.c */
/* Whether a container that is created now starts boosted. */
bool workspace_boost_new(struct workspace *w);
/* The state found in the engine; an unwanted boost is ended. */
void workspace_boost_seen(struct workspace *w, const struct container_state *s);
/* Found running when this program began: the engine is asked in `ms`. */
void workspace_boost_adopt(struct workspace *w, int64_t ms);
/*
 * Its container's start is complete: a boost that no session asked for ends
 * soon.
 */
void workspace_boost_ready(struct workspace *w);
void workspace_boost_close(struct workspace *w);

/* workspace_connect.c: the exec, its link, and requests over it. */
void workspace_enter(struct workspace *w);
/* Call the watchers first: their streams end here. */
void workspace_leave(struct workspace *w);
/*
 * The link is up: READY, or first a check whether an outdated one may be
 * replaced.
 */
void workspace_entered(struct workspace *w);

/* workspace_health.c */
void workspace_beat(struct workspace *w);
void workspace_health_clear(struct workspace *w);
/* Parses the shim's report (hostile); cpus: the container's. */
void workspace_health_parse(struct workspace *w, const char *text, int64_t now_ms);

#endif
