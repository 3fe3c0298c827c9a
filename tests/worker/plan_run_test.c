/*
 * lib/worker/plan_start.c, plan_finish.c: whose turn it is, and the outcomes
 * of attempts. Tests also plan_problems.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "plan_world.h"
#include "store/budgets.h"
#include "store/conversations.h"
#include "store/notices.h"
#include "store/planning.h"
#include "store/users.h"

/* ---- starting */

static void a_start_writes_all_of_it(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];
	struct run_rules *r;
	struct conversation *conversation;

	begin(state);
	agent(HOURLY, ",\"timeout_minutes\":7,\"model\":\"opus\"", T0, id);
	due(T0);
	strcpy(c, start(T0 + 9));
	conversation = conversation_load(w.f->db, w.f, c, w.user, &e);
	assert_string_equal(conversation->kind, "run");
	assert_string_equal(conversation->mode, "bypassPermissions");
	assert_string_equal(conversation->model, "opus");
	assert_string_equal(conversation->title, "news, 2030-01-01 09:00");
	r = run_rules_load(w.f->db, w.f, c, &e);
	assert_int_equal(r->deadline_at, T0 + 9 + 7 * MINUTE);
	assert_int_equal(ROWS("status = 'running' AND attempt = 1 AND prompt ="
			      " 'do 2030-01-01 after (none)'"), 1);
	assert_int_equal(count("SELECT count(*) FROM messages WHERE state ="
			       " 'queued' AND text ="
			       " 'do 2030-01-01 after (none)'"), 1);
	assert_string_equal(start(T0 + 10), "");
	try_ends(c, "success", "", false, T0 + 20);
	book(T0 + 20);
	due(T0 + HOUR);
	start(T0 + HOUR);
	assert_int_equal(ROWS("prompt = 'do 2030-01-01 after found 3'"), 1);
	end();
}

static void listed_tools_are_asked_for(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"policy\":\"listed\",\"tools\":[\"Read\"]", T0, id);
	due(T0);
	start(T0);
	assert_int_equal(count("SELECT count(*) FROM conversations"
			       " WHERE mode = 'default'"), 1);
	end();
}

static void no_user_starves_another(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], lee[ID_SIZE];
	int i;

	begin(state);
	OK(user_create(w.f->db, "lee", "h", false, lee, &e));
	set("runs_max", "3");
	set("runs_per_user", "2");
	for (i = 0; i < 6; i++) {
		agent(HOURLY, "", T0, id);
		due(T0);
	}
	agent_of(lee, HOURLY, "", T0 + HOUR, id);
	due(T0 + HOUR);
	assert_true(*start(T0 + HOUR));
	assert_true(*start(T0 + HOUR));		/* lee's, though younger */
	assert_int_equal(count("SELECT count(DISTINCT user_id) FROM executions"
			       " WHERE status = 'running'"), 2);
	assert_true(*start(T0 + HOUR));
	assert_string_equal(start(T0 + HOUR), "");
	set("runs_max", "9");
	assert_string_equal(start(T0 + HOUR), "");
	set("runs_per_user", "3");
	assert_true(*start(T0 + HOUR));
	end();
}

/* Whose last run began longest ago is next, whatever queue another has. */
static void one_place_goes_round(void **state)
{
	char id[ID_SIZE], lee[ID_SIZE], conversation[ID_SIZE];
	struct err e = { 0 };
	int i;

	begin(state);
	OK(user_create(w.f->db, "lee", "h", false, lee, &e));
	set("runs_max", "1");
	for (i = 0; i < 3; i++) {
		agent(HOURLY, "", T0, id);
		due(T0);
	}
	agent_of(lee, HOURLY, "", T0 + MINUTE, id);
	due(T0 + MINUTE);
	for (i = 1; i <= 2; i++) {
		strcpy(conversation, start(T0 + i * MINUTE));
		assert_true(*conversation);
		assert_string_equal(start(T0 + i * MINUTE), "");
		try_ends(conversation, "success", "", false, T0 + i * MINUTE);
		book(T0 + i * MINUTE);
	}
	assert_int_equal(count("SELECT count(DISTINCT user_id) FROM executions"
			       " WHERE status = 'success'"), 2);
	end();
}

static int keep_first(void *data, const struct execution *x, struct err *e)
{
	(void)e;
	strcpy(data, x->id);
	return 0;
}

