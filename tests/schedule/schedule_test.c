/* lib/schedule/schedule.c, rrule.c, recurrence.c: when an agent runs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "schedule/schedule.h"
#include "time/zone.h"

#define YEAR_MINUTES (366 * 1440)

static struct recurrence *make(const struct schedule *s)
{
	struct err e = { 0 };
	struct recurrence *r = recurrence_new(NULL, s, &e);

	if (!r)
		fail_msg("%s %s: %s", s->cron ? s->cron : "form", s->timezone,
			 e.text);
	return r;
}

static struct recurrence *cron(const char *line, const char *zone)
{
	const struct schedule s = { .frequency = FREQUENCY_CRON, .cron = line,
				    .timezone = zone };

	return make(&s);
}

/* "2026-03-08 03:00 -0400" as the zone's clock says it. */
static void write_local(int64_t ms, const char *zone, char out[64])
{
	struct zone_time t;
	struct clock_date d;

	zone_at(zone_find(zone), ms / 1000, &t);
	clock_date(ms / 1000 + t.offset, &d);
	snprintf(out, 64, "%04d-%02d-%02d %02d:%02d %+05d", (int)d.year,
		 d.month, d.day, d.hour, d.minute,
		 t.offset / 3600 * 100 + t.offset % 3600 / 60);
}

/* UTC, "2026-03-08 03:00". */
static int64_t moment(const char *text)
{
	int y, m, d, h, n;

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &y, &m, &d, &h, &n), 5);
	return (clock_days(y, m, d) * 86400 + h * 3600 + n * 60) * 1000;
}

/* What comes after a moment (UTC), parted by commas; "none" at the end. */
static void follows(const struct schedule *s, const char *after,
		    const char *expected)
{
	struct recurrence *r = make(s);
	int64_t at = moment(after);
	char text[64], want[64];
	const char *end;

	for (; *expected; expected = end + strspn(end, ", ")) {
		end = expected + strcspn(expected, ",");
		snprintf(want, sizeof(want), "%.*s", (int)(end - expected),
			 expected);
		at = recurrence_next(r, at);
		if (at)
			write_local(at, s->timezone, text);
		else
			strcpy(text, "none");
		if (strcmp(text, want) != 0)
			fail_msg("%s in %s: %s, not %s", s->cron ? s->cron :
				 frequency_name(s->frequency), s->timezone,
				 text, want);
	}
	talloc_free(r);
}

struct line {
	const char *cron, *zone, *after, *expected;
};

static void each_line(const struct line *lines, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct schedule s = {
			.frequency = FREQUENCY_CRON, .cron = lines[i].cron,
			.timezone = lines[i].zone,
		};

		follows(&s, lines[i].after, lines[i].expected);
	}
}

#define EACH_LINE(lines) each_line(lines, sizeof(lines) / sizeof(lines[0]))

static void skipped_times_run_right_after(void **state)
{
	static const struct line lines[] = {
		{ "30 2 * * *", "America/New_York", "2026-03-07 00:00",
		  "2026-03-07 02:30 -0500, 2026-03-08 03:00 -0400,"
		  " 2026-03-09 02:30 -0400" },
		{ "0,30 2,3 * * *", "America/New_York", "2026-03-08 06:00",
		  "2026-03-08 03:00 -0400, 2026-03-08 03:30 -0400,"
		  " 2026-03-09 02:00 -0400" },
		{ "15 2 * * *", "Australia/Lord_Howe", "2026-10-02 12:00",
		  "2026-10-03 02:15 +1030, 2026-10-04 02:30 +1100,"
		  " 2026-10-05 02:15 +1100" },
		{ "0 0 * * *", "America/Sao_Paulo", "2018-11-02 12:00",
		  "2018-11-03 00:00 -0300, 2018-11-04 01:00 -0200,"
		  " 2018-11-05 00:00 -0200" },
		{ "30 0 * * 0", "America/Sao_Paulo", "2018-11-02 12:00",
		  "2018-11-04 01:00 -0200, 2018-11-11 00:30 -0200" },
		{ "30 1 * * *", "Europe/Dublin", "2026-03-28 12:00",
		  "2026-03-29 02:00 +0100, 2026-03-30 01:30 +0100" },
		{ "30 1 * * *", "Europe/Dublin", "2040-03-24 12:00",
		  "2040-03-25 02:00 +0100, 2040-03-26 01:30 +0100" },
		{ "30 1 * * *", "Antarctica/Troll", "2026-03-28 12:00",
		  "2026-03-29 03:00 +0200, 2026-03-30 01:30 +0200" },
		{ "15 2 29 3 *", "Europe/Berlin", "2020-01-01 00:00",
		  "2020-03-29 03:00 +0200, 2021-03-29 02:15 +0200" },
	};

	(void)state;
	EACH_LINE(lines);
}

