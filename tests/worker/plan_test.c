/*
 * lib/worker/plan_due.c: one row per occurrence, whatever the clock does.
 * Tests also plan_cache.c and plan_past.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "plan_world.h"

/* ---- planned moments */

static void each_moment_gets_its_row_once(void **state)
{
	char id[ID_SIZE];
	int64_t at = -1;
	struct err e = { 0 };

	begin(state);
	agent(HOURLY, "", T0, id);
	OK(plan_next(&w.p, &at, &e));
	assert_int_equal(at, T0);
	assert_int_equal(due(T0 - 1), 0);
	assert_int_equal(due(T0 + 5), 1);
	assert_int_equal(due(T0 + 5), 0);
	assert_int_equal(w.queued, 1);
	assert_int_equal(NEXT(), T0 + HOUR);
	assert_int_equal(ROWS("status = 'queued' AND queued_at - planned_at"
			      " = 5 AND not_before = planned_at"), 1);
	run_sql("UPDATE executions SET status = 'success'");
	/* The same moment again, however it came to be due. */
	run_sql("UPDATE agents SET next_run_at = 1893456000000");
	assert_int_equal(due(T0 + 6), 0);
	assert_int_equal(ROWS("1 = 1"), 1);
	end();
}

static void a_once_is_over_after_it(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent("\"frequency\":\"once\",\"date\":\"2030-01-01\","
	      "\"time\":\"09:00\"", "", T0, id);
	assert_int_equal(due(T0), 1);
	assert_int_equal(NEXT(), 0);
	end();
}

static void late_ones_are_missed_and_say_so(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	assert_int_equal(due(T0 + 3 * HOUR + LATE_MS + 1), 4);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'late'"), 4);
	assert_int_equal(NEXT(), T0 + 4 * HOUR);
	assert_int_equal(NOTICES("skipped"), 1);
	assert_int_equal(due(T0 + 4 * HOUR + LATE_MS), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void the_latest_missed_runs_within_the_window(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\",\"window_minutes\":90", T0, id);
	assert_int_equal(due(T0 + 3 * HOUR + 20 * MINUTE), 4);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'window'"), 2);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'late'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(count("SELECT planned_at FROM executions"
			       " WHERE status = 'queued'"), T0 + 3 * HOUR);
	run_sql("UPDATE executions SET status = 'success'");
	run_sql("UPDATE agents SET next_run_at = next_run_at + 36000000");
	assert_int_equal(due(NEXT() + 95 * MINUTE), 2);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void none_runs_when_the_window_is_past(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent("\"frequency\":\"daily\",\"time\":\"09:00\"",
	      ",\"missed\":\"run\",\"window_minutes\":60", T0, id);
	assert_int_equal(due(T0 + 61 * MINUTE), 1);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'window'"), 1);
	end();
}

