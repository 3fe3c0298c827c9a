/*
 * lib/session/queries.c: what Claude's process is asked for a page. Tests also
 * claude_lists.c, and the requests that a CLI may not know.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "fake_shim.h"
#include "session/claude_process.h"
#include "session_world.h"
#include "store/composer.h"

/* The number of the last query, as Claude's input has it. */
static const char *number(void)
{
	static char out[32];
	const char *at = buf_text(&fake.input), *next;

	while ((next = strstr(at, "\"query:")))
		at = next + 7;
	snprintf(out, sizeof(out), "%.*s", (int)strspn(at, "0123456789"), at);
	return out;
}

static void start_claude(void)
{
	fake_ready();
	session_start(w.s);
	turn_loop();
	assert_int_equal(claude_process_state(w.s), CLAUDE_READY);
}

static void answer_last(const char *response)
{
	char id[64];

	snprintf(id, sizeof(id), "query:%s", number());
	control_answer(id, response);
	turn_loop();
}

static void refuse_last(const char *code)
{
	fake_say("{\"type\":\"control_response\",\"response\":{\"subtype\":\"error\","
		 "\"request_id\":\"query:%s\",\"error\":\"no\",\"error_code\":\"%s\"}}",
		 number(), code);
	turn_loop();
}

static void a_question_beside_has_its_answer(void **state)
{
	start_claude();
	session_query(w.s, 7, QUERY_ASIDE, M1, "why?");
	turn_loop();
	assert_int_equal(given("\"subtype\":\"side_question\",\"question\":\"why?\""), 1);
	assert_int_equal(w.queried, 0);
	answer_last("{\"response\":\"because\"}");
	assert_string_equal(w.reply, M1 "|why?|{\"response\":\"because\"}");
	/* once */
	answer_last("{\"response\":\"again\"}");
	assert_int_equal(w.queried, 1);
	assert_int_equal(stored().users, 0);
}

static void a_cli_without_the_request_says_so(void **state)
{
	start_claude();
	session_query(w.s, 7, QUERY_CONTEXT, "", "");
	turn_loop();
	assert_int_equal(given("\"subtype\":\"get_context_usage\",\"detail\":\"summary\""), 1);
	refuse_last("unsupported_request");
	assert_string_equal(w.reply, "||error_query_unsupported");
	session_query(w.s, 7, QUERY_FILES, "", "src");
	turn_loop();
	refuse_last("other");
	assert_string_equal(w.reply, "|src|error_query");
	assert_int_equal(w.troubles, 0);
}

static void a_question_starts_claude(void **state)
{
	fake_ready();
	session_query(w.s, 7, QUERY_ASIDE, M1, "why?");
	turn_loop();
	assert_string_equal(state_of(), "ready");
	assert_int_equal(given("side_question"), 1);
}

static void an_end_of_the_process_is_an_answer(void **state)
{
	start_claude();
	session_query(w.s, 7, QUERY_ASIDE, M1, "why?");
	turn_loop();
	fake_exit(0, 9, "");
	turn_loop();
	assert_string_equal(w.reply, M1 "|why?|error_query");
	assert_int_equal(w.queried, 1);
}

static void silence_ends(void **state)
{
	start_claude();
	session_query(w.s, 7, QUERY_ASIDE, M1, "why?");
	turn_loop();
	later(181000);
	assert_string_equal(w.reply, M1 "|why?|error_query");
}

static void so_many_and_no_more(void **state)
{
	int i;

	start_claude();
	for (i = 0; i < 17; i++)
		session_query(w.s, 7, QUERY_ASIDE, M1, "why?");
	turn_loop();
	assert_int_equal(w.queried, 1);
}

static void an_effort_is_told_and_stored(void **state)
{
	start_claude();
	session_set_effort(w.s, 1, "high");
	turn_loop();
	assert_int_equal(given("\"subtype\":\"apply_flag_settings\",\"settings\":"
			       "{\"effortLevel\":\"high\"}"), 1);
	assert_string_equal(session_effort(w.s), "high");
	session_set_effort(w.s, 1, "much");
	turn_loop();
	assert_string_equal(w.trouble_key, "error_effort");
	fake_exit(0, 9, "");
	turn_loop();
	session_start(w.s);
	turn_loop();
	assert_non_null(strstr(fake.args, "--effort"));
	session_set_effort(w.s, 1, "");
	turn_loop();
	assert_int_equal(given("\"effortLevel\":null"), 1);
}

static void what_claude_offers_is_checked_and_kept(void **state)
{
	struct err e = { 0 };
	struct db *db = database();

	w.silent = true;
	fake_ready();
	session_start(w.s);
	turn_loop();
	control_answer("init", "{\"commands\":[{\"name\":\"mine\",\"description\":\"a\\u001b[31m b\","
		       "\"argumentHint\":\"x\"},{\"name\":\"two words\"},{\"name\":\"clear\"},{\"name\":\"__inner\"},7],"
		       "\"models\":[{\"value\":\"opus\",\"resolvedModel\":\"claude-opus\","
		       "\"description\":\"Opus 5.5 \\u00b7 $4/$20 per Mtok\","
		       "\"supportedEffortLevels\":[\"low\"]},{\"value\":\"<b>\"}]}");
	turn_loop();
	assert_string_equal(claude_list_load(db, db, w.user, "commands", &e),
			    "[{\"name\":\"mine\",\"about\":\"a b\",\"hint\":\"x\"}]");
	assert_string_equal(claude_list_load(db, db, w.user, "models", &e),
			    "[{\"value\":\"opus\",\"model\":\"claude-opus\",\"about\":"
			    "\"Opus 5.5 · $4/$20 per Mtok\",\"efforts\":[\"low\"]}]");
	talloc_free(db);
}

static void suggestions_are_for_who_wants_them(void **state)
{
	start_claude();
	assert_null(strstr(fake.args, "--prompt-suggestions"));
	fake_say("{\"type\":\"prompt_suggestion\",\"suggestion\":\"run the tests\"}");
	turn_loop();
	assert_string_equal(w.suggested, "run the tests");
	fake_say("{\"type\":\"prompt_suggestion\",\"suggestion\":\"two\\nlines\"}");
	turn_loop();
	assert_string_equal(w.suggested, "run the tests");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_question_beside_has_its_answer),
		TEST(a_cli_without_the_request_says_so),
		TEST(a_question_starts_claude),
		TEST(an_end_of_the_process_is_an_answer),
		TEST(silence_ends),
		TEST(so_many_and_no_more),
		TEST(an_effort_is_told_and_stored),
		TEST(what_claude_offers_is_checked_and_kept),
		TEST(suggestions_are_for_who_wants_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
