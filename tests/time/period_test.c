/* lib/time/period.c: days and months on a zone's clocks. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/clock.h"
#include "time/period.h"
#include "time/zone.h"

#define HOUR INT64_C(3600000)

/* UTC. */
static int64_t moment(int year, int month, int day, int hour, int minute)
{
	return ((clock_days(year, month, day) * 24 + hour) * 60 + minute) *
	       60000;
}

static const struct {
	const char *zone;
	int now[5], from[5];	/* UTC: year, month, day, hour, minute */
	const char *day;
	int quarters;		/* of an hour, that the day has */
	int month_from[5];
	int month_days_and_quarters[2];
} rows[] = {
	{ "UTC", { 2026, 11, 25, 12, 0 }, { 2026, 11, 25, 0, 0 },
	  "2026-11-25", 96, { 2026, 11, 1, 0, 0 }, { 30, 0 } },
	{ "Nowhere/AtAll", { 2026, 2, 28, 23, 59 }, { 2026, 2, 28, 0, 0 },
	  "2026-02-28", 96, { 2026, 2, 1, 0, 0 }, { 28, 0 } },
	{ "", { 2024, 2, 29, 0, 0 }, { 2024, 2, 29, 0, 0 },
	  "2024-02-29", 96, { 2024, 2, 1, 0, 0 }, { 29, 0 } },
	{ "../etc/passwd", { 2026, 12, 31, 23, 59 }, { 2026, 12, 31, 0, 0 },
	  "2026-12-31", 96, { 2026, 12, 1, 0, 0 }, { 31, 0 } },
	{ "Asia/Seoul", { 2026, 11, 30, 15, 0 }, { 2026, 11, 30, 15, 0 },
	  "2026-12-01", 96, { 2026, 11, 30, 15, 0 }, { 31, 0 } },
	{ "Asia/Seoul", { 2026, 11, 30, 14, 59 }, { 2026, 11, 29, 15, 0 },
	  "2026-11-30", 96, { 2026, 10, 31, 15, 0 }, { 30, 0 } },
	/* 23 and 25 hours. */
	{ "America/New_York", { 2026, 3, 8, 12, 0 }, { 2026, 3, 8, 5, 0 },
	  "2026-03-08", 92, { 2026, 3, 1, 5, 0 }, { 31, -4 } },
	{ "America/New_York", { 2026, 11, 2, 4, 59 }, { 2026, 11, 1, 4, 0 },
	  "2026-11-01", 100, { 2026, 11, 1, 4, 0 }, { 30, 4 } },
	/* Half an hour of summer time. */
	{ "Australia/Lord_Howe", { 2026, 4, 5, 6, 0 }, { 2026, 4, 4, 13, 0 },
	  "2026-04-05", 98, { 2026, 3, 31, 13, 0 }, { 30, 2 } },
	{ "Asia/Kathmandu", { 2026, 1, 1, 0, 0 }, { 2025, 12, 31, 18, 15 },
	  "2026-01-01", 96, { 2025, 12, 31, 18, 15 }, { 31, 0 } },
	{ "Asia/Kolkata", { 2026, 6, 30, 18, 29 }, { 2026, 6, 29, 18, 30 },
	  "2026-06-30", 96, { 2026, 5, 31, 18, 30 }, { 30, 0 } },
	{ "Pacific/Chatham", { 2026, 7, 1, 11, 15 }, { 2026, 7, 1, 11, 15 },
	  "2026-07-02", 96, { 2026, 6, 30, 11, 15 }, { 31, 0 } },
	{ "Pacific/Kiritimati", { 2026, 7, 1, 10, 0 }, { 2026, 7, 1, 10, 0 },
	  "2026-07-02", 96, { 2026, 6, 30, 10, 0 }, { 31, 0 } },
	{ "Etc/GMT+12", { 2026, 7, 1, 11, 59 }, { 2026, 6, 30, 12, 0 },
	  "2026-06-30", 96, { 2026, 6, 1, 12, 0 }, { 30, 0 } },
	/* No midnight: clocks go on at 0:00. */
	{ "Asia/Beirut", { 2026, 3, 29, 9, 0 }, { 2026, 3, 28, 22, 0 },
	  "2026-03-29", 92, { 2026, 2, 28, 22, 0 }, { 31, -4 } },
	/* Midnight twice: clocks go back at 1:00, and at 0:00. */
	{ "America/Havana", { 2026, 11, 1, 5, 30 }, { 2026, 11, 1, 4, 0 },
	  "2026-11-01", 100, { 2026, 11, 1, 4, 0 }, { 30, 4 } },
	{ "America/Sao_Paulo", { 2018, 2, 18, 2, 30 }, { 2018, 2, 17, 2, 0 },
	  "2018-02-17", 100, { 2018, 2, 1, 2, 0 }, { 28, 4 } },
	/* A day that never was. */
	{ "Pacific/Apia", { 2011, 12, 30, 12, 0 }, { 2011, 12, 30, 10, 0 },
	  "2011-12-31", 96, { 2011, 12, 1, 10, 0 }, { 30, 0 } },
};

