/*
 * lib/session/message_queue.c: messages from a user to Claude's stdin. Tests also
 * message_intake.c, message_queue_deadlines.c and requests.c.
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

#include "core/settings.h"
#include "core/str.h"
#include "fake_shim.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session_world.h"

static void the_same_id_is_accepted_once_more_and_given_once(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	session_message(w.s, 2, M1, "hello");
	turn_loop();
	assert_int_equal(w.accepted, 3);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(stored().users, 1);
}

static void refused_as(const char *id, const char *text, const char *key)
{
	w.refused_id[0] = w.refused_key[0] = '\0';
	session_message(w.s, 1, id, text);
	turn_loop();
	assert_string_equal(w.refused_id, id);
	assert_string_equal(w.refused_key, key);
	assert_int_equal(w.accepted, 0);
	assert_null(session_queued(w.s, 0));
	assert_int_equal(unplaced(), 0);
}

static void bad_messages_are_refused(void **state)
{
	size_t n = (size_t)settings_number(w.settings, SET_MESSAGE_MAX) + 1;
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	text[n] = '\0';
	refused_as(M1, text, "error_message_too_long");
	refused_as(M1, "", "error_message_empty");
	text[n - 1] = '\0';
	session_message(w.s, 1, M2, text);
	free(text);
	turn_loop();
	assert_int_equal(w.refused, 2);
	assert_int_equal(w.accepted, 1);
	assert_string_equal(session_queued(w.s, 0)->id, M2);
}

/* What waits is kept in memory: three of nearly 4 MiB are too much. */
static void the_queue_is_bounded_in_bytes(void **state)
{
	size_t n = (size_t)settings_number(w.settings, SET_MESSAGE_MAX) - 10;
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	text[n] = '\0';
	session_message(w.s, 1, M1, text);
	turn_loop();
	session_message(w.s, 1, M2, text);
	session_message(w.s, 1, M3, text);
	turn_loop();
	free(text);
	assert_int_equal(w.accepted, 2);
	assert_string_equal(w.refused_id, M3);
	assert_string_equal(w.refused_key, "error_queue_full");
}

/* Those on their way to the store count, and those held for their person. */
static void so_many_messages_wait_and_no_more(void **state)
{
	w.env.queue_max = 2;
	session_message(w.s, 1, M1, "one");
	session_message(w.s, 1, M2, "two");
	session_message(w.s, 1, M3, "three");
	assert_string_equal(w.refused_id, M3);
	assert_string_equal(w.refused_key, "error_queue_full");
	turn_loop();
	session_withdraw(w.s, M1);
	turn_loop();
	session_message(w.s, 1, M4, "four");
	assert_string_equal(w.refused_id, M4);
	session_discard(w.s, M1);
	session_message(w.s, 1, M5, "five");
	turn_loop();
	assert_int_equal(w.accepted, 3);
	assert_string_equal(w.refused_id, M4);
	assert_int_equal(unplaced(), 2);
}

/* By its bytes: two waiting texts of so many, and a third of one. */
static void waiting_texts_are_bounded(void **state)
{
	w.env.queue_bytes_max = 10;
	session_message(w.s, 1, M1, "a long one, alone");
	turn_loop();
	assert_int_equal(w.accepted, 1);
	session_message(w.s, 1, M2, "x");
	assert_string_equal(w.refused_id, M2);
	assert_string_equal(w.refused_key, "error_queue_full");
	session_withdraw(w.s, M1);
	session_discard(w.s, M1);
	session_message(w.s, 1, M2, "12345");
	session_message(w.s, 1, M3, "67890");
	session_message(w.s, 1, M4, "1");
	assert_string_equal(w.refused_id, M4);
	turn_loop();
	assert_int_equal(w.accepted, 3);
	assert_string_equal(session_queued(w.s, 1)->id, M3);
}