/* Many transactions, each of which leaves the plan where it got to. */
static void a_month_of_minutes_is_caught_up(void **state)
{
	struct err e = { 0 };
	const int64_t now = T0 + 30 * DAY + 1;
	int64_t claimed, passes = 0, before = 0;
	bool more = true;
	char id[ID_SIZE];

	begin(state);
	agent(MINUTELY, ",\"missed\":\"run\"", T0, id);
	while (more) {
		OK(plan_due(&w.p, now, 250, &claimed, &more, &e));
		assert_true(claimed <= 2000);
		assert_true(NEXT() > before);
		before = NEXT();
		passes++;
	}
	assert_true(passes > 20);
	assert_int_equal(ROWS("1 = 1"), 30 * 24 * 60 + 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(count("SELECT max(planned_at) FROM executions"
			       " WHERE status = 'queued'"), now - 1);
	assert_int_equal(count("SELECT count(*) - count(DISTINCT planned_at)"
			       " FROM executions"), 0);
	assert_int_equal(NEXT(), now - 1 + MINUTE);
	end();
}

static void clocks_that_jump_lose_and_double_nothing(void **state)
{
	char id[ID_SIZE];
	int64_t at;

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	due(T0 + DAY + 1);		/* forward, or a suspension */
	assert_int_equal(ROWS("1 = 1"), 25);
	for (at = T0 + 1; at < T0 + DAY; at += 10 * MINUTE)
		assert_int_equal(due(at), 0);	/* back, and all of it again */
	due(T0 + DAY + HOUR);
	assert_int_equal(ROWS("1 = 1"), 26);
	assert_int_equal(count("SELECT count(DISTINCT planned_at)"
			       " FROM executions"), 26);
	end();
}

static void after_2038_as_before(void **state)
{
	const int64_t then = INT64_C(4102444800000);	/* 2100-01-01 */
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", then, id);
	assert_int_equal(due(then + 2 * HOUR), 3);
	assert_int_equal(NEXT(), then + 3 * HOUR);
	assert_true(*start(then + 2 * HOUR));
	end();
}

static void a_year_of_hours_passes(void **state)
{
	char id[ID_SIZE];
	int64_t at;

	begin(state);
	agent(HOURLY, "", T0, id);
	for (at = T0; at < T0 + 365 * DAY; at += HOUR) {
		assert_int_equal(due(at + 7), 1);
		run_sql("UPDATE executions SET status = 'success'"
			" WHERE status = 'queued'");
	}
	assert_int_equal(ROWS("queued_at = planned_at + 7"), 365 * 24);
	end();
}

/* ---- overlap */

static void overlap_skips(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	due(T0 + HOUR);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 1);
	start(T0 + HOUR);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 2);
	assert_int_equal(NOTICES("skipped"), 2);
	assert_int_equal(w.queued, 1);
	end();
}

static void overlap_queues_one(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"queue\"", T0, id);
	due(T0);
	start(T0);
	due(T0 + HOUR);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'running'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 1);
	/* Never two of an agent at once. */
	assert_string_equal(start(T0 + 2 * HOUR), "");
	end();
}

static void a_run_between_two_tries_goes_on(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"queue\"", T0, id);
	due(T0);
	try_ends(start(T0), "failed", "died", true, T0 + HOUR - 1);
	book(T0 + HOUR - 1);
	assert_int_equal(ROWS("status = 'queued' AND reason = 'retry'"), 1);
	due(T0 + HOUR);
	assert_int_equal(ROWS("status = 'queued' AND reason = ''"), 1);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 1);
	end();
}

static void overlap_cancels_what_runs(void **state)
{
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"cancel\"", T0, id);
	due(T0);
	strcpy(c, start(T0));
	due(T0 + HOUR);
	assert_int_equal(w.asked, 1);
	assert_int_equal(ROWS("status = 'running' AND cancel_at > 0"
			      " AND reason = 'overlap'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'overlap'"),
			 1);
	try_ends(c, "cancelled", "", false, T0 + 2 * HOUR);
	book(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'overlap'"),
			 2);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	assert_true(*start(T0 + 2 * HOUR));
	end();
}

/* ---- jitter, pauses, deletion */

static void jitter_spreads_and_repeats(void **state)
{
	char id[ID_SIZE];
	int i;

	begin(state);
	for (i = 0; i < 100; i++)
		agent(HOURLY, ",\"jitter_minutes\":10", T0, id);
	assert_int_equal(due(T0), 100);
	assert_int_equal(ROWS("not_before < planned_at"
			      " OR not_before > planned_at + 600000"), 0);
	assert_true(count("SELECT count(DISTINCT not_before)"
			  " FROM executions") > 90);
	assert_true(ROWS("not_before < planned_at + 300000") > 25);
	assert_true(ROWS("not_before >= planned_at + 300000") > 25);
	end();
}

static void what_passed_before_a_pause_is_skipped(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\"", 3 * HOUR, id);
	OK(agent_pause(w.f->db, id, "person", &e));
	run_sql("UPDATE agents SET updated_at = 18000000");
	assert_int_equal(due(9 * HOUR), 3);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'paused'"), 3);
	assert_int_equal(NEXT(), 0);
	end();
}