static void the_queue_tells_ones_place(void **state)
{
	struct execution_filter filter = { .status = "queued", .limit = 1 };
	struct err e = { 0 };
	char id[ID_SIZE], x[ID_SIZE];
	const char *why;
	int64_t position;
	int i;

	begin(state);
	for (i = 0; i < 3; i++)
		agent(HOURLY, "", T0 + i, id);
	due(T0 + 5);
	filter.agent_id = id;
	OK(execution_each(w.f->db, &filter, keep_first, x, &e));
	OK(plan_position(&w.p, x, T0 + 5, &position, &why, &e));
	assert_int_equal(position, 3);
	assert_string_equal(why, "");
	OK(plan_position(&w.p, x, T0, &position, &why, &e));
	assert_string_equal(why, "later");
	set("runs_per_user", "1");
	start(T0 + 5);
	OK(plan_position(&w.p, x, T0 + 5, &position, &why, &e));
	assert_int_equal(position, 2);
	assert_string_equal(why, "user");
	set("runs_per_user", "9");
	set("runs_max", "1");
	OK(plan_position(&w.p, x, T0 + 5, &position, &why, &e));
	assert_string_equal(why, "host");
	set("runs_max", "9");
	set("run_memory_reserve", "1048576");
	OK(plan_position(&w.p, x, T0 + 5, &position, &why, &e));
	assert_string_equal(why, "memory");
	assert_string_equal(start(T0 + 5), "");
	set("run_memory_reserve", "0");
	start(T0 + 5);
	start(T0 + 5);
	OK(plan_position(&w.p, x, T0 + 5, &position, &why, &e));
	assert_int_equal(position, 0);
	end();
}

static void refusals_say_why(void **state)
{
	struct err e = { 0 };
	struct budget b = { .day_tokens = 5 };
	struct usage_call call = { .kind = "workspace", .model = "m",
		.usage = { .input = 6 }, .outcome = "complete",
		.at = T0 + 3 * HOUR };
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	OK(stop_all_set(w.f->db, true, "root", &e));
	assert_string_equal(start(T0), "");
	OK(stop_all_set(w.f->db, false, "root", &e));
	due(T0 + HOUR);
	OK(user_set_disabled(w.f->db, w.user, true, &e));
	assert_string_equal(start(T0 + HOUR), "");
	OK(user_set_disabled(w.f->db, w.user, false, &e));
	strcpy(call.user_id, w.user);
	strcpy(call.subject_id, w.user);
	id_new(call.id);
	OK(usage_add(w.f->db, &call, 1, &e));
	due(T0 + 3 * HOUR);
	OK(budget_save(w.f->db, w.user, &b, &e));
	assert_string_equal(start(T0 + 3 * HOUR), "");
	OK(budget_clear(w.f->db, w.user, &e));
	OK(budget_save(w.f->db, BUDGET_ALL, &b, &e));
	due(T0 + 4 * HOUR);
	assert_string_equal(start(T0 + 4 * HOUR), "");
	assert_int_equal(ROWS("status = 'refused' AND reason = 'stopped'"), 1);
	assert_int_equal(ROWS("status = 'refused' AND reason = 'disabled'"),
			 1);
	assert_int_equal(ROWS("status = 'refused' AND reason = 'budget'"), 2);
	assert_int_equal(count("SELECT count(*) FROM conversations"), 0);
	end();
}

static void a_prompt_that_cannot_be_sent_fails(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"failures_max\":1", T0, id);
	run_sql("UPDATE agent_versions SET definition = replace(definition,"
		" 'do {{date}}', '/clear')");
	due(T0);
	assert_string_equal(start(T0), "");
	assert_int_equal(ROWS("status = 'failed' AND reason = 'start'"
			      " AND attempt = 0"), 1);
	assert_int_equal(count("SELECT count(*) FROM conversations"), 0);
	assert_int_equal(NOTICES("failure"), 1);
	assert_int_equal(NOTICES("paused"), 1);
	end();
}

/* ---- settling */

