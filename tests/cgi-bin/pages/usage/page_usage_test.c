/* The usage pages, as plain CGI, with a real store and Redis. */
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
#include "core/str.h"
#include "store/budgets.h"
#include "store/conversations.h"
#include "store/usage.h"
#include "store/users.h"
#include "tests/cgi-bin/cgi.h"

#define KNOWN "claude-sonnet-4-5-20250929"	/* 3, 15, 3.75, 6, 0.30 USD */
#define HOSTILE "<script>alert(1)</script>\"'<img src=x>"

static struct site_under_test site;
static char talk[ID_SIZE];	/* kim's conversation */

static void add(const char *user, const char *kind, const char *subject,
		const char *model, int64_t at, struct usage u,
		const char *outcome)
{
	struct usage_call c = { .kind = kind, .model = model, .usage = u,
				.outcome = outcome, .status = 200, .at = at,
				.ended_at = at };
	struct err e = { 0 };

	id_new(c.id);
	assert_true(str_copy(c.user_id, sizeof(c.user_id), user));
	assert_true(str_copy(c.subject_id, sizeof(c.subject_id), subject));
	if (usage_add(site.db, &c, 1, &e) < 0)
		fail_msg("%s", e.text);
}

static int64_t utc(int64_t year, int month, int day, int hour)
{
	return (clock_days(year, month, day) * 24 + hour) * 3600000;
}

