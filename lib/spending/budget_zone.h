/*
 * Which time zone's days and months a budget follows. A user may choose
 * another zone at any time, and somewhere a day begins at each hour; so the
 * budget switches to it only when the current month has ended, and spending
 * before the switch is neither forgotten nor counted in the next month.
 */
#ifndef SPENDING_BUDGET_ZONE_H
#define SPENDING_BUDGET_ZONE_H

#include "store/users.h"
#include "time/period.h"

struct budget_zone {
	char zone[65];		/* the account's, or the installation's */
	char before[65];	/* the zone that applies */
	int64_t until;		/* before this; UTC ms, 0: no previous one */
};

/* preset: the installation's zone. u NULL: its budget, which has no other zone. */
void budget_zone_of(const struct user *u, const char *preset, struct budget_zone *out);

/* The zone that applies now. Borrowed from z. */
const char *budget_zone_name(const struct budget_zone *z, int64_t now_ms);

/*
 * The budget's day and month that contain now_ms. At a switch of zones, a
 * period with the same name or an earlier one (clocks went back) keeps its
 * original start, and a later one begins at the switch.
 */
void budget_zone_period(const struct budget_zone *z, int64_t now_ms, struct period *out);

/* When a zone chosen now will apply: for user_set_preferences. */
int64_t budget_zone_end(const struct user *u, const char *preset, int64_t now_ms);

#endif
