/*
 * lib/spending/amount.c, report.c and user_spending.c: amounts as written,
 * months as requested.
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
#include "spending/amount.h"
#include "spending/report.h"
#include "spending/user_spending.h"

static void tokens_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t n;	/* -1: refused */
	} rows[] = {
		{ "", 0 }, { " ", 0 }, { "0", 0 }, { "7", 7 }, { "500000", 500000 },
		{ "500,000", 500000 }, { " 1,234,567 ", 1234567 },
		{ "1000000000000000", AMOUNT_MAX }, { "1000000000000001", -1 },
		{ "99999999999999999999999999", -1 }, { "-1", -1 },
		{ "1,5", -1 }, { "1,50", -1 }, { "1,5000", -1 }, { ",500", -1 },
		{ "1234,567", -1 }, { "1,,234", -1 }, { "1,234,", -1 },
		{ "1 000", -1 }, { "1.5", -1 }, { "1e3", -1 }, { "x", -1 },
		{ "١", -1 }, { "$5", -1 },
	};
	struct err e = { 0 };
	int64_t n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = -1;
		if (amount_parse_tokens(rows[i].text, &n, &e) < 0)
			assert_string_equal(e.key, "error_amount_tokens");
		if (n != rows[i].n)
			fail_msg("\"%s\": %lld", rows[i].text, (long long)n);
	}
}

static void dollars_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		int64_t n;
		const char *usd, *plain;
	} rows[] = {
		{ "", 0, "$0.00", "0" }, { "$", 0, "$0.00", "0" },
		{ "12.50", 12500000, "$12.50", "12.5" },
		{ "$ 1,204.5", 1204500000, "$1,204.50", "1204.5" },
		{ ".25", 250000, "$0.25", "0.25" },
		{ "0.005", 5000, "$0.005", "0.005" },
		{ "0.000001", 1, "$0.000001", "0.000001" },
		{ "0.00426", 4260, "$0.0043", "0.00426" },
		{ "999999999", INT64_C(999999999000000), "$999,999,999.00",
		  "999999999" },
		{ "0.995", 995000, "$1.00", "0.995" },
		{ "1000000000", -1, NULL, NULL }, { "1.", -1, NULL, NULL },
		{ "1.0000001", -1, NULL, NULL }, { "1,5", -1, NULL, NULL },
		{ "-1", -1, NULL, NULL }, { "1.2.3", -1, NULL, NULL },
		{ "5 USD", -1, NULL, NULL }, { "$$5", -1, NULL, NULL },
		{ ".", -1, NULL, NULL },
	};
	char text[AMOUNT_SIZE];
	struct err e = { 0 };
	int64_t n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = -1;
		if (amount_parse_usd(rows[i].text, &n, &e) < 0)
			assert_string_equal(e.key, "error_amount_usd");
		if (n != rows[i].n)
			fail_msg("\"%s\": %lld", rows[i].text, (long long)n);
		if (n < 0)
			continue;
		amount_usd(text, n);
		assert_string_equal(text, rows[i].usd);
		amount_plain(text, n);
		assert_string_equal(text, rows[i].plain);
	}
}

static void tokens_are_written(void **state)
{
	static const struct {
		int64_t n;
		const char *whole, *brief;
	} rows[] = {
		{ 0, "0", "0" }, { 999, "999", "999" }, { 1000, "1,000", "1K" },
		{ 12345, "12,345", "12.3K" }, { 500000, "500,000", "500K" },
		{ 1234567, "1,234,567", "1.2M" },
		{ INT64_MAX, "9,223,372,036,854,775,807", "9223372036B" },
		{ INT64_MIN, "-9,223,372,036,854,775,808", NULL },
	};
	char text[AMOUNT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		amount_tokens(text, rows[i].n);
		assert_string_equal(text, rows[i].whole);
		if (!rows[i].brief)
			continue;
		amount_short(text, rows[i].n);
		assert_string_equal(text, rows[i].brief);
	}
}

static int64_t utc(int64_t year, int month, int day, int hour)
{
	return (clock_days(year, month, day) * 24 + hour) * 3600000;
}

static void months_are_those_of_the_zone(void **state)
{
	struct report_month m;
	struct err e = { 0 };
	char month[8];

	OK(report_month_at("Asia/Seoul", NULL, utc(2026, 10, 31, 15), &m, &e));
	assert_string_equal(m.month, "2026-11");
	assert_int_equal(m.from, utc(2026, 10, 31, 15));
	assert_int_equal(m.to, utc(2026, 11, 30, 15));
	assert_int_equal(m.ndays, 30);
	assert_string_equal(m.days[29].day, "2026-11-30");
	assert_int_equal(m.days[24].weekday, 3);
	assert_int_equal(m.days[24].number, 25);
	OK(report_month_at("America/New_York", "2026-03", 0, &m, &e));
	assert_int_equal(m.ndays, 31);
	assert_int_equal(m.days[8].from - m.days[7].from, 23 * 3600000);
	assert_int_equal(m.days[0].from, m.from);
	OK(report_month_at("no/zone", "2024-02", 0, &m, &e));
	assert_int_equal(m.ndays, 29);
	FAILS(ERR_INPUT, report_month_at("UTC", "2026-13", 0, &m, &e));
	FAILS(ERR_INPUT, report_month_at("UTC", "1999-12", 0, &m, &e));
	FAILS(ERR_INPUT, report_month_at("UTC", "2026-1x", 0, &m, &e));
	report_month_step("2026-01", -1, month);
	assert_string_equal(month, "2025-12");
	report_month_step("2026-12", 1, month);
	assert_string_equal(month, "2027-01");
}

