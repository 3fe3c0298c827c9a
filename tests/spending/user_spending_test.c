/* lib/spending/user_spending.c: each user's day and month, in their own zone. */
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
#include "spending/user_spending.h"
#include "store/budgets.h"
#include "store/usage.h"

#define HOUR INT64_C(3600000)
#define QUARTER (HOUR / 4)

static void add(struct fixture *f, const char *user, int64_t at, int64_t input)
{
	struct usage_call c = { .kind = "workspace", .model = "m",
		.usage = { .input = input }, .outcome = "complete",
		.status = 200, .at = at, .ended_at = at };
	struct err e = { 0 };

	id_new(c.id);
	memcpy(c.user_id, user, ID_SIZE);
	memcpy(c.subject_id, user, ID_SIZE);
	OK(usage_add(f->db, &c, 1, &e));
}

static const struct user_budget_use *of(const struct user_spending *all,
				    const char *login)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		if (str_equal(all->list[i].login, login))
			return &all->list[i];
	}
	fail_msg("no %s", login);
	return NULL;
}

static struct user_spending *load(struct fixture *f, int64_t now)
{
	static const char text[] = "m 2026-01-01 1 0 0 0 0\n";
	struct err e = { 0 };
	struct prices *p = prices_parse(f, "t", text, strlen(text), &e);
	struct user_spending *all;

	assert_non_null(p);
	all = user_spending_load(f, f->db, p, "UTC", now, &e);
	if (!all)
		fail_msg("%s", e.text);
	return all;
}

/* A day and a month begin with their first quarter and end before the next's. */
static void periods_have_two_ends(void **state)
{
	struct fixture *f = *state;
	int64_t march = clock_days(2026, 3, 1) * 24 * HOUR;
	int64_t april = clock_days(2026, 4, 1) * 24 * HOUR;
	int64_t now = clock_days(2026, 3, 10) * 24 * HOUR + 12 * HOUR;
	int64_t today = now - 12 * HOUR;
	const struct budget_use *s;
	struct err e = { 0 };
	char kim[ID_SIZE];

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	add(f, kim, march - QUARTER, 1);
	add(f, kim, march, 10);
	add(f, kim, today - QUARTER, 100);
	add(f, kim, today, 1000);
	add(f, kim, today + 24 * HOUR, 10000);
	add(f, kim, april - QUARTER, 100000);
	add(f, kim, april, 1000000);
	s = &of(load(f, now), "kim")->use;
	assert_int_equal(s->day.tokens, 1000);
	assert_int_equal(s->month.tokens, 111110);
}

static void each_has_a_zone_and_a_budget(void **state)
{
	struct fixture *f = *state;
	int64_t noon = clock_days(2026, 3, 10) * 24 * HOUR + 12 * HOUR;
	struct budget each = { .day_tokens = 7 }, own = { .day_tokens = 9 };
	const struct user_spending *all;
	char kim[ID_SIZE], lee[ID_SIZE];
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", true, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	OK(user_set_preferences(f->db, kim, "Kim", "", "", "Pacific/Kiritimati",
				0, &e));
	OK(user_set_disabled(f->db, lee, true, &e));
	OK(budget_save(f->db, BUDGET_EACH, &each, &e));
	OK(budget_save(f->db, lee, &own, &e));
	/* It is 2:00 of the next day for Kim, who is 14 hours ahead. */
	add(f, kim, noon - 3 * HOUR, 5);
	add(f, kim, noon - HOUR, 50);
	add(f, lee, noon - 3 * HOUR, 5);
	all = load(f, noon);
	assert_int_equal(all->n, 2);
	assert_int_equal(of(all, "kim")->use.day.tokens, 50);
	assert_int_equal(of(all, "kim")->use.month.tokens, 55);
	assert_int_equal(of(all, "lee")->use.day.tokens, 5);
	assert_int_equal(of(all, "kim")->use.budget.day_tokens, 7);
	assert_int_equal(of(all, "lee")->use.budget.day_tokens, 9);
	assert_false(of(all, "kim")->own);
	assert_true(of(all, "lee")->own);
	assert_true(of(all, "kim")->admin);
	assert_true(of(all, "lee")->disabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(periods_have_two_ends),
		TEST(each_has_a_zone_and_a_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
