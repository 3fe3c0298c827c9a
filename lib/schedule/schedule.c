#include "config.h"
#include "schedule/schedule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "schedule/recurrence.h"

#define YEAR_MIN 1970
#define YEAR_MAX 9998
#define NTH_MAX 5		/* occurrences of a weekday in a month */

static const char *const names[] = {
	[FREQUENCY_NONE] = "none", [FREQUENCY_ONCE] = "once",
	[FREQUENCY_HOURLY] = "hourly", [FREQUENCY_DAILY] = "daily",
	[FREQUENCY_WEEKLY] = "weekly", [FREQUENCY_MONTHLY] = "monthly",
	[FREQUENCY_CRON] = "cron",
};

#define FREQUENCIES (sizeof(names) / sizeof(names[0]))

static const char *const weekdays[] = { "su", "mo", "tu", "we", "th", "fr",
					"sa" };

const char *frequency_name(enum frequency f)
{
	return names[f];
}

int frequency_parse(const char *name, enum frequency *out, struct err *e)
{
	size_t i;

	for (i = 0; i < FREQUENCIES; i++) {
		if (str_equal(name, names[i])) {
			*out = (enum frequency)i;
			return 0;
		}
	}
	return err_tell(e, ERR_INPUT, "error_schedule_frequency",
			"frequency: one of none, once, hourly, daily, weekly,"
			" monthly, cron");
}

static const char *text_of(const char *s)
{
	return s ? s : "";
}

/* Exactly n digits. */
static bool digits(const char *s, size_t n, int *out)
{
	size_t i;

	for (*out = 0, i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
		*out = *out * 10 + s[i] - '0';
	}
	return true;
}

/* "HH:MM" as minutes of a day. */
static int read_time(const char *s, int *out, struct err *e)
{
	int hour, minute;

	if (strlen(s) != 5 || s[2] != ':' || !digits(s, 2, &hour) ||
	    !digits(s + 3, 2, &minute) || hour > 23 || minute > 59)
		return err_tell(e, ERR_INPUT, "error_schedule_time",
				"time: HH:MM, 00:00 to 23:59");
	*out = hour * 60 + minute;
	return 0;
}

/* "YYYY-MM-DD" as days since 1970. */
static int read_date(const char *s, int64_t *out, struct err *e)
{
	struct clock_date date = { .year = 0 };
	int year, month, day;

	if (strlen(s) == 10 && s[4] == '-' && s[7] == '-' &&
	    digits(s, 4, &year) && digits(s + 5, 2, &month) &&
	    digits(s + 8, 2, &day) && year >= YEAR_MIN && year <= YEAR_MAX &&
	    month >= 1 && month <= 12) {
		*out = clock_days(year, month, day);
		clock_date(*out * 86400, &date);
		if (date.year == year && date.month == month &&
		    date.day == day)
			return 0;
	}
	return err_tell(e, ERR_INPUT, "error_schedule_date",
			"date: YYYY-MM-DD, a day of the calendar from %d on",
			YEAR_MIN);
}

/* Two letters; -1 if not a weekday. */
static int weekday(const char *s)
{
	int i;

	for (i = 0; i < 7; i++) {
		if (strncasecmp(s, weekdays[i], 2) == 0)
			return i;
	}
	return -1;
}

static int wrong_days(struct err *e)
{
	return err_tell(e, ERR_INPUT, "error_schedule_days",
			"days: weekly such as mo,we,fr; monthly one of 1 to"
			" 31, last, 2tu (the second Tuesday), -1fr (the last"
			" Friday)");
}

/* "mo,we,fr" as bits, Sunday first. */
static int read_weekdays(const char *s, uint32_t *out, struct err *e)
{
	int day;

	for (*out = 0;; s++) {
		day = weekday(s);
		if (day < 0)
			return wrong_days(e);
		*out |= 1u << day;
		s += 2;
		if (!*s)
			return 0;
		if (*s != ',')
			return wrong_days(e);
	}
}

