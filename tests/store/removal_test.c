/*
 * lib/store/removal.c: no column of any table still mentions a removed
 * account, and the installation's sums stay.
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
#include "fixture.h"
#include "store/removal.h"
#include "store/usage.h"
#include "store/users.h"

#define LIST_MAX 64
#define TEXT_SIZE 64

/* $1: the account's id; ~: its login. */
static const char *const rows[] = {
	"INSERT INTO conversations (id, user_id, title, mode, created_at, updated_at) VALUES ('~-chat', $1, '~', 'ask', 1, 1)",
	"INSERT INTO conversations (id, user_id, title, mode, created_at, updated_at, kind) VALUES ('~-run', $1, '~', 'ask', 1, 1, 'run')",
	"INSERT INTO messages (id, conversation_id, seq, state, text, created_at) VALUES ('~-m', '~-chat', 1, 'seen', '~', 1)",
	"INSERT INTO parts (conversation_id, at, changed_at, turn, role, kind, state, data, created_at) VALUES ('~-chat', 1, 1, 1, 'user', 'text', 'ok', '~', 1)",
	"INSERT INTO search_entries (id, user_id, conversation_id, at, text) VALUES (abs(random()), $1, '~-chat', 1, '~')",
	"INSERT INTO projects (id, user_id, name, created_at) VALUES ('~-p', $1, '~', 1)",
	"INSERT INTO renderings (subject, at, hash, html, bytes, created_at) VALUES ('~-chat', 1, 'h', '~', 3, 1)",
	"INSERT INTO renderings (subject, at, hash, html, bytes, created_at) VALUES ('~-x', 0, 'h', '~', 3, 1)",
	"INSERT INTO blocked_in_runs (conversation_id, domain) VALUES ('~-run', '~')",
	"INSERT INTO agents (id, user_id, name, version, status, next_run_at, hook_hash, created_at, updated_at) VALUES ('~-a', $1, '~', 1, 'active', 5, '~', 1, 1)",
	"INSERT INTO agent_versions (agent_id, version, definition, created_at) VALUES ('~-a', 1, '~', 1)",
	"INSERT INTO executions (id, agent_id, user_id, version, trigger_kind, status, planned_at, not_before, prompt) VALUES ('~-x', '~-a', $1, 1, 'manual', 'running', 1, 1, '~')",
	"INSERT INTO attempts (execution_id, attempt, conversation_id, started_at, deadline_at) VALUES ('~-x', 1, '~-run', 1, 2)",
	"INSERT INTO execution_files (execution_id, path, size, made, kept) VALUES ('~-x', '~', 1, 1, 0)",
	"INSERT INTO agent_outcomes (agent_id, day, failed) VALUES ('~-a', 1, 1)",
	"INSERT INTO agent_usage (agent_id, day, model, input, output, cache_write_5m, cache_write_1h, cache_read, calls, unmetered) VALUES ('~-a', 0, 'm', 1, 1, 1, 1, 1, 1, 0)",
	"INSERT INTO notify_rules (id, agent_id, channel, target, events, created_at) VALUES ('~-r', '~-a', 'email', '~@example.org', 'failure', 1)",
	"INSERT INTO notices (id, user_id, agent_id, execution_id, event, state, created_at) VALUES ('~-n', $1, '~-a', '~-x', 'failure', 'pending', 1)",
	"INSERT INTO domains (user_id, domain, state, first_at, last_at) VALUES ($1, '~.example.org', 'asked', 1, 1)",
	"INSERT INTO budgets (subject, day_tokens, changed_at) VALUES ($1, 5, 1)",
	"INSERT INTO shares (id, user_id, kind, subject_id, secret_hash, title, author, anyone, tools, files, html, bytes, created_at, expires_at) VALUES ('~-s', $1, 'conversation', '~-chat', '~', '~', '~', 0, 0, 0, '~', 3, 1, 2)",
	"INSERT INTO share_files (share_id, path, content) VALUES ('~-s', '~', '~')",
	"INSERT INTO pictures (id, user_id, name, media_type, width, height, bytes, data, created_at) VALUES ('~-p', $1, '~', 'image/png', 1, 1, 3, 'x', 1)",
	"INSERT INTO message_pictures (message_id, picture_id) VALUES ('~-m', '~-p')",
	"INSERT INTO claude_lists (user_id, kind, data) VALUES ($1, 'models', '~')",
	"INSERT INTO message_templates (id, user_id, name, text) VALUES ('~-t', $1, '~', '~')",
	"UPDATE users SET feed_hash = '~' WHERE id = $1",
};

/* What has nothing of an account, or what the bridge takes away when Redis has forgotten the tokens. */
static const char *const others[] = { "schema_migrations", "migrations", "stops", "token_endings", "search_backlog",
	/* parts of the index, which search_test.c asks by its terms */
	"search_index_data", "search_index_idx", "search_index_config" };

