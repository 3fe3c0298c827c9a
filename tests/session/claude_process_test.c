/* lib/session/claude_process.c, claude_process_end.c: starting and ending Claude. */
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

#include "core/str.h"
#include "fake_shim.h"
#include "session_world.h"

static void without_a_place_it_waits(void **state)
{
	w.place = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 0);
	assert_string_equal(state_of(), "starting");
	w.place = true;
	session_wake(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_int_equal(w.ends, 1);
}

static void stop_interrupts_and_ends_tools(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	assert_string_equal(state_of(), "working");
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(given("\"cancel_queued\":true"), 1);
	assert_int_equal(fake.tools_ends, 0);
	say_turn_end(M1);
	turn_loop();
	assert_int_equal(fake.tools_ends, 1);
	assert_int_equal(w.ends, 1);
}

static void a_killed_claude_ends_its_turn_once_and_is_resumed(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_message(w.s, 1, M2, "more");
	turn_loop();
	fake_exit(0, 9, "");
	w.answers = true;
	turn_loop();
	assert_int_equal(w.ends, 1);
	until_started(2);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 2);
	assert_int_equal(w.ends, 2);
	wait_recorded();
	assert_int_equal(stored().errors, 1);
	assert_int_equal(unplaced(), 0);
}

/* Its shim ends Claude first, and that is read before the link is lost. */
static void a_container_restarted_gracefully_brings_claude_back(void **state)
{
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_string_equal(state_of(), "ready");
	fake_exit(0, 15, "");
	turn_loop();
	assert_string_equal(state_of(), "stopped");
	fake_lose();
	fake_ready();
	until_started(2);
	until(shows_ready);
	assert_int_equal(fake.starts, 2);
	/* With nobody there it is left to the next message. */
	session_watched(w.s, 0);
	fake_exit(0, 15, "");
	turn_loop();
	fake_lose();
	fake_ready();
	later(1200);
	assert_int_equal(fake.starts, 2);
	assert_string_equal(state_of(), "stopped");
}

static int count_left(void *data, const struct part *p, struct err *e)
{
	*(int *)data += strstr(p->data, "error_claude_left") != NULL;
	return 0;
}

static void who_leaves_ends_claude_with_one_part(void **state)
{
	struct db *db;
	struct err e = { 0 };
	int left = 0;

	w.answers = false;
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	session_message(w.s, 1, M2, "and then");
	turn_loop();
	session_watched(w.s, 0);
	fake.on_end = stop_turn;
	session_leave(w.s, "error_claude_left");
	turn_loop();
	wait_recorded();
	later(1200);	/* longer than to a next try */
	assert_int_equal(unplaced(), 1);
	assert_int_equal(given("end_session"), 1);
	assert_int_equal(given("\"subtype\":\"interrupt\""), 1);
	assert_int_equal(w.ends, 1);
	assert_int_equal(w.overs, 1);
	assert_int_equal(stored().errors, 1);
	db = database();
	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_left,
				   &left, &e), 0);
	talloc_free(db);
	assert_int_equal(left, 1);
	assert_true(session_at_rest(w.s));
	assert_int_equal(fake.starts, 1);
	w.answers = true;
	session_watched(w.s, 1);
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_int_equal(unplaced(), 0);
	assert_string_equal(state_of(), "ready");
}

/* As the CLI does when it is interrupted while it asks. */
static void refuse_and_stop(void)
{
	fake_say("{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":"
		 "[{\"type\":\"tool_result\",\"tool_use_id\":\"t-p\","
		 "\"is_error\":true,\"content\":\"The user refused\"}]},"
		 "\"tool_use_meta\":[{\"id\":\"t-p\",\"non_execution_kind\":"
		 "\"user-rejected\"}]}");
	stop_turn();
}

static int count_closed(void *data, const struct part *p, struct err *e)
{
	int *n = data;

	n[2] += strstr(p->data, "The user refused") != NULL;
	n[3] += str_equal(p->kind, "tool_use");
	n[0] += strstr(p->data, "error_place_lent") != NULL;
	n[1] += str_equal(p->kind, "permission") &&
		str_equal(p->state, "cancelled");
	return 0;
}

static void one_that_waits_gives_its_place(void **state)
{
	struct err e = { 0 };
	struct db *db;
	int n[4] = { 0 };

	w.answers = false;
	fake_ready();
	session_watched(w.s, 1);
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"role\":"
		 "\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t-p\","
		 "\"name\":\"Bash\",\"input\":{}}]}}");
	ask("p");
	session_message(w.s, 1, M2, "and then");
	turn_loop();
	fake.on_end = refuse_and_stop;
	session_give_place(w.s, "error_place_lent");
	turn_loop();
	wait_recorded();
	later(1200);
	assert_false(session_running(w.s));
	assert_int_equal(session_waiting_since(w.s), 0);
	assert_int_equal(given("\"behavior\""), 0);	/* nobody answered */
	db = database();
	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, count_closed,
				   n, &e), 0);
	talloc_free(db);
	assert_int_equal(n[0], 1);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 0);	/* nor is said to have */
	assert_int_equal(n[3], 1);
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
	assert_int_equal(fake.starts, 1);
	/* its person asks for the question again */
	w.answers = true;
	session_message(w.s, 1, M3, "ask again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_equal(state_of(), "ready");
}

/* Between two turns its sub-agents work: it is idle, and no place is to be had of it. */
static void work_between_turns_keeps_its_place(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	fake_say("{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[{}]}");
	turn_loop();
	assert_string_equal(session_state(w.s), "idle");
	assert_false(session_may_rest(w.s));
	assert_false(session_rest(w.s));
	assert_false(session_ending(w.s));
	fake_say("{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[]}");
	turn_loop();
	assert_true(session_may_rest(w.s));
	assert_true(session_rest(w.s));
	assert_true(session_ending(w.s));
}

static void an_idle_claude_rests_and_wakes(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_true(session_rest(w.s));
	turn_loop();
	assert_int_equal(given("end_session"), 1);
	assert_int_equal(fake.deletes, 1);
	assert_string_equal(state_of(), "stopped");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_int_equal(w.ends, 2);
	assert_int_equal(w.troubles, 0);
}

/* A run, or what is begun ahead. */
static void what_nobody_waits_for_is_not_boosted(void **state)
{
	fake.urgent = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.ends, 1);
	assert_string_equal(fake.boosts, "-");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_place_it_waits),
		TEST(stop_interrupts_and_ends_tools),
		TEST(a_killed_claude_ends_its_turn_once_and_is_resumed),
		TEST(a_container_restarted_gracefully_brings_claude_back),
		TEST(who_leaves_ends_claude_with_one_part),
		TEST(one_that_waits_gives_its_place),
		TEST(work_between_turns_keeps_its_place),
		TEST(an_idle_claude_rests_and_wakes),
		TEST(what_nobody_waits_for_is_not_boosted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