static void infrastructure_is_tried_again(void **state)
{
	char id[ID_SIZE];
	int64_t now = T0;
	int i;

	begin(state);
	agent("\"frequency\":\"none\"", "", T0, id);
	due(T0);
	for (i = 0; i < 3; i++) {
		try_ends(start(now), "failed", "api", true, now + 1);
		assert_int_equal(book(now + 1), 1);
		assert_int_equal(book(now + 1), 0);
		if (i == 2)
			break;
		assert_int_equal(ROWS("status = 'queued' AND reason = 'retry'"
				      " AND attempt > 0"), 1);
		assert_string_equal(start(now + 29 * 1000), "");
		now = count("SELECT not_before FROM executions");
	}
	assert_true(now - T0 >= (30 + 120) * 1000 && now - T0 < 240 * 1000);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'api'"
			      " AND attempt = 3 AND turns = 6 AND denials = 3"
			      " AND detail = 'd'"), 1);
	assert_int_equal(count("SELECT count(*) FROM attempts"), 3);
	assert_int_equal(count("SELECT count(DISTINCT text) FROM messages"), 1);
	assert_int_equal(NOTICES("failure"), 1);
	end();
}

static void what_the_model_reports_is_not_tried_again(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	try_ends(start(T0), "failed", "model", false, T0 + 1);
	book(T0 + 2);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'model'"
			      " AND ended_at = planned_at + 1"), 1);
	due(T0 + HOUR);
	try_ends(start(T0 + HOUR), "timeout", "", false, T0 + HOUR + 1);
	book(T0 + HOUR + 2);
	assert_int_equal(ROWS("status = 'timeout'"), 1);
	due(T0 + 2 * HOUR);
	try_ends(start(T0 + 2 * HOUR), "failed", "needs_input", false,
		 T0 + 2 * HOUR + 1);
	book(T0 + 2 * HOUR + 2);
	assert_int_equal(NOTICES("needs_input"), 1);
	assert_int_equal(NOTICES("failure"), 2);
	assert_int_equal(count("SELECT failures FROM agents"), 3);
	end();
}

/* ---- what a success has to show */

static void run_part(const char *conversation, int at, const char *kind,
		     const char *state, const char *data, int64_t from,
		     int64_t to)
{
	struct err e = { 0 };

	OK(db_run(w.f->db, &e, "INSERT INTO parts (conversation_id, at,"
		  " changed_at, turn, role, kind, state, data, created_at,"
		  " ended_at) VALUES ($1, $2, $2, 0, 'assistant', $3, $4, $5,"
		  " $6, $7)", "tntttnn", conversation, (int64_t)at, kind,
		  state, data, from, to));
}

static int take_text(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	snprintf(data, 2000, "%s", db_text(row, 0));
	return 0;
}

static const char *problems(void)
{
	static char text[2000];
	struct err e = { 0 };

	OK(db_query(w.f->db, &e, take_text, text,
		    "SELECT problems FROM executions", ""));
	return text;
}

static void claims(const char *conversation, const char *more)
{
	struct attempt_end end = make_end(conversation, "success", "", false,
					  T0 + 1000);
	struct err e = { 0 };

	end.problems = more;
	OK(attempt_end(w.f->db, &end, &e));
}

static void a_success_that_never_reached_the_model(void **state)
{
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"failures_max\":1", T0, id);
	due(T0);
	strcpy(c, start(T0));
	claims(c, NULL);
	assert_int_equal(book(T0 + 2000), 0);	/* the ledger may be late */
	assert_int_equal(ROWS("status = 'running'"), 1);
	assert_int_equal(book(T0 + 31000), 1);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'no_model'"), 1);
	assert_int_equal(count("SELECT count(*) FROM attempts WHERE outcome ="
			       " 'failed' AND reason = 'no_model'"), 1);
	assert_int_equal(NOTICES("failure"), 1);
	assert_int_equal(NOTICES("paused"), 1);
	end();
}

/* A call that failed at the service is none, nor is one of an earlier try. */
static void a_ledger_that_is_late(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	strcpy(c, start(T0));
	claims(c, NULL);
	OK(reach_model(w.f->db, c, T0 - 1, &e));
	OK(reach_model(w.f->db, c, T0 + 1, &e));
	run_sql("UPDATE usage SET outcome = 'failed' WHERE at > 1893456000000");
	assert_int_equal(book(T0 + 2000), 0);
	OK(reach_model(w.f->db, c, T0 + 2, &e));
	assert_int_equal(book(T0 + 2001), 1);
	assert_int_equal(ROWS("status = 'success' AND problems = ''"), 1);
	assert_int_equal(NOTICES("success") + NOTICES("failure"), 0);
	end();
}

#define BASH(id, title) "{\"id\":\"" id "\",\"name\":\"Bash\",\"title\":\"" title "\"}"