static void what_waits_can_be_withdrawn(void **state)
{
	session_message(w.s, 1, M1, "hello");
	session_message(w.s, 1, M2, "more");
	turn_loop();
	assert_non_null(session_queued(w.s, 1));
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(unplaced(), 1);
	assert_int_equal(messages(true), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "withdrawn");
	fake_ready();
	turn_loop();
	assert_int_equal(given(M1), 0);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
}

static void what_was_given_is_cancelled(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	assert_string_equal(session_queued(w.s, 0)->state, "sent");
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(given("cancel_async_message"), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "withdrawn");
	assert_null(session_queued(w.s, 1));
	assert_int_equal(unplaced(), 0);
	assert_int_equal(messages(true), 1);
}

/* Two wait in a turn that is stopped: nothing of them is lost, also for a new bridge. */
static void what_stop_takes_from_the_queue_is_held(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	session_message(w.s, 1, M2, "more");
	session_message(w.s, 1, M3, "and more");
	turn_loop();
	wait_recorded();
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(unplaced(), 2);
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"cancelled\","
		 "\"command_uuid\":\"" M2 "\"}");
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"cancelled\","
		 "\"command_uuid\":\"" M3 "\"}");
	say_turn_end(M1);
	turn_loop();
	assert_string_equal(state_of(), "ready");
	assert_int_equal(unplaced(), 0);
	assert_int_equal(messages(true), 2);
	wait_recorded();
	close_session();
	open_session();
	assert_string_equal(session_queued(w.s, 0)->text, "more");
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
	assert_string_equal(session_queued(w.s, 1)->text, "and more");
	assert_null(session_queued(w.s, 2));
	assert_string_equal(session_state(w.s), "idle");

	/* one is sent as it was, by two pages at once; the other one edited */
	w.answers = true;
	session_send_held(w.s, 1, M4, M2);
	session_send_held(w.s, 2, M5, M2);
	turn_loop();
	assert_int_equal(given("\"content\":\"more\""), 2);
	assert_int_equal(given("\"uuid\":\"" M4 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M5 "\""), 0);
	assert_int_equal(messages(true), 1);
	session_message_for(w.s, 1, &(struct session_message){
		.id = M5, .text = "and less", .pictures = "", .held = M3,
	});
	turn_loop();
	assert_int_equal(given("and less"), 1);
	assert_null(session_queued(w.s, 0));
	assert_int_equal(messages(true), 0);
}

static void a_held_message_can_be_removed(void **state)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_withdraw(w.s, M1);
	turn_loop();
	assert_int_equal(messages(true), 1);
	session_discard(w.s, M2);
	session_discard(w.s, M1);
	turn_loop();
	assert_null(session_queued(w.s, 0));
	assert_int_equal(messages(true), 0);
	fake_ready();
	turn_loop();
	assert_int_equal(given(M1), 0);
}

/* A page that opens reads the store again, which may be behind. */
static void what_claude_has_read_is_not_queued_again(void **state)
{
	static const struct message old = { .id = M2, .state = "sent", .text = "hello", .pictures = "",
					    .held = "", .at = -1 };

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	recorder_add_seen(w.s, M2, 1);
	message_queue_load(w.s, &old);
	assert_null(session_queued(w.s, 0));
	wait_recorded();	/* it is stored: what the store says now counts */
	message_queue_load(w.s, &old);
	assert_string_equal(session_queued(w.s, 0)->id, M2);
}

static void what_was_removed_does_not_come_back(void **state)
{
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_withdraw(w.s, M1);
	turn_loop();
	session_refresh(w.s);
	session_discard(w.s, M1);
	turn_loop();
	assert_null(session_queued(w.s, 0));
}

static void say_lifecycle(const char *id, const char *state)
{
	fake_say("{\"type\":\"command_lifecycle\",\"state\":\"%s\","
		 "\"command_uuid\":\"%s\"}", state, id);
}