struct list {
	char text[LIST_MAX][TEXT_SIZE];
	size_t n;
};

static int add(void *data, const struct db_row *row, struct err *e)
{
	struct list *l = data;

	assert_true(l->n < LIST_MAX);
	assert_true(str_copy(l->text[l->n++], TEXT_SIZE, db_text(row, 0)));
	return 0;
}

static bool is_other(const char *table)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_equal(others[i], table))
			return true;
	}
	return false;
}

static void tables(struct fixture *f, struct list *l)
{
	struct err e = { 0 };

	*l = (struct list){ .n = 0 };
	OK(db_query(f->db, &e, add, l, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'search_index' ORDER BY name", ""));
	assert_true(l->n > 15);
}

/* Fields anywhere in the table that hold the text. */
static int64_t fields_with(struct fixture *f, const char *table, const char *text)
{
	struct list columns = { .n = 0 };
	char sql[256];
	struct err e = { 0 };
	int64_t all = 0, n;
	size_t i;

	OK(db_query(f->db, &e, add, &columns, "SELECT name FROM pragma_table_info($1)", "t", table));
	for (i = 0; i < columns.n; i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE instr(CAST(%s AS TEXT), $1) > 0", table, columns.text[i]);
		OK(db_query(f->db, &e, db_keep_number, &n, sql, "t", text));
		all += n;
	}
	return all;
}

static int64_t number(struct fixture *f, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(f->db, &e, db_keep_number, &n, sql, ""));
	return n;
}

static void call(struct fixture *f, const char *user_id, const char *subject)
{
	struct usage_call c = { .kind = "conversation", .model = "m",
				.usage = { 1, 2, 3, 4, 5 },
				.outcome = "complete", .at = 1793491200000 };
	struct err e = { 0 };

	id_new(c.id);
	memcpy(c.user_id, user_id, ID_SIZE);
	snprintf(c.subject_id, sizeof(c.subject_id), "%s", subject);
	OK(usage_add(f->db, &c, 1, &e));
}

static void fill_in(char *out, size_t size, const char *row, const char *login)
{
	size_t n = 0;

	for (; *row; row++)
		n += (size_t)snprintf(out + n, size - n, "%.*s", *row == '~' ? 8 : 1, *row == '~' ? login : row);
	assert_true(n < size);
}

static void make(struct fixture *f, const char *login, char id[ID_SIZE])
{
	char sql[512], subject[ID_SIZE];
	struct err e = { 0 };
	size_t i;

	OK(user_create(f->db, login, "h", false, id, &e));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill_in(sql, sizeof(sql), rows[i], login);
		if (strstr(sql, "$1"))
			OK(db_run(f->db, &e, sql, "t", id));
		else
			OK(db_run(f->db, &e, sql, ""));
	}
	for (i = 0; i < 3; i++) {
		snprintf(subject, sizeof(subject), "%.8s-%d", login, (int)i);
		call(f, id, subject);
	}
}

#define SUMS "SELECT sum(input) * 1000000 + sum(cache_read) * 1000 + sum(calls) FROM "

static void nothing_of_it_is_left(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], again[ID_SIZE];
	int64_t of_lee = 0, quarters, days;
	struct err e = { 0 };
	struct list all;
	size_t i;

	make(f, "kim", kim);
	make(f, "lee", lee);
	OK(db_run(f->db, &e, "UPDATE domains SET decided_by = 'kim' WHERE user_id = $1", "t", lee));
	tables(f, &all);
	for (i = 0; i < all.n; i++) {
		if (!is_other(all.text[i]) && !fields_with(f, all.text[i], "kim") && !fields_with(f, all.text[i], kim))
			fail_msg("a row of this test is missing for the table %s", all.text[i]);
		of_lee += fields_with(f, all.text[i], "lee") + fields_with(f, all.text[i], lee);
	}
	quarters = number(f, SUMS "usage_quarters");
	days = number(f, SUMS "usage_days");
	OK(removal_begin(f->db, kim, &e));
	OK(removal_rows(f->db, kim, &e));
	for (i = 0; i < all.n; i++) {
		if (fields_with(f, all.text[i], "kim") || fields_with(f, all.text[i], kim))
			fail_msg("something is left in %s", all.text[i]);
		of_lee -= fields_with(f, all.text[i], "lee") + fields_with(f, all.text[i], lee);
	}
	assert_int_equal(of_lee, 0);
	assert_int_equal(number(f, SUMS "usage_quarters"), quarters);
	assert_int_equal(number(f, SUMS "usage_days"), days);
	assert_int_equal(number(f, "SELECT count(*) FROM usage"), 6);
	FAILS(ERR_MISSING, removal_rows(f->db, kim, &e));
	/* Its last calls are booked when it is gone. */
	call(f, kim, kim);
	assert_int_equal(number(f, SUMS "usage_quarters"), quarters + 1005001);
	assert_int_equal(fields_with(f, "usage", kim) + fields_with(f, "usage_days", kim), 0);
	make(f, "kim", again);				/* the login is free */
	assert_string_not_equal(again, kim);
	OK(removal_begin(f->db, again, &e));		/* sums are added to those of the one before */
	OK(removal_rows(f->db, again, &e));
	assert_int_equal(number(f, SUMS "usage_quarters"), 10050010);
	assert_int_equal(number(f, "SELECT sum(calls) FROM usage_days WHERE user_id = '" REMOVED_ID "'"), 7);
}

