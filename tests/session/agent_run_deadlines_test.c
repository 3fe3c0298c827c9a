/* lib/session/agent_run_deadlines.c: deadlines, and ends that a user requests. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "agent_run_world.h"

static void deadline_in(int64_t ms)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "UPDATE attempts SET deadline_at = %lld",
		 (long long)(clock_now_ms() + ms));
	run_sql(sql);
}

static void too_long(void **state)
{
	w.on_turn = begin_turn;
	deadline_in(400);
	begin();
	ends("timeout", "", false);
	assert_int_equal(fake.deletes, 1);
	assert_false(fake.running);
}

static void too_long_before_it_began(void **state)
{
	w.place = false;
	deadline_in(300);
	begin();
	ends("failed", "start", true);
}

/* Neither its deadline nor the time to begin. */
static void waiting_in_line_is_not_its_own_time(void **state)
{
	deadline_in(60000);
	fake.place = 2;
	begin();
	fake.skipped += 400000;
	session_step(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 0);
	fake.place = 0;
	w.on_turn = begin_turn;
	turn_loop();
	assert_int_equal(fake.starts, 1);
	fake.skipped += 55000;
	session_step(w.s);
	turn_loop();
	assert_int_equal(w.told, 0);
	fake.skipped += 6000;
	session_step(w.s);
	ends("timeout", "", false);
}

static void a_deadline_is_kept_by_the_next_bridge(void **state)
{
	w.on_turn = begin_turn;
	begin();
	close_session();
	fake_lose();
	deadline_in(-5000);
	begin();
	ends("timeout", "", false);
	assert_false(fake.running);
	assert_int_equal(fake.starts, 1);
}

static void a_result_that_came_meanwhile_counts(void **state)
{
	w.on_turn = begin_turn;
	begin();
	close_session();
	fake_lose();
	say_result("\"is_error\":false,\"result\":\"late but there\"");
	deadline_in(-5000);
	begin();
	assert_string_equal(ends("success", "", false).result, "late but there");
}

static void cancelled_while_it_runs(void **state)
{
	w.on_turn = begin_turn;
	begin();
	run_sql("UPDATE executions SET cancel_at = 5, reason = 'person'");
	session_refresh(w.s);
	ends("cancelled", "person", false);
	assert_false(fake.running);
}

static void cancelled_before_it_began(void **state)
{
	run_sql("UPDATE executions SET cancel_at = 5, reason = 'overlap'");
	open_session();
	ends("cancelled", "overlap", false);
	assert_int_equal(fake.starts, 0);
	assert_int_equal(fake.looks, 0);
}

static void of_an_account_that_is_disabled(void **state)
{
	run_sql("UPDATE users SET disabled_at = 5");
	open_session();
	ends("cancelled", "disabled", false);
	assert_int_equal(fake.starts, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(too_long),
		CASE(too_long_before_it_began),
		CASE(waiting_in_line_is_not_its_own_time),
		CASE(a_deadline_is_kept_by_the_next_bridge),
		CASE(a_result_that_came_meanwhile_counts),
		CASE(cancelled_while_it_runs),
		CASE(cancelled_before_it_began),
		CASE(of_an_account_that_is_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
