/* lib/session/agent_run.c: a run of an agent, which nobody watches, and how it ends. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>
#include <uv.h>

#include "agent_run_world.h"

static void a_result_is_a_success(void **state)
{
	struct row r;

	fake.changes = "made 13 report.md\nchanged 5 a%20b/c\nmade 9 ..%2Fx\n"
		       "made 5000000 big.bin\n";
	begin();
	r = ends("success", "", false);
	assert_string_equal(r.result, "all **done**");
	assert_int_equal(r.turns, 3);
	assert_int_equal(r.files, 3);
	assert_int_equal(r.kept, 2);
	assert_int_equal(fake.reads, 2);
	assert_int_equal(w.told, 1);
	assert_int_equal(w.overs, 1);
	assert_int_equal(fake.starts, 1);
	assert_false(fake.running);
	assert_true(session_at_rest(w.s));
	assert_true(session_is_run(w.s));
	assert_non_null(strstr(fake.args, "--allowedTools=Bash(git log:*) "));
	assert_non_null(strstr(fake.args, "--max-turns=7 "));
	assert_non_null(strstr(fake.args, "--setting-sources= "));
	assert_non_null(strstr(fake.args, "--strict-mcp-config "));
	assert_non_null(strstr(fake.args, "home=own "));
	assert_non_null(strstr(fake.args, "env=PATH=/usr/local/bin:/usr/bin:/bin "));
	assert_null(strstr(fake.args, "--allow-dangerously-skip-permissions"));
	assert_non_null(strstr(fake.args, "--settings={\"permissions\":{\"ask\":[\"Agent\",\"Glob\","));
	assert_non_null(strstr(fake.args, "--permission-mode arg=default "));
	assert_non_null(strstr(fake.args, " arg=--disallowedTools=SendMessage,ListAgents "));
	assert_true(r.offset > 0 && r.offset <= (int64_t)fake.log.len);
}

static void fail_as(const char *more, const char *reason, bool again)
{
	w.on_turn = begin_turn;
	begin();
	say_result(more);
	ends("failed", reason, again);
}

static void what_the_model_reports(void **state)
{
	fail_as("\"is_error\":true,\"result\":\"I could not\"", "model", false);
}

static void too_many_turns(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_say("{\"type\":\"result\",\"subtype\":\"error_max_turns\","
		 "\"is_error\":true,\"num_turns\":8,\"errors\":[\"too many\"]}");
	assert_int_equal(ends("failed", "turns", false).turns, 8);
}

/* The status and the type decide, whatever the words say. */
static void what_fails_at_the_model(void **state)
{
	static const struct {
		const char *status, *more, *reason;
		bool again;
	} rows[] = {
		{ "529", "", "overloaded", true },
		{ "500", "", "api", true },
		{ "429", "", "rate", true },
		{ "429", "\"api_error_type\":\"rate_limit_error\",", "rate", true },
		{ "408", "", "api", true },
		{ "null", "", "api", true },
		{ "400", "", "request", false },
		{ "404", "\"api_error_type\":\"not_found_error\",", "unknown_model", false },
		{ "413", "", "too_long", false },
		{ "401", "", "access", false },
		{ "402", "", "access", false },
		{ "403", "", "access", false },
		{ "429", "\"api_error_type\":\"gongbang_budget\",", "budget", false },
		{ "429", "\"api_error_type\":\"gongbang_stopped\",", "stopped", false },
		{ "403", "\"api_error_type\":\"gongbang_disabled\",", "disabled", false },
		{ "503", "\"api_error_type\":\"gongbang_keys_refused\",", "access", false },
		{ "502", "\"api_error_type\":\"gongbang_untrusted\",", "access", false },
		{ "null", "\"api_error\":\"max_output_tokens\",", "output", false },
		{ "null", "\"api_error\":\"prompt_too_long\",", "too_long", false },
	};
	char more[300];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i) {
			teardown(state);
			setup(state);
		}
		snprintf(more, sizeof(more), "\"is_error\":true,"
			 "\"terminal_reason\":\"api_error\","
			 "\"api_error_status\":%s,%s\"result\":\"An"
			 " administrator has stopped all; 예산을 다 썼어요\"",
			 rows[i].status, rows[i].more);
		fail_as(more, rows[i].reason, rows[i].again);
	}
}