static void repeated_times_run_once(void **state)
{
	static const struct line lines[] = {
		{ "30 1 * * *", "America/New_York", "2026-10-31 12:00",
		  "2026-11-01 01:30 -0400, 2026-11-02 01:30 -0500" },
		/* between the two, and in the second one */
		{ "30 1 * * *", "America/New_York", "2026-11-01 06:00",
		  "2026-11-02 01:30 -0500" },
		{ "30 1 * * *", "America/New_York", "2026-11-01 06:29",
		  "2026-11-02 01:30 -0500" },
		{ "0,30 1,2 * * *", "America/New_York", "2026-11-01 04:59",
		  "2026-11-01 01:00 -0400, 2026-11-01 01:30 -0400,"
		  " 2026-11-01 02:00 -0500, 2026-11-01 02:30 -0500" },
		{ "45 1 * * *", "Australia/Lord_Howe", "2026-04-04 00:00",
		  "2026-04-05 01:45 +1100, 2026-04-06 01:45 +1030" },
		{ "30 23 * * *", "America/Sao_Paulo", "2018-02-17 12:00",
		  "2018-02-17 23:30 -0200, 2018-02-18 23:30 -0300" },
		{ "30 1 * * *", "Europe/Dublin", "2040-10-27 12:00",
		  "2040-10-28 01:30 +0100, 2040-10-29 01:30 +0000" },
	};

	(void)state;
	EACH_LINE(lines);
}

static void stars_go_by_the_clock(void **state)
{
	static const struct line lines[] = {
		{ "30 * * * *", "America/New_York", "2026-03-08 06:00",
		  "2026-03-08 01:30 -0500, 2026-03-08 03:30 -0400" },
		{ "30 * * * *", "America/New_York", "2026-11-01 05:00",
		  "2026-11-01 01:30 -0400, 2026-11-01 01:30 -0500,"
		  " 2026-11-01 02:30 -0500" },
		{ "*/30 2 * * *", "America/New_York", "2026-03-07 12:00",
		  "2026-03-09 02:00 -0400, 2026-03-09 02:30 -0400" },
		{ "*/30 1 * * *", "America/New_York", "2026-10-31 12:00",
		  "2026-11-01 01:00 -0400, 2026-11-01 01:30 -0400,"
		  " 2026-11-01 01:00 -0500, 2026-11-01 01:30 -0500,"
		  " 2026-11-02 01:00 -0500" },
		{ "0 */2 * * *", "America/New_York", "2026-03-08 05:00",
		  "2026-03-08 04:00 -0400, 2026-03-08 06:00 -0400" },
		{ "*/20 * * * *", "Australia/Lord_Howe", "2026-10-03 14:40",
		  "2026-10-04 01:20 +1030, 2026-10-04 01:40 +1030,"
		  " 2026-10-04 02:40 +1100, 2026-10-04 03:00 +1100" },
		{ "45 * * * *", "Australia/Lord_Howe", "2026-04-04 14:00",
		  "2026-04-05 01:45 +1100, 2026-04-05 01:45 +1030,"
		  " 2026-04-05 02:45 +1030" },
		{ "@hourly", "Pacific/Apia", "2011-12-30 09:30",
		  "2011-12-31 00:00 +1400, 2011-12-31 01:00 +1400" },
	};

	(void)state;
	EACH_LINE(lines);
}

