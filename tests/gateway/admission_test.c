/*
 * lib/gateway/admission.c with a real Redis and a real store: which calls are
 * admitted. Tests also admission_ask.c, admission_counter.c and
 * admission_scripts.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "admission_fixture.h"
#include "core/clock.h"
#include "spending/budget_zone.h"
#include "store/users.h"

/* What the day and month counters of a user say: used and reserved. */
static void expect_counters(struct admission_world *w, const char *user, int64_t used,
			    int64_t reserved)
{
	static const char *const forms[] = { DAY, MONTH };
	char pattern[128];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(pattern, sizeof(pattern), "spent:%s:%s", user,
			 forms[i]);
		assert_int_equal(world_counter(w, pattern, "t"), used);
		assert_int_equal(world_counter(w, pattern, "c"), used);
		assert_int_equal(world_counter(w, pattern, "rt"), reserved);
		assert_int_equal(world_counter(w, pattern, "rc"), reserved);
	}
}

static void a_call_reserves_and_is_booked(void **state)
{
	struct admission_world *w = *state;
	struct err e = { 0 };
	struct heard h;

	OK(user_set_preferences(w->f->db, w->kim, "Kim", "ko", "",
				"Asia/Tokyo", 0, &e));
	world_add_row(w, w->kim, "m", clock_now_ms() - 1, 30);
	h = world_ask(w, w->token, 8000);
	assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
	assert_string_equal(h.answer.token.user_id, w->kim);
	assert_string_equal(h.zone, "Asia/Tokyo");
	assert_string_equal(h.locale, "ko");
	assert_in_range(h.answer.at, clock_now_ms() - 5000, clock_now_ms());
	expect_counters(w, w->kim, 30, 3000);
	expect_counters(w, "all", 30, 3000);
	world_book(w, &h, "m", 12);
	expect_counters(w, w->kim, 42, 0);
	expect_counters(w, "all", 42, 0);
	/* A model without a price counts as the dearest: it has a limit too. */
	h = world_ask(w, w->token, -1);
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "rt"), 1000);
	world_book(w, &h, "odd", 8);
	expect_counters(w, "all", 50, 0);
}

static int64_t calls_of(struct admission_world *w, const char *command)
{
	char script[160];

	snprintf(script, sizeof(script), "return string.match(redis.call("
		 "'INFO', 'commandstats'), 'cmdstat_%s:calls=(%%d+)')",
		 command);
	return atoll(world_redis(w, script));
}

/* Its script gets the token and the epoch; a look-up would get one more. */
static void a_steady_call_asks_redis_once(void **state)
{
	struct admission_world *w = *state;
	int64_t scripts, gets;
	int i;

	for (i = 0; i < 2; i++)
		assert_int_equal(world_ask(w, w->token, 100).answer.verdict,
				 VERDICT_ADMITTED);
	scripts = calls_of(w, "evalsha");
	gets = calls_of(w, "get");
	for (i = 0; i < 10; i++)
		assert_int_equal(world_ask(w, w->token, 100).answer.verdict,
				 VERDICT_ADMITTED);
	assert_int_equal(calls_of(w, "evalsha") - scripts, 10);
	assert_int_equal(calls_of(w, "get") - gets, 20);
}