/* "2tu", "-1fr": a rule of its own. */
static int read_nth(const char *s, struct recurrence *out, struct err *e)
{
	bool from_end = *s == '-';
	const char *nth = s + from_end;
	char rule[48];
	int day;

	if (*nth < '1' || *nth > '0' + NTH_MAX || (day = weekday(nth + 1)) < 0 ||
	    nth[3])
		return wrong_days(e);
	snprintf(rule, sizeof(rule), "FREQ=MONTHLY;BYDAY=%s%c%c%c",
		 from_end ? "-" : "", *nth, toupper(weekdays[day][0]),
		 toupper(weekdays[day][1]));
	rule_add(out, rule);
	return 0;
}

static int read_month_day(const char *s, struct recurrence *out, struct err *e)
{
	struct err ignored = { 0 };
	char rule[48];
	int64_t day;

	if (str_equal(s, "last")) {
		rule_add(out, "FREQ=MONTHLY;BYMONTHDAY=-1");
		return 0;
	}
	if (strlen(s) > 2 || str_parse_number(s, 1, 31, &day, &ignored) < 0)
		return read_nth(s, out, e);
	snprintf(rule, sizeof(rule), "FREQ=MONTHLY;BYMONTHDAY=%d", (int)day);
	rule_add(out, rule);
	return 0;
}

static int read_once(const struct schedule *s, struct recurrence *out,
		     struct err *e)
{
	int64_t day = 0;
	int minute = 0;

	if (read_date(text_of(s->date), &day, e) < 0 ||
	    read_time(text_of(s->time), &minute, e) < 0)
		return -1;
	out->once = true;
	out->once_at = day * 86400 + minute * 60;
	return 0;
}

/* Builds a cron line's sets for what the form allows except a day of the month. */
static int read_form(const struct schedule *s, struct cron *out, struct err *e)
{
	int minute;

	if (read_time(text_of(s->time), &minute, e) < 0)
		return -1;
	*out = (struct cron){
		.minutes = UINT64_C(1) << minute % 60,
		.hours = 1u << minute / 60, .days = CRON_DAYS,
		.months = CRON_MONTHS, .weekdays = CRON_WEEKDAYS,
	};
	if (s->frequency == FREQUENCY_HOURLY) {
		out->hours = CRON_HOURS;
		out->wild = true;
	}
	if (s->frequency == FREQUENCY_WEEKLY)
		return read_weekdays(text_of(s->days), &out->weekdays, e);
	return 0;
}

static int read(const struct schedule *s, struct recurrence *out,
		struct err *e)
{
	struct cron c;

	if (s->frequency == FREQUENCY_NONE)
		return 0;
	if (s->frequency == FREQUENCY_ONCE)
		return read_once(s, out, e);
	if ((s->frequency == FREQUENCY_CRON ?
	     cron_parse(text_of(s->cron), &c, e) : read_form(s, &c, e)) < 0 ||
	    rules_of_cron(&c, out, e) < 0)
		return -1;
	if (s->frequency != FREQUENCY_MONTHLY)
		return 0;
	out->nrules = 0;
	return read_month_day(text_of(s->days), out, e);
}

const struct zone *schedule_zone(const struct schedule *s, struct err *e)
{
	const char *name = text_of(s->timezone);
	const struct zone *z = zone_find(name);

	if (!z && zone_listed(name))
		err_set(e, ERR_UNAVAILABLE, "timezone: the file of %s cannot be read",
			name);
	else if (!z)
		err_tell(e, ERR_INPUT, "error_schedule_zone",
			 "timezone: an IANA name such as Asia/Seoul or UTC");
	return z;
}

struct recurrence *recurrence_new(const void *ctx, const struct schedule *s,
				  struct err *e)
{
	struct recurrence *r =
		alloc_checked(talloc_zero(ctx, struct recurrence));

	r->zone = schedule_zone(s, e);
	if (r->zone && read(s, r, e) == 0)
		return r;
	talloc_free(r);
	return NULL;
}