/* Whatever step fails, or is the last before a kill: the next removal goes on. */
static void it_goes_on_where_it_ended(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], sql[256];
	int64_t quarters, n;
	struct err e = { 0 };
	struct list all;
	size_t i, stopped = 0;

	make(f, "kim", kim);
	quarters = number(f, SUMS "usage_quarters");
	tables(f, &all);
	for (i = 0; i < all.n; i++) {
		if (is_other(all.text[i]))
			continue;
		n = fields_with(f, all.text[i], "kim") + fields_with(f, all.text[i], kim);
		snprintf(sql, sizeof(sql), "CREATE TRIGGER stop BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, 'stopped'); END",
			 str_equal(all.text[i], "usage") ? "UPDATE" : "DELETE", all.text[i]);
		OK(db_run(f->db, &e, sql, ""));
		OK(removal_begin(f->db, kim, &e));
		if (n) {
			assert_int_equal(removal_rows(f->db, kim, &e), -1);
			e = (struct err){ 0 };
			stopped++;
		} else {	/* an earlier round took it: stop at the end */
			snprintf(sql, sizeof(sql), "CREATE TRIGGER at_end BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'stopped'); END");
			OK(db_run(f->db, &e, sql, ""));
			assert_int_equal(removal_rows(f->db, kim, &e), -1);
			e = (struct err){ 0 };
			OK(db_run(f->db, &e, "DROP TRIGGER at_end", ""));
		}
		OK(db_run(f->db, &e, "DROP TRIGGER stop", ""));
		assert_int_equal(number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
		assert_int_equal(number(f, SUMS "usage_quarters"), quarters);
		assert_int_equal(number(f, "SELECT count(*) FROM users WHERE login = 'kim' AND disabled_at > 0"), 1);
	}
	assert_true(stopped >= 5);
	OK(removal_rows(f->db, kim, &e));
	assert_int_equal(number(f, "SELECT count(*) FROM users WHERE login = 'kim'"), 0);
	assert_int_equal(number(f, SUMS "usage_quarters"), quarters);
}

static void from_the_mark_on_nothing_of_it_runs(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	struct err e = { 0 };
	struct user *u;
	int64_t since;

	make(f, "kim", kim);
	FAILS(ERR_MISSING, removal_rows(f->db, kim, &e));	/* not without the mark */
	OK(removal_begin(f->db, kim, &e));
	u = user_load(f->db, f, kim, &e);
	assert_true(u->disabled_at > 0 && u->removing_at > 0);
	since = u->removing_at;
	assert_int_equal(number(f, "SELECT count(*) FROM agents WHERE deleted_at = 0 OR next_run_at > 0 OR hook_hash <> ''"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM attempts WHERE outcome = ''"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM executions WHERE status IN ('queued', 'running')"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM notices WHERE state = 'pending'"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM users WHERE feed_hash <> ''"), 0);
	FAILS(ERR_CONFLICT, user_set_disabled(f->db, kim, false, &e));
	e = (struct err){ 0 };
	OK(removal_begin(f->db, kim, &e));
	u = user_load(f->db, f, kim, &e);
	assert_int_equal(u->removing_at, since);
	FAILS(ERR_MISSING, removal_begin(f->db, "x", &e));
}

static int count_user(void *data, const struct user *u, struct err *e)
{
	(*(int *)data)++;
	return 0;
}

static void nobody_is_no_account(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int n = 0;

	OK(user_each(f->db, count_user, &n, &e));
	assert_int_equal(n, 0);
	assert_null(user_load_by_login(f->db, f, "", &e));
	assert_null(user_load(f->db, f, REMOVED_ID, &e));
	e = (struct err){ 0 };
	FAILS(ERR_MISSING, removal_begin(f->db, REMOVED_ID, &e));
	assert_int_equal(number(f, "SELECT count(*) FROM users"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_of_it_is_left),
		TEST(it_goes_on_where_it_ended),
		TEST(from_the_mark_on_nothing_of_it_runs),
		TEST(nobody_is_no_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