static void strangers_have_no_token(void **state)
{
	static const char *const bad[] = { "", "x", "token",
		"00000000000000000000000000000000000000000000000000000000000000",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" };
	struct admission_world *w = *state;
	struct gateway_token t = world_token(w->kim);
	struct heard h = { 0 };
	struct err e = { 0 };
	char other[TOKEN_SIZE], key[GATEWAY_TOKEN_KEY_SIZE];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(world_ask(w, bad[i], 1).answer.verdict,
				 VERDICT_NO_TOKEN);
	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	admission_ask(w->a, w->token, "172.30.0.6", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear, &h);
	world_turn_until(w, &h.calls, 1);
	assert_int_equal(h.answer.verdict, VERDICT_NO_TOKEN);
	/* It moves to another address, as its container may. */
	strcpy(t.address, "172.30.0.6");
	world_put(w, w->token, &t);
	assert_int_equal(world_verdict(w, 1), VERDICT_NO_TOKEN);
	strcpy(t.address, "172.30.0.5");
	world_put(w, w->token, &t);
	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	t.address[0] = '\0';
	world_put(w, w->token, &t);
	memset(&h, 0, sizeof(h));
	admission_ask(w->a, w->token, "10.9.8.7", &(struct call_estimate){ .input = 0, .output = 1000, .model = "m" }, hear, &h);
	world_turn_until(w, &h.calls, 1);
	assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
	/* Nonsense in Redis is no token. */
	token_new(other);
	gateway_token_key(other, key);
	OK(kv_set(w->kv, key, "1 root everything", 100, &e));
	assert_int_equal(world_ask(w, other, 1).answer.verdict,
			 VERDICT_NO_TOKEN);
	OK(kv_set(w->kv, key, "", 100, &e));
	assert_int_equal(world_ask(w, other, 1).answer.verdict,
			 VERDICT_NO_TOKEN);
}

static void an_ended_token_is_refused_at_once(void **state)
{
	struct admission_world *w = *state;
	struct gateway_token t = world_token(w->kim);
	struct err e = { 0 };

	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	OK(gateway_token_end_all(w->kv, w->kim, &e));
	assert_int_equal(world_verdict(w, 1), VERDICT_NO_TOKEN);
	assert_int_equal(world_verdict(w, 1), VERDICT_NO_TOKEN);
	world_put(w, w->token, &t);
	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	/* Another's by now: counted there. */
	t = world_token(w->lee);
	world_put(w, w->token, &t);
	assert_string_equal(world_ask(w, w->token, 1).answer.token.user_id,
			    w->lee);
	expect_counters(w, w->lee, 0, 1000);
	expect_counters(w, w->kim, 0, 0);
}

static void a_disabled_account_is_refused_in_a_second(void **state)
{
	struct admission_world *w = *state;
	struct gateway_token t = world_token(w->kim);
	struct err e = { 0 };
	char other[TOKEN_SIZE];

	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	OK(user_set_disabled(w->f->db, w->kim, true, &e));
	world_pass_a_second(w);
	assert_int_equal(world_verdict(w, 1), VERDICT_DISABLED);
	OK(user_set_disabled(w->f->db, w->kim, false, &e));
	world_pass_a_second(w);
	assert_int_equal(world_verdict(w, 1), VERDICT_ADMITTED);
	id_new(t.user_id);
	token_new(other);
	world_put(w, other, &t);
	assert_int_equal(world_ask(w, other, 1).answer.verdict,
			 VERDICT_DISABLED);
}

static const struct {
	bool all;
	struct budget budget;
	int scope, period;
	bool money;
} limits[] = {
	{ false, { .day_tokens = 5000 }, OVER_USER, OVER_DAY, false },
	{ false, { .day_cost = 5000 }, OVER_USER, OVER_DAY, true },
	{ false, { .month_tokens = 5000 }, OVER_USER, OVER_MONTH, false },
	{ false, { .month_cost = 5000 }, OVER_USER, OVER_MONTH, true },
	{ true, { .day_tokens = 5000 }, OVER_ALL, OVER_DAY, false },
	{ true, { .day_cost = 5000 }, OVER_ALL, OVER_DAY, true },
	{ true, { .month_tokens = 5000 }, OVER_ALL, OVER_MONTH, false },
	{ true, { .month_cost = 5000 }, OVER_ALL, OVER_MONTH, true },
};

static void expect_over(const struct heard *h, enum verdict verdict, int scope,
			int period, bool money, int64_t used)
{
	const struct over_budget *o = &h->answer.over;

	assert_int_equal(h->answer.verdict, verdict);
	assert_int_equal(o->scope, scope);
	assert_int_equal(o->period, period);
	assert_int_equal(o->money, money);
	assert_int_equal(o->limit, 5000);
	assert_int_equal(o->used, used);
}

static void each_limit_is_held_and_named(void **state)
{
	struct admission_world *w = *state;
	int64_t now = clock_now_ms(), resets;
	struct period p;
	struct heard h, second;
	struct err e = { 0 };
	size_t i;

	period_at("Asia/Seoul", now, &p);
	world_add_row(w, w->kim, "m", p.day_from, 4999);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		OK(budget_clear(w->f->db, BUDGET_ALL, &e));
		OK(budget_clear(w->f->db, w->kim, &e));
		world_budget(w, limits[i].all ? BUDGET_ALL : w->kim,
			     limits[i].budget);
		world_pass_a_second(w);
		h = world_ask(w, w->token, 0);
		assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
		second = world_ask(w, w->token, 0);
		expect_over(&second, VERDICT_RESERVED, limits[i].scope, limits[i].period,
			    limits[i].money, 4999);
		resets = limits[i].period == OVER_DAY ? p.day_to : p.month_to;
		assert_int_equal(second.answer.over.resets_at, resets);
		grant_book(w->a, h.answer.grant, "m", &(struct usage){ 0 });
	}
}