/* As the CLI takes /help: an answer, and no echo. */
static void say_command(const char *id)
{
	say_lifecycle(id, "queued");
	say_lifecycle(id, "started");
	fake_say("{\"type\":\"assistant\",\"message\":{\"id\":\"c\",\"role\":"
		 "\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
		 "\"not available\"}]}}");
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":0}");
	say_lifecycle(id, "completed");
}

static void a_command_without_an_echo_leaves_it_ready(void **state)
{
	struct counts c;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "/help");
	turn_loop();
	assert_string_equal(state_of(), "working");
	say_command(M1);
	turn_loop();
	wait_recorded();
	assert_string_equal(state_of(), "ready");
	assert_string_equal(session_state(w.s), "idle");
	assert_null(session_queued(w.s, 0));
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.commands, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(unplaced(), 0);

	/* its place is free, and the next process is not given it again */
	assert_true(session_rest(w.s));
	turn_loop();
	w.answers = true;
	session_message(w.s, 1, M2, "hello");
	turn_loop();
	assert_int_equal(fake.starts, 2);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
}

static void a_command_whose_process_dies_is_shown_and_not_given_again(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "/help");
	turn_loop();
	say_lifecycle(M1, "queued");
	say_lifecycle(M1, "started");
	fake_exit(1, 0, "");
	turn_loop();
	wait_recorded();
	assert_int_equal(stored().users, 1);
	assert_int_equal(stored().errors, 1);
	assert_int_equal(unplaced(), 0);
	session_start(w.s);
	turn_loop();
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
}

static bool is_held(void)
{
	return messages(true) == 1;
}

static bool is_ready(void)
{
	return str_equal(session_state(w.s), "idle");
}

/* It reads its input no more, or lost what it read. */
static void a_process_that_says_nothing_of_a_message_is_replaced(void **state)
{
	w.answers = false;
	w.env.silent_ms = 100;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	until(is_held);
	until(is_ready);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 2);
	assert_int_equal(fake.deletes, 2);
	assert_int_equal(messages(true), 1);
	assert_string_equal(session_queued(w.s, 0)->held, "untaken");
}

static void on_a_busy_host_it_may_be_silent_for_longer(void **state)
{
	w.answers = false;
	fake.stretch = 4;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	later(200000);
	assert_int_equal(fake.deletes, 0);
	later(50000);
	assert_int_equal(fake.deletes, 1);
}

static bool was_deleted(void)
{
	return fake.deletes == 1;
}

static void no_answer(const char *line)
{
	if (strstr(line, "\"initialize\""))
		control_answer("init", "{}");
}

static void a_withdrawal_that_is_not_answered_ends_the_process(void **state)
{
	fake.on_line = no_answer;
	w.env.withdraw_ms = 100;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	session_interrupt(w.s);
	turn_loop();
	assert_int_equal(given("\"interrupt\""), 1);
	until(was_deleted);
	until(is_ready);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(unplaced(), 0);
	assert_string_equal(session_queued(w.s, 0)->held, "stopped");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_id_is_accepted_once_more_and_given_once),
		TEST(bad_messages_are_refused),
		TEST(the_queue_is_bounded_in_bytes),
		TEST(so_many_messages_wait_and_no_more),
		TEST(waiting_texts_are_bounded),
		TEST(what_waits_can_be_withdrawn),
		TEST(what_was_given_is_cancelled),
		TEST(what_stop_takes_from_the_queue_is_held),
		TEST(a_held_message_can_be_removed),
		TEST(what_claude_has_read_is_not_queued_again),
		TEST(what_was_removed_does_not_come_back),
		TEST(a_command_without_an_echo_leaves_it_ready),
		TEST(a_command_whose_process_dies_is_shown_and_not_given_again),
		TEST(a_process_that_says_nothing_of_a_message_is_replaced),
		TEST(on_a_busy_host_it_may_be_silent_for_longer),
		TEST(a_withdrawal_that_is_not_answered_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
