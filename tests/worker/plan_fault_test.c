/*
 * The planner and faults: a broken definition, a store that is locked or full.
 * Tests plan.c and lib/store/planning.c.
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

#include "plan_world.h"
#include "store/planning.h"

static int ignore(void *data, const struct db_row *row, struct err *e)
{
	(void)data;
	(void)row;
	(void)e;
	return 0;
}

static void pragma(const char *sql)
{
	struct err e = { 0 };

	OK(db_query(w.f->db, &e, ignore, NULL, sql, ""));
}

static void a_broken_one_does_not_stop_the_queue(void **state)
{
	char id[ID_SIZE];

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	run_sql("UPDATE executions SET version = 9");
	agent(HOURLY, "", T0 + 1, id);
	due(T0 + 1);
	assert_true(*start(T0 + 2));
	assert_int_equal(ROWS("status = 'failed' AND reason = 'start'"), 1);
	assert_int_equal(ROWS("status = 'running'"), 1);
	end();
}

static void a_broken_end_does_not_stop_the_others(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];
	int64_t n;

	begin(state);
	agent(HOURLY, "", T0, id);
	due(T0);
	try_ends(start(T0), "success", "", false, T0 + 1);
	agent(HOURLY, "", T0 + 1, id);
	due(T0 + 1);
	try_ends(start(T0 + 1), "success", "", false, T0 + 2);
	run_sql("CREATE TRIGGER broken BEFORE UPDATE ON executions"
		" WHEN old.planned_at = 1893456000000"
		" BEGIN SELECT raise(ABORT, 'broken'); END");
	assert_int_equal(plan_finish(&w.p, T0 + 3, 50, &n, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_int_equal(ROWS("status = 'success'"), 1);
	run_sql("DROP TRIGGER broken");
	assert_int_equal(book(T0 + 4), 1);
	end();
}

static int keep_due(void *data, const struct due_agent *a, struct err *e)
{
	(void)e;
	*(struct due_agent *)data = *a;
	return 0;
}

static void what_was_changed_meanwhile_is_not_claimed(void **state)
{
	struct due_agent a = { 0 }, old;
	struct err e = { 0 };
	char id[ID_SIZE];
	bool claimed;

	begin(state);
	agent(HOURLY, "", T0, id);
	OK(due_each(w.f->db, T0, 1, keep_due, &a, &e));
	old = a;
	old.version++;
	OK(due_claim(w.f->db, &old, T0 + HOUR, &claimed, &e));
	assert_false(claimed);
	old = a;
	old.updated_at--;
	OK(due_claim(w.f->db, &old, T0 + HOUR, &claimed, &e));
	assert_false(claimed);
	OK(due_claim(w.f->db, &a, T0 + HOUR, &claimed, &e));
	assert_true(claimed);
	assert_int_equal(NEXT(), T0 + HOUR);
	end();
}

static void nothing_to_begin_locks_nothing(void **state)
{
	char id[ID_SIZE], conversation[ID_SIZE], execution[ID_SIZE];
	struct err e = { 0 };
	struct db *other;

	begin(state);
	agent(HOURLY, "", T0, id);
	other = db_open(w.f, w.f->path, &e);
	OK(db_begin(other, &e));
	OK(plan_start(&w.p, T0, conversation, execution, &e));
	assert_string_equal(execution, "");
	db_rollback(other);
	end();
}

static int look_for(void *data, const struct db_row *row, struct err *e)
{
	const char **index = data;

	(void)e;
	if (*index && strstr(db_text(row, 3), *index))
		*index = NULL;
	return 0;
}

/* SQLite's plan of a statement names the index. */
static void by_index(const char *sql, const char *index)
{
	const char *left = index;
	struct err e = { 0 };
	char explain[512];

	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	OK(db_query(w.f->db, &e, look_for, &left, explain, ""));
	if (left)
		fail_msg("%s: not by %s", sql, index);
}

/* Each second the worker asks these; the history may be long. */
static void open_runs_are_found_without_the_history(void **state)
{
	begin(state);
	by_index("SELECT count(*) FROM executions WHERE status = 'running'",
		 "executions_running");
	by_index("SELECT user_id, count(*) FROM executions"
		 " WHERE status = 'running' GROUP BY user_id",
		 "executions_running");
	by_index("SELECT x.id FROM executions x WHERE x.status = 'queued'"
		 " AND x.not_before <= 1", "executions_queued");
	by_index("SELECT 1 FROM executions o WHERE o.agent_id = 'a'"
		 " AND o.status = 'running'", "executions_running_by_agent");
	by_index("SELECT count(*) FROM executions WHERE agent_id = 'a'"
		 " AND status = 'queued'", "executions_queued_by_agent");
	end();
}

/* Until then nothing of it is there, and after it all. */
static void a_full_disk_loses_nothing(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], c[ID_SIZE], x[ID_SIZE];
	int64_t claimed;
	bool more;
	int i;

	begin(state);
	for (i = 0; i < 200; i++)
		agent(HOURLY, "", T0, id);
	pragma("PRAGMA max_page_count = 1");	/* what there is */
	assert_int_equal(plan_due(&w.p, T0, 250, &claimed, &more, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(ROWS("1 = 1"), 0);
	assert_int_equal(w.queued, 0);
	assert_int_equal(NEXT(), T0);
	pragma("PRAGMA max_page_count = 1000000");
	assert_int_equal(due(T0), 200);
	run_sql("UPDATE agent_versions SET definition = replace(definition,"
		" 'do ', 'do ' || hex(zeroblob(50000)))");
	pragma("PRAGMA max_page_count = 1");
	e = (struct err){ 0 };
	assert_int_equal(plan_start(&w.p, T0, c, x, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(ROWS("status = 'queued'"), 200);
	assert_int_equal(count("SELECT count(*) FROM conversations"), 0);
	pragma("PRAGMA max_page_count = 1000000");
	assert_true(*start(T0));
	assert_int_equal(count("SELECT count(*) FROM attempts"), 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_broken_one_does_not_stop_the_queue),
		TEST(a_broken_end_does_not_stop_the_others),
		TEST(what_was_changed_meanwhile_is_not_claimed),
		TEST(nothing_to_begin_locks_nothing),
		TEST(open_runs_are_found_without_the_history),
		TEST(a_full_disk_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
