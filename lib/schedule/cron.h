/*
 * A line of cron: five fields as Vixie's cron and cronie read them (crontab(5)),
 * or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
 */
#ifndef SCHEDULE_CRON_H
#define SCHEDULE_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define CRON_HOURS ((1u << 24) - 1)
#define CRON_DAYS (~1u)			/* bits 1 to 31 */
#define CRON_MONTHS (((1u << 12) - 1) << 1)
#define CRON_WEEKDAYS ((1u << 7) - 1)

/* Bit sets; bit n is the value n. */
struct cron {
	uint64_t minutes;
	uint32_t hours;
	uint32_t days;		/* 1..31 */
	uint32_t months;	/* 1..12 */
	uint32_t weekdays;	/* 0..6, Sunday is 0 (7 in the line, too) */
	/*
	 * The minute's or the hour's field begins with a *, with or without a
	 * step: runs follow the wall clock when it changes.
	 */
	bool wild;
	/*
	 * Neither day field begins with a *: a day that matches either runs.
	 * Otherwise both must match; a day field with a step counts as a *.
	 */
	bool either;
};

/* ERR_INPUT "error_schedule_cron": the text names the field and what it accepts. */
int cron_parse(const char *line, struct cron *out, struct err *e) must_check;

#endif