static void what_a_run_could_not_do(void **state)
{
	static const struct {
		const char *kind, *state, *data, *more, *block, *want;
	} rows[] = {
		{ "tool_use", "ok", BASH("t", "ls"), "", "", "" },
		{ "tool_use", "denied", BASH("t", "ls"), "", "",
		  "[{\"code\":\"denied\",\"what\":\"Bash\",\"title\":\"ls\",\"count\":1}]" },
		{ "permission", "denied", "{\"tool\":\"Write\",\"tool_use\":\"u\"}", "", "",
		  "[{\"code\":\"denied\",\"what\":\"Write\",\"count\":1}]" },
		{ "tool_use", "failed", BASH("t", "make"), "", "",
		  "[{\"code\":\"command\",\"what\":\"Bash\",\"title\":\"make\",\"count\":1}]" },
		{ "tool_use", "ok", "{\"name\":\"ScheduleWakeup\"}", "", "",
		  "[{\"code\":\"put_off\",\"what\":\"ScheduleWakeup\",\"count\":1}]" },
		{ "tool_use", "failed", "{\"name\":\"CronCreate\"}", "", "",
		  "[{\"code\":\"put_off\",\"what\":\"CronCreate\",\"count\":1}]" },
		{ "text", "ok", "{}", "cut exit", "",
		  "[{\"code\":\"cut\",\"count\":1},{\"code\":\"exit\",\"count\":1}]" },
		{ "text", "ok", "{}", "nonsense", "", "" },
		{ "text", "ok", "{}", "", "example.org",
		  "[{\"code\":\"blocked\",\"what\":\"example.org\",\"count\":1}]" },
		{ "tool_use", "denied", "broken", "", "",
		  "[{\"code\":\"denied\",\"count\":1}]" },
	};
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];
	size_t i;

	begin(state);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run_sql("DELETE FROM usage");
		run_sql("DELETE FROM blocked_in_runs");
		run_sql("DELETE FROM attempts");
		run_sql("DELETE FROM executions");
		agent("\"frequency\":\"none\"", "", T0, id);
		due(T0);
		strcpy(c, start(T0));
		run_part(c, 1, rows[i].kind, rows[i].state, rows[i].data, T0,
			 T0);
		if (*rows[i].block)
			OK(attempt_block_note(w.f->db, c, rows[i].block, &e));
		OK(reach_model(w.f->db, c, T0 + 1, &e));
		claims(c, rows[i].more);
		assert_int_equal(book(T0 + 2000), 1);
		assert_string_equal(problems(), rows[i].want);
		run_sql("UPDATE agents SET deleted_at = 1");
	}
	end();
}

/* Two denials of one call are one; a failure that was mended later is none. */
static void what_is_no_problem_twice(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	strcpy(c, start(T0));
	run_part(c, 1, "tool_use", "failed", BASH("a", "make"), T0, T0);
	run_part(c, 2, "tool_use", "ok", BASH("b", "make again"), T0, T0);
	run_part(c, 3, "tool_use", "denied", BASH("d", "rm"), T0, T0);
	run_part(c, 4, "permission", "denied", "{\"tool\":\"Bash\","
		 "\"title\":\"rm\",\"tool_use\":\"d\"}", T0, T0);
	run_part(c, 5, "tool_use", "denied", BASH("f", "rm"), T0, T0);
	run_part(c, 11, "tool_use", "failed", BASH("z", "of its person's"), T0,
		 T0);
	OK(reach_model(w.f->db, c, T0 + 1, &e));
	claims(c, NULL);
	book(T0 + 2000);
	assert_string_equal(problems(), "[{\"code\":\"denied\",\"what\":"
		"\"Bash\",\"title\":\"rm\",\"count\":2}]");
	end();
}

static void problems_are_no_failure_and_are_told(void **state)
{
	struct notify_rule rule = { .channel = "email", .target = "a@b.c",
				    .secret = "", .events = "problems" };
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"failures_max\":1", T0, id);
	strcpy(rule.agent_id, id);
	OK(notify_rule_add(w.f->db, &rule, &e));
	due(T0);
	strcpy(c, start(T0));
	run_part(c, 1, "tool_use", "denied", BASH("t", "ls"), T0, T0);
	OK(reach_model(w.f->db, c, T0 + 1, &e));
	claims(c, NULL);
	assert_int_equal(book(T0 + 2000), 1);
	assert_int_equal(NOTICES("problems"), 2);
	assert_int_equal(count("SELECT count(*) FROM notices"), 2);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	assert_int_equal(count("SELECT succeeded * 100 + problems * 10 + failed"
			       " FROM agent_outcomes"), 10);
	assert_int_equal(count("SELECT count(*) FROM agents WHERE status ="
			       " 'active'"), 1);
	end();
}

