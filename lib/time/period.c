#include "config.h"
#include "time/period.h"

#include <stdio.h>

#include "core/clock.h"
#include "time/zone.h"

#define DAY 86400
#define OFFSET_MAX 93600	/* a zone's maximal distance from UTC in seconds */
#define MOMENT_MAX INT64_C(253370764800)	/* 9999-01-01 */

static int64_t offset_at(const struct zone *z, int64_t utc)
{
	struct zone_time t = { .offset = 0 };

	if (z)
		zone_at(z, utc, &t);
	return t.offset;
}

/*
 * The time at which a zone's clocks first show the day (counted from 1970) or
 * a later one: a midnight may be skipped. If clocks set back make it occur
 * twice, the search finds either, consistently; so the clocks may show the
 * neighbouring day then.
 */
static int64_t day_begin(const struct zone *z, int64_t day)
{
	int64_t low = day * DAY - OFFSET_MAX, high = day * DAY + OFFSET_MAX;
	int64_t middle;

	if (!z)
		return day * DAY;
	while (low + 1 < high) {
		middle = low + (high - low) / 2;
		if (middle + offset_at(z, middle) >= day * DAY)
			high = middle;
		else
			low = middle;
	}
	return high;
}

static int64_t seconds_of(int64_t ms)
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	return s < MOMENT_MAX ? s : MOMENT_MAX;
}

static void write_day(int64_t day, char out[11])
{
	struct clock_date d;

	clock_date(day * DAY, &d);
	snprintf(out, 11, "%04u-%02u-%02u", (unsigned)d.year % 10000,
		 (unsigned)d.month % 100, (unsigned)d.day % 100);
}

static void set_month(const struct zone *z, int64_t day, struct period *out)
{
	struct clock_date d;
	int64_t next;

	clock_date(day * DAY, &d);
	next = d.month == 12 ? clock_days(d.year + 1, 1, 1) :
	       clock_days(d.year, d.month + 1, 1);
	snprintf(out->month, sizeof(out->month), "%.7s", out->day);
	out->month_from = day_begin(z, day - d.day + 1) * 1000;
	out->month_to = day_begin(z, next) * 1000;
}

void period_at(const char *zone, int64_t now_ms, struct period *out)
{
	const struct zone *z = zone_find(zone);
	int64_t now = seconds_of(now_ms), local = now + offset_at(z, now);
	int64_t day = local < 0 ? -1 : local / DAY;

	while (day_begin(z, day) > now)
		day--;
	while (day_begin(z, day + 1) <= now)
		day++;
	write_day(day, out->day);
	out->day_from = day_begin(z, day) * 1000;
	out->day_to = day_begin(z, day + 1) * 1000;
	set_month(z, day, out);
}
