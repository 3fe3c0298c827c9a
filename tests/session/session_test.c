/*
 * lib/session: a live conversation against a scripted shim and a real store.
 * Tests session_load.c, session_status.c, stdin_json.c, stdin_writer.c,
 * log_events.c and shim_request.c.
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
#include "store/conversations.h"
#include "fake_shim.h"
#include "session_world.h"

static void a_message_becomes_a_turn(void **state)
{
	struct counts c;

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(w.accepted, 1);
	assert_int_equal(fake.starts, 1);
	assert_non_null(strstr(fake.args, "--session-id"));
	assert_non_null(strstr(fake.args, "--permission-mode arg=default"));
	assert_non_null(strstr(fake.args, "--disallowedTools=CronCreate,CronDelete,"
			       "CronList,ScheduleWakeup,Workflow"));
	assert_null(strstr(fake.args, "SendMessage"));
	assert_non_null(strstr(fake.args, "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS=1"));
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(w.ends, 1);
	assert_string_equal(w.words, "an answer");
	assert_string_equal(state_of(), "ready");
	assert_string_equal(fake.boosts, "+-");
	c = stored();
	assert_int_equal(c.users, 1);
	assert_int_equal(c.texts, 1);
	assert_int_equal(unplaced(), 0);
}

static void an_answer_reaches_claude_once(void **state)
{
	struct session_answer a = { .choice = "allow_session", .reason = "" };
	int64_t at;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	at = (int64_t)fake.log.len;
	fake_say("{\"type\":\"control_request\",\"request_id\":\"R1\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{\"command\":\"ls\"},\"tool_use_id\":\"T\","
		 "\"permission_suggestions\":[{\"type\":\"addRules\","
		 "\"destination\":\"localSettings\"}]}}");
	turn_loop();
	assert_string_equal(state_of(), "waiting");
	assert_true(session_waiting_since(w.s) > 0);
	a.part = at;
	session_answer(w.s, 1, &a);
	/* on its way, it is lost with the process: who was asked gives no way now */
	assert_int_equal(session_waiting_since(w.s), 0);
	assert_string_equal(session_state(w.s), "waiting");
	session_answer(w.s, 2, &a);
	turn_loop();
	assert_int_equal(w.troubles, 1);
	assert_string_equal(w.trouble_key, "error_answer_late");
	assert_int_equal(given("{\"behavior\":\"allow\""), 1);
	assert_int_equal(given("localSettings"), 0);
	assert_int_equal(given("\"ruleContent\":\"ls\""), 1);
	assert_int_equal(given("acceptEdits"), 0);
	assert_int_equal(given("\"destination\":\"session\""), 1);
	control_answer("R1", "{\"behavior\":\"allow\"}");
	turn_loop();
	assert_string_equal(state_of(), "working");
}

static void waiting_is_told_at_once(void **state)
{
	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	w.changes = 0;
	fake_say("{\"type\":\"control_request\",\"request_id\":\"p\",\"request\":"
		 "{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\","
		 "\"input\":{},\"tool_use_id\":\"t\"}}");
	turn_loop();
	assert_int_equal(w.changes, 1);
	assert_string_equal(w.told_state, "waiting");
	fake_say("{\"type\":\"control_cancel_request\",\"request_id\":\"p\"}");
	turn_loop();
	assert_string_equal(w.told_state, "working");
}

static void a_deleted_one_is_purged(void **state)
{
	struct db *db = database();
	struct err e = { 0 };

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	assert_int_equal(conversation_mark_deleted(db, w.conversation, w.user,
						   &e), 0);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
	assert_int_equal(w.gone, 1);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(stored().parts, 0);
	assert_true(session_at_rest(w.s));
}

static int nothing_work(void *data, struct db *db, struct err *e)
{
	return 0;
}

/* The second answer of the store comes when the log has been read on. */
static void a_change_while_it_loads_starts_nothing_anew(void **state)
{
	struct conversation *found;
	struct err e = { 0 };
	struct counts c;
	struct db *db;
	int i;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	turn_loop();
	wait_recorded();
	close_session();
	say_turn_end(M1);
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &world_events, NULL);
	for (i = 0; i < 20; i++)
		jobs_add(w.jobs, nothing_work, NULL, NULL);
	session_refresh(w.s);
	turn_loop();
	say_turn_start(M2);
	say_turn_end(M2);
	turn_loop();
	wait_recorded();
	assert_int_equal(w.ends, 2);
	c = stored();
	assert_int_equal(c.users, 2);
	assert_int_equal(c.texts, 2);
	assert_int_equal(c.errors, 0);
	db = database();
	found = conversation_load(db, db, w.conversation, NULL, &e);
	assert_int_equal(found->recorded_offset, fake.log.len);
	talloc_free(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_becomes_a_turn),
		TEST(an_answer_reaches_claude_once),
		TEST(waiting_is_told_at_once),
		TEST(a_deleted_one_is_purged),
		TEST(a_change_while_it_loads_starts_nothing_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
