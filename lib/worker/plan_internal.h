/* Shared by the planner's files. */
#ifndef WORKER_PLAN_INTERNAL_H
#define WORKER_PLAN_INTERNAL_H

#include "agent/definition.h"
#include "store/planning.h"
#include "worker/plan.h"

/* A hash of two texts, evenly distributed and stable. */
uint64_t plan_spread(const char *text, int64_t number);

/*
 * Cached until plan_cache_trim; NULL cache: gives (child of ctx). As
 * recurrence_new.
 */
struct plan_rule *plan_rule_find(struct plan_cache *cache, const void *ctx, const struct schedule *s, struct err *e) must_check;
/* As recurrence_next. */
int64_t plan_rule_next(struct plan_rule *r, int64_t after);
/*
 * Between transactions: clears a cache that grew too large or predates a
 * change of time zones.
 */
void plan_cache_trim(struct plan_cache *cache);

/*
 * The schedules of an agent that was edited after an occurrence was due, each
 * with the time it applied. Gives (child of ctx).
 */
struct plan_past;
struct plan_past *plan_past_load(struct planner *p, const void *ctx, const struct due_agent *a, struct err *e) must_check;
/*
 * The next occurrence after that one, by the schedule that applied then or,
 * from its start on, a later one; 0: none.
 */
int64_t plan_past_next(const struct plan_past *past, int64_t slot);

/*
 * executions.problems for a run that ended, "" none. Gives (child of ctx);
 * NULL: the store failed.
 */
char *plan_problems(struct planner *p, const void *ctx, const struct ended_run *r, struct err *e) must_check;
/*
 * Marks the files that the run itself wrote. now: UTC ms, taken as the end of
 * calls still running.
 */
int plan_claim_files(struct planner *p, const struct ended_run *r, int64_t now, struct err *e) must_check;

/*
 * A run failed: counts it for its agent, raises notifications, and pauses the
 * agent at the limit.
 */
int plan_count_failure(struct planner *p, const struct ended_run *r, int64_t now, struct err *e) must_check;

#endif