static void a_command_of_the_cli_is_no_success(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":0,"
		 "\"is_error\":false,\"stop_reason\":null,"
		 "\"result\":\"/help isn't available\"}");
	assert_string_equal(ends("failed", "no_model", false).detail,
			    "/help isn't available");
}

static void succeed_cut(const char *id)
{
	begin_turn(id);
	say_result("\"is_error\":false,\"stop_reason\":\"max_tokens\","
		   "\"result\":\"half of i\"");
}

static void an_answer_that_was_cut(void **state)
{
	w.on_turn = succeed_cut;
	begin();
	assert_string_equal(ends("success", "", false).problems, "cut");
}

static void crash(void)
{
	fake_exit(1, 0, "");
}

static void be_killed(void)
{
	fake_exit(0, 9, "");
}

static void go_on(void)
{
	begin_turn("33333333-3333-4333-8333-333333333333");
	say_result("\"is_error\":true,\"result\":\"the real one\"");
	fake_exit(0, 0, "");
}

/* A MiB of it is kept, in whole characters. */
static void succeed_at_length(const char *id)
{
	static char piece[100001];
	struct err e = { 0 };
	int i;

	begin_turn(id);
	memset(piece, 'x', sizeof(piece) - 1);
	assert_int_equal(buf_add_text(&fake.log, "{\"type\":\"result\","
		"\"subtype\":\"success\",\"is_error\":false,\"terminal_reason\":"
		"\"completed\",\"num_turns\":3,\"usage\":{\"input_tokens\":1,"
		"\"output_tokens\":2},\"result\":\"", &e), 0);
	for (i = 0; i < 11; i++)
		assert_int_equal(buf_add_text(&fake.log, piece, &e), 0);
	assert_int_equal(buf_add_text(&fake.log, "\"}\n", &e), 0);
}

