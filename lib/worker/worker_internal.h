/* Shared by the worker's files. */
#ifndef WORKER_WORKER_INTERNAL_H
#define WORKER_WORKER_INTERNAL_H

#include <stdbool.h>
#include <uv.h>

#include "core/id.h"
#include "kv/kv_async.h"
#include "notify/deliver.h"
#include "store/jobs.h"
#include "worker/plan.h"
#include "worker/worker.h"

/* A growing list of ids. */
struct ids {
	char (*list)[ID_SIZE];
	size_t n;
};
/* list: child of ctx. */
void ids_add(struct ids *l, const void *ctx, const char *id);

/*
 * One kind of work, one job at a time: a request during a job makes it run
 * once more.
 */
struct pass {
	bool busy, again;
	int64_t rest_until;	/* clock_mono_ms: after a failure */
};

struct wake;
struct bridge_notifier;

struct worker {
	const struct settings *settings;
	uv_loop_t *loop;
	struct jobs *jobs;
	struct prices *prices;
	struct planner planner;		/* used by the jobs' thread */
	struct wake *wake;
	struct bridge_notifier *notifier;
	struct i18n *i18n;
	struct deliver *deliver;
	bool delivering;	/* deliver is still busy */
	uv_timer_t tick, due, last;
	uv_signal_t term, interrupt;
	struct pass planning, renewing, looking, sweeping, dropping;
	int64_t looked_at, renewed_at, swept_at, dropped_at, stop_by;	/* clock_mono_ms */
	uint64_t zones;		/* zone_generation() that all is planned with; 0: not yet */
	bool stopping, stopped;
};

/* worker_plan.c: occurrences that are due, and when the next one is. */
void worker_plan(struct worker *w);
/* Recomputes next runs if the time zones changed. */
void worker_renew(struct worker *w);
/* worker_rows.c: attempts that ended, runs whose turn it is. */
void worker_look(struct worker *w);
/*
 * Tells the bridge again about sessions that it may not know, or that are to
 * end.
 */
void worker_sweep(struct worker *w);
/* Drops files of runs that are too old. */
void worker_drop(struct worker *w);

/* True: a pass may begin; it is busy from here. */
bool pass_begin(struct worker *w, struct pass *p);
/*
 * True: run it again: it was requested meanwhile or has more to do. e: why it
 * failed, or NULL.
 */
bool pass_end(struct worker *w, struct pass *p, const char *event, const struct err *e);

/* worker_wake.c: Redis. */
struct wake *wake_new(struct worker *w);
void wake_free(struct wake *k);
/* Call each tick. */
void wake_tick(struct wake *k, int64_t now);

/* worker_notify_bridge.c: the bridge's control socket, best effort. */
struct bridge_notifier *bridge_notifier_new(struct worker *w);
void bridge_notifier_refresh(struct bridge_notifier *p,
			     const char *conversation_id);
/* Starts nothing any more; returns whether a request is still in flight. */
bool bridge_notifier_stop(struct bridge_notifier *p);

#endif
