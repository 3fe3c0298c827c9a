/* lib/spending/prices.c: the table, its errors, exact sums. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "spending/prices.h"

static int64_t day(int year, int month, int date)
{
	return clock_days(year, month, date) * INT64_C(86400000);
}

static struct prices *parse(const char *text)
{
	struct err e = { 0 };
	struct prices *p = prices_parse(NULL, "t", text, strlen(text), &e);

	if (!p)
		fail_msg("%s", e.text);
	return p;
}

#define INPUT(n) (&(struct usage){ .input = (n) })

static void the_right_row_counts(void **state)
{
	static const struct { const char *model; int64_t cost; } rows[] = {
		{ "claude-a", 10 }, { "claude-a-2025", 30 },
		{ "claude-a-", 30 }, { "claude-abc", 20 }, { "claude-", 20 },
		{ "claude", -1 }, { "", -1 }, { "Claude-a", -1 },
		{ "claude-a*", 20 }, { "claude-b", 20 },
	};
	struct prices *p = parse(
		"# all\n\n"
		"claude-*   2025-01-01 20 0 0 0 0\n"
		"claude-a   2025-01-01 10 0 0 0 0 # exact\r\n"
		"\tclaude-a-* 2025-01-01 30 0 0 0 0");
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(prices_cost(p, rows[i].model, INPUT(1),
					     day(2026, 1, 1)), rows[i].cost);
	talloc_free(p);
	p = parse("* 2025-01-01 1 0 0 0 0\n");
	assert_int_equal(prices_cost(p, "", INPUT(1), day(2026, 1, 1)), 1);
	talloc_free(p);
}

static void prices_change_with_time(void **state)
{
	struct prices *p = parse("m 2026-03-01 3 0 0 0 0\n"
				 "m 2026-01-01 1 0 0 0 0\n"
				 "m 2026-02-01 2 0 0 0 0\n");
	int64_t ms = day(2026, 2, 1);

	assert_int_equal(prices_cost(p, "m", INPUT(1), day(2026, 1, 1) - 1),
			 -1);
	assert_int_equal(prices_cost(p, "m", INPUT(1), ms - 1), 1);
	assert_int_equal(prices_cost(p, "m", INPUT(1), ms), 2);
	assert_int_equal(prices_cost(p, "m", INPUT(1), day(2099, 1, 1)), 3);
	assert_true(prices_change(p, ms - 1, ms + 1));
	assert_false(prices_change(p, ms - 1, ms));
	assert_false(prices_change(p, ms, ms + 1));
	assert_true(prices_change(p, ms, 0));
	assert_false(prices_change(p, day(2026, 3, 1), 0));
	talloc_free(p);
}

static void sums_are_exact(void **state)
{
	const struct usage one = { 1, 1, 1, 1, 1 };
	const struct usage many = { 1000000, 2000000, 3000000, 4000000,
				    5000000 };
	struct prices *p = parse("m 2025-01-01 0.1 0.1 0.1 0.1 0.099999\n"
				 "n 2025-01-01 3 15 3.75 6 0.30\n"
				 "h 2025-01-01 0.000001 0 0 0 0\n"
				 "x 2025-01-01 1000000 0 0 0 0\n");
	int64_t at = day(2026, 1, 1);

	/* 0.499999 and 0.5 millionths. */
	assert_int_equal(prices_cost(p, "m", &one, at), 0);
	assert_int_equal(prices_cost(p, "m", INPUT(5), at), 1);
	assert_int_equal(prices_cost(p, "n", &many, at), 3000000 + 30000000 +
			 11250000 + 24000000 + 1500000);
	assert_int_equal(prices_cost(p, "h", INPUT(499999), at), 0);
	assert_int_equal(prices_cost(p, "h", INPUT(500000), at), 1);
	assert_int_equal(prices_cost(p, "n", INPUT(INT64_C(1) << 60), at),
			 (INT64_C(1) << 60) * 3);
	assert_int_equal(prices_cost(p, "x", INPUT(INT64_MAX), at), INT64_MAX);
	assert_int_equal(prices_cost(p, "n", INPUT(-5), at), 0);
	talloc_free(p);
}

