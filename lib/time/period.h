/* Calendar days and months in a time zone, as budgets use them. */
#ifndef TIME_PERIOD_H
#define TIME_PERIOD_H

#include <stdint.h>

struct period {
	char day[11], month[8];		/* "2026-11-25", "2026-11" */
	int64_t day_from, day_to;	/* UTC ms: [from, to) */
	int64_t month_from, month_to;
};

/* The day and month that contain now_ms; an unknown zone counts as UTC. */
void period_at(const char *zone, int64_t now_ms, struct period *out);

#endif
