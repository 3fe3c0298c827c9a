/* lib/session/run_questions.c: what a run is asked, and answers by its rules. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent_run_world.h"

static void ask(const char *tool, const char *input)
{
	fake_say("{\"type\":\"control_request\",\"request_id\":\"r-%s\","
		 "\"request\":{\"subtype\":\"can_use_tool\",\"tool_name\":\"%s\","
		 "\"input\":%s,\"tool_use_id\":\"t-%s\"}}", tool, tool, input,
		 tool);
}

static void want_bash(const char *id)
{
	begin_turn(id);
	ask("Bash", "{\"command\":\"rm -rf /\"}");
}

static void question(const char *id)
{
	begin_turn(id);
	ask("AskUserQuestion", "{\"questions\":[{\"question\":\"Which one?\","
	    "\"header\":\"h\",\"options\":[]}]}");
}

static void plan(const char *id)
{
	begin_turn(id);
	ask("ExitPlanMode", "{\"plan\":\"first this\"}");
}

static void everything_asks_for_nothing(void **state)
{
	w.everything = true;
	w.on_turn = want_bash;
	begin();
	assert_int_equal(ends("success", "", false).denials, 0);
	assert_non_null(strstr(fake.args, "--permission-mode arg=bypassPermissions "));
	assert_non_null(strstr(fake.args, " arg=--disallowedTools=SendMessage,ListAgents "));
	assert_null(strstr(fake.args, "--allowedTools"));
	assert_null(strstr(fake.args, "home="));
	assert_non_null(strstr(fake.args, "--allow-dangerously-skip-permissions "));
	assert_null(strstr(fake.args, "--setting"));
	assert_non_null(strstr(buf_text(&fake.input), "\"behavior\":\"allow\""));
}

static void what_is_not_listed_is_denied(void **state)
{
	w.on_turn = want_bash;
	begin();
	assert_int_equal(ends("success", "", false).denials, 1);
	assert_non_null(strstr(buf_text(&fake.input), "\"behavior\":\"deny\""));
	assert_non_null(strstr(buf_text(&fake.input), "unattended"));
}

static int times_given(const char *words)
{
	const char *at = buf_text(&fake.input);
	int n = 0;

	for (; (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* Whatever the log says until Claude has read it. */
static void one_request_is_answered_once(void **state)
{
	w.on_turn = want_bash;
	w.slow = true;
	begin();
	turn_loop();
	fake_say("{\"type\":\"system\",\"subtype\":\"status\"}");
	turn_loop();
	turn_loop();
	assert_int_equal(times_given("\"behavior\":\"deny\""), 1);
}

static void a_question_ends_it(void **state)
{
	w.on_turn = question;
	begin();
	assert_string_equal(ends("failed", "needs_input", false).detail,
			    "Which one?");
	assert_false(fake.running);
	assert_null(strstr(buf_text(&fake.input), "behavior"));
}

static void a_question_is_found_again(void **state)
{
	w.on_turn = question;
	fake.silent = true;		/* so the outcome waits for the files */
	begin();
	assert_int_equal(fake.looks, 1);
	assert_string_equal(look().outcome, "");
	close_session();		/* the bridge dies: nothing was recorded */
	assert_string_equal(look().outcome, "");
	fake.silent = false;
	fake_lose();
	begin();
	assert_string_equal(ends("failed", "needs_input", false).detail,
			    "Which one?");
}

/* Nobody fills it in: Claude continues without it, as without a tool. */
static void a_form_is_declined(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_say("{\"type\":\"control_request\",\"request_id\":\"x\",\"request\":"
		 "{\"subtype\":\"something\"}}");
	turn_loop();
	assert_non_null(strstr(buf_text(&fake.input), "\"subtype\":\"error\""));
	fake_say("{\"type\":\"control_request\",\"request_id\":\"y\",\"request\":"
		 "{\"subtype\":\"elicitation\",\"mcp_server_name\":\"s\","
		 "\"message\":\"m\"}}");
	turn_loop();
	assert_non_null(strstr(buf_text(&fake.input), "\"request_id\":\"y\","
			       "\"response\":{\"action\":\"decline\"}"));
	fake_say("{\"type\":\"control_response\",\"response\":{\"subtype\":"
		 "\"success\",\"request_id\":\"y\",\"response\":"
		 "{\"action\":\"decline\"}}}");
	say_result("\"is_error\":false,\"terminal_reason\":\"completed\","
		   "\"result\":\"done without\"");
	ends("success", "", false);
}

static void a_plan_is_agreed_to_or_not(void **state)
{
	w.on_turn = plan;
	w.everything = true;
	begin();
	ends("success", "", false);
	assert_non_null(strstr(buf_text(&fake.input), "\"behavior\":\"allow\""));
}

static void a_plan_needs_somebody_where_tools_are_listed(void **state)
{
	w.on_turn = plan;
	begin();
	ends("failed", "needs_input", false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(everything_asks_for_nothing),
		CASE(what_is_not_listed_is_denied),
		CASE(one_request_is_answered_once),
		CASE(a_question_ends_it),
		CASE(a_question_is_found_again),
		CASE(a_form_is_declined),
		CASE(a_plan_is_agreed_to_or_not),
		CASE(a_plan_needs_somebody_where_tools_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