static void use_zone(const char *login, const char *zone)
{
	struct err e = { 0 };

	if (user_set_preferences(site.db, login, "Kim", "en", "", zone, 0, &e) < 0)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	const char *top = getenv("top_srcdir");
	struct err e = { 0 };
	char more[1024];

	(void)state;
	snprintf(more, sizeof(more), "prices = %s/conf/prices.list\n"
		 "egress_allow = %s/conf/egress-allow.list\n",
		 top ? top : ".", top ? top : ".");
	site_init(&site, more);
	assert_int_equal(conversation_create(site.db, site.kim, HOSTILE, talk,
					     &e), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void has(const struct answer *a, const char *words)
{
	if (!strstr(a->body, shown(words)))
		fail_msg("no \"%s\" in: %s", words, a->body);
}

static void has_not(const struct answer *a, const char *words)
{
	if (strstr(a->body, shown(words)))
		fail_msg("\"%s\" in: %s", words, a->body);
}

static int count(const struct answer *a, const char *what)
{
	const char *at = a->body;
	int n = 0;

	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

static void test_nothing_yet(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	a = get(&b, "/usage");
	expect(a, 200);
	has(a, "@usage_none");
	has(a, "@budget_no_limit");
	has(a, "href=\"/workspace\"");
	has_not(a, "<svg class=\"chart-bars\"");
	has_not(a, "id=\"runs\"");
	talloc_free(a);
}

/* 1,000 tokens of each class at known prices, in a month of the past. */
static void test_a_month(void **state)
{
	const struct usage u = { 1000, 1000, 1000, 1000, 1000 };
	char gone[ID_SIZE], run[ID_SIZE];
	struct browser b;
	struct answer *a;

	(void)state;
	id_new(gone);
	id_new(run);
	add(site.kim, "conversation", talk, KNOWN, utc(2026, 3, 5, 1), u,
	    "complete");
	add(site.kim, "conversation", gone, "<b>model</b>", utc(2026, 3, 6, 1),
	    u, "complete");
	add(site.kim, "workspace", site.kim, KNOWN, utc(2026, 3, 7, 1),
	    (struct usage){ .input = 1 }, "complete");
	add(site.kim, "run", run, KNOWN, utc(2026, 3, 7, 1),
	    (struct usage){ .input = 0 }, "unmetered");
	add(site.lee, "workspace", site.lee, KNOWN, utc(2026, 3, 7, 1),
	    (struct usage){ .input = 77777 }, "complete");
	add(site.kim, "run", run, "", utc(2026, 3, 8, 1),
	    (struct usage){ .input = 0 }, "failed");
	be_kim(&b, &site);
	a = get(&b, "/usage?month=2026-03");
	expect(a, 200);
	has(a, "@usage_interrupted_help");
	has(a, "Mar 2026");
	assert_int_equal(count(a, "<g class=\"chart-day"), 31);
	has(a, "data-day=\"2026-03-05\" data-value=\"5000\"");
	has(a, "data-day=\"2026-03-05\" data-tokens=\"5000\" data-cost=\"28050\"");
	has(a, "data-day=\"2026-03-04\" data-value=\"0\"");
	has(a, "@usage_price_unknown_help");
	has(a, "&lt;b&gt;model&lt;/b&gt;");
	has(a, "1 unmetered");
	has(a, "Deleted conversation");
	has(a, "Terminal");
	has(a, "id=\"runs\"");
	has(a, "10,001");
	has(a, "@usage_failed");
	has_not(a, "@usage_model_unnamed");
	has(a, "$0.03*");
	has(a, "–*");
	has_not(a, "77,777");
	has_not(a, "<script>alert");
	has_not(a, "<img src=x");
	has_not(a, "style=");
	talloc_free(a);
	a = get(&b, "/usage?month=2026-03&show=cost");
	has(a, "data-day=\"2026-03-05\" data-value=\"28050\"");
	talloc_free(a);
}

static void test_wrong_months(void **state)
{
	static const char *const wrong[] = { "2026-13", "2026-00", "26-03",
		"2026-3", "2026-03-01", "x", "1999-12", "99999999999-01",
		"2026%2d0a", "%3Cscript%3E", "+2026-03" };
	struct browser b;
	char address[128];
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(address, sizeof(address), "/usage?month=%s", wrong[i]);
		expect_error(get(&b, address), 400, "@error_month");
		snprintf(address, sizeof(address), "/usage.csv?month=%s",
			 wrong[i]);
		expect_error(get(&b, address), 400, "@error_month");
	}
	expect_error(get(&b, "/usage?month=9999-12"), 200, "@usage_none");
	expect_error(get(&b, "/usage?month=2000-01"), 200, "@usage_none");
	expect_error(get(&b, "/usage?month="), 200, "Usage");
}

/* 15:30 on the last of March in UTC is April in Seoul. */
static void test_days_are_the_users(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	add(site.kim, "workspace", site.kim, KNOWN, utc(2025, 3, 31, 15),
	    (struct usage){ .input = 123 }, "complete");
	be_kim(&b, &site);
	use_zone(site.kim, "Asia/Seoul");
	a = get(&b, "/usage?month=2025-04");
	has(a, "data-day=\"2025-04-01\" data-value=\"123\"");
	has(a, "Asia/Seoul");
	talloc_free(a);
	expect_error(get(&b, "/usage?month=2025-03"), 200, "@usage_none");
	use_zone(site.kim, "America/New_York");
	a = get(&b, "/usage?month=2025-03");
	has(a, "data-day=\"2025-03-31\" data-value=\"123\"");
	/* its 9th had 23 hours */
	assert_int_equal(count(a, "<g class=\"chart-day"), 31);
	talloc_free(a);
	use_zone(site.kim, "");
}

static void test_against_the_budget(void **state)
{
	const struct budget soft = { .day_tokens = 1000 };
	const struct budget full = { .day_tokens = 850 };
	const struct budget hard = { .month_cost = 1 };
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	add(site.lee, "workspace", site.lee, KNOWN, clock_now_ms(),
	    (struct usage){ .input = 850 }, "complete");
	assert_int_equal(budget_save(site.db, BUDGET_EACH, &soft, &e), 0);
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	a = get(&b, "/usage");
	has(a, "850 of 1,000");
	has(a, "85%");
	has(a, "@budget_soft");
	has(a, "aria-valuenow=\"85\"");
	has(a, "Resets in");
	has_not(a, "Used up:");
	talloc_free(a);
	assert_int_equal(budget_save(site.db, BUDGET_EACH, &full, &e), 0);
	a = get(&b, "/usage");
	has(a, "@budget_hard");
	has(a, "100%");
	has_not(a, "@budget_all_used_up");
	talloc_free(a);
	assert_int_equal(budget_save(site.db, BUDGET_ALL, &full, &e), 0);
	expect_error(get(&b, "/usage"), 200, "@budget_all_used_up");
	assert_int_equal(budget_clear(site.db, BUDGET_ALL, &e), 0);
	assert_int_equal(budget_save(site.db, site.lee, &hard, &e), 0);
	a = get(&b, "/usage");
	has(a, "@budget_hard");
	has(a, "999%");
	has(a, "aria-valuenow=\"100\"");
	talloc_free(a);
	assert_int_equal(budget_clear(site.db, BUDGET_EACH, &e), 0);
	assert_int_equal(budget_clear(site.db, site.lee, &e), 0);
}

/* Sums of what nobody will ever use are shown whole. */
static void test_huge_numbers(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	add(site.kim, "workspace", site.kim, KNOWN, utc(2024, 5, 5, 1),
	    (struct usage){ .input = INT64_C(900000000000000) }, "complete");
	add(site.kim, "workspace", site.kim, KNOWN, utc(2024, 5, 6, 1),
	    (struct usage){ .output = 1 }, "complete");
	be_kim(&b, &site);
	a = get(&b, "/usage?month=2024-05");
	expect(a, 200);
	has(a, "900,000,000,000,001");
	has(a, "data-day=\"2024-05-06\" data-value=\"1\"");
	talloc_free(a);
}

static void test_csv(void **state)
{
	struct conversation *c;
	struct err e = { 0 };
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	assert_int_equal(conversation_rename(site.db, talk, site.kim,
		"=cmd|'/C calc'!A0, \"두 번\"", &e), 0);
	a = get(&b, "/usage.csv?month=2026-03");
	expect(a, 200);
	assert_non_null(strstr(header(a, "Content-Type"), "text/csv"));
	assert_string_equal(header(a, "Content-Disposition"),
			    "attachment; filename=\"gongbang-usage-2026-03.csv\"");
	assert_memory_equal(a->body, "\xef\xbb\xbf\"Day\",\"Type\",", 16);
	has(a, "\r\n\"2026-03-05\",\"Conversation\","
	    "\"'=cmd|'/C calc'!A0, \"\"두 번\"\"\",");
	has(a, "\"" KNOWN "\",1,0,1000,1000,1000,1000,1000,5000,0.02805\r\n");
	has(a, ",\"<b>model</b>\",1,0,1000,1000,1000,1000,1000,5000,"
	    "\"Cost unknown\"\r\n");
	has(a, ",1,1,0,0,0,0,0,0,0\r\n");
	has_not(a, "77777");
	assert_int_equal(count(a, "\r\n"), 6);
	talloc_free(a);
	assert_int_equal(conversation_rename(site.db, talk, site.kim, HOSTILE,
					     &e), 0);
	c = conversation_load(site.db, NULL, talk, site.kim, &e);
	assert_non_null(c);
	talloc_free(c);
}

static void test_formulas_are_defused(void **state)
{
	static const char *const titles[] = { "=1+1", "+1", "-1", "@SUM(A1)",
		"  =1", "＝1", "－1" };
	struct err e = { 0 };
	struct browser b;
	struct answer *a;
	char want[64];
	size_t i;

	(void)state;
	be_kim(&b, &site);
	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		assert_int_equal(conversation_rename(site.db, talk, site.kim,
						     titles[i], &e), 0);
		a = get(&b, "/usage.csv?month=2026-03");
		snprintf(want, sizeof(want), ",\"'%s\",", titles[i]);
		has(a, want);
		talloc_free(a);
	}
}

static void test_prices_away(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;

	(void)state;
	site_init(&own, "prices = /nonexistent\n");
	talloc_free(log_in(&b, &own, "kim", PASSWORD));
	a = get(&b, "/usage");
	expect(a, 200);
	has(a, "@usage_prices_away");
	talloc_free(a);
	site_release(&own);
}

static void test_wrong_methods(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	memset(&b, 0, sizeof(b));
	b.site = &site;
	expect_to(get(&b, "/usage?month=2026-03"),
		  "/login?next=/usage%3Fmonth%3D2026-03");
	expect_to(get(&b, "/usage.csv"), "/login?next=/usage.csv");
	be_kim(&b, &site);
	expect_error(post(&b, "/usage", "csrf=CSRF"), 405, "@error_method");
	expect_error(post(&b, "/usage.csv", "csrf=CSRF"), 405, "@error_method");
	a = ask(&b, "HEAD", "/usage", NULL, 0);
	expect(a, 200);
	assert_int_equal(a->body_len, 0);
	talloc_free(a);
}

/* The site's own zone is UTC; here the budget stays, and it is said. */
static void test_another_zone(void **state)
{
	static const char words[] = "Your budget follows UTC until";
	struct browser b;
	struct answer *a;
	struct user *u;
	struct err e = { 0 };

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	a = get(&b, "/account");
	has_not(a, words);
	talloc_free(a);
	a = post(&b, "/account", "csrf=CSRF&display_name=lee&locale=en&theme="
		 "&timezone=Pacific/Kiritimati");
	expect(a, 303);
	talloc_free(a);
	a = post(&b, "/account", "csrf=CSRF&display_name=lee&locale=en&theme="
		 "&timezone=Etc/GMT%2B12");
	expect(a, 303);
	talloc_free(a);
	u = user_load(site.db, NULL, site.lee, &e);
	assert_non_null(u);
	assert_string_equal(u->timezone, "Etc/GMT+12");
	assert_string_equal(u->budget_timezone, "");
	assert_true(u->budget_timezone_until > clock_now_ms());
	talloc_free(u);
	a = get(&b, "/account");
	has(a, words);
	talloc_free(a);
	a = get(&b, "/usage");
	has(a, words);
	talloc_free(a);
	a = post(&b, "/account", "csrf=CSRF&display_name=lee&locale=en&theme="
		 "&timezone=");
	expect(a, 303);
	talloc_free(a);
	a = get(&b, "/usage");
	has_not(a, words);
	talloc_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_a_month),
		cmocka_unit_test(test_wrong_months),
		cmocka_unit_test(test_days_are_the_users),
		cmocka_unit_test(test_against_the_budget),
		cmocka_unit_test(test_huge_numbers),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_formulas_are_defused),
		cmocka_unit_test(test_prices_away),
		cmocka_unit_test(test_wrong_methods),
		cmocka_unit_test(test_another_zone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