static void add(struct fixture *f, const char *user, const char *subject,
		const char *model, int64_t at, int64_t input)
{
	struct usage_call c = { .kind = "conversation", .model = model,
		.usage.input = input, .outcome = "complete", .at = at };
	struct err e = { 0 };

	id_new(c.id);
	memcpy(c.user_id, user, ID_SIZE);
	memcpy(c.subject_id, subject, ID_SIZE);
	OK(usage_add(f->db, &c, 1, &e));
}

static struct prices *prices_of(struct fixture *f)
{
	static const char text[] = "a 2026-01-01 1 0 0 0 0\n"
		"a 2026-11-15 3 0 0 0 0\n";
	struct err e = { 0 };
	struct prices *p = prices_parse(f, "t", text, strlen(text), &e);

	if (!p)
		fail_msg("%s", e.text);
	return p;
}

/* However it is cut, the whole is the same, at the price of each day. */
static void sums_agree(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], talks[100][ID_SIZE];
	struct prices *p = prices_of(f);
	struct report_month m;
	struct report *r;
	struct err e = { 0 };
	size_t i, by;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	for (i = 0; i < 100; i++) {
		id_new(talks[i]);
		add(f, i % 2 ? kim : lee, talks[i], i % 3 ? "a" : "b",
		    utc(2026, 11, 1 + (int)i % 30, 5), 1000000);
	}
	OK(report_month_at("Asia/Seoul", "2026-11", 0, &m, &e));
	for (by = REPORT_BY_MODEL; by <= REPORT_BY_USER; by++) {
		r = report_load(f, f->db, p, NULL, &m, by, &e);
		assert_non_null(r);
		assert_int_equal(r->all.calls, 100);
		assert_int_equal(r->all.unpriced, 34000000);
		assert_int_equal(tally_tokens(&r->all), 100000000);
		assert_int_equal(r->all.cost, 33000000 + 3 * 33000000);
		assert_int_equal(r->n, by == REPORT_BY_SUBJECT ? 100 : 2);
		assert_true(tally_tokens(&r->lines[0].tally) >=
			    tally_tokens(&r->lines[1].tally));
		if (by != REPORT_BY_SUBJECT)
			assert_int_equal(r->days[0].calls, 4);
	}
	r = report_load(f, f->db, p, kim, &m, REPORT_BY_SUBJECT, &e);
	assert_non_null(r);
	assert_int_equal(r->n, 50);
}

static void everybody_stands_in_their_own_day(void **state)
{
	const struct budget each = { .day_tokens = 10 };
	const struct budget own = { .month_tokens = 20 };
	int64_t now = utc(2026, 11, 30, 16);	/* 1 December in Seoul */
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE];
	struct user_spending *all;
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", true, lee, &e));
	OK(user_set_preferences(f->db, kim, "Kim", "", "", "Asia/Seoul", 0, &e));
	OK(budget_save(f->db, BUDGET_EACH, &each, &e));
	OK(budget_save(f->db, lee, &own, &e));
	add(f, kim, kim, "a", utc(2026, 11, 30, 14), 1);
	add(f, kim, kim, "a", utc(2026, 11, 30, 15), 2);
	add(f, lee, lee, "b", utc(2026, 11, 30, 14), 4);
	add(f, lee, lee, "a", utc(2026, 11, 1, 1), 8);
	all = user_spending_load(f, f->db, prices_of(f), "UTC", now, &e);
	assert_non_null(all);
	assert_int_equal(all->n, 2);
	assert_string_equal(all->list[0].login, "kim");
	assert_int_equal(all->list[0].use.day.tokens, 2);
	assert_int_equal(all->list[0].use.month.tokens, 2);
	assert_int_equal(all->list[0].use.budget.day_tokens, 10);
	assert_false(all->list[0].own);
	assert_int_equal(all->list[1].use.day.tokens, 4);
	assert_int_equal(all->list[1].use.day.unpriced, 4);
	assert_int_equal(all->list[1].use.month.tokens, 12);
	assert_int_equal(all->list[1].use.budget.month_tokens, 20);
	assert_true(all->list[1].own && all->list[1].admin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_read),
		cmocka_unit_test(dollars_are_read_and_written),
		cmocka_unit_test(tokens_are_written),
		cmocka_unit_test(months_are_those_of_the_zone),
		TEST(sums_agree),
		TEST(everybody_stands_in_their_own_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
