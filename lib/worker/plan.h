/*
 * Planning and deciding, on the store alone: every call takes the time as an
 * argument, so a year passes in a test in seconds, and several workers may do
 * all of it at once. Each is one transaction, repeatable after any death.
 */
#ifndef WORKER_PLAN_H
#define WORKER_PLAN_H

#include "core/id.h"
#include "core/settings.h"
#include "notify/notice.h"
#include "spending/prices.h"
#include "store/db.h"

#define LATE_MS 60000	/* a moment claimed later than this was missed */

struct plan_memo;

struct planner {
	struct db *db;
	const struct settings *settings;
	const struct prices *prices;
	struct plan_memo *memo;		/* of recurrences; NULL: worked out each time */
	/* Told after the commit, ids borrowed; NULL: nobody listens. */
	void (*queued)(void *data, const char *execution_id);
	void (*asked)(void *data, const char *conversation_id);	/* to end: its session has to hear it */
	void *data;
};

/* Of one planner; what many agents share is worked out once. Gives (child of ctx). */
struct plan_memo *plan_memo_new(const void *ctx);

/*
 * Claims up to limit agents that are due at now: next_run_at moves on by
 * compare-and-set, and each moment passed gets its row (queued, skipped or
 * missed) in the same transaction. *claimed: rows made; *more: call again at
 * once.
 */
int plan_due(struct planner *p, int64_t now, int limit, int64_t *claimed, bool *more, struct err *e) must_check;

/*
 * Works out the next runs of agents that are not due yet, and moves those
 * that come at another moment by the zones of now. after: the id to go on
 * behind, "" at first and when all were looked at. *moved counts up.
 */
#define PLAN_RENEW_MAX 250
int plan_renew(struct planner *p, int64_t now, char after[ID_SIZE], int64_t *moved, struct err *e) must_check;

/* When the next agent is due; 0 for none. */
int plan_next(struct planner *p, int64_t *at, struct err *e) must_check;

/*
 * The run whose turn it is: the oldest of the user with the fewest running (of
 * several, the one whose last run began longest ago),
 * within runs_max and runs_per_user. Starts it (attempt, conversation, message)
 * or refuses it (budget, kill switch). conversation "": none was started; when
 * execution is not "" that one was refused: call again.
 */
int plan_start(struct planner *p, int64_t now, char conversation[ID_SIZE], char execution[ID_SIZE], struct err *e) must_check;

/*
 * Books attempts that ended: the run's end, or its next try; the agent's counts,
 * pause, notices. *settled: how many.
 */
int plan_finish(struct planner *p, int64_t now, int limit, int64_t *settled,
		struct err *e) must_check;

/* Where a queued run stands: 1 is next; why it waits: "" (its turn comes), "host" (runs_max), "user" (runs_per_user), "agent" (another of its runs goes on), "memory", "disk", "later" (not_before). 0: it does not wait. */
int plan_position(struct planner *p, const char *execution_id, int64_t now, int64_t *position, const char **why, struct err *e) must_check;

/* Less memory than run_memory_reserve is left on this host. */
bool plan_memory_short(const struct settings *s);
/* The disk of the records or of the gateway's journal is at its reserve. */
bool plan_disk_short(const struct settings *s);

#endif