static void a_clock_set_anew_makes_nothing_up(void **state)
{
	static const struct line lines[] = {
		{ "0 8 * * *", "Pacific/Apia", "2011-12-29 00:00",
		  "2011-12-29 08:00 -1000, 2011-12-31 08:00 +1400" },
		{ "0 8 30 12 *", "Pacific/Apia", "2010-12-31 00:00",
		  "2012-12-30 08:00 +1400" },
		{ "0 0 * * *", "Pacific/Apia", "2011-12-29 11:00",
		  "2011-12-31 00:00 +1400" },
	};
	const struct schedule once = {
		.frequency = FREQUENCY_ONCE, .date = "2011-12-30",
		.time = "08:00", .timezone = "Pacific/Apia",
	};

	(void)state;
	EACH_LINE(lines);
	follows(&once, "2011-01-01 00:00", "2011-12-31 00:00 +1400, none");
}

static void days_are_those_of_cron(void **state)
{
	static const struct line lines[] = {
		{ "0 9 13 * 5", "Asia/Seoul", "2026-11-01 00:00",
		  "2026-11-06 09:00 +0900, 2026-11-13 09:00 +0900,"
		  " 2026-11-20 09:00 +0900, 2026-11-27 09:00 +0900,"
		  " 2026-12-04 09:00 +0900, 2026-12-11 09:00 +0900,"
		  " 2026-12-13 09:00 +0900" },
		{ "0 9 */15 * 1", "Asia/Seoul", "2026-01-01 00:00",
		  "2026-02-16 09:00 +0900, 2026-03-16 09:00 +0900,"
		  " 2026-06-01 09:00 +0900, 2026-08-31 09:00 +0900" },
		{ "0 9 1-31 * 1", "Asia/Seoul", "2026-11-01 01:00",
		  "2026-11-02 09:00 +0900, 2026-11-03 09:00 +0900" },
		{ "0 0 31 * *", "UTC", "2026-01-31 00:00",
		  "2026-03-31 00:00 +0000, 2026-05-31 00:00 +0000" },
		{ "0 0 29 2 *", "UTC", "2024-02-29 00:00",
		  "2028-02-29 00:00 +0000" },
		{ "0 0 29 2 *", "UTC", "2096-02-29 00:00",
		  "2104-02-29 00:00 +0000" },
		{ "0 0 31 2 mon", "UTC", "2026-03-01 00:00",
		  "2027-02-01 00:00 +0000, 2027-02-08 00:00 +0000" },
		{ "0 0 29-31 2,4 *", "UTC", "2025-01-01 00:00",
		  "2025-04-29 00:00 +0000, 2025-04-30 00:00 +0000,"
		  " 2026-04-29 00:00 +0000" },
		{ "59 23 31 12 *", "Asia/Seoul", "2026-11-25 00:00",
		  "2026-12-31 23:59 +0900, 2027-12-31 23:59 +0900" },
		{ "@weekly", "UTC", "2026-11-25 00:00",
		  "2026-11-29 00:00 +0000, 2026-12-06 00:00 +0000" },
		{ "0 8 * * 1-5", "Asia/Seoul", "2038-01-18 23:00",
		  "2038-01-20 08:00 +0900, 2038-01-21 08:00 +0900,"
		  " 2038-01-22 08:00 +0900, 2038-01-25 08:00 +0900" },
		{ "0 12 28 2 *", "America/New_York", "2099-12-31 00:00",
		  "2100-02-28 12:00 -0500, 2101-02-28 12:00 -0500" },
		{ "0 12 1 7 *", "America/New_York", "2099-12-31 00:00",
		  "2100-07-01 12:00 -0400" },
	};

	(void)state;
	EACH_LINE(lines);
}