static void the_dearest_is_of_the_time(void **state)
{
	struct prices *p = parse("a 2025-01-01 9 1 1 1 1\n"
				 "a 2026-01-01 2 1 1 1 1\n"
				 "b 2026-01-01 1 7 1 1 1\n"
				 "c 2027-01-01 99 99 99 99 99\n");
	const struct usage u = { .input = 1, .output = 1 };

	assert_int_equal(prices_dearest(p, "m", &u, day(2024, 1, 1)), 0);
	assert_int_equal(prices_dearest(p, "m", &u, day(2025, 1, 1)), 10);
	assert_int_equal(prices_dearest(p, "m", &u, day(2026, 1, 1)), 9);
	assert_int_equal(prices_dearest(p, "m", &u, day(2027, 1, 1)), 198);
	talloc_free(p);
	p = parse("");
	assert_int_equal(prices_dearest(p, "m", &u, day(2026, 1, 1)), 0);
	talloc_free(p);
}

static void bad_rows_are_named(void **state)
{
	static const char *const bad[] = {
		"m", "m 2025-01-01 1 1 1 1", "m 2025-01-01 1 1 1 1 1 0",
		"m 2025-13-01 1 1 1 1 1", "m 2025-02-29 1 1 1 1 1",
		"m 2025-1-01 1 1 1 1 1", "m 2025-01-011 1 1 1 1 1",
		"m 25-01-01 1 1 1 1 1", "m 2025/01/01 1 1 1 1 1",
		"m 2025-01-00 1 1 1 1 1", "m 2025-01-01 -1 1 1 1 1",
		"m 2025-01-01 1. 1 1 1 1", "m 2025-01-01 .5 1 1 1 1",
		"m 2025-01-01 1e3 1 1 1 1", "m 2025-01-01 0x1 1 1 1 1",
		"m 2025-01-01 1.0000001 1 1 1 1", "m 2025-01-01 1,5 1 1 1 1",
		"m 2025-01-01 1000001 1 1 1 1", "m 2025-01-01 $1 1 1 1 1",
		"m 2025-01-01 99999999999999999999 1 1 1 1",
		"m** 2025-01-01 1 1 1 1 1", "*m 2025-01-01 1 1 1 1 1",
		"m\xff 2025-01-01 1 1 1 1 1",
		"ok 2025-01-01 1 1 1 1 1", "pre* 2025-01-01 1 1 1 1 1",
	};
	char text[512];
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "ok 2025-01-01 1 1 1 1 1\n"
			 "pre* 2025-01-01 1 1 1 1 1\n%s\n", bad[i]);
		if (prices_parse(NULL, "f", text, strlen(text), &e))
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		if (strncmp(e.text, "f:3: ", 5) != 0)
			fail_msg("%s", e.text);
	}
	assert_null(prices_parse(NULL, "f", "m\0", 2, &e));
	assert_null(prices_load(NULL, "/nowhere/prices.list", &e));
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, "/nowhere/prices.list"));
	assert_null(prices_load(NULL, "/tmp", &e));
	assert_int_equal(e.kind, ERR_INPUT);
}

/* The table that is installed: classes in their ratios, known names priced. */
static void the_installed_table_is_good(void **state)
{
	const char *top = getenv("top_srcdir");
	const struct usage all = { 1000000, 0, 1000000, 1000000, 1000000 };
	int64_t at = day(2026, 11, 25);
	struct err e = { 0 };
	struct prices *p;
	char path[512];

	snprintf(path, sizeof(path), "%s/conf/prices.list", top ? top : ".");
	p = prices_load(NULL, path, &e);
	if (!p)
		fail_msg("%s", e.text);
	assert_int_equal(prices_cost(p, "claude-opus-4-5-20251101", &all, at),
			 5 * 4350000);
	assert_int_equal(prices_cost(p, "claude-sonnet-4-5", &all, at),
			 3 * 4350000);
	assert_int_equal(prices_cost(p, "claude-3-5-haiku-20241022", &all, at),
			 4350000 * 8 / 10);
	assert_int_equal(prices_cost(p, "claude-opus-4-10", &all, at), -1);
	assert_int_equal(prices_cost(p, "somebody-elses", &all, at), -1);
	talloc_free(p);
}

