/* lib/schedule/plan*: each moment one row, whatever the clock and the workers do. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "../store/fixture.h"
#include "core/str.h"
#include "schedule/plan.h"
#include "store/budgets.h"
#include "store/conversations.h"
#include "store/executions.h"
#include "store/users.h"

#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define DAY INT64_C(86400000)
#define T0 INT64_C(1893456000000)	/* 2030-01-01T00:00Z */

struct world {
	struct fixture *f;
	struct settings *settings;
	struct planner p;
	char user[ID_SIZE];
	int queued, asked;
};

static struct world w;

static void heard(void *data, const char *id)
{
	(void)id;
	(*(int *)data)++;
}

static void queued(void *data, const char *id)
{
	heard(&((struct world *)data)->queued, id);
}

static void asked(void *data, const char *id)
{
	heard(&((struct world *)data)->asked, id);
}

static void set(const char *name, const char *value)
{
	struct err e = { 0 };

	OK(settings_set(w.settings, name, value, &e));
}

static void begin(void **state)
{
	struct err e = { 0 };
	struct prices *prices;

	w = (struct world){ .f = *state };
	w.settings = settings_new();
	set("run_memory_reserve", "0");
	prices = prices_parse(w.f, "none", "", 0, &e);
	assert_non_null(prices);
	w.p = (struct planner){ .db = w.f->db, .settings = w.settings,
		.prices = prices, .memo = plan_memo_new(w.f),
		.queued = queued, .asked = asked, .data = &w };
	OK(user_create(w.f->db, "kim", "h", false, w.user, &e));
}

static void end(void)
{
	settings_free(w.settings);
}

/* more: members of its JSON beside the name, the prompt and the schedule. */
static void agent_of(const char *user, const char *schedule, const char *more,
		     int64_t next, char id[ID_SIZE])
{
	struct err e = { 0 };
	char json[1024];

	snprintf(json, sizeof(json), "{\"gongbang_agent\":1,\"name\":\"news\","
		 "\"prompt\":\"do {{date}} after {{last_result}}\","
		 "\"schedule\":{%s,\"timezone\":\"Asia/Seoul\"}%s}", schedule,
		 more);
	OK(agent_create(w.f->db, user, "news", json, true, next, id, &e));
}

#define MINUTELY "\"frequency\":\"cron\",\"cron\":\"* * * * *\""
#define HOURLY "\"frequency\":\"hourly\",\"time\":\"00:00\""

static void agent(const char *schedule, const char *more, int64_t next,
		  char id[ID_SIZE])
{
	agent_of(w.user, schedule, more, next, id);
}

static int number(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int64_t count(const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(w.f->db, &e, number, &n, sql, ""));
	return n;
}

#define ROWS(where) count("SELECT count(*) FROM executions WHERE " where)
#define NOTICES(of) count("SELECT count(*) FROM notices WHERE event = '" of "'")
#define NEXT() count("SELECT max(next_run_at) FROM agents")

static int64_t due(int64_t now)
{
	struct err e = { 0 };
	int64_t all = 0, claimed;
	bool more = true;

	while (more) {
		OK(plan_due(&w.p, now, 250, &claimed, &more, &e));
		all += claimed;
	}
	return all;
}

/* Starts one; its conversation, "" for none. */
static const char *start(int64_t now)
{
	static char conversation[ID_SIZE];
	struct err e = { 0 };
	char execution[ID_SIZE];

	do {
		OK(plan_start(&w.p, now, conversation, execution, &e));
	} while (*execution && !*conversation);
	return conversation;
}

static struct attempt_end make_end(const char *conversation,
				   const char *outcome, const char *reason,
				   bool again, int64_t at)
{
	return (struct attempt_end){ .conversation_id = conversation,
		.outcome = outcome, .reason = reason, .detail = "d",
		.result = str_equal(outcome, "success") ? "found 3" : "",
		.again = again, .offset = 10, .turns = 2, .denials = 1,
		.at = at };
}

static void try_ends(const char *conversation, const char *outcome,
		     const char *reason, bool again, int64_t at)
{
	struct attempt_end end = make_end(conversation, outcome, reason,
					  again, at);
	struct err e = { 0 };

	OK(attempt_end(w.f->db, &end, &e));
}

static int64_t settle(int64_t now)
{
	struct err e = { 0 };
	int64_t n;

	OK(plan_settle(&w.p, now, 50, &n, &e));
	return n;
}

static void run_sql(const char *sql)
{
	struct err e = { 0 };

	OK(db_run(w.f->db, &e, sql, ""));
}