static void forms_are_schedules(void **state)
{
	static const struct {
		enum frequency frequency;
		const char *date, *time, *days, *after, *expected;
	} cases[] = {
		{ FREQUENCY_NONE, "", "", NULL, "2026-01-01 00:00", "none" },
		{ FREQUENCY_ONCE, "2026-12-01", "08:05", "", "2026-11-30 00:00",
		  "2026-12-01 08:05 +0100, none" },
		{ FREQUENCY_ONCE, "2026-12-01", "08:05", "", "2026-12-01 07:05",
		  "none" },
		{ FREQUENCY_ONCE, "2026-03-29", "02:30", "", "2026-01-01 00:00",
		  "2026-03-29 03:00 +0200, none" },
		{ FREQUENCY_ONCE, "2026-10-25", "02:30", "", "2026-01-01 00:00",
		  "2026-10-25 02:30 +0200, none" },
		{ FREQUENCY_ONCE, "2124-02-29", "23:59", "", "1970-01-01 00:00",
		  "2124-02-29 23:59 +0100, none" },
		{ FREQUENCY_HOURLY, "", "07:20", "", "2026-10-25 00:00",
		  "2026-10-25 02:20 +0200, 2026-10-25 02:20 +0100" },
		{ FREQUENCY_DAILY, "", "08:00", "", "2026-03-28 12:00",
		  "2026-03-29 08:00 +0200, 2026-03-30 08:00 +0200" },
		{ FREQUENCY_WEEKLY, "", "00:00", "mo,we,FR", "2026-11-25 10:00",
		  "2026-11-27 00:00 +0100, 2026-11-30 00:00 +0100,"
		  " 2026-12-02 00:00 +0100" },
		{ FREQUENCY_WEEKLY, "", "12:00", "su", "2026-11-29 10:59",
		  "2026-11-29 12:00 +0100, 2026-12-06 12:00 +0100" },
		{ FREQUENCY_MONTHLY, "", "12:00", "31", "2026-01-31 11:00",
		  "2026-03-31 12:00 +0200, 2026-05-31 12:00 +0200" },
		{ FREQUENCY_MONTHLY, "", "12:00", "1", "2026-01-31 11:00",
		  "2026-02-01 12:00 +0100, 2026-03-01 12:00 +0100" },
		{ FREQUENCY_MONTHLY, "", "12:00", "last", "2028-01-31 11:00",
		  "2028-02-29 12:00 +0100, 2028-03-31 12:00 +0200,"
		  " 2028-04-30 12:00 +0200" },
		{ FREQUENCY_MONTHLY, "", "12:00", "2tu", "2026-11-10 11:00",
		  "2026-12-08 12:00 +0100, 2027-01-12 12:00 +0100" },
		{ FREQUENCY_MONTHLY, "", "12:00", "-1FR", "2026-11-10 11:00",
		  "2026-11-27 12:00 +0100, 2026-12-25 12:00 +0100" },
		{ FREQUENCY_MONTHLY, "", "12:00", "5mo", "2026-11-10 11:00",
		  "2026-11-30 12:00 +0100, 2027-03-29 12:00 +0200" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct schedule s = {
			.frequency = cases[i].frequency, .date = cases[i].date,
			.time = cases[i].time, .days = cases[i].days,
			.timezone = "Europe/Berlin",
		};

		follows(&s, cases[i].after, cases[i].expected);
	}
}

static void wrong_fields_are_named(void **state)
{
	static const struct {
		enum frequency frequency;
		const char *date, *time, *days, *cron, *zone, *key;
	} cases[] = {
		{ FREQUENCY_DAILY, "", "08:00", "", "", "Mars/Olympus", "zone" },
		{ FREQUENCY_NONE, "", "", "", "", "", "zone" },
		{ FREQUENCY_NONE, "", "", "", "", NULL, "zone" },
		{ FREQUENCY_NONE, "", "", "", "", "../etc/passwd", "zone" },
		{ FREQUENCY_DAILY, "", "24:00", "", "", "UTC", "time" },
		{ FREQUENCY_DAILY, "", "8:00", "", "", "UTC", "time" },
		{ FREQUENCY_DAILY, "", "08:60", "", "", "UTC", "time" },
		{ FREQUENCY_DAILY, "", "08:0x", "", "", "UTC", "time" },
		{ FREQUENCY_DAILY, "", "+8:00", "", "", "UTC", "time" },
		{ FREQUENCY_DAILY, "", NULL, "", "", "UTC", "time" },
		{ FREQUENCY_ONCE, "2026-02-30", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "2100-02-29", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "1969-12-31", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "2026-13-01", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "2026-00-01", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "2026-01-00", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "26-01-01", "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, NULL, "08:00", "", "", "UTC", "date" },
		{ FREQUENCY_ONCE, "2026-01-01", "", "", "", "UTC", "time" },
		{ FREQUENCY_WEEKLY, "", "08:00", "", "", "UTC", "days" },
		{ FREQUENCY_WEEKLY, "", "08:00", NULL, "", "UTC", "days" },
		{ FREQUENCY_WEEKLY, "", "08:00", "mo,", "", "UTC", "days" },
		{ FREQUENCY_WEEKLY, "", "08:00", "mon", "", "UTC", "days" },
		{ FREQUENCY_WEEKLY, "", "08:00", "mo we", "", "UTC", "days" },
		{ FREQUENCY_WEEKLY, "", "08:00", "m", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "0", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "32", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "6mo", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "-1", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "-", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "1mox", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "1,2", "", "UTC", "days" },
		{ FREQUENCY_MONTHLY, "", "08:00", "", "", "UTC", "days" },
		{ FREQUENCY_CRON, "", "", "", "nonsense", "UTC", "cron" },
		{ FREQUENCY_CRON, "", "", "", NULL, "UTC", "cron" },
		{ FREQUENCY_CRON, "", "", "", "0 0 30 2 *", "UTC", "never" },
		{ FREQUENCY_CRON, "", "", "", "0 0 31 2,4,6,9,11 *", "UTC",
		  "never" },
		{ FREQUENCY_CRON, "", "", "", "* * 30-31 feb *", "UTC",
		  "never" },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct schedule s = {
			.frequency = cases[i].frequency, .date = cases[i].date,
			.time = cases[i].time, .days = cases[i].days,
			.cron = cases[i].cron, .timezone = cases[i].zone,
		};

		memset(&e, 0, sizeof(e));
		if (recurrence_new(NULL, &s, &e))
			fail_msg("row %zu is taken", i);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_memory_equal(e.key, "error_schedule_", 15);
		if (strcmp(e.key + 15, cases[i].key) != 0)
			fail_msg("row %zu: %s", i, e.key);
	}
}

static void frequencies_have_words(void **state)
{
	struct err e = { 0 };
	enum frequency f;
	int i;

	(void)state;
	for (i = FREQUENCY_NONE; i <= FREQUENCY_CRON; i++) {
		assert_int_equal(frequency_parse(frequency_name(
				 (enum frequency)i), &f, &e), 0);
		assert_int_equal(f, i);
	}
	assert_int_equal(frequency_parse("Daily", &f, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
}

static void moments_are_any(void **state)
{
	static const int64_t moments[] = { INT64_MIN, -1, 0, 1, 59999, 60000,
		INT64_C(1) << 50, INT64_MAX };
	struct recurrence *r = cron("* * * * *", "Asia/Seoul");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t next = recurrence_next(r, moments[i]);

		assert_true(next == 0 || next > moments[i]);
		assert_int_equal(next % 60000, 0);
	}
	assert_int_equal(recurrence_next(r, 59999), 60000);
	assert_int_equal(recurrence_next(r, 60000), 120000);
	talloc_free(r);
	/* the clock of Newfoundland says 1969 then */
	r = cron("*/30 * * * *", "America/St_Johns");
	assert_int_equal(recurrence_next(r, 0), 1800000);
	assert_int_equal(recurrence_next(r, -1), 0);
	talloc_free(r);
	/* 29 February as a Monday: 28 years, and 40 over 2100 */
	r = cron("0 0 */28 2 */8", "UTC");
	assert_true(recurrence_next(r, moment("2026-01-01 00:00")) > 0);
	talloc_free(r);
}

/* ---- the oracle: what cronie does, minute by minute ---- */

struct sets {
	bool minutes[60], hours[24], days[32], months[13], weekdays[8];
	bool wild, either;
	char line[512];
};

static uint64_t seed = 88172645463325252u;

static unsigned roll(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* One field at random, as text and as what it means; true: it begins with *. */
static bool field(char *text, bool *set, unsigned low, unsigned high)
{
	unsigned a = low + roll(high - low + 1), b = a + roll(high - a + 1);
	unsigned kind = roll(6), step = kind == 1 || kind == 4 ?
					1 + roll(high - low) : 1, i;

	if (kind < 2) {
		a = low;
		b = high;
	} else if (kind == 2) {
		b = a;
	}
	for (i = a; i <= b; i += step)
		set[i] = true;
	text += strlen(text);
	if (kind == 0)
		strcpy(text, "*");
	else if (kind == 1)
		sprintf(text, "*/%u", step);
	else if (kind == 2)
		sprintf(text, "%u", a);
	else if (kind == 4)
		sprintf(text, "%u-%u/%u", a, b, step);
	else
		sprintf(text, "%u-%u", a, b);
	if (kind == 5) {
		a = low + roll(high - low + 1);
		set[a] = true;
		sprintf(text + strlen(text), ",%u", a);
	}
	return kind < 2;
}

static void draw(struct sets *s)
{
	bool minute, hour, day, weekday;

	memset(s, 0, sizeof(*s));
	minute = field(s->line, s->minutes, 0, 59);
	strcat(s->line, " ");
	hour = field(s->line, s->hours, 0, 23);
	strcat(s->line, " ");
	day = field(s->line, s->days, 1, 31);
	strcat(s->line, " ");
	if (roll(3)) {
		memset(s->months, true, sizeof(s->months));
		strcat(s->line, "*");
	} else {
		field(s->line, s->months, 1, 12);
	}
	strcat(s->line, " ");
	weekday = field(s->line, s->weekdays, 0, 7);
	s->weekdays[0] = s->weekdays[7] = s->weekdays[0] || s->weekdays[7];
	s->wild = minute || hour;
	s->either = !day && !weekday;
}

struct year {
	const char *zone;
	int64_t from;		/* UTC minutes */
	int64_t local[YEAR_MINUTES];	/* as if the zone were UTC */
};

static bool matches(const struct sets *s, int64_t local)
{
	static struct clock_date d;
	static int64_t day = INT64_MIN;
	bool of_month, of_week;

	if (!s->minutes[local % 60] || !s->hours[local / 60 % 24])
		return false;
	if (local / 1440 != day) {
		day = local / 1440;
		clock_date(day * 86400, &d);
	}
	of_month = s->days[d.day];
	of_week = s->weekdays[d.weekday];
	return s->months[d.month] && (s->either ? of_month || of_week :
				      of_month && of_week);
}

/* One turn of cronie's loop, at a minute; virtual is its clock. */
static bool turn(const struct sets *s, int64_t clock, int64_t *virtual)
{
	int64_t difference = clock - *virtual;
	bool runs = false;

	if (difference > 180 || difference < -180) {
		*virtual = clock;
		return matches(s, clock);
	}
	if (difference <= 0)
		return s->wild && matches(s, clock);
	if (difference > 5 && s->wild)
		runs = matches(s, clock);
	while (*virtual < clock) {
		++*virtual;
		if (difference <= 5 || !s->wild)
			runs = matches(s, *virtual) || runs;
	}
	return runs;
}

/* Around a change each run is asked for, else one of many, after any moment. */
static bool worth_asking(const struct year *y, int64_t i)
{
	return i < 1440 || i + 1440 >= YEAR_MINUTES ||
	       y->local[i + 1440] - y->local[i - 1440] != 2880 ||
	       roll(200) == 0;
}

static void compare(const struct year *y, const struct sets *s)
{
	const struct schedule schedule = {
		.frequency = FREQUENCY_CRON, .cron = s->line,
		.timezone = y->zone,
	};
	struct err e = { 0 };
	struct recurrence *r = recurrence_new(NULL, &schedule, &e);
	int64_t virtual = y->local[0], next, i;
	char text[64];

	if (!r) {	/* no day is one: cronie agrees */
		assert_string_equal(e.key, "error_schedule_never");
		for (i = 1; i < YEAR_MINUTES; i++)
			assert_false(matches(s, y->local[i]));
		return;
	}
	next = recurrence_next(r, y->from * 60000);
	for (i = 1; i < YEAR_MINUTES; i++) {
		bool runs = turn(s, y->local[i], &virtual);
		int64_t at = (y->from + i) * 60000;

		if (next >= 0 && runs != (next == at)) {
			write_local(at, y->zone, text);
			fail_msg("%s in %s at %s: cronie %s", s->line, y->zone,
				 text, runs ? "runs" : "does not run");
		}
		if (next == at)
			next = -1;
		if (next < 0 && worth_asking(y, i))
			next = recurrence_next(r, at);
	}
	talloc_free(r);
}

static void as_cronie_through_years(void **state)
{
	static const struct {
		const char *zone;
		int year;
	} years[] = {
		{ "Asia/Seoul", 2026 }, { "America/New_York", 2026 },
		{ "Europe/Dublin", 2040 }, { "Australia/Lord_Howe", 2027 },
		{ "Pacific/Apia", 2011 }, { "America/Sao_Paulo", 2018 },
		{ "Africa/Casablanca", 2026 }, { "Antarctica/Troll", 2026 },
		{ "America/St_Johns", 2010 }, { "Pacific/Chatham", 2100 },
		{ "Asia/Tehran", 2021 }, { "America/Scoresbysund", 2024 },
		{ "Europe/Volgograd", 2020 }, { "UTC", 2038 },
	};
	struct year *y = malloc(sizeof(*y));
	struct zone_time t;
	struct sets s;
	size_t i;
	int k;

	(void)state;
	assert_non_null(y);
	for (i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
		y->zone = years[i].zone;
		y->from = clock_days(years[i].year, 1, 1) * 1440;
		for (k = 0; k < YEAR_MINUTES; k++) {
			zone_at(zone_find(y->zone), (y->from + k) * 60, &t);
			y->local[k] = y->from + k + t.offset / 60;
		}
		for (k = 0; k < 24; k++) {
			draw(&s);
			compare(y, &s);
		}
	}
	free(y);
}

/* ---- many at once ---- */

static void *work(void *data)
{
	const struct recurrence *r = data;
	int64_t at = moment("2026-01-01 00:00"), sum = 0;
	int i;

	for (i = 0; i < 2000; i++) {
		at = recurrence_next(r, at);
		sum += at / 1000;
	}
	return (void *)(intptr_t)sum;
}

static void threads_share_it(void **state)
{
	struct recurrence *r = cron("15 8 1,15 * 1", "Europe/Berlin");
	pthread_t threads[4];
	void *alone = work(r), *sum;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, r), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &sum);
		assert_ptr_equal(sum, alone);
	}
	talloc_free(r);
}

/* A year of what runs each ten minutes, with both changes of its clock. */
static void a_year_passes(void **state)
{
	struct recurrence *r = cron("*/10 * * * *", "America/New_York");
	int64_t at = moment("2026-01-01 05:00") - 1;
	int64_t end = moment("2027-01-01 05:00"), list[5];
	int n = 0;

	(void)state;
	for (; (at = recurrence_next(r, at)) < end; n++)
		assert_int_equal(at % 600000, 0);
	assert_int_equal(n, 365 * 144);
	assert_int_equal(recurrence_list(r, end, list, 5), 5);
	assert_int_equal(list[4] - end, 5 * 600000);
	talloc_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skipped_times_run_right_after),
		cmocka_unit_test(repeated_times_run_once),
		cmocka_unit_test(stars_go_by_the_clock),
		cmocka_unit_test(a_clock_set_anew_makes_nothing_up),
		cmocka_unit_test(days_are_those_of_cron),
		cmocka_unit_test(forms_are_schedules),
		cmocka_unit_test(wrong_fields_are_named),
		cmocka_unit_test(frequencies_have_words),
		cmocka_unit_test(moments_are_any),
		cmocka_unit_test(as_cronie_through_years),
		cmocka_unit_test(threads_share_it),
		cmocka_unit_test(a_year_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