static void a_long_prompt_has_a_price_of_its_own(void **state)
{
	static const struct {
		const char *model;
		struct usage u;
		const char *name;
		int64_t cost;
	} rows[] = {
		{ "m", { .input = 100 }, "m", 100 },
		{ "m", { .input = 101 }, "m/long", 505 },
		{ "m", { .input = 1, .output = 1000 }, "m", 1 },
		{ "m", { .input = 1, .cache_write_5m = 50, .cache_write_1h = 20, .cache_read = 30 }, "m/long", 5 },
		{ "m-2026", { .input = 101 }, "m/long", 505 },
		{ "other", { .input = 1000 }, "other", 1000 },
		{ "unknown", { .input = 1000 }, "unknown", -1 },
	};
	struct prices *p = parse("m 2025-01-01 1 0 0 0 0 100\nm-* 2025-01-01 1 0 0 0 0 100\n"
				 "m/long 2025-01-01 5 0 0 0 0\nother 2025-01-01 1 0 0 0 0\n");
	char name[PRICES_NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		prices_name(p, rows[i].model, &rows[i].u, day(2026, 1, 1), name);
		assert_string_equal(name, rows[i].name);
		assert_int_equal(prices_cost(p, name, &rows[i].u, day(2026, 1, 1)), rows[i].cost);
	}
	talloc_free(p);
}

static void hosted_tools_cost_by_use(void **state)
{
	struct prices *p = parse("* 2025-01-01 1 1 0 0 0\nhosted-tool/web_search 2025-01-01 10000 0 0 0 0\n"
				 "hosted-tool/web_fetch 2025-01-01 0 0 0 0 0\n");
	const int64_t at = day(2026, 1, 1);

	assert_int_equal(prices_cost(p, "hosted-tool/web_search", INPUT(3), at), 30000);
	assert_int_equal(prices_cost(p, "hosted-tool/web_fetch", INPUT(3), at), 0);
	/* One without a price is no model, and counts as the dearest tool. */
	assert_int_equal(prices_cost(p, "hosted-tool/other", INPUT(3), at), -1);
	assert_int_equal(prices_counted(p, "hosted-tool/other", INPUT(3), at), 30000);
	assert_int_equal(prices_dearest(p, "m", INPUT(3), at), 3);
	talloc_free(p);
}

static void the_models_of_today_are_in_the_installed_table(void **state)
{
	static const struct {
		const char *model;
		int64_t input, output, read;
	} rows[] = {
		{ "claude-opus-5-5", 4000000, 20000000, 400000 },
		{ "claude-fable-5-2", 8000000, 40000000, 800000 },
		{ "claude-sonnet-5-5-20260101", 2000000, 10000000, 200000 },
		{ "claude-haiku-5-5", 100000, 500000, 10000 },
		{ "claude-haiku-5-5/long", 500000, 2500000, 50000 },
		{ "hosted-tool/web_search", INT64_C(10000000000), 0, 0 },
	};
	struct err e = { 0 };
	const char *top = getenv("top_srcdir");
	char *path = talloc_asprintf(NULL, "%s/conf/prices.list", top ? top : ".");
	struct prices *p = prices_load(path, path, &e);
	size_t i;

	assert_non_null(p);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(prices_cost(p, rows[i].model, INPUT(1000000), day(2026, 11, 30)), rows[i].input);
		assert_int_equal(prices_cost(p, rows[i].model, &(struct usage){ .output = 1000000 }, day(2026, 11, 30)), rows[i].output);
		assert_int_equal(prices_cost(p, rows[i].model, &(struct usage){ .cache_read = 1000000 }, day(2026, 11, 30)), rows[i].read);
	}
	talloc_free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_row_counts),
		cmocka_unit_test(prices_change_with_time),
		cmocka_unit_test(sums_are_exact),
		cmocka_unit_test(the_dearest_is_of_the_time),
		cmocka_unit_test(a_long_prompt_has_a_price_of_its_own),
		cmocka_unit_test(hosted_tools_cost_by_use),
		cmocka_unit_test(the_models_of_today_are_in_the_installed_table),
		cmocka_unit_test(bad_rows_are_named),
		cmocka_unit_test(the_installed_table_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
