/*
 * The inside of a recurrence: days by rules of RFC 5545 (3.3.10) without a
 * zone, times within a day, and the zone that maps them to UTC.
 */
#ifndef SCHEDULE_RECURRENCE_H
#define SCHEDULE_RECURRENCE_H

#include <libical/ical.h>
#include <stdbool.h>

#include "schedule/cron.h"
#include "schedule/schedule.h"
#include "time/zone.h"

#define NEVER INT64_MAX
#define RULES_MAX 2	/* both day fields of cron: a day that matches either */

struct recurrence {
	const struct zone *zone;
	bool wild;		/* follows the wall clock: see cron.h */
	bool once;
	int64_t once_at;	/* local seconds, as if the zone were UTC */
	uint64_t minutes;	/* bits */
	uint32_t hours, months;
	struct icalrecurrencetype rules[RULES_MAX];	/* set of days */
	size_t nrules;		/* 0, and not once: never */
};

/*
 * The first day at or after one that matches the rules, both since 1970; or
 * NEVER.
 */
int64_t recurrence_day(const struct recurrence *r, int64_t from);

/*
 * The recurrence of a cron line, without the zone. ERR_INPUT
 * "error_schedule_never" when no month has such a day.
 */
int rules_of_cron(const struct cron *c, struct recurrence *out, struct err *e) must_check;

/*
 * One rule from its text, as in RFC 5545; aborts if libical refuses it,
 * because we generated it.
 */
void rule_add(struct recurrence *r, const char *text);

#endif