static void a_run_has_a_budget_of_its_own(void **state)
{
	struct admission_world *w = *state;
	struct gateway_token t = world_token(w->kim);
	struct heard h;
	int money;

	for (money = 0; money < 2; money++) {
		t.kind = GATEWAY_TOKEN_RUN;
		id_new(t.subject_id);
		t.tokens_max = money ? 0 : 5000;
		t.cost_max = money ? 5000 : 0;
		world_put(w, w->token, &t);
		h = world_ask(w, w->token, 0);
		assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
		world_book(w, &h, "m", 6000);
		h = world_ask(w, w->token, 0);
		expect_over(&h, VERDICT_OVER_BUDGET, OVER_RUN, OVER_LIFE, money, 6000);
		assert_int_equal(h.answer.over.resets_at, 0);
		/* It is the run's, not the token's. */
		token_new(w->token);
		world_put(w, w->token, &t);
		h = world_ask(w, w->token, 0);
		expect_over(&h, VERDICT_OVER_BUDGET, OVER_RUN, OVER_LIFE, money, 6000);
	}
}

static void a_day_is_the_users(void **state)
{
	static const char *const zones[] = { "Pacific/Kiritimati",
		"Etc/GMT+12", "Asia/Kathmandu", "America/New_York" };
	struct admission_world *w = *state;
	struct err e = { 0 };
	struct period p;
	struct heard h;
	char pattern[128];
	int64_t before = 0;
	size_t i;

	world_budget(w, w->kim, (struct budget){ .day_tokens = 1000000 });
	for (i = 0; i < 4; i++) {
		OK(db_run(w->f->db, &e, "DELETE FROM usage", ""));
		OK(db_run(w->f->db, &e, "DELETE FROM usage_quarters", ""));
		OK(db_run(w->f->db, &e, "DELETE FROM usage_days", ""));
		OK(user_set_preferences(w->f->db, w->kim, "K", "en", "",
					zones[i], 0, &e));
		period_at(zones[i], clock_now_ms(), &p);
		world_add_row(w, w->kim, "m", p.day_from - 1, 100);
		world_add_row(w, w->kim, "m", p.day_from, 10);
		world_add_row(w, w->kim, "m", p.month_from - 1, 1000);
		admission_rebuild(w->a);
		world_pass_a_second(w);
		h = world_ask(w, w->token, 0);
		assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
		snprintf(pattern, sizeof(pattern), "spent:%s:%s:*", w->kim,
			 p.day);
		assert_int_equal(world_counter(w, pattern, "t"), 10);
		snprintf(pattern, sizeof(pattern), "spent:%s:%s:*", w->kim,
			 p.month);
		before = p.day_from == p.month_from ? 10 : 110;
		assert_int_equal(world_counter(w, pattern, "t"), before);
		world_book(w, &h, "m", 1);
	}
}

/* Between two zones' days while a call is under way: it counts in both. */
static void a_call_is_booked_after_its_day(void **state)
{
	struct admission_world *w = *state;
	struct err e = { 0 };
	struct heard first, second;

	OK(user_set_preferences(w->f->db, w->kim, "K", "en", "",
				"Pacific/Kiritimati", 0, &e));
	first = world_ask(w, w->token, 0);
	OK(user_set_preferences(w->f->db, w->kim, "K", "en", "", "Etc/GMT+12",
				0, &e));
	world_pass_a_second(w);
	second = world_ask(w, w->token, 0);
	world_book(w, &first, "m", 70);
	world_book(w, &second, "m", 7);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_counters(w, w->kim, 77, 0);
	expect_counters(w, "all", 77, 0);
}

