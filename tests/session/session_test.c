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

#include <json-c/json.h>
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

static int64_t ask_form(const char *schema)
{
	int64_t at;

	w.answers = false;
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	say_turn_start(M1);
	at = (int64_t)fake.log.len;
	fake_say("{\"type\":\"control_request\",\"request_id\":\"F\",\"request\":"
		 "{\"subtype\":\"elicitation\",\"mcp_server_name\":\"shop\","
		 "\"message\":\"m\",\"requested_schema\":%s}}", schema);
	turn_loop();
	return at;
}

static void say_answers(int64_t at, const char *answers)
{
	struct session_answer a = {
		.part = at, .choice = "allow", .reason = "",
		.answers = json_tokener_parse(answers),
	};

	session_answer(w.s, 1, &a);
	json_object_put(a.answers);
	turn_loop();
}

/* Typed as its server's schema has them; what is none can be corrected. */
static void a_form_is_filled_in(void **state)
{
	int64_t at = ask_form("{\"properties\":{\"n\":{\"type\":\"integer\"},"
		"\"r\":{\"type\":\"number\"},\"b\":{\"type\":\"boolean\"},"
		"\"s\":{\"type\":\"string\"}},\"required\":[\"n\"]}");
	struct session_answer no = { .part = at, .choice = "deny", .reason = "" };

	assert_string_equal(state_of(), "waiting");
	say_answers(at, "{\"n\":\"3.5\"}");
	assert_string_equal(w.trouble_key, "error_form_fields");
	say_answers(at, "{\"r\":\"1\"}");
	say_answers(at, "{\"n\":\"1e99\"}");
	say_answers(at, "{\"n\":\"3 \"}");
	assert_int_equal(w.troubles, 4);
	assert_int_equal(given("\"action\""), 0);
	say_answers(at, "{\"n\":\"3\",\"r\":\"0.5\",\"b\":\"false\",\"s\":\"\",\"x\":\"y\"}");
	assert_int_equal(w.troubles, 4);
	assert_int_equal(given("\"request_id\":\"F\",\"response\":{\"action\":"
			       "\"accept\",\"content\":{\"n\":3,\"r\":0.5,\"b\":false}}"), 1);
	session_answer(w.s, 1, &no);
	assert_string_equal(w.trouble_key, "error_answer_late");
	control_answer("F", "{\"action\":\"accept\",\"content\":{\"n\":3}}");
	turn_loop();
	assert_string_equal(state_of(), "working");
}

static void a_form_is_declined(void **state)
{
	struct session_answer no = { .choice = "deny", .reason = "" };

	no.part = ask_form("{\"properties\":{\"s\":{\"type\":\"string\"}}}");
	session_answer(w.s, 1, &no);
	turn_loop();
	assert_int_equal(given("\"response\":{\"action\":\"decline\"}"), 1);
}

/* Nobody could answer it: Claude would wait without end. */
static void what_no_page_shows_is_answered_at_once(void **state)
{
	(void)ask_form("{\"properties\":{\"o\":{\"type\":\"object\"}}}");
	assert_int_equal(given("\"request_id\":\"F\",\"response\":{\"action\":\"decline\"}"), 1);
	fake_say("{\"type\":\"control_request\",\"request_id\":\"X\",\"request\":"
		 "{\"subtype\":\"something\"}}");
	turn_loop();
	assert_int_equal(given("\"subtype\":\"error\",\"request_id\":\"X\""), 1);
	assert_int_equal(w.troubles, 0);
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
	assert_int_equal(fake.deletes, 1);	/* Claude is ended at once */
	assert_int_equal(fake.purges, 0);
	assert_int_not_equal(stored().parts, 0);
	later(CONVERSATION_UNDO_MS);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(stored().parts, 0);
	assert_true(session_at_rest(w.s));
}

static void delete_it(void)
{
	struct db *db = database();
	struct err e = { 0 };

	assert_int_equal(conversation_mark_deleted(db, w.conversation, w.user,
						   &e), 0);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
}

static void restore_it(void)
{
	struct db *db = database();
	struct err e = { 0 };

	assert_int_equal(conversation_restore(db, w.conversation, w.user, 0,
					      &e), 0);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
}

static void a_deletion_can_be_undone(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	delete_it();
	assert_false(session_loaded(w.s));
	restore_it();
	assert_true(session_loaded(w.s));
	later(3 * CONVERSATION_UNDO_MS);
	assert_int_equal(fake.purges, 0);
	session_message(w.s, 1, M2, "and on");
	turn_loop();
	wait_recorded();
	assert_int_equal(w.ends, 2);
	assert_int_equal(stored().users, 2);
}

/* A new bridge has only the store: it keeps to the same time, and takes back what is restored. */
static void a_deletion_outlives_the_bridge(void **state)
{
	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	delete_it();
	close_session();
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &world_events, NULL);
	turn_loop();
	assert_int_equal(fake.purges, 0);
	restore_it();
	session_message(w.s, 1, M2, "and on");
	turn_loop();
	wait_recorded();
	assert_int_equal(stored().users, 2);
	delete_it();
	close_session();
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &world_events, NULL);
	turn_loop();
	later(CONVERSATION_UNDO_MS);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(stored().parts, 0);
}

/* Once its purge began nothing restores it; until then it is not purged. */
static void restored_in_the_last_moment(void **state)
{
	struct db *db = database();
	struct err e = { 0 };

	fake_ready();
	session_message(w.s, 1, M1, "hello");
	turn_loop();
	wait_recorded();
	delete_it();
	assert_int_equal(conversation_restore(db, w.conversation, w.user, 0, &e), 0);
	later(CONVERSATION_UNDO_MS);	/* nobody told the bridge */
	assert_int_equal(fake.purges, 0);
	assert_true(session_loaded(w.s));
	delete_it();
	assert_int_equal(conversation_condemn(db, w.conversation, &e), 0);
	assert_int_equal(conversation_restore(db, w.conversation, w.user, 0, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	talloc_free(db);
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
		TEST(a_form_is_filled_in),
		TEST(a_form_is_declined),
		TEST(what_no_page_shows_is_answered_at_once),
		TEST(a_deletion_can_be_undone),
		TEST(a_deletion_outlives_the_bridge),
		TEST(restored_in_the_last_moment),
		TEST(a_deleted_one_is_purged),
		TEST(a_change_while_it_loads_starts_nothing_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
