/*
 * When an agent runs: what a person chose in a form, or a line of cron, as
 * recurrence rules (RFC 5545, libical) in an IANA time zone. Any thread.
 *
 * Daylight saving time (DST) as cronie does it: a run at fixed times whose local time falls
 * into the skipped hour runs right after it; in the repeated hour it runs once;
 * what runs each hour or more often (its minute or hour begins with a *, with a
 * step or not) goes by the clock. A clock moved by more than three hours (a day
 * left out at the date line) was set anew, as in cronie: only what runs once is
 * made up for.
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
/* "none", "once", ... : the words of forms and of exported agents. */
const char *frequency_name(enum frequency f);
int frequency_parse(const char *name, enum frequency *out, struct err *e) must_check;

/* Texts borrowed; what a frequency does not use may be "" or NULL. */
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
 * ERR_INPUT with a sentence for the field that is wrong: "error_schedule_date",
 * _time, _days, _cron (text: which field), _zone, or "error_schedule_never" for
 * what never comes (30 February). A monthly day that a month lacks (31) is left
 * out in that month. Gives (child of ctx).
 */
struct recurrence *recurrence_new(const void *ctx, const struct schedule *s, struct err *e) must_check;

/*
 * The first moment after (not at) `after`, both UTC ms, whole minutes; 0 when
 * none comes any more, or none in 40 years (once: whenever it is). Beyond 2038
 * as before.
 */
int64_t recurrence_next(const struct recurrence *r, int64_t after);

/* The next n; returns how many there are. */
size_t recurrence_list(const struct recurrence *r, int64_t after, int64_t *out, size_t n);

/* Its zone: ERR_INPUT "error_schedule_zone" when there is none of that name, ERR_UNAVAILABLE when it cannot be read now. */
struct zone;
const struct zone *schedule_zone(const struct schedule *s, struct err *e) must_check;

#endif