static void choose_zone(struct admission_world *w, const char *zone)
{
	struct err e = { 0 };
	struct user *u = user_load(w->f->db, w, w->kim, &e);

	assert_non_null(u);
	OK(user_set_preferences(w->f->db, w->kim, "K", "en", "", zone,
				budget_zone_end(u, "Asia/Seoul",
						clock_now_ms()), &e));
	talloc_free(u);
}

/* At any time there is a zone in which it is another day. */
static void another_zone_is_no_new_budget(void **state)
{
	static const char *const zones[] = { "Pacific/Kiritimati",
		"Etc/GMT+12", "UTC", "" };
	struct admission_world *w = *state;
	struct period p;
	struct heard h;
	size_t i;

	world_budget(w, w->kim, (struct budget){ .day_tokens = 5000 });
	period_at("Asia/Seoul", clock_now_ms(), &p);
	world_add_row(w, w->kim, "m", p.day_from, 5000);
	for (i = 0; i < 4; i++) {
		choose_zone(w, zones[i]);
		world_pass_a_second(w);
		h = world_ask(w, w->token, 0);
		expect_over(&h, VERDICT_OVER_BUDGET, OVER_USER, OVER_DAY, false, 5000);
		assert_int_equal(h.answer.over.resets_at, p.day_to);
		assert_string_equal(h.zone, "Asia/Seoul");
	}
}

/* What a call wants, what is left of 100,000, and what it gets. */
static void output_is_capped_to_what_is_left(void **state)
{
	static const struct {
		int64_t used, input, wanted, got;
	} rows[] = {
		{ 0, 10000, 80000, 80000 },
		{ 0, 10000, 100000, 45000 },	/* half of 90,000: others find some */
		{ 90000, 4000, 128000, 4096 },	/* a short answer, below half of what is left */
		{ 98000, 50000, 128000, 2000 },	/* input is over, output is not */
		{ 99999, 50000, 128000, 1 },
		{ 99999, 50000, 0, 0 },
	};
	struct admission_world *w = *state;
	struct heard h;
	size_t i;

	for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const bool money = i % 2;
		struct call_estimate estimate = { .model = money ? "unknown" : "m" };
		struct err e = { 0 };

		OK(db_run(w->f->db, &e, "DELETE FROM usage_quarters", ""));
		if (rows[i / 2].used)
			world_add_row(w, w->kim, "m", clock_now_ms() - 1, rows[i / 2].used);
		world_budget(w, w->kim, money ? (struct budget){ .month_cost = 100000 } :
			     (struct budget){ .month_tokens = 100000 });
		admission_rebuild(w->a);
		world_pass_a_second(w);
		estimate.input = rows[i / 2].input;
		estimate.output = rows[i / 2].wanted;
		memset(&h, 0, sizeof(h));
		admission_ask(w->a, w->token, "172.30.0.5", &estimate, hear, &h);
		world_turn_until(w, &h.calls, 1);
		assert_int_equal(h.answer.verdict, VERDICT_ADMITTED);
		assert_int_equal(h.answer.output, rows[i / 2].got);
		assert_int_equal(world_counter(w, "spent:all:" MONTH, money ? "rc" : "rt"),
				 estimate.input + rows[i / 2].got);
		grant_book(w->a, h.answer.grant, "m", &(struct usage){ 0 });
	}
}

static void a_grant_reserves_again(void **state)
{
	const struct call_estimate first = { .input = 10, .output = 0, .model = "m" };
	const struct call_estimate more = { .input = 2000, .output = 9000, .model = "m" };
	struct admission_world *w = *state;
	struct heard h = { 0 }, again = { 0 }, last = { 0 };

	world_budget(w, w->kim, (struct budget){ .day_tokens = 10000 });
	admission_ask(w->a, w->token, "172.30.0.5", &first, hear, &h);
	world_turn_until(w, &h.calls, 1);
	expect_counters(w, w->kim, 0, 10);
	grant_reserve(w->a, h.answer.grant, &more, hear, &again);
	world_turn_until(w, &again.calls, 1);
	assert_int_equal(again.answer.verdict, VERDICT_ADMITTED);
	assert_int_equal(again.answer.output, 4096);
	expect_counters(w, w->kim, 0, 6096);
	/* A call that ends while it asks for more: nothing stays reserved. */
	grant_reserve(w->a, h.answer.grant, &first, hear, &last);
	world_book(w, &h, "m", 70);
	assert_int_equal(last.calls, 0);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	expect_counters(w, w->kim, 70, 0);
}