/* ---- planned moments */

static void each_moment_gets_its_row_once(void **state)
{
	char id[ID_SIZE];
	int64_t at = -1;
	struct err e = { 0 };

	begin(state);
	agent(HOURLY, "", T0, id);
	OK(plan_next(&w.p, &at, &e));
	assert_int_equal(at, T0);
	assert_int_equal(due(T0 - 1), 0);
	assert_int_equal(due(T0 + 5), 1);
	assert_int_equal(due(T0 + 5), 0);
	assert_int_equal(w.queued, 1);
	assert_int_equal(NEXT(), T0 + HOUR);
	assert_int_equal(ROWS("status = 'queued' AND queued_at - planned_at"
			      " = 5 AND not_before = planned_at"), 1);
	run_sql("UPDATE executions SET status = 'success'");
	/* The same moment again, however it came to be due. */
	run_sql("UPDATE agents SET next_run_at = 1893456000000");
	assert_int_equal(due(T0 + 6), 0);
	assert_int_equal(ROWS("1 = 1"), 1);
	end();
}

static void a_once_is_over_after_it(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent("\"frequency\":\"once\",\"date\":\"2030-01-01\","
	      "\"time\":\"09:00\"", "", T0, id);
	assert_int_equal(due(T0), 1);
	assert_int_equal(NEXT(), 0);
	end();
}

static void late_ones_are_missed_and_say_so(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	assert_int_equal(due(T0 + 3 * HOUR + LATE_MS + 1), 4);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'late'"), 4);
	assert_int_equal(NEXT(), T0 + 4 * HOUR);
	assert_int_equal(NOTICES("skipped"), 1);
	assert_int_equal(due(T0 + 4 * HOUR + LATE_MS), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void the_latest_missed_runs_within_the_window(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\",\"window_minutes\":90", T0, id);
	assert_int_equal(due(T0 + 3 * HOUR + 20 * MINUTE), 4);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'window'"), 2);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'late'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(count("SELECT planned_at FROM executions"
			       " WHERE status = 'queued'"), T0 + 3 * HOUR);
	run_sql("UPDATE executions SET status = 'success'");
	run_sql("UPDATE agents SET next_run_at = next_run_at + 36000000");
	assert_int_equal(due(NEXT() + 95 * MINUTE), 2);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void none_runs_when_the_window_is_past(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent("\"frequency\":\"daily\",\"time\":\"09:00\"",
	      ",\"missed\":\"run\",\"window_minutes\":60", T0, id);
	assert_int_equal(due(T0 + 61 * MINUTE), 1);
	assert_int_equal(ROWS("status = 'missed' AND reason = 'window'"), 1);
	end();
}

/* Many transactions, each of which leaves the plan where it got to. */
static void a_month_of_minutes_is_caught_up(void **state)
{
	struct err e = { 0 };
	const int64_t now = T0 + 30 * DAY + 1;
	int64_t claimed, passes = 0, before = 0;
	bool more = true;
	char id[ID_SIZE];

	begin(state);
	agent(MINUTELY, ",\"missed\":\"run\"", T0, id);
	while (more) {
		OK(plan_due(&w.p, now, 250, &claimed, &more, &e));
		assert_true(claimed <= 2000);
		assert_true(NEXT() > before);
		before = NEXT();
		passes++;
	}
	assert_true(passes > 20);
	assert_int_equal(ROWS("1 = 1"), 30 * 24 * 60 + 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(count("SELECT max(planned_at) FROM executions"
			       " WHERE status = 'queued'"), now - 1);
	assert_int_equal(count("SELECT count(*) - count(DISTINCT planned_at)"
			       " FROM executions"), 0);
	assert_int_equal(NEXT(), now - 1 + MINUTE);
	end();
}

static void clocks_that_jump_lose_and_double_nothing(void **state)
{
	char id[ID_SIZE];
	int64_t at;

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	due(T0 + DAY + 1);		/* forward, or a suspension */
	assert_int_equal(ROWS("1 = 1"), 25);
	for (at = T0 + 1; at < T0 + DAY; at += 10 * MINUTE)
		assert_int_equal(due(at), 0);	/* back, and all of it again */
	due(T0 + DAY + HOUR);
	assert_int_equal(ROWS("1 = 1"), 26);
	assert_int_equal(count("SELECT count(DISTINCT planned_at)"
			       " FROM executions"), 26);
	end();
}

static void after_2038_as_before(void **state)
{
	const int64_t then = INT64_C(4102444800000);	/* 2100-01-01 */
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", then, id);
	assert_int_equal(due(then + 2 * HOUR), 3);
	assert_int_equal(NEXT(), then + 3 * HOUR);
	assert_true(*start(then + 2 * HOUR));
	end();
}

static void a_year_of_hours_passes(void **state)
{
	char id[ID_SIZE];
	int64_t at;

	begin(state);
	agent(HOURLY, "", T0, id);
	for (at = T0; at < T0 + 365 * DAY; at += HOUR) {
		assert_int_equal(due(at + 7), 1);
		run_sql("UPDATE executions SET status = 'success'"
			" WHERE status = 'queued'");
	}
	assert_int_equal(ROWS("queued_at = planned_at + 7"), 365 * 24);
	end();
}

/* ---- overlap */

static void overlap_skips(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	due(T0 + HOUR);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 1);
	start(T0 + HOUR);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 2);
	assert_int_equal(NOTICES("skipped"), 2);
	assert_int_equal(w.queued, 1);
	end();
}

