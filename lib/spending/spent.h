/*
 * Spending within a period, compared with a budget: from the ledger, at
 * today's price table.
 */
#ifndef SPENDING_SPENT_H
#define SPENDING_SPENT_H

#include "spending/prices.h"
#include "store/budgets.h"
#include "time/period.h"

struct spent {
	int64_t tokens;
	int64_t cost;		/* millionths of a US dollar, for models with a price */
	int64_t unpriced;	/* tokens of models without a price */
	int64_t counted;	/* cost plus what a budget counts for those: prices_counted */
	int64_t calls;
};

/* Adds one sum of the ledger; at: its start, if it has no time of its own. */
void spent_add(struct spent *to, const struct prices *p, const struct usage_sum *s, int64_t at);

int spent_load(struct db *db, const struct prices *p, const struct usage_filter *f,
	       struct spent *out, struct err *e) must_check;

/*
 * A user's or (user_id NULL) the installation's day and month
 * (budget_zone_period's), with the limits that apply.
 */
struct budget_use {
	struct period period;
	struct spent day, month;
	struct budget budget;
};
int budget_use_load(struct db *db, const struct prices *p, const char *user_id,
		  const struct period *period, struct budget_use *out,
		  struct err *e) must_check;

/*
 * The fullest of its limits: percent used (0 without a limit, over 100 when
 * exceeded).
 */
int budget_use_percent(const struct budget_use *s);

/* When the last of its limits that are used up resets, UTC ms; 0: none is used up. */
int64_t budget_use_resets_at(const struct budget_use *s);
#define BUDGET_SOFT_PERCENT 80	/* the status bar warns from here on */

#endif
