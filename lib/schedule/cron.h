/*
 * A line of cron: five fields as Vixie's cron and cronie read them (crontab(5)),
 * or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
 */
#ifndef SCHEDULE_CRON_H
#define SCHEDULE_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define CRON_MINUTES ((UINT64_C(1) << 60) - 1)
#define CRON_HOURS ((1u << 24) - 1)
#define CRON_DAYS (~1u)			/* bits 1 to 31 */
#define CRON_MONTHS (((1u << 12) - 1) << 1)
#define CRON_WEEKDAYS ((1u << 7) - 1)

/* Each a set of bits; bit n is the value n. */
struct cron {
	uint64_t minutes;
	uint32_t hours;
	uint32_t days;		/* 1..31 */
	uint32_t months;	/* 1..12 */
	uint32_t weekdays;	/* 0..6, Sunday is 0 (7 in the line, too) */
	/*
	 * The minute's or the hour's field begins with a *, with a step or not:
	 * runs go by the clock when it is changed.
	 */
	bool wild;
	/*
	 * Neither day field begins with a *: a day of either is one. Else it must
	 * be of both; a day field with a step is a * with fewer days.
	 */
	bool either;
};

/* ERR_INPUT "error_schedule_cron": the text names the field and what it takes. */
int cron_parse(const char *line, struct cron *out, struct err *e) must_check;

#endif
