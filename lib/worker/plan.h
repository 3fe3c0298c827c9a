/*
 * Planning and booking on the store alone: every call takes the time as an
 * argument, so a test runs a year in seconds, and several workers may do all
 * of it concurrently. Each step is one transaction and may be repeated after a
 * crash.
 */
#ifndef WORKER_PLAN_H
#define WORKER_PLAN_H

#include "core/id.h"
#include "core/settings.h"
#include "notify/notice.h"
#include "spending/prices.h"
#include "store/db.h"

#define LATE_MS 60000	/* an occurrence claimed later than this was missed */

struct plan_cache;

struct planner {
	struct db *db;
	const struct settings *settings;
	const struct prices *prices;
	struct plan_cache *cache;	/* of recurrences; NULL: computes each time */
	/* Called after the commit, ids borrowed; NULL: not needed. */
	void (*queued)(void *data, const char *execution_id);
	void (*asked)(void *data, const char *conversation_id);	/* asked to end: its session must
								 * be told */
	void *data;
};

/*
 * For one planner: shares results between agents with the same schedule. Gives
 * (child of ctx).
 */
struct plan_cache *plan_cache_new(const void *ctx);

/*
 * Claims up to limit agents that are due at now: next_run_at advances by
 * compare-and-set, and each occurrence passed gets its row (queued, skipped or
 * missed) in the same transaction. *claimed: rows created; *more: call again
 * at once.
 */
int plan_due(struct planner *p, int64_t now, int limit, int64_t *claimed, bool *more, struct err *e) must_check;

/*
 * Recomputes the next runs of agents that are not due yet, and moves those
 * that change under the current time zones. after: the id to continue behind,
 * "" at first and at the end. *moved is added to.
 */
#define PLAN_RENEW_MAX 250
int plan_renew(struct planner *p, int64_t now, char after[ID_SIZE], int64_t *moved, struct err *e) must_check;

/* When the next agent is due; 0: none. */
int plan_next(struct planner *p, int64_t *at, struct err *e) must_check;

/*
 * Takes the next run: the oldest of the user with the fewest running (of
 * several such users, the one whose last run began longest ago), within
 * runs_max and runs_per_user. Starts it (attempt, conversation, message) or
 * refuses it (budget, kill switch). conversation "": none was started; when
 * execution is not "" that one was refused: call again.
 */
int plan_start(struct planner *p, int64_t now, char conversation[ID_SIZE], char execution[ID_SIZE], struct err *e) must_check;

/*
 * Books attempts that ended: the run's end or its next attempt; the agent's
 * counts, pause and notifications. *booked: how many.
 */
int plan_finish(struct planner *p, int64_t now, int limit, int64_t *booked,
		struct err *e) must_check;

/*
 * Position of a queued run: 1 is next; why it waits: "" (its turn comes),
 * "host" (runs_max), "user" (runs_per_user), "agent" (another of its runs is
 * active), "memory", "disk", "later" (not_before). 0: it does not wait.
 */
int plan_position(struct planner *p, const char *execution_id, int64_t now, int64_t *position, const char **why, struct err *e) must_check;

/* Whether less memory than run_memory_reserve is left on this host. */
bool plan_memory_short(const struct settings *s);
/*
 * Whether the disk of the database or of the gateway's journal is at its
 * reserve.
 */
bool plan_disk_short(const struct settings *s);

#endif
