/* lib/session/permission_mode.c: what Claude says of its mode is believed up to what was asked for. */
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

static void say_mode(const char *mode)
{
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"%s\",\"session_id\":\"s\"}", mode);
	turn_loop();
}

static void a_mode_that_was_not_asked_for_is_not_believed(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_mode("bypassPermissions");
	assert_string_equal(session_mode(w.s), "default");
	say_mode("acceptEdits");
	assert_string_equal(session_mode(w.s), "default");
	say_mode("plan");	/* Claude may allow itself less */
	assert_string_equal(session_mode(w.s), "plan");
	say_mode("default");
	assert_string_equal(session_mode(w.s), "default");
	session_set_mode(w.s, 1, "acceptEdits");
	turn_loop();
	assert_int_equal(given("\"mode\":\"acceptEdits\""), 1);
	say_mode("default");
	say_mode("acceptEdits");
	assert_string_equal(session_mode(w.s), "acceptEdits");
	assert_int_equal(fake.starts, 1);
}

/* Only a process that was started for it may skip questions. */
static void skipping_questions_takes_a_process_of_its_own(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	session_set_mode(w.s, 1, "bypassPermissions");
	session_message(w.s, 1, M2, "again");
	turn_loop();
	assert_int_equal(given("\"set_permission_mode\""), 0);
	assert_int_equal(given("\"end_session\""), 1);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	assert_non_null(strstr(fake.args, "--permission-mode arg=bypassPermissions"));
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
	/* Left at once, and the process goes too. */
	session_set_mode(w.s, 1, "default");
	turn_loop();
	assert_int_equal(given("\"mode\":\"default\""), 1);
	assert_int_equal(given("\"end_session\""), 2);
	session_message(w.s, 1, M3, "once more");
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	/* The first answer's start had the weight, those for a mode have none. */
	assert_string_equal(fake.boosts, "+---");
}

/* Nothing was said before: the process for the mode brings the first answer. */
static void a_first_answer_in_another_mode_is_boosted(void **state)
{
	fake_ready();
	session_watched(w.s, 1);
	turn_loop();
	session_set_mode(w.s, 1, "bypassPermissions");
	turn_loop();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_string_equal(fake.boosts, "++-");
}

/* The CLI may refuse part of a wish: what it answers is what holds. */
static void the_mode_in_force_is_shown(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_set_mode(w.s, 1, "acceptEdits");
	turn_loop();
	assert_string_equal(session_mode(w.s), "acceptEdits");
	control_answer("mode:acceptEdits", "{\"mode\":\"default\"}");
	turn_loop();
	assert_string_equal(session_mode(w.s), "default");
}

/* A page that opens while the mode is being stored reads the one before. */
static void a_mode_holds_while_it_is_stored(void **state)
{
	int i;

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_refresh(w.s);
	session_set_mode(w.s, 1, "acceptEdits");
	turn_loop();
	assert_string_equal(session_mode(w.s), "acceptEdits");
	/* What Claude says of it is stored with the next batch. */
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"plan\",\"session_id\":\"s\"}");
	for (i = 0; i < 1000 && !str_equal(session_mode(w.s), "plan"); i++) {
		session_refresh(w.s);
		session_refresh(w.s);
		fake_pump();
		uv_run(&w.loop, UV_RUN_NOWAIT);
	}
	session_flush(w.s);
	turn_loop();
	assert_string_equal(session_mode(w.s), "plan");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mode_that_was_not_asked_for_is_not_believed),
		TEST(skipping_questions_takes_a_process_of_its_own),
		TEST(a_first_answer_in_another_mode_is_boosted),
		TEST(the_mode_in_force_is_shown),
		TEST(a_mode_holds_while_it_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
