/* Formats numbers, sizes, durations and times for people. */
#include "config.h"
#include "i18n/i18n_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "time/zone.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const months[] = {
	"month_1", "month_2", "month_3", "month_4", "month_5", "month_6",
	"month_7", "month_8", "month_9", "month_10", "month_11", "month_12",
};

static const char *const weekdays[] = {
	"weekday_0", "weekday_1", "weekday_2", "weekday_3", "weekday_4",
	"weekday_5", "weekday_6",
};

static const char *const needed[] = {
	"ago_days", "ago_hours", "ago_minutes", "ago_months", "ago_now",
	"ago_years", "duration_days", "duration_days_hours", "duration_hours",
	"duration_hours_minutes", "duration_minutes",
	"duration_minutes_seconds", "duration_seconds", "month_1", "month_10",
	"month_11", "month_12", "month_2", "month_3", "month_4", "month_5",
	"month_6", "month_7", "month_8", "month_9", "time_exact", "weekday_0",
	"weekday_1", "weekday_2", "weekday_3", "weekday_4", "weekday_5",
	"weekday_6",
};

int locale_check(const struct i18n_locale *l, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!i18n_sentence(l, needed[i]))
			return err_set(e, ERR_INTERNAL, "%s.json: no \"%s\"",
				       i18n_name(l), needed[i]);
	}
	return 0;
}

static char *give(char *text)
{
	if (!text)
		err_abort("out of memory");
	return text;
}

void locale_number(char out[LOCALE_NUMBER_SIZE], int64_t n, bool grouped)
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[LOCALE_NUMBER_SIZE];
	size_t len = 0;

	do {
		if (grouped && len % 4 == 3)
			digits[len++] = ',';
		digits[len++] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (n < 0)
		digits[len++] = '-';
	while (len)
		*out++ = digits[--len];
	*out = '\0';
}

char *i18n_number(const void *ctx, int64_t n)
{
	char out[LOCALE_NUMBER_SIZE];

	locale_number(out, n, true);
	return give(talloc_strdup(ctx, out));
}

char *i18n_bytes(const void *ctx, int64_t bytes)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	double n = bytes > 0 ? (double)bytes : 0;
	int unit = 0, tenths;

	/* 1,023.6 KB would round to 1,024 KB: say 1 MB. */
	while (n >= (unit ? 1023.5 : 1024) && unit < 4) {
		n /= 1024;
		unit++;
	}
	tenths = (int)(n * 10 + 0.5);
	if (unit && tenths < 100 && tenths % 10)
		return give(talloc_asprintf(ctx, "%d.%d %s", tenths / 10,
					    tenths % 10, units[unit]));
	return give(talloc_asprintf(ctx, "%.0f %s", n, units[unit]));
}

/* The two largest units: "1 h 5 min"; the second only if there is some: "1 h". */
static char *long_duration(const void *ctx, const struct i18n_locale *l,
			   int64_t ms)
{
	static const struct {
		int64_t unit, part;
		const char *both, *whole;
	} rows[] = {
		{ DAY, HOUR, "duration_days_hours", "duration_days" },
		{ HOUR, MINUTE, "duration_hours_minutes", "duration_hours" },
		{ MINUTE, SECOND, "duration_minutes_seconds",
		  "duration_minutes" },
	};
	char first[LOCALE_NUMBER_SIZE], second[LOCALE_NUMBER_SIZE];
	size_t i = 0;
	int64_t rest;

	while (ms < rows[i].unit)
		i++;
	rest = ms % rows[i].unit / rows[i].part;
	locale_number(first, ms / rows[i].unit, false);
	locale_number(second, rest, false);
	if (!rest)
		return i18n_fill(ctx, l, rows[i].whole, first, NULL);
	return i18n_fill(ctx, l, rows[i].both, first, second, NULL);
}

char *i18n_duration(const void *ctx, const struct i18n_locale *l, int64_t ms)
{
	char seconds[24];

	if (ms < 0)
		ms = 0;
	if (ms >= MINUTE)
		return long_duration(ctx, l, ms);
	if (ms < 10 * SECOND)
		snprintf(seconds, sizeof(seconds), "%d.%d", (int)(ms / 1000),
			 (int)(ms % 1000 / 100));
	else
		snprintf(seconds, sizeof(seconds), "%d", (int)(ms / 1000));
	return i18n_fill(ctx, l, "duration_seconds", seconds, NULL);
}

/* In the largest unit that fits into ms. */
static char *distance(const void *ctx, const struct i18n_locale *l, int64_t ms,
		      const char *const keys[5], const char *now)
{
	static const int64_t units[] = { 365 * DAY, 30 * DAY, DAY, HOUR,
					 MINUTE };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms >= units[i])
			return i18n_count(ctx, l, keys[i], ms / units[i]);
	}
	return i18n_fill(ctx, l, now, NULL);
}

char *i18n_ago(const void *ctx, const struct i18n_locale *l, int64_t then_ms,
	       int64_t now_ms)
{
	static const char *const keys[] = { "ago_years", "ago_months",
		"ago_days", "ago_hours", "ago_minutes" };

	return distance(ctx, l, now_ms - then_ms, keys, "ago_now");
}

char *i18n_until(const void *ctx, const struct i18n_locale *l, int64_t then_ms,
		 int64_t now_ms)
{
	static const char *const keys[] = { "in_years", "in_months", "in_days",
		"in_hours", "in_minutes" };

	return distance(ctx, l, then_ms - now_ms, keys, "in_now");
}

static void local_date(int64_t ms, const char *zone, struct zone_time *where,
		       struct clock_date *d)
{
	const struct zone *z = zone_find(zone);
	int64_t s = ms / 1000 - (ms % 1000 < 0);

	*where = (struct zone_time){ .offset = 0, .name = "UTC" };
	if (z)
		zone_at(z, s, where);
	clock_date(s + where->offset, d);
}

static void format_clock(char clock[6], const struct clock_date *d)
{
	clock[0] = (char)('0' + d->hour / 10);
	clock[1] = (char)('0' + d->hour % 10);
	clock[2] = ':';
	clock[3] = (char)('0' + d->minute / 10);
	clock[4] = (char)('0' + d->minute % 10);
	clock[5] = '\0';
}

char *i18n_clock(const void *ctx, const struct i18n_locale *l, int64_t ms,
		 int64_t now_ms, const char *zone)
{
	struct zone_time where;
	struct clock_date then, now;
	char clock[6];

	local_date(ms, zone, &where, &then);
	local_date(now_ms, zone, &where, &now);
	if (then.year != now.year || then.month != now.month ||
	    then.day != now.day)
		return i18n_time(ctx, l, ms, zone);
	format_clock(clock, &then);
	return give(talloc_strdup(ctx, clock));
}

char *i18n_time(const void *ctx, const struct i18n_locale *l, int64_t ms,
		const char *zone)
{
	char year[LOCALE_NUMBER_SIZE], day[LOCALE_NUMBER_SIZE], clock[6];
	struct zone_time where;
	struct clock_date d;

	local_date(ms, zone, &where, &d);
	locale_number(year, d.year, false);
	locale_number(day, d.day, false);
	format_clock(clock, &d);
	return i18n_fill(ctx, l, "time_exact",
			 i18n_sentence(l, weekdays[d.weekday]), day,
			 i18n_sentence(l, months[d.month - 1]), year, clock,
			 where.name, NULL);
}