static void overlap_queues_one(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"queue\"", T0, id);
	due(T0);
	start(T0);
	due(T0 + HOUR);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'running'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'overlap'"), 1);
	/* Never two of an agent at once. */
	assert_string_equal(start(T0 + 2 * HOUR), "");
	end();
}

static void overlap_cancels_what_runs(void **state)
{
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"cancel\"", T0, id);
	due(T0);
	strcpy(c, start(T0));
	due(T0 + HOUR);
	assert_int_equal(w.asked, 1);
	assert_int_equal(ROWS("status = 'running' AND cancel_at > 0"
			      " AND reason = 'overlap'"), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	due(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'overlap'"),
			 1);
	try_ends(c, "cancelled", "", false, T0 + 2 * HOUR);
	settle(T0 + 2 * HOUR);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'overlap'"),
			 2);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	assert_true(*start(T0 + 2 * HOUR));
	end();
}

/* ---- jitter, pauses, deletion */

static void jitter_spreads_and_repeats(void **state)
{
	char id[ID_SIZE];
	int i;

	begin(state);
	for (i = 0; i < 100; i++)
		agent(HOURLY, ",\"jitter_minutes\":10", T0, id);
	assert_int_equal(due(T0), 100);
	assert_int_equal(ROWS("not_before < planned_at"
			      " OR not_before > planned_at + 600000"), 0);
	assert_true(count("SELECT count(DISTINCT not_before)"
			  " FROM executions") > 90);
	assert_true(ROWS("not_before < planned_at + 300000") > 25);
	assert_true(ROWS("not_before >= planned_at + 300000") > 25);
	end();
}

static void what_passed_before_a_pause_is_skipped(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\"", 3 * HOUR, id);
	OK(agent_pause(w.f->db, id, "person", &e));
	run_sql("UPDATE agents SET updated_at = 18000000");
	assert_int_equal(due(9 * HOUR), 3);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'paused'"), 3);
	assert_int_equal(NEXT(), 0);
	end();
}

static void resuming_never_fires_the_past(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"missed\":\"run\"", 3 * HOUR, id);
	OK(agent_pause(w.f->db, id, "person", &e));
	OK(agent_resume(w.f->db, id, INT64_MAX, &e));
	run_sql("UPDATE agents SET resumed_at = 19000000");
	assert_int_equal(due(19000001), 3);
	assert_int_equal(ROWS("status = 'skipped' AND reason = 'paused'"), 3);
	assert_int_equal(NEXT(), 6 * HOUR);
	assert_int_equal(due(6 * HOUR), 1);
	assert_int_equal(ROWS("status = 'queued'"), 1);
	end();
}

static void a_deleted_agent_runs_no_more(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE];

	begin(state);
	agent(HOURLY, ",\"overlap\":\"queue\"", T0, id);
	due(T0);
	strcpy(c, start(T0));
	due(T0 + HOUR);
	OK(agent_delete(w.f->db, id, &e));
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 1);
	assert_int_equal(ROWS("status = 'running' AND cancel_at > 0"), 1);
	try_ends(c, "failed", "died", true, T0 + 2 * HOUR);
	assert_int_equal(settle(T0 + 2 * HOUR), 1);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 2);
	run_sql("UPDATE agents SET next_run_at = 1893463200000,"
		" updated_at = 1893463200000");
	assert_int_equal(due(T0 + 9 * HOUR), 1);
	assert_int_equal(ROWS("status = 'cancelled' AND reason = 'deleted'"),
			 3);
	assert_int_equal(NEXT(), 0);
	end();
}

