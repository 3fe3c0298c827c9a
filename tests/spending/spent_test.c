/* lib/spending/spent.c: sums of the ledger at today's prices. */
#include "config.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "spending/spent.h"
#include "store/users.h"

#define HOUR INT64_C(3600000)

static struct prices *parse(struct fixture *f, const char *text)
{
	struct err e = { 0 };
	struct prices *p = prices_parse(f, "t", text, strlen(text), &e);

	if (!p)
		fail_msg("%s", e.text);
	return p;
}

static void add(struct fixture *f, const char *user, const char *model,
		int64_t at, int64_t input)
{
	struct usage_call c = { .kind = "workspace", .model = model,
		.usage = { .input = input }, .outcome = "complete",
		.status = 200, .at = at, .ended_at = at };
	struct err e = { 0 };

	id_new(c.id);
	memcpy(c.user_id, user, ID_SIZE);
	memcpy(c.subject_id, user, ID_SIZE);
	OK(usage_add(f->db, &c, 1, &e));
}

static struct spent spent(struct fixture *f, const struct prices *p,
			  int64_t from, int64_t to)
{
	struct usage_filter filter = { .from = from, .to = to };
	struct err e = { 0 };
	struct spent s;

	OK(spent_load(f->db, p, &filter, &s, &e));
	return s;
}

static void a_corrected_price_corrects_the_past(void **state)
{
	struct fixture *f = *state;
	int64_t march = clock_days(2026, 3, 1) * 24 * HOUR;
	char kim[ID_SIZE];
	struct err e = { 0 };
	struct spent s;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	add(f, kim, "m", march - 1, 100);
	add(f, kim, "m", march, 100);
	add(f, kim, "odd", march, 7);
	s = spent(f, parse(f, "m 2026-01-01 1 0 0 0 0\n"), march - HOUR, 0);
	assert_int_equal(s.cost, 200);
	assert_int_equal(s.tokens, 207);
	assert_int_equal(s.unpriced, 7);
	assert_int_equal(s.counted, 207);	/* the odd one as the dearest */
	assert_int_equal(s.calls, 3);
	s = spent(f, parse(f, "m 2026-01-01 1.5 0 0 0 0\n"), march - HOUR, 0);
	assert_int_equal(s.cost, 300);
	s = spent(f, parse(f, "m 2026-01-01 1 0 0 0 0\n"
			   "m 2026-03-01 2 0 0 0 0\n"), march - HOUR, 0);
	assert_int_equal(s.cost, 300);
	s = spent(f, parse(f, "m 2026-03-01 2 0 0 0 0\n"), march - HOUR, 0);
	assert_int_equal(s.cost, 200);
	assert_int_equal(s.unpriced, 107);
	s = spent(f, parse(f, ""), march - HOUR, 0);
	assert_int_equal(s.cost, 0);
	assert_int_equal(s.unpriced, 207);
}

static const struct period *period(const char *zone, int64_t now)
{
	static struct period p;

	period_at(zone, now, &p);
	return &p;
}

static void budget_use_is_by_the_users_days(void **state)
{
	struct fixture *f = *state;
	/* 16:00 of 31 March in New York, 5:00 of 1 April in Seoul. */
	int64_t now = clock_days(2026, 3, 31) * 24 * HOUR + 20 * HOUR;
	const struct prices *p = parse(f, "m 2026-01-01 1 0 0 0 0\n");
	char kim[ID_SIZE], lee[ID_SIZE];
	struct budget_use s;
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	add(f, kim, "m", now - 30 * 24 * HOUR, 1000);
	add(f, kim, "m", now - 6 * HOUR, 100);
	add(f, kim, "m", now, 10);
	add(f, kim, "m", now + 24 * HOUR, 1);
	add(f, lee, "m", now, 10000);
	OK(budget_save(f->db, BUDGET_EACH, &(struct budget){
		       .day_tokens = 1000 }, &e));
	OK(budget_save(f->db, BUDGET_ALL, &(struct budget){
		       .month_cost = 100 }, &e));
	OK(budget_use_load(f->db, p, kim, period("Asia/Seoul", now), &s, &e));
	assert_string_equal(s.period.day, "2026-04-01");
	assert_int_equal(s.day.tokens, 10);
	assert_int_equal(s.month.tokens, 11);
	assert_int_equal(s.budget.day_tokens, 1000);
	assert_int_equal(budget_use_percent(&s), 1);
	OK(budget_use_load(f->db, p, kim, period("America/New_York", now), &s, &e));
	assert_int_equal(s.day.tokens, 110);
	assert_int_equal(s.month.tokens, 1110);
	OK(budget_use_load(f->db, p, NULL, period("UTC", now), &s, &e));
	assert_int_equal(s.month.cost, 11110);
	assert_int_equal(s.budget.month_cost, 100);
	assert_int_equal(budget_use_percent(&s), 11110);
}

static void the_fullest_limit_counts(void **state)
{
	struct budget_use s = { .day = { .tokens = 99, .counted = 50 },
			      .month = { .tokens = 799, .counted = INT64_MAX } };

	assert_int_equal(budget_use_percent(&s), 0);
	s.budget.day_tokens = 1000;
	assert_int_equal(budget_use_percent(&s), 9);
	s.budget.month_tokens = 1000;
	assert_int_equal(budget_use_percent(&s), 79);
	s.budget.day_cost = 50;
	assert_int_equal(budget_use_percent(&s), 100);
	s.budget.month_cost = 1;
	assert_int_equal(budget_use_percent(&s), INT_MAX);
}

static void what_is_used_up_resets(void **state)
{
	struct budget_use s = { .day = { .tokens = 100, .counted = 50 },
			      .month = { .tokens = 800, .counted = 400 },
			      .period = { .day_to = 1, .month_to = 2 } };

	assert_int_equal(budget_use_resets_at(&s), 0);
	s.budget.day_tokens = 101;
	assert_int_equal(budget_use_resets_at(&s), 0);
	s.budget.day_tokens = 100;
	assert_int_equal(budget_use_resets_at(&s), 1);
	s.budget = (struct budget){ .day_cost = 50 };
	assert_int_equal(budget_use_resets_at(&s), 1);
	s.budget.month_tokens = 800;
	assert_int_equal(budget_use_resets_at(&s), 2);
	s.budget = (struct budget){ .month_cost = 399 };
	assert_int_equal(budget_use_resets_at(&s), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_corrected_price_corrects_the_past),
		TEST(budget_use_is_by_the_users_days),
		TEST(the_fullest_limit_counts),
		TEST(what_is_used_up_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
