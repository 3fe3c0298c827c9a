/*
 * lib/session/claude_start.c: how Claude is started, tried again, and given
 * up. Tests also recall.c.
 */
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

static void say(void)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_int_equal(w.accepted, 1);
}

#define TORN "Configuration error in /workspace/.claude.json"

static void a_failed_start_is_tried_again_and_mended(void **state)
{
	w.silent = true;
	say();
	assert_int_equal(fake.starts, 1);
	assert_null(strstr(fake.args, "gongbang-mend"));
	fake_exit(1, 0, TORN);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_string_equal(state_of(), "starting");
	assert_true(w.st.help);
	assert_string_equal(w.st.reason, TORN);
	w.silent = false;
	later(1000);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "arg=/usr/local/bin/gongbang-mend arg=--settings arg=/usr/local/bin/claude "));
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 2);	/* by its id Claude knows it */
	assert_int_equal(w.ends, 1);
	assert_string_equal(state_of(), "ready");
	assert_string_equal(w.st.reason, "");
	assert_false(w.st.help);
}

static void it_is_given_up_after_three_tries(void **state)
{
	int i;

	w.silent = true;
	say();
	for (i = 1; i <= 3; i++) {
		assert_int_equal(fake.starts, i);
		fake_exit(1, 0, TORN);
		turn_loop();
		later(1000 * i);
	}
	later(3600 * 1000);
	assert_int_equal(fake.starts, 3);
	assert_string_equal(state_of(), "failed");
	assert_string_equal(w.st.key, "error_claude_start");
	assert_true(w.st.retry);
	assert_true(w.st.help);
	assert_true(w.st.restart);
	assert_string_equal(w.st.reason, TORN);
	assert_false(fake.in_line);
	/* The message waits for the person's choice. */
	w.silent = false;
	session_start(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 4);
	assert_int_equal(w.ends, 1);
}

/* Hostile words: no control byte, and not more than a page holds. */
static void its_last_words_are_kept_clean_and_short(void **state)
{
	char said[4000];
	size_t i;

	for (i = 0; i < sizeof(said) - 1; i++)
		said[i] = 'x';
	said[i] = '\0';
	memcpy(said + sizeof(said) - 40, "\\u001b[31m<b>red\\u0007\\u0000 end", 31);
	memset(said + sizeof(said) - 9, '.', 8);
	w.silent = true;
	say();
	fake_exit(1, 0, said);
	turn_loop();
	state_of();
	assert_true(strlen(w.st.reason) > 1000);
	assert_true(strlen(w.st.reason) <= 1500);
	assert_null(strchr(w.st.reason, '\033'));
	assert_null(strchr(w.st.reason, '\a'));
	assert_non_null(strstr(w.st.reason, "<b>red"));
}

static void without_the_users_settings(void **state)
{
	w.silent = true;
	say();
	w.silent = false;
	session_start_as(w.s, SESSION_SAFE);
	turn_loop();
	assert_int_equal(fake.deletes, 1);
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "--safe-mode"));
	assert_non_null(strstr(fake.args, "gongbang-mend"));
	assert_int_equal(w.ends, 1);
	assert_string_equal(state_of(), "ready");
	assert_true(w.st.safe);
	session_start_as(w.s, SESSION_USUAL);
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--safe-mode"));
	assert_string_equal(state_of(), "ready");
	assert_false(w.st.safe);
}

static void with_settings_moved_aside_once(void **state)
{
	char aside[64];

	w.silent = true;
	say();
	w.silent = false;
	session_start_as(w.s, SESSION_RESET);
	state_of();
	snprintf(aside, sizeof(aside), "%s", w.st.aside);
	assert_true(str_starts(aside, "claude-settings-20"));
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_non_null(strstr(fake.args, "gongbang-mend arg=--aside arg=claude-settings-20"));
	assert_null(strstr(fake.args, "--safe-mode"));
	assert_int_equal(w.ends, 1);
	session_start_as(w.s, SESSION_USUAL);
	turn_loop();
	assert_int_equal(fake.starts, 3);
	assert_null(strstr(fake.args, "--aside"));
}

static void the_other_flag_is_tried_once(void **state)
{
	w.answers = false;
	fake_ready();
	session_watched(w.s, 1);
	fake.on_line = NULL;
	turn_loop();
	fake_exit(1, 0, "Error: Session ID x is already in use.");
	fake.on_line = world_on_line;
	until_started(2);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_non_null(strstr(fake.args, "arg=/usr/local/bin/gongbang-mend arg=/usr/local/bin/claude "));
	until(shows_ready);
	assert_int_equal(fake.starts, 2);
}

/* An empty transcript refuses both flags: another id is taken, and it is said once. */
static void a_transcript_that_cannot_be_read_is_left_behind(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(said("status_memory_lost"), 0);
	assert_true(session_rest(w.s));
	turn_loop();
	fake.on_line = NULL;
	session_message(w.s, 1, M2, "again");
	until_started(2);
	assert_non_null(strstr(fake.args, "--resume"));
	fake_exit(1, 0, "No conversation found with session ID: x");
	until_started(3);
	assert_non_null(strstr(fake.args, "--session-id"));
	fake_exit(1, 0, "Error: Session ID x is already in use.");
	until_started(4);
	assert_non_null(strstr(fake.args, "--resume"));
	assert_null(strstr(fake.args, w.conversation));
	fake.on_line = world_on_line;
	fake_exit(1, 0, "No conversation found with session ID: y");
	until_started(5);
	assert_non_null(strstr(fake.args, "--session-id"));
	assert_null(strstr(fake.args, w.conversation));
	until(shows_ready);
	assert_int_equal(fake.starts, 5);
	wait_recorded();
	assert_int_equal(said("status_memory_lost"), 1);
	assert_int_equal(w.ends, 2);

	/* the record is given to it when its person asks */
	session_recall(w.s, 1, M3);
	turn_loop();
	wait_recorded();
	assert_int_equal(given("<gongbang-record>"), 1);
	assert_int_equal(given("## The person\\nhello"), 2);
	assert_int_equal(given("## Claude\\nan answer"), 2);
	assert_int_equal(w.ends, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup_ready, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_start_is_tried_again_and_mended),
		TEST(it_is_given_up_after_three_tries),
		TEST(its_last_words_are_kept_clean_and_short),
		TEST(without_the_users_settings),
		TEST(with_settings_moved_aside_once),
		TEST(the_other_flag_is_tried_once),
		TEST(a_transcript_that_cannot_be_read_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
