/*
 * By whose days and months a budget runs. A user may choose another time zone
 * at any time, and somewhere a day begins at each hour; so for the budget it
 * takes over only when the running month has ended, and what was spent before
 * is neither forgotten nor counted in the month after.
 */
#ifndef SPENDING_BUDGET_ZONE_H
#define SPENDING_BUDGET_ZONE_H

#include "store/users.h"
#include "time/period.h"

struct budget_zone {
	char zone[65];		/* the account's, or the installation's */
	char before[65];	/* the one that holds */
	int64_t until;		/* before this; UTC ms, 0: none does */
};

/* preset: the installation's zone. u NULL: its budget, which has no other. */
void budget_zone_of(const struct user *u, const char *preset, struct budget_zone *out);

/* The one that holds now. Borrowed from z. */
const char *budget_zone_name(const struct budget_zone *z, int64_t now_ms);

/*
 * The budget's day and month in which now_ms falls. Where the zone took over,
 * one of the same name or an earlier one (clocks went back) goes on from the
 * begin that it had, and a later one begins there.
 */
void budget_zone_period(const struct budget_zone *z, int64_t now_ms, struct period *out);

/* When a zone that is chosen now will take over: for user_set_preferences. */
int64_t budget_zone_end(const struct user *u, const char *preset, int64_t now_ms);

#endif
