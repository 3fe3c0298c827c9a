/* lib/session: a run of an agent, which nobody watches, against a scripted shim and a real store. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "fake_shim.h"
#include "session/session_internal.h"
#include "store/executions.h"
#include "store/users.h"

#define MESSAGE "11111111-1111-4111-8111-111111111111"

static struct world {
	char dir[64], conversation[ID_SIZE], user[ID_SIZE], execution[ID_SIZE];
	uv_loop_t loop;
	struct jobs *jobs;
	struct settings *settings;
	struct session_env env;
	struct session *s;
	int told, accepted, overs;
	bool slow;		/* Claude takes its time to read an answer */
	bool place, everything, bad_rules, no_token;
	int64_t timeout_ms;
	void (*on_turn)(const char *id);
	void (*on_leave)(void);		/* what Claude does when it is asked to end */
} w;

static struct db *database(void)
{
	struct err e = { 0 };
	char path[128];
	struct db *db;

	snprintf(path, sizeof(path), "%s/db", w.dir);
	db = db_open(NULL, path, &e);
	if (!db)
		fail_msg("%s", e.text);
	return db;
}

static void run_sql(const char *sql)
{
	struct err e = { 0 };
	struct db *db = database();

	if (db_run(db, &e, sql, "") < 0)
		fail_msg("%s: %s", sql, e.text);
	talloc_free(db);
}

/* ---- what the bridge would hear and say ---- */

static void on_nothing(void *data)
{
}

static void on_loaded(void *data, const struct err *e)
{
	assert_null(e);
}

static void on_part(void *data, const struct part *p, int64_t at)
{
}

static void on_delta(void *data, int64_t part, const char *text, size_t n,
		     int64_t at)
{
}

static void on_end(void *data, int64_t at)
{
}

static void on_accepted(void *data, uint64_t asker, const char *id)
{
	w.accepted++;
}

static void on_refused(void *data, uint64_t asker, const char *id,
		       const struct err *e)
{
}

static void on_trouble(void *data, uint64_t asker, const struct err *e)
{
}

static void on_replayed(void *data, uint64_t asker,
			const struct part *const *parts, size_t n, int64_t at)
{
}

static bool on_may_start(void *data)
{
	return w.place;
}

static void on_token(void *data, const char *hash, const char *address,
		     bool wanted)
{
	if (wanted && !w.no_token)
		session_token_good(w.s, NULL);
}

static void on_token_over(void *data, const char *hash)
{
	w.overs++;
}

static void on_run_ended(void *data, const char *execution_id)
{
	assert_string_equal(execution_id, w.execution);
	w.told++;
}

static void on_failed(void *data, const char *event, const struct err *e)
{
	if (str_equal(event, "claude_state"))
		fail_msg("%s", e->text);
}

static const struct session_events events = {
	.loaded = on_loaded, .part = on_part, .delta = on_delta, .end = on_end,
	.queue = on_nothing, .status = on_nothing, .changed = on_nothing,
	.accepted = on_accepted, .refused = on_refused, .trouble = on_trouble,
	.replayed = on_replayed, .may_start = on_may_start,
	.token = on_token, .token_over = on_token_over,
	.run_ended = on_run_ended,
	.ended = on_nothing, .gone = on_nothing, .failed = on_failed,
};

static struct session_rules *understand(const void *ctx,
					const struct run_rules *stored,
					struct err *e)
{
	static const char *tools[] = { "Read", "Bash(git log:*)" };
	struct session_rules *r;

	if (w.bad_rules) {
		err_set(e, ERR_INPUT, "no such thing");
		return NULL;
	}
	r = talloc_zero(ctx, struct session_rules);
	memcpy(r->execution_id, stored->execution_id, ID_SIZE);
	r->everything = w.everything;
	r->tools = tools;
	r->ntools = 2;
	r->max_turns = 7;
	r->deadline_at = stored->deadline_at;
	r->started_at = stored->deadline_at - w.timeout_ms;
	r->cancel_at = stored->cancel_at;
	r->cancel_reason = talloc_strdup(r, stored->cancel_reason);
	return r;
}

/* ---- Claude, scripted ---- */

static void begin_turn(const char *id)
{
	fake_say("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\","
		 "\"permissionMode\":\"default\",\"session_id\":\"s\"}");
	fake_say("{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"%s\","
		 "\"timestamp\":\"2026-01-01T00:00:00Z\","
		 "\"message\":{\"role\":\"user\",\"content\":\"go\"}}", id);
}

static void say_result(const char *more)
{
	fake_say("{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":3,"
		 "\"duration_ms\":5,\"usage\":{\"input_tokens\":1,"
		 "\"output_tokens\":2},%s}", more);
}

static void succeed(const char *id)
{
	begin_turn(id);
	say_result("\"is_error\":false,\"terminal_reason\":\"completed\","
		   "\"result\":\"all **done**\"");
}

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

static void leave(void)
{
	fake_exit(0, 0, "");
}

static void field(const char *line, const char *name, char out[80])
{
	const char *at = strstr(line, name);

	assert_non_null(at);
	at += strlen(name);
	snprintf(out, 80, "%.*s", (int)strcspn(at, "\""), at);
}

