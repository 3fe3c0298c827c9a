/* What the parts of the planner share; their own. */
#ifndef WORKER_PLAN_INTERNAL_H
#define WORKER_PLAN_INTERNAL_H

#include "agent/definition.h"
#include "store/planning.h"
#include "worker/plan.h"

/* A number of two texts, evenly spread: the same ones give the same. */
uint64_t plan_spread(const char *text, int64_t number);

/* Kept until plan_cache_trim; NULL memo: gives (child of ctx). As recurrence_new. */
struct plan_rule *plan_rule_find(struct plan_memo *memo, const void *ctx, const struct schedule *s, struct err *e) must_check;
/* As recurrence_next. */
int64_t plan_rule_next(struct plan_rule *r, int64_t after);
/* Between transactions: a memo that grew too large, or is of zones that were renewed since, is emptied. */
void plan_cache_trim(struct plan_memo *memo);

/*
 * The rules of an agent that was edited after a moment of it passed, each for
 * the time in which it held. Gives (child of ctx).
 */
struct plan_past;
struct plan_past *plan_past_load(struct planner *p, const void *ctx, const struct due_agent *a, struct err *e) must_check;
/* The moment after that one, by the rule of then, or by a later one from when it held; 0 for none. */
int64_t plan_past_next(const struct plan_past *past, int64_t slot);

/* executions.problems of one that ended, "" none. Gives (child of ctx); NULL: the store failed. */
char *plan_problems(struct planner *p, const void *ctx, const struct ended_run *r, struct err *e) must_check;
/* Marks which of its files are its own. now: UTC ms, until when what goes on has gone on. */
int plan_claim_files(struct planner *p, const struct ended_run *r, int64_t now, struct err *e) must_check;

/* A run ended badly: its agent's count, notices, and pause when it is full. */
int plan_count_failure(struct planner *p, const struct ended_run *r, int64_t now, struct err *e) must_check;

#endif