/* ---- files of two at once */

static void file_of(const char *execution, const char *path, int64_t at)
{
	const struct execution_file f = { .path = path, .size = 1,
					  .made = true, .changed_at = at };
	struct err e = { 0 };

	OK(execution_file_add(w.f->db, execution, &f, &e));
}

static int list_own(void *data, const struct execution_file *f, struct err *e)
{
	char *list = data;

	(void)e;
	if (f->own) {
		strcat(list, f->path);
		strcat(list, " ");
	}
	return 0;
}

#define WRITE(path) "{\"name\":\"Write\",\"input\":{\"file_path\":\"" path "\"}}"

static void files_of_a_run_are_its_own(void **state)
{
	const int64_t S = 1000;
	char own[200] = "", id[ID_SIZE], a[ID_SIZE], b[ID_SIZE];
	char run[ID_SIZE];
	struct err e = { 0 };

	begin(state);
	set("runs_per_user", "5");
	agent(HOURLY, "", T0, id);
	agent(HOURLY, "", T0, id);
	due(T0);
	strcpy(a, start(T0));
	strcpy(b, start(T0));
	OK(attempt_find(w.f->db, a, run, &e));
	run_part(a, 1, "tool_use", "ok", WRITE("/workspace/a/own.txt"),
		 T0 + 1 * S, T0 + 1 * S);
	run_part(a, 2, "tool_use", "failed", WRITE("/workspace/failed.txt"),
		 T0 + 1 * S, T0 + 1 * S);
	run_part(a, 3, "tool_use", "ok", BASH("t", "plot"), T0 + 10 * S,
		 T0 + 20 * S);
	run_part(a, 4, "tool_use", "denied", BASH("t", "plot"), T0 + 50 * S,
		 T0 + 60 * S);
	run_part(a, 5, "tool_use", "ok", "{\"name\":\"Read\"}", T0 + 70 * S,
		 T0 + 80 * S);
	run_part(b, 1, "tool_use", "running", BASH("t", "plot"), T0 + 18 * S,
		 0);
	run_part(b, 2, "tool_use", "ok", WRITE("/workspace/b.txt"),
		 T0 + 12 * S, T0 + 12 * S);
	run_sql("UPDATE conversations SET updated_at = 1893456090000");
	file_of(run, "a/own.txt", T0 + 1 * S);
	file_of(run, "alone.png", T0 + 15 * S);
	file_of(run, "b.txt", T0 + 12 * S);
	file_of(run, "both.png", T0 + 19 * S);
	file_of(run, "close.png", T0 + 17 * S + 500);
	file_of(run, "denied.png", T0 + 55 * S);
	file_of(run, "failed.txt", T0 + 1 * S);
	file_of(run, "read.png", T0 + 75 * S);
	file_of(run, "untold.png", 0);
	OK(reach_model(w.f->db, a, T0 + 1, &e));
	claims(a, NULL);
	book(T0 + 90 * S);
	OK(execution_file_each(w.f->db, run, list_own, own, &e));
	assert_string_equal(own, "a/own.txt alone.png ");
	end();
}

static void failures_pause_and_success_recovers(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];
	int64_t at = T0;
	int i;

	begin(state);
	agent(HOURLY, ",\"failures_max\":3", T0, id);
	for (i = 0; i < 2; i++, at += HOUR) {
		due(at);
		try_ends(start(at), "failed", "model", false, at + 1);
		book(at + 1);
	}
	due(at);
	try_ends(start(at), "success", "", false, at + 1);
	book(at + 1);
	assert_int_equal(NOTICES("recovery"), 1);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	for (i = 0; i < 3; i++) {
		at += HOUR;
		due(at);
		try_ends(start(at), "failed", "model", false, at + 1);
		book(at + 1);
	}
	assert_int_equal(NOTICES("paused"), 1);
	assert_int_equal(count("SELECT count(*) FROM agents WHERE status ="
			       " 'paused' AND paused_why = 'failures'"
			       " AND next_run_at = 0"), 1);
	assert_int_equal(count("SELECT succeeded * 100 + failed"
			       " FROM agent_outcomes"), 105);
	assert_int_equal(count("SELECT count(*) FROM agents a JOIN executions"
			       " x ON x.id = a.last_execution_id"
			       " AND x.status = 'failed'"), 1);
	OK(agent_resume(w.f->db, id, at + HOUR, &e));
	assert_int_equal(due(at + HOUR), 1);
	end();
}

