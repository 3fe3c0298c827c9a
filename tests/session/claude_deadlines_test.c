/* lib/session/claude_deadlines.c: what falls due for Claude, by a clock that the test moves. */
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

#include "core/settings.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "fake_shim.h"
#include "session_world.h"

static void say(void)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.accepted, 1);
}

static void its_place_in_line_is_shown(void **state)
{
	fake.place = 3;
	say();
	assert_string_equal(state_of(), "starting");
	assert_string_equal(w.st.key, "status_line");
	assert_string_equal(w.st.detail, "3");
	assert_int_equal(fake.starts, 0);
	fake.place = 1;
	turn_loop();
	state_of();
	assert_string_equal(w.st.detail, "1");
	/* No deadline runs meanwhile. */
	later(3600 * 1000);
	assert_string_equal(state_of(), "starting");
	assert_int_equal(fake.starts, 0);
	fake.place = 0;
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(state_of(), "ready");
	assert_false(fake.in_line);
}

static void whoever_logs_out_leaves_the_line(void **state)
{
	fake.place = 2;
	say();
	assert_true(fake.in_line);
	session_leave(w.s, "error_claude_left");
	assert_false(fake.in_line);
	turn_loop();
	assert_int_equal(fake.starts, 0);
}

static void whoever_is_closed_leaves_the_line(void **state)
{
	fake.place = 2;
	say();
	session_close(w.s);
	assert_false(fake.in_line);
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &world_events, NULL);
	fake.place = 0;
	fake_ready();
	turn_loop();
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
}

static void what_is_wanted_no_more_leaves_the_line(void **state)
{
	fake.place = 2;
	session_watched(w.s, 1);
	turn_loop();
	assert_true(fake.in_line);
	claude_process_unwant(w.s);
	session_step(w.s);
	assert_false(fake.in_line);
}

/* A start that hangs has lent its place on, and gives it back when it is ended. */
static void no_place_is_kept_by_what_does_not_start(void **state)
{
	w.silent = true;
	say();
	assert_true(fake.in_line);
	later(31000);
	assert_false(fake.in_line);
}

static void a_start_that_hangs_is_told_then_tried_again(void **state)
{
	w.silent = true;
	say();
	later(7000);
	assert_string_equal(state_of(), "starting");
	assert_false(w.st.help);
	later(2000);
	assert_string_equal(state_of(), "starting");
	assert_string_equal(w.st.key, "status_claude_slow");
	assert_true(w.st.help);
	assert_int_equal(fake.deletes, 0);
	w.silent = false;
	later(22000);
	assert_int_equal(fake.deletes, 1);
	later(1000);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(w.ends, 1);
	assert_string_equal(state_of(), "ready");
}

/* A hook, a server or a file may hang in a turn: a tool and a question may last. */
static void silence_in_a_turn_is_told(void **state)
{
	w.answers = false;
	say();
	say_turn_start(M1);
	turn_loop();
	later(59000);
	assert_string_equal(state_of(), "working");
	assert_false(w.st.help);
	later(2000);
	assert_string_equal(state_of(), "working");
	assert_string_equal(w.st.key, "status_silent");
	assert_true(w.st.help && w.st.restart && w.st.stop);
	fake_say("{\"type\":\"system\",\"subtype\":\"status\",\"status\":\"requesting\"}");
	turn_loop();
	state_of();
	assert_string_equal(w.st.key, "status_requesting");
	assert_false(w.st.help);
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"role\":\"assistant\","
		 "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\","
		 "\"input\":{\"command\":\"make\"}}]}}");
	turn_loop();
	later(600000);
	state_of();
	assert_string_equal(w.st.key, "status_tool");
	assert_false(w.st.help);
	assert_int_equal(fake.deletes, 0);
}

static void one_that_hangs_each_time_is_given_up(void **state)
{
	int i;

	w.silent = true;
	say();
	for (i = 0; i < 10; i++)
		later(31000);
	assert_int_equal(fake.starts, 3);
	assert_int_equal(fake.deletes, 3);
	assert_false(fake.running);
	assert_string_equal(state_of(), "failed");
}

static void a_place_is_asked_for_again(void **state)
{
	w.place = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	state_of();
	assert_true(w.st.no_place);
	assert_true(uv_is_active((uv_handle_t *)&w.s->timer));
	assert_in_range(uv_timer_get_due_in(&w.s->timer), 1, 1000);
	w.place = true;
	later(1200);	/* nobody pokes it */
	assert_int_equal(fake.starts, 1);
}

static void an_idle_claude_is_ended(void **state)
{
	int64_t limit = settings_number(w.settings, SET_SESSION_IDLE) * 1000;

	say();
	session_flush(w.s);
	turn_loop();
	later(0);
	later(limit - 1000);
	assert_int_equal(fake.deletes, 0);
	assert_string_equal(state_of(), "ready");
	later(1000);
	assert_int_equal(fake.deletes, 1);
	assert_false(fake.running);
	assert_string_equal(state_of(), "stopped");
}

static void a_claude_at_work_is_not_idle(void **state)
{
	say();
	session_flush(w.s);
	turn_loop();
	fake_say("{\"type\":\"stream_event\",\"event\":{\"type\":\"message_start\","
		 "\"message\":{\"id\":\"msg2\",\"role\":\"assistant\"}}}");
	turn_loop();
	later(0);
	later(settings_number(w.settings, SET_SESSION_IDLE) * 2000);
	assert_true(fake.running);
	assert_int_equal(fake.deletes, 0);
}

/* A turn that goes on all the same: its process is ended, and only it. */
static void a_stop_that_is_not_heeded_ends_claude(void **state)
{
	w.answers = false;
	say();
	say_turn_start(M1);
	turn_loop();
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(given("\"subtype\":\"interrupt\""), 1);
	later(14000);
	assert_int_equal(fake.deletes, 0);
	assert_true(fake.running);
	later(1100);
	assert_int_equal(fake.deletes, 1);
	assert_false(fake.running);
	assert_string_equal(state_of(), "stopped");
	later(60000);
	assert_int_equal(fake.starts, 1);	/* it was to stop */
}

/* Nothing new is begun; what was begun goes on, to make room. */
static void a_full_disk_is_said(void **state)
{
	fake.disk_full = true;
	say();
	assert_int_equal(fake.starts, 0);
	assert_string_equal(state_of(), "failed");
	assert_string_equal(w.st.key, "error_workspace_disk");
	fake.disk_full = false;
	session_start(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	fake.disk_full = true;
	fake_exit(0, 9, "");
	turn_loop();
	session_message(w.s, 1, M2, "rm -r build");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup_ready, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_place_in_line_is_shown),
		TEST(whoever_logs_out_leaves_the_line),
		TEST(whoever_is_closed_leaves_the_line),
		TEST(what_is_wanted_no_more_leaves_the_line),
		TEST(no_place_is_kept_by_what_does_not_start),
		TEST(a_start_that_hangs_is_told_then_tried_again),
		TEST(silence_in_a_turn_is_told),
		TEST(one_that_hangs_each_time_is_given_up),
		TEST(a_place_is_asked_for_again),
		TEST(an_idle_claude_is_ended),
		TEST(a_claude_at_work_is_not_idle),
		TEST(a_stop_that_is_not_heeded_ends_claude),
		TEST(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