static void calls_at_once_do_not_overshoot(void **state)
{
	struct admission_world *w = *state;
	struct heard h[50] = { 0 };
	const struct call_estimate estimate = { .input = 9000, .output = 1000, .model = "m" };
	int admitted = 0, over = 0, i;

	world_budget(w, w->kim, (struct budget){ .day_tokens = 100000 });
	for (i = 0; i < 50; i++)
		admission_ask(w->a, w->token, "172.30.0.5", &estimate, hear, &h[i]);
	for (i = 0; i < 50; i++) {
		world_turn_until(w, &h[i].calls, 1);
		admitted += h[i].answer.verdict == VERDICT_ADMITTED;
		over += h[i].answer.verdict == VERDICT_RESERVED;
	}
	assert_int_equal(admitted, 10);
	assert_int_equal(over, 40);
	expect_counters(w, w->kim, 0, 100000);
	/* Each took more than was guessed: no other begins, and none did. */
	for (i = 0; i < 50; i++) {
		if (h[i].answer.grant)
			world_book(w, &h[i], "m", 15000);
		assert_int_not_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	}
	assert_int_equal(world_verdict(w, 0), VERDICT_OVER_BUDGET);
	expect_counters(w, w->kim, 150000, 0);
}

static void keep_stopped(void *data, bool stopped)
{
	*(int *)data = stopped;
}

static void the_switch_stops_all(void **state)
{
	struct admission_world *w = *state;
	int told = -1;
	struct err e = { 0 };

	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	admission_on_stop(w->a, keep_stopped, &told);
	OK(stop_all_set(w->f->db, true, "boss", &e));
	while (told != 1)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(world_verdict(w, 0), VERDICT_STOPPED);
	assert_string_equal(world_redis(w, "return redis.call('GET',"
					" 'stop:all')"), "1");
	OK(stop_all_set(w->f->db, false, "boss", &e));
	while (told != 0)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	/* In Redis it holds at once, whoever says it there. */
	world_redis(w, "redis.call('SET', 'stop:all', '1')");
	assert_int_equal(world_verdict(w, 0), VERDICT_STOPPED);
	admission_on_stop(w->a, NULL, NULL);
}

static void a_new_table_prices_the_past(void **state)
{
	struct admission_world *w = *state;
	struct heard h;

	world_add_row(w, w->kim, "m", clock_now_ms() - 1, 100);
	world_add_row(w, w->kim, "odd", clock_now_ms() - 1, 1000);
	h = world_ask(w, w->token, 0);
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "c"), 1100);
	admission_set_prices(w->a, world_prices(w, "m 2020-01-01 3 3 3 3 3\n"
						"odd 2020-01-01 1 1 1 1 1\n"));
	world_book(w, &h, "m", 10);
	assert_int_equal(world_verdict(w, 0), VERDICT_ADMITTED);
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "c"), 1330);
	assert_int_equal(world_counter(w, "spent:all:" MONTH, "rt"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WTEST(a_call_reserves_and_is_booked),
		WTEST(a_steady_call_asks_redis_once),
		WTEST(strangers_have_no_token),
		WTEST(an_ended_token_is_refused_at_once),
		WTEST(a_disabled_account_is_refused_in_a_second),
		WTEST(each_limit_is_held_and_named),
		WTEST(a_run_has_a_budget_of_its_own),
		WTEST(a_day_is_the_users),
		WTEST(a_call_is_booked_after_its_day),
		WTEST(another_zone_is_no_new_budget),
		WTEST(output_is_capped_to_what_is_left),
		WTEST(a_grant_reserves_again),
		WTEST(calls_at_once_do_not_overshoot),
		WTEST(the_switch_stops_all),
		WTEST(a_new_table_prices_the_past),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