static void resuming_never_fires_the_past(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\"", 3 * HOUR, id);
	OK(agent_pause(w.f->db, id, "person", &e));
	OK(agent_resume(w.f->db, id, INT64_MAX, &e));
	run_sql("UPDATE agents SET resumed_at = 19000000");
	assert_int_equal(due(19000001), 3);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'paused'"), 3);
	assert_int_equal(NEXT(), 6 * HOUR);
	assert_int_equal(due(6 * HOUR), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void a_deleted_agent_runs_no_more(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"queue\"", T0, id);
	due(T0);
	strcpy(c, start(T0));
	due(T0 + HOUR);
	OK(agent_delete(w.f->db, id, &e));
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 1);
	assert_int_equal(ROWS("status = 'running' AND cancel_at > 0"), 1);
	try_ends(c, "failed", "died", true, T0 + 2 * HOUR);
	assert_int_equal(book(T0 + 2 * HOUR), 1);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 2);
	run_sql("UPDATE agents SET next_run_at = 1893463200000,"
		" updated_at = 1893463200000");
	assert_int_equal(due(T0 + 9 * HOUR), 1);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 3);
	assert_int_equal(NEXT(), 0);
	end();
}

/* Nobody was there, and meanwhile a person chose another minute, twice. */
static void what_passed_before_an_edit_keeps_its_rule(void **state)
{
	char id[ID_SIZE], sql[400];
	int i;

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\"", T0, id);
	for (i = 2; i <= 3; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO agent_versions SELECT"
			 " agent_id, %d, replace(definition, '00:00', '00:%d'),"
			 " %lld FROM agent_versions WHERE version = 1", i,
			 i * 10, (long long)(T0 + 2 * HOUR +
					     (i - 1) * 10 * MINUTE));
		run_sql(sql);
	}
	run_sql("UPDATE agents SET version = 3");
	/* 0:00 1:00 2:00 by the first; 2:20 by the second; 2:30 3:30 by the third. */
	assert_int_equal(due(T0 + 4 * HOUR), 6);
	assert_int_equal(count("SELECT sum(planned_at - 1893456000000)"
			       " FROM executions"),
			 (0 + 60 + 120 + 140 + 150 + 210) * MINUTE);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(NEXT(), T0 + 4 * HOUR + 30 * MINUTE);
	end();
}

static void a_plan_that_is_broken_says_so(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	run_sql("UPDATE agent_versions SET definition = '{\"bad\":1}'");
	assert_int_equal(due(T0 + HOUR), 1);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'start'"
			      " AND detail <> ''"), 1);
	assert_int_equal(count("SELECT count(*) FROM agents WHERE status ="
			       " 'paused' AND paused_why = 'failures'"), 1);
	assert_int_equal(NOTICES("paused"), 1);
	assert_int_equal(due(T0 + 2 * HOUR), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_moment_gets_its_row_once),
		TEST(a_once_is_over_after_it),
		TEST(late_ones_are_missed_and_say_so),
		TEST(the_latest_missed_runs_within_the_window),
		TEST(none_runs_when_the_window_is_past),
		TEST(a_month_of_minutes_is_caught_up),
		TEST(clocks_that_jump_lose_and_double_nothing),
		TEST(after_2038_as_before),
		TEST(a_year_of_hours_passes),
		TEST(overlap_skips),
		TEST(overlap_queues_one),
		TEST(a_run_between_two_tries_goes_on),
		TEST(overlap_cancels_what_runs),
		TEST(jitter_spreads_and_repeats),
		TEST(what_passed_before_a_pause_is_skipped),
		TEST(resuming_never_fires_the_past),
		TEST(a_deleted_agent_runs_no_more),
		TEST(what_passed_before_an_edit_keeps_its_rule),
		TEST(a_plan_that_is_broken_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