static void tests_and_people_count_for_nothing(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], x[ID_SIZE], c[ID_SIZE];
	struct agent *a;

	begin(state);
	agent(HOURLY, ",\"failures_max\":1", T0, id);
	a = agent_load(w.f->db, w.f, id, NULL, false, &e);
	OK(execution_add(w.f->db, a, "test", NULL, NULL, T0, x, &e));
	try_ends(start(T0), "failed", "model", false, T0 + 1);
	book(T0 + 1);
	OK(execution_add(w.f->db, a, "manual", NULL, NULL, T0, x, &e));
	strcpy(c, start(T0));
	OK(execution_cancel(w.f->db, x, "person", T0, &e));
	try_ends(c, "failed", "died", true, T0 + 1);
	book(T0 + 1);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'person'"),
			 1);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	assert_int_equal(count("SELECT count(*) FROM notices"), 0);
	assert_int_equal(count("SELECT count(*) FROM agent_outcomes"), 0);
	end();
}

/* ---- several workers */

#define MANY 400

/* A store that others hold too long is asked again, as the worker does. */
#define AGAIN(call) do { \
	e = (struct err){ 0 }; \
	if ((call) == 0) \
		break; \
	if (e.kind != ERR_UNAVAILABLE) \
		fail_msg("%s: %s", #call, e.text); \
} while (1)

static void *work(void *data)
{
	struct planner p = *(struct planner *)data;
	struct err e = { 0 };
	int64_t claimed, booked, i;
	struct attempt_end end;
	bool more;
	char c[ID_SIZE], x[ID_SIZE];

	p.cache = NULL;
	p.queued = p.asked = NULL;
	p.db = db_open(NULL, w.f->path, &e);
	for (i = 0; i < 40; i++) {
		AGAIN(plan_due(&p, T0 + i * MINUTE / 4, 20, &claimed, &more,
			       &e));
		AGAIN(plan_start(&p, T0 + HOUR, c, x, &e));
		end = make_end(c, "success", "", false, T0 + HOUR);
		if (*c) {
			AGAIN(reach_model(p.db, c, T0 + HOUR, &e));
			AGAIN(attempt_end(p.db, &end, &e));
		}
		AGAIN(plan_finish(&p, T0 + HOUR, 10, &booked, &e));
	}
	talloc_free(p.db);
	return NULL;
}

static void workers_share_and_double_nothing(void **state)
{
	pthread_t threads[4];
	char id[ID_SIZE];
	size_t i;

	begin(state);
	set("runs_per_user", "5");
	for (i = 0; i < MANY; i++)
		agent(HOURLY, "", T0, id);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, work, &w.p);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	due(T0 + 10 * MINUTE);
	book(T0 + HOUR);
	assert_int_equal(ROWS("1 = 1"), MANY);
	assert_int_equal(count("SELECT count(*) FROM (SELECT agent_id FROM"
			       " executions GROUP BY agent_id, planned_at) s"),
			 MANY);
	assert_int_equal(ROWS("status = 'success'"),
			 count("SELECT count(*) FROM attempts"));
	assert_int_equal(ROWS("attempt > 1"), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_start_writes_all_of_it),
		TEST(listed_tools_are_asked_for),
		TEST(no_user_starves_another),
		TEST(one_place_goes_round),
		TEST(the_queue_tells_ones_place),
		TEST(refusals_say_why),
		TEST(a_prompt_that_cannot_be_sent_fails),
		TEST(infrastructure_is_tried_again),
		TEST(what_the_model_reports_is_not_tried_again),
		TEST(a_success_that_never_reached_the_model),
		TEST(a_ledger_that_is_late),
		TEST(what_a_run_could_not_do),
		TEST(what_is_no_problem_twice),
		TEST(problems_are_no_failure_and_are_told),
		TEST(files_of_a_run_are_its_own),
		TEST(failures_pause_and_success_recovers),
		TEST(tests_and_people_count_for_nothing),
		TEST(workers_share_and_double_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