static void a_plan_that_is_broken_says_so(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	run_sql("UPDATE agent_versions SET definition = '{\"bad\":1}'");
	assert_int_equal(due(T0 + HOUR), 1);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'start'"
			      " AND detail <> ''"), 1);
	assert_int_equal(count("SELECT count(*) FROM agents WHERE status ="
			       " 'paused' AND paused_why = 'failures'"), 1);
	assert_int_equal(NOTICES("paused"), 1);
	assert_int_equal(due(T0 + 2 * HOUR), 0);
	end();
}

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
	settle(T0 + 20);
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
		assert_int_equal(settle(now + 1), 1);
		assert_int_equal(settle(now + 1), 0);
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
	settle(T0 + 2);
	assert_int_equal(ROWS("status = 'failed' AND reason = 'model'"
			      " AND ended_at = planned_at + 1"), 1);
	due(T0 + HOUR);
	try_ends(start(T0 + HOUR), "timeout", "", false, T0 + HOUR + 1);
	settle(T0 + HOUR + 2);
	assert_int_equal(ROWS("status = 'timeout'"), 1);
	due(T0 + 2 * HOUR);
	try_ends(start(T0 + 2 * HOUR), "failed", "needs_input", false,
		 T0 + 2 * HOUR + 1);
	settle(T0 + 2 * HOUR + 2);
	assert_int_equal(NOTICES("needs_input"), 1);
	assert_int_equal(NOTICES("failure"), 2);
	assert_int_equal(count("SELECT failures FROM agents"), 3);
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
		settle(at + 1);
	}
	due(at);
	try_ends(start(at), "success", "", false, at + 1);
	settle(at + 1);
	assert_int_equal(NOTICES("recovery"), 1);
	assert_int_equal(count("SELECT failures FROM agents"), 0);
	for (i = 0; i < 3; i++) {
		at += HOUR;
		due(at);
		try_ends(start(at), "failed", "model", false, at + 1);
		settle(at + 1);
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
	settle(T0 + 1);
	OK(execution_add(w.f->db, a, "manual", NULL, NULL, T0, x, &e));
	strcpy(c, start(T0));
	OK(execution_cancel(w.f->db, x, "person", T0, &e));
	try_ends(c, "failed", "died", true, T0 + 1);
	settle(T0 + 1);
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
	int64_t claimed, settled, i;
	struct attempt_end end;
	bool more;
	char c[ID_SIZE], x[ID_SIZE];

	p.memo = NULL;
	p.queued = p.asked = NULL;
	p.db = db_open(NULL, w.f->path, &e);
	for (i = 0; i < 40; i++) {
		AGAIN(plan_due(&p, T0 + i * MINUTE / 4, 20, &claimed, &more,
			       &e));
		AGAIN(plan_start(&p, T0 + HOUR, c, x, &e));
		end = make_end(c, "success", "", false, T0 + HOUR);
		if (*c)
			AGAIN(attempt_end(p.db, &end, &e));
		AGAIN(plan_settle(&p, T0 + HOUR, 10, &settled, &e));
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
	settle(T0 + HOUR);
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
		TEST(each_moment_gets_its_row_once),
		TEST(a_once_is_over_after_it),
		TEST(late_ones_are_missed_and_say_so),
		TEST(the_latest_missed_runs_within_the_window),
		TEST(none_runs_when_the_window_is_past),
		TEST(a_month_of_minutes_is_caught_up),
		TEST(clocks_that_jump_lose_and_double_nothing),
		TEST(after_2038_as_before),
		TEST(a_year_of_hours_passes),
		TEST(overlap_skips),
		TEST(overlap_queues_one),
		TEST(overlap_cancels_what_runs),
		TEST(jitter_spreads_and_repeats),
		TEST(what_passed_before_a_pause_is_skipped),
		TEST(resuming_never_fires_the_past),
		TEST(a_deleted_agent_runs_no_more),
		TEST(a_plan_that_is_broken_says_so),
		TEST(a_start_writes_all_of_it),
		TEST(listed_tools_are_asked_for),
		TEST(no_user_starves_another),
		TEST(the_queue_tells_ones_place),
		TEST(refusals_say_why),
		TEST(a_prompt_that_cannot_be_sent_fails),
		TEST(infrastructure_is_tried_again),
		TEST(what_the_model_reports_is_not_tried_again),
		TEST(failures_pause_and_success_recovers),
		TEST(tests_and_people_count_for_nothing),
		TEST(workers_share_and_double_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
