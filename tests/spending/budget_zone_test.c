/*
 * lib/spending/budget_zone.c: another zone has other days, but not another
 * budget.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "spending/budget_zone.h"
#include "spending/spent.h"

#define HOUR INT64_C(3600000)
#define PRESET "Asia/Seoul"
#define WEST "Etc/GMT+12"		/* -12 */
#define EAST "Pacific/Kiritimati"	/* +14 */

static int64_t utc(int month, int day, int hour)
{
	return (clock_days(2026, month, day) * 24 + hour) * HOUR;
}

static struct period at(const struct user *u, int64_t now)
{
	struct budget_zone z;
	struct period p;

	budget_zone_of(u, PRESET, &z);
	budget_zone_period(&z, now, &p);
	assert_in_range(now, p.day_from, p.day_to - 1);
	assert_in_range(now, p.month_from, p.month_to - 1);
	return p;
}

/* As the account would be that went from one zone to another in November. */
static struct user moved(const char *from, const char *to)
{
	struct user u = { .timezone = from, .budget_timezone = "" };

	u.budget_timezone_until = budget_zone_end(&u, PRESET, utc(11, 10, 0));
	u.budget_timezone = from;
	u.timezone = to;
	return u;
}

static void it_holds_until_its_month_ends(void **state)
{
	struct user u = moved("", WEST);
	struct budget_zone z;
	struct period p;

	(void)state;
	/* November ends in Seoul at 15:00 of its last day in UTC. */
	assert_int_equal(u.budget_timezone_until, utc(11, 30, 15));
	p = at(&u, utc(11, 10, 1));
	assert_int_equal(p.day_from, utc(11, 9, 15));
	assert_int_equal(p.month_from, utc(10, 31, 15));
	p = at(&u, utc(11, 30, 15) - 1);
	assert_int_equal(p.day_to, utc(11, 30, 15));
	assert_int_equal(p.month_to, utc(11, 30, 15));
	budget_zone_of(&u, PRESET, &z);
	assert_string_equal(budget_zone_name(&z, utc(11, 30, 15) - 1), PRESET);
	assert_string_equal(budget_zone_name(&z, utc(11, 30, 15)), WEST);
	p = at(&u, utc(12, 5, 0));
	assert_int_equal(p.day_from, utc(12, 4, 12));
	assert_int_equal(p.month_from, utc(12, 1, 12));
	budget_zone_of(NULL, PRESET, &z);
	assert_string_equal(budget_zone_name(&z, 0), PRESET);
}

/* It is November again: the month, and its spending, goes on. */
static void to_the_west_a_month_goes_on(void **state)
{
	struct user u = moved(EAST, WEST);
	struct period p;

	(void)state;
	assert_int_equal(u.budget_timezone_until, utc(11, 30, 10));
	p = at(&u, utc(11, 30, 10));
	assert_string_equal(p.month, "2026-11");
	assert_int_equal(p.month_from, utc(10, 31, 10));
	assert_int_equal(p.month_to, utc(12, 1, 12));
	assert_string_equal(p.day, "2026-11-29");
	assert_int_equal(p.day_from, utc(11, 29, 10));
	assert_int_equal(p.day_to, utc(11, 30, 12));
	p = at(&u, utc(12, 1, 12));
	assert_int_equal(p.month_from, utc(12, 1, 12));
	assert_int_equal(p.day_from, utc(12, 1, 12));
}

/* It is December for hours already; November's last are not in it. */
static void to_the_east_a_month_begins(void **state)
{
	struct user u = moved(WEST, EAST);
	struct period p;

	(void)state;
	assert_int_equal(u.budget_timezone_until, utc(12, 1, 12));
	p = at(&u, utc(12, 1, 12));
	assert_string_equal(p.month, "2026-12");
	assert_int_equal(p.month_from, utc(12, 1, 12));
	assert_int_equal(p.month_to, utc(12, 31, 10));
	assert_string_equal(p.day, "2026-12-02");
	assert_int_equal(p.day_from, utc(12, 1, 12));
	assert_int_equal(p.day_to, utc(12, 2, 10));
}

static void choose(struct fixture *f, const char *id, const char *zone)
{
	struct err e = { 0 };
	struct user *u = user_load(f->db, f, id, &e);

	assert_non_null(u);
	OK(user_set_preferences(f->db, id, "Kim", "", "", zone,
				budget_zone_end(u, PRESET, clock_now_ms()),
				&e));
}

/* However often it is changed, and back. */
static void a_spent_budget_stays_spent(void **state)
{
	static const char *const zones[] = { WEST, EAST, "UTC", "", PRESET,
					     "America/New_York" };
	struct fixture *f = *state;
	struct period before, p;
	struct err e = { 0 };
	struct user *u;
	char kim[ID_SIZE];
	int64_t now, end;
	size_t i;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	/* The same day from here on. */
	do {
		now = clock_now_ms();
		period_at(PRESET, now, &before);
		for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
			choose(f, kim, zones[i]);
			u = user_load(f->db, f, kim, &e);
			assert_non_null(u);
			assert_string_equal(u->timezone, zones[i]);
			p = at(u, now);
			assert_memory_equal(&p, &before, sizeof(p));
		}
	} while (clock_now_ms() >= before.day_to);
	end = before.month_to;
	assert_int_equal(u->budget_timezone_until, end);
	/* The last one chosen holds from then on, and is held in its turn. */
	OK(db_run(f->db, &e, "UPDATE users SET budget_timezone_until = $1",
		  "n", clock_now_ms() - 40 * 24 * HOUR));
	u = user_load(f->db, f, kim, &e);
	assert_non_null(u);
	period_at("America/New_York", now, &before);
	p = at(u, now);
	assert_memory_equal(&p, &before, sizeof(p));
	choose(f, kim, "America/New_York");
	choose(f, kim, EAST);
	u = user_load(f->db, f, kim, &e);
	assert_non_null(u);
	assert_string_equal(u->budget_timezone, "America/New_York");
	p = at(u, now);
	assert_memory_equal(&p, &before, sizeof(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_until_its_month_ends),
		cmocka_unit_test(to_the_west_a_month_goes_on),
		cmocka_unit_test(to_the_east_a_month_begins),
		TEST(a_spent_budget_stays_spent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