static void on_line(const char *line)
{
	char id[80];

	if (strstr(line, "\"initialize\"")) {
		fake_say("{\"type\":\"control_response\",\"response\":{\"subtype\":"
			 "\"success\",\"request_id\":\"init\",\"response\":{}}}");
	} else if (strstr(line, "\"type\":\"user\"")) {
		field(line, "\"uuid\":\"", id);
		if (w.on_turn)
			w.on_turn(id);
	} else if (strstr(line, "\"end_session\"")) {
		if (w.on_leave)
			w.on_leave();
	} else if (strstr(line, "\"behavior\"") && w.slow) {
		/* It says other things first. */
		fake_say("{\"type\":\"system\",\"subtype\":\"status\"}");
	} else if (strstr(line, "\"behavior\"")) {
		/* As the CLI does: it echoes the answer, then goes on. */
		fake_say("%s", line);
		say_result("\"is_error\":false,\"terminal_reason\":\"completed\","
			   "\"result\":\"did what I could\"");
	}
}

/* ---- the world ---- */

static void turn_loop(void)
{
	fake_settle(&w.loop, w.jobs);
}

struct row {
	char outcome[16], reason[24], detail[200], result[200], problems[40];
	bool again;
	int64_t turns, denials, offset;
	int files, kept;
};

static int take_row(void *data, const struct attempt *a, struct err *e)
{
	struct row *r = data;

	snprintf(r->outcome, sizeof(r->outcome), "%s", a->outcome);
	snprintf(r->reason, sizeof(r->reason), "%s", a->reason);
	snprintf(r->detail, sizeof(r->detail), "%s", a->detail);
	snprintf(r->result, sizeof(r->result), "%s", a->result);
	r->again = a->again;
	r->turns = a->turns;
	r->denials = a->denials;
	r->offset = a->ended_offset;
	return 0;
}

static int take_file(void *data, const struct execution_file *f, struct err *e)
{
	struct row *r = data;

	r->files++;
	r->kept += f->kept;
	return 0;
}

static int take_problems(void *data, const struct db_row *row, struct err *e)
{
	struct row *r = data;

	snprintf(r->problems, sizeof(r->problems), "%s", db_text(row, 0));
	return 0;
}

static struct row look(void)
{
	struct row r = { .outcome = "" };
	struct err e = { 0 };
	struct db *db = database();

	assert_int_equal(db_query(db, &e, take_problems, &r,
		"SELECT problems FROM attempts", ""), 0);

	assert_int_equal(attempt_each(db, w.execution, take_row, &r, &e), 0);
	assert_int_equal(execution_file_each(db, w.execution, take_file, &r, &e), 0);
	talloc_free(db);
	return r;
}

/* Waits for the outcome that it must be. */
static struct row ends(const char *outcome, const char *reason, bool again)
{
	int64_t until = clock_mono_ms() + 60000;
	struct row r;

	do {
		turn_loop();
		uv_sleep(5);
		r = look();
	} while (!r.outcome[0] && clock_mono_ms() < until);
	turn_loop();
	assert_string_equal(r.outcome, outcome);
	assert_string_equal(r.reason, reason);
	assert_int_equal(r.again, again);
	return r;
}

static void open_session(void)
{
	w.s = session_new(NULL, &w.env, w.conversation, w.user, &events, NULL);
	turn_loop();
}

static void close_session(void)
{
	session_close(w.s);
	turn_loop();
}

static void make_run(struct db *db)
{
	char sql[1200];
	struct err e = { 0 };
	int64_t now = clock_now_ms();
	static const char *const steps[] = {
		"INSERT INTO agents (id, user_id, name, version, status,"
		" created_at, updated_at) VALUES ('%s', '%s', 'a', 1,"
		" 'active', 1, 1)",
		"INSERT INTO agent_versions (agent_id, version, definition,"
		" created_at) VALUES ('%s', 1, '{}', 1)",
		"INSERT INTO executions (id, agent_id, user_id, version,"
		" trigger_kind, status, planned_at, not_before, attempt) VALUES"
		" ('%s', '%s', '%s', 1, 'manual', 'running', 1, 0, 1)",
		"INSERT INTO attempts (execution_id, attempt, conversation_id,"
		" started_at, deadline_at) VALUES ('%s', 1, '%s', %lld, %lld)",
	};
	char agent[ID_SIZE];

	id_new(agent);
	id_new(w.execution);
	assert_int_equal(conversation_create_run(db, w.user, "a", "default", "",
						 w.conversation, &e), 0);
	assert_int_equal(message_add(db, w.conversation, MESSAGE, "go", &e), 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(sql, sizeof(sql), steps[0], agent, w.user);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[1], agent);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[2], w.execution, agent, w.user);
	run_sql(sql);
	snprintf(sql, sizeof(sql), steps[3], w.execution, w.conversation,
		 (long long)now, (long long)(now + w.timeout_ms));
	run_sql(sql);
