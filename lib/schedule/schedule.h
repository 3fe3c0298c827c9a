/*
 * When an agent runs: the fields of a form, or a cron line, as recurrence
 * rules (RFC 5545, libical) in an IANA time zone. May be called in any thread.
 *
 * Daylight saving time (DST) as in cronie: a run at a fixed time that falls
 * into the skipped hour runs right after it; in the repeated hour it runs
 * once; schedules that run hourly or more often (minute or hour begins with a
 * *, with or without a step) follow the wall clock. A jump of more than three
 * hours (a day skipped at the date line) counts as setting the clock, as in
 * cronie: only a one-time run is made up for.
 */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum frequency {
	FREQUENCY_NONE,		/* by hand or trigger only */
	FREQUENCY_ONCE,		/* date and time */
	FREQUENCY_HOURLY,	/* minute of time */
	FREQUENCY_DAILY,	/* time */
	FREQUENCY_WEEKLY,	/* days "mo,we,fr"; time */
	FREQUENCY_MONTHLY,	/* days: one of "1".."31", "last" (day), "2tu" (nth weekday), "-1fr" (the last Friday); time */
	FREQUENCY_CRON,		/* cron: five fields, or @hourly, @daily, @weekly, @monthly, @yearly */
};
/* "none", "once", ... : as in forms and exported agents. */
const char *frequency_name(enum frequency f);
int frequency_parse(const char *name, enum frequency *out, struct err *e) must_check;

/* Texts borrowed; fields that a frequency does not use may be "" or NULL. */
struct schedule {
	enum frequency frequency;
	const char *date;	/* YYYY-MM-DD */
	const char *time;	/* HH:MM */
	const char *days;
	const char *cron;
	const char *timezone;	/* IANA */
};

struct recurrence;

/*
 * ERR_INPUT with a sentence for the wrong field: "error_schedule_date", _time,
 * _days, _cron (text: which field), _zone, or "error_schedule_never" for a day
 * that does not exist (30 February). A month without the monthly day (31) is
 * skipped. Gives (child of ctx).
 */
struct recurrence *recurrence_new(const void *ctx, const struct schedule *s, struct err *e) must_check;

/*
 * The next occurrence after (not at) `after`, both UTC ms, whole minutes; 0
 * when there is none, or none within 40 years (once: at any distance). Also
 * works beyond 2038.
 */
int64_t recurrence_next(const struct recurrence *r, int64_t after);

/* The next n; returns how many there are. */
size_t recurrence_list(const struct recurrence *r, int64_t after, int64_t *out, size_t n);

/*
 * Its zone: ERR_INPUT "error_schedule_zone" when there is none of that name,
 * ERR_UNAVAILABLE when it cannot be read now.
 */
struct zone;
const struct zone *schedule_zone(const struct schedule *s, struct err *e) must_check;

#endif