static int take_length(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static void a_long_result_is_cut(void **state)
{
	struct err e = { 0 };
	int64_t n = 0;

	w.on_turn = succeed_at_length;
	begin();
	assert_string_equal(ends("success", "", false).problems, "cut");
	assert_int_equal(db_query(talloc_parent(w.jobs), &e, take_length, &n,
				  "SELECT length(result) FROM attempts", ""), 0);
	assert_int_equal(n, 1 << 20);
}

static void its_exit_has_to_agree(void **state)
{
	w.on_leave = crash;
	begin();
	ends("failed", "contradicted", false);
	assert_int_equal(fake.deletes, 0);
}

static void a_second_result_contradicts_the_first(void **state)
{
	w.on_leave = go_on;
	begin();
	ends("failed", "contradicted", false);
}

static void one_that_was_killed_in_the_end(void **state)
{
	w.on_leave = be_killed;
	begin();
	assert_string_equal(ends("success", "", false).problems, "exit");
}

static void a_busy_host_gives_it_longer_to_end(void **state)
{
	w.on_leave = NULL;
	fake.stretch = 4;
	begin();
	look();
	fake.skipped += 39000;
	session_step(w.s);
	turn_loop();
	assert_int_equal(fake.deletes, 0);
	fake.skipped += 2000;
	session_step(w.s);
	turn_loop();
	assert_int_equal(fake.deletes, 1);
}

/* The bridge dies when the result is read, and the exit comes meanwhile. */
static void an_exit_is_found_by_the_next_bridge(void **state)
{
	w.on_leave = NULL;
	begin();
	assert_string_equal(look().outcome, "");
	close_session();
	fake_lose();
	fake_exit(1, 0, "");
	begin();
	ends("failed", "contradicted", false);
	assert_int_equal(fake.starts, 1);
}

static void a_process_that_is_killed(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_exit(0, 9, "");
	assert_string_equal(ends("failed", "died", true).detail, "signal 9");
	assert_int_equal(fake.starts, 1);
}

static void a_process_that_says_nothing(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_exit(0, 0, "");
	ends("failed", "no_result", true);
}

static void memory_that_was_not_enough(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake.running = false;
	fake_say("{\"type\":\"gongbang\",\"subtype\":\"exit\",\"at\":2,\"code\":0,"
		 "\"signal\":9,\"oom\":1,\"reason\":\"exit\",\"stderr\":\"\"}");
	ends("failed", "died", false);
}

static void a_container_that_ends(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake.running = false;
	fake_say("{\"type\":\"gongbang\",\"subtype\":\"exit\",\"at\":2,\"code\":143,"
		 "\"signal\":0,\"oom\":0,\"reason\":\"container\",\"stderr\":\"\"}");
	ends("failed", "container", true);
}

static void a_container_that_is_stopped(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_lose();
	fake_workspace(WORKSPACE_STOPPED);
	ends("failed", "container", true);
}

static void a_workspace_that_cannot_start(void **state)
{
	open_session();
	fake_workspace(WORKSPACE_FAILED);
	ends("failed", "start", true);
	assert_int_equal(fake.starts, 0);
}

static void a_volume_that_is_lost(void **state)
{
	w.on_turn = begin_turn;
	begin();
	session_flush(w.s);
	turn_loop();
	fake_lose();
	fake.running = fake.has_log = false;
	buf_clear(&fake.log);
	fake_ready();
	ends("failed", "removed", true);
	assert_int_equal(fake.starts, 1);
}

static void claude_that_does_not_start(void **state)
{
	int i;

	fake.on_line = NULL;
	fake.refuse_input = 1000;
	begin();
	for (i = 0; i < 10 && !w.told; i++) {
		fake.skipped += 31000;
		session_step(w.s);
		turn_loop();
	}
	assert_int_equal(fake.starts, 3);
	ends("failed", "start", true);
}

static void rules_that_cannot_be_kept(void **state)
{
	w.bad_rules = true;
	open_session();
	assert_string_equal(ends("failed", "start", false).detail,
			    "no such thing");
}

static void nobody_starts_it_again(void **state)
{
	begin();
	ends("success", "", false);
	session_watched(w.s, 1);
	session_start(w.s);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	close_session();
	fake_lose();
	begin();
	session_watched(w.s, 1);
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_true(session_at_rest(w.s));
}

static void a_leftover_is_ended(void **state)
{
	begin();
	ends("success", "", false);
	close_session();
	fake_lose();
	fake.running = true;	/* as a bridge left it that died just then */
	begin();
	turn_loop();
	assert_false(fake.running);
}

static void its_person_goes_on_in_it(void **state)
{
	begin();
	ends("success", "", false);
	run_sql("UPDATE conversations SET kind = 'chat'");
	session_watched(w.s, 1);
	session_refresh(w.s);
	turn_loop();
	assert_false(session_is_run(w.s));
	assert_int_equal(fake.starts, 2);
	assert_null(strstr(fake.args, "--max-turns"));
	assert_non_null(strstr(fake.args, "--resume"));
	session_message(w.s, 1, "22222222-2222-4222-8222-222222222222", "and now?");
	turn_loop();
	assert_int_equal(w.accepted, 1);
}

static void killed_at_each_step_it_ends_once(void **state)
{
	size_t at;

	/* The bridge dies whenever the log has grown by so many bytes. */
	for (at = 0; at < 12; at++) {
		size_t i;

		open_session();
		fake_ready();
		for (i = 0; i < at && !look().outcome[0]; i++) {
			fake_pump();
			uv_run(&w.loop, UV_RUN_NOWAIT);
		}
		w.told = 0;
		close_session();
		fake_lose();
	}
	begin();
	ends("success", "", false);
	assert_int_equal(fake.starts, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_result_is_a_success),
		CASE(what_the_model_reports),
		CASE(too_many_turns),
		CASE(what_fails_at_the_model),
		CASE(a_command_of_the_cli_is_no_success),
		CASE(an_answer_that_was_cut),
		CASE(a_long_result_is_cut),
		CASE(its_exit_has_to_agree),
		CASE(a_second_result_contradicts_the_first),
		CASE(one_that_was_killed_in_the_end),
		CASE(a_busy_host_gives_it_longer_to_end),
		CASE(an_exit_is_found_by_the_next_bridge),
		CASE(a_process_that_is_killed),
		CASE(a_process_that_says_nothing),
		CASE(memory_that_was_not_enough),
		CASE(a_container_that_ends),
		CASE(a_container_that_is_stopped),
		CASE(a_workspace_that_cannot_start),
		CASE(a_volume_that_is_lost),
		CASE(claude_that_does_not_start),
		CASE(rules_that_cannot_be_kept),
		CASE(nobody_starts_it_again),
		CASE(a_leftover_is_ended),
		CASE(its_person_goes_on_in_it),
		CASE(killed_at_each_step_it_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