#define AT(a) moment((a)[0], (a)[1], (a)[2], (a)[3], (a)[4])

static void days_are_as_the_clocks_say(void **state)
{
	struct period p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		period_at(rows[i].zone, AT(rows[i].now), &p);
		assert_string_equal(p.day, rows[i].day);
		assert_memory_equal(p.month, p.day, 7);
		assert_int_equal(strlen(p.month), 7);
		assert_int_equal(p.day_from, AT(rows[i].from));
		assert_int_equal(p.day_to - p.day_from,
				 rows[i].quarters * HOUR / 4);
		assert_int_equal(p.month_from, AT(rows[i].month_from));
		assert_int_equal(p.month_to - p.month_from,
				 rows[i].month_days_and_quarters[0] * 24 *
				 HOUR + rows[i].month_days_and_quarters[1] *
				 HOUR / 4);
	}
}

/* Each period ends where the next begins, and begins with a quarter. */
static void time_has_no_gaps(void **state)
{
	static const char *const zones[] = { "America/St_Johns", "Asia/Gaza",
		"Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",
		"Asia/Pyongyang", "America/Caracas", "Antarctica/Troll" };
	int64_t at, end = moment(2028, 1, 1, 0, 0);
	struct period p, next;
	size_t i;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (!zone_find(zones[i]))
			continue;
		at = moment(2004, 1, 1, 12, 0);
		period_at(zones[i], at, &p);
		for (; at < end; at = p.day_to, p = next) {
			assert_in_range(at, p.day_from, p.day_to - 1);
			assert_in_range(at, p.month_from, p.month_to - 1);
			assert_true(p.month_from <= p.day_from);
			assert_true(p.day_to <= p.month_to);
			period_at(zones[i], p.day_to, &next);
			assert_int_equal(next.day_from, p.day_to);
			assert_true(strcmp(p.day, next.day) < 0);
			if (strcmp(p.month, next.month) != 0)
				assert_int_equal(next.month_from, p.month_to);
			period_at(zones[i], p.day_to - 1, &next);
			assert_string_equal(next.day, p.day);
			period_at(zones[i], p.day_to, &next);
		}
	}
}

/* In St. John's clocks once went back from 0:01 to 23:01. */
static void a_midnight_that_comes_twice_parts_once(void **state)
{
	int64_t at = moment(2010, 11, 7, 1, 0), end = at + 4 * HOUR;
	struct period p, last;
	int changes = 0;

	period_at("America/St_Johns", at, &last);
	for (; at < end; at += HOUR / 120, last = p) {
		period_at("America/St_Johns", at, &p);
		assert_in_range(at, p.day_from, p.day_to - 1);
		changes += strcmp(p.day, last.day) != 0;
	}
	assert_int_equal(changes, 1);
}

static void odd_moments_are_some_day(void **state)
{
	static const int64_t moments[] = { INT64_MIN, -1, 0, INT64_MAX };
	struct period p;
	size_t i;

	for (i = 0; i < 4; i++) {
		period_at("America/New_York", moments[i], &p);
		assert_int_equal(strlen(p.day), 10);
		assert_true(p.day_from < p.day_to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_are_as_the_clocks_say),
		cmocka_unit_test(time_has_no_gaps),
		cmocka_unit_test(a_midnight_that_comes_twice_parts_once),
		cmocka_unit_test(odd_moments_are_some_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