#pragma GCC diagnostic pop
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/run_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	w.timeout_ms = 600000;
	db = database();
	assert_int_equal(user_create(db, "kim", "x", false, w.user, &e), 0);
	make_run(db);
	setenv("FAKE_SESSION", w.conversation, 1);
	fake_reset();
	fake.on_line = on_line;
	w.on_turn = succeed;
	w.on_leave = leave;
	w.place = true;
	uv_loop_init(&w.loop);
	w.jobs = jobs_new(db, &w.loop, db);
	w.settings = settings_new();
	w.env = (struct session_env){
		.loop = &w.loop, .jobs = w.jobs, .settings = w.settings,
		.rules = understand,
	};
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	close_session();
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	talloc_free(talloc_parent(w.jobs));
	settings_free(w.settings);
	fake_reset();
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	return system(command);
}

static void begin(void)
{
	open_session();
	fake_ready();
	turn_loop();
}

static void deadline_in(int64_t ms)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "UPDATE attempts SET deadline_at = %lld",
		 (long long)(clock_now_ms() + ms));
	run_sql(sql);
}

/* ---- tests ---- */

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

static void a_form_ends_it_too(void **state)
{
	w.on_turn = begin_turn;
	begin();
	fake_say("{\"type\":\"control_request\",\"request_id\":\"x\",\"request\":"
		 "{\"subtype\":\"something\"}}");
	turn_loop();
	assert_non_null(strstr(buf_text(&fake.input), "\"subtype\":\"error\""));
	fake_say("{\"type\":\"control_request\",\"request_id\":\"y\",\"request\":"
		 "{\"subtype\":\"elicitation\"}}");
	ends("failed", "needs_input", false);
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
	fake.on_line = NULL;
	fake.refuse_input = 1000;
	begin();
	ends("failed", "start", true);
}

static void too_long(void **state)
{
	w.on_turn = begin_turn;
	deadline_in(400);
	begin();
	ends("timeout", "", false);
	assert_int_equal(fake.deletes, 1);
	assert_false(fake.running);
}

static void too_long_before_it_began(void **state)
{
	w.place = false;
	deadline_in(300);
	begin();
	ends("failed", "start", true);
}

static void a_deadline_is_kept_by_the_next_bridge(void **state)
{
	w.on_turn = begin_turn;
	begin();
	close_session();
	fake_lose();
	deadline_in(-5000);
	begin();
	ends("timeout", "", false);
	assert_false(fake.running);
	assert_int_equal(fake.starts, 1);
}

static void a_result_that_came_meanwhile_counts(void **state)
{
	w.on_turn = begin_turn;
	begin();
	close_session();
	fake_lose();
	say_result("\"is_error\":false,\"result\":\"late but there\"");
	deadline_in(-5000);
	begin();
	assert_string_equal(ends("success", "", false).result, "late but there");
}

static void cancelled_while_it_runs(void **state)
{
	w.on_turn = begin_turn;
	begin();
	run_sql("UPDATE executions SET cancel_at = 5, reason = 'person'");
	session_refresh(w.s);
	ends("cancelled", "person", false);
	assert_false(fake.running);
}

static void cancelled_before_it_began(void **state)
{
	run_sql("UPDATE executions SET cancel_at = 5, reason = 'overlap'");
	open_session();
	ends("cancelled", "overlap", false);
	assert_int_equal(fake.starts, 0);
	assert_int_equal(fake.looks, 0);
}

static void of_an_account_that_is_disabled(void **state)
{
	run_sql("UPDATE users SET disabled_at = 5");
	open_session();
	ends("cancelled", "disabled", false);
	assert_int_equal(fake.starts, 0);
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

static void files_that_do_not_come_hold_nothing_up(void **state)
{
	int64_t began = clock_mono_ms();

	fake.silent = true;
	begin();
	ends("success", "", false);
	assert_true(clock_mono_ms() - began < 30000);
	assert_false(fake.running);
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
		CASE(everything_asks_for_nothing),
		CASE(what_is_not_listed_is_denied),
		CASE(one_request_is_answered_once),
		CASE(a_question_ends_it),
		CASE(a_question_is_found_again),
		CASE(a_form_ends_it_too),
		CASE(a_plan_is_agreed_to_or_not),
		CASE(a_plan_needs_somebody_where_tools_are_listed),
		CASE(what_the_model_reports),
		CASE(too_many_turns),
		CASE(what_fails_at_the_model),
		CASE(a_command_of_the_cli_is_no_success),
		CASE(an_answer_that_was_cut),
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
		CASE(too_long),
		CASE(too_long_before_it_began),
		CASE(a_deadline_is_kept_by_the_next_bridge),
		CASE(a_result_that_came_meanwhile_counts),
		CASE(cancelled_while_it_runs),
		CASE(cancelled_before_it_began),
		CASE(of_an_account_that_is_disabled),
		CASE(rules_that_cannot_be_kept),
		CASE(nobody_starts_it_again),
		CASE(a_leftover_is_ended),
		CASE(its_person_goes_on_in_it),
		CASE(files_that_do_not_come_hold_nothing_up),
		CASE(killed_at_each_step_it_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
