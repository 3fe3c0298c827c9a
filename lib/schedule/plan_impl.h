/* What the parts of the planner share; their own. */
#ifndef SCHEDULE_PLAN_IMPL_H
#define SCHEDULE_PLAN_IMPL_H

#include "schedule/definition.h"
#include "schedule/plan.h"
#include "store/planning.h"

/* A number of two texts, evenly spread: the same ones give the same. */
uint64_t plan_spread(const char *text, int64_t number);

/* Kept until plan_memo_trim; NULL memo: gives (child of ctx). As recurrence_new. */
struct plan_rule *plan_rule_find(struct plan_memo *memo, const void *ctx, const struct schedule *s, struct err *e) must_check;
/* As recurrence_next. */
int64_t plan_rule_next(struct plan_rule *r, int64_t after);
/* Between transactions: a memo that grew too large begins anew. */
void plan_memo_trim(struct plan_memo *memo);


/* A run ended badly: its agent's count, notices, and pause when it is full. */
int plan_count_failure(struct planner *p, const struct ended_run *r, int64_t now, struct err *e) must_check;

#endif
