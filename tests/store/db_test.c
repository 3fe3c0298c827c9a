/*
 * lib/store/db.h: the file, its schema, statements, transactions. Tests
 * sqlite.c, sqlite_open.c and migrations.c.
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "fixture.h"
#include "store/conversations.h"
#include "store/db_internal.h"
#include "store/migrations.h"
#include "store/users.h"

static int count_rows(void *data, const struct db_row *row, struct err *e)
{
	++*(int *)data;
	return 0;
}

static void schema_grows_from_every_earlier_number(void **state)
{
	struct fixture *f = *state;
	size_t from, i;

	for (i = 0; i < migrations_count; i++)
		assert_int_equal(migrations[i].number, i + 1);
	for (from = 0; from <= migrations_count; from++) {
		struct err e = { 0 };
		char path[128], id[ID_SIZE];
		struct db *db;
		int rows = 0;

		snprintf(path, sizeof(path), "%s/%zu.db", f->folder, from);
		db = db_connect(f, path, &e);
		assert_non_null(db);
		OK(db_migrate(db, from ? migrations[from - 1].number : 0,
			      &e));
		if (from >= 1)
			OK(user_create(db, "kim", "h", true, id, &e));
		talloc_free(db);
		db = db_open(f, path, &e);
		if (!db)
			fail_msg("%s", e.text);
		OK(db_query(db, &e, count_rows, &rows,
			    "SELECT * FROM schema_migrations", ""));
		assert_int_equal(rows, migrations_count);
		if (from >= 1)
			assert_non_null(user_load_by_login(db, f, "kim", &e));
		talloc_free(db);
	}
}

static int64_t number_of(struct db *db, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(db, &e, db_keep_number, &n, sql, ""));
	return n;
}

/* Runs of before get the outcome that they would have today. */
static void outcomes_of_before(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO agents (id, user_id, name, version, status,"
		" created_at, updated_at) SELECT 'a', id, 'n', 1, 'active', 1, 1"
		" FROM users",
		"INSERT INTO executions (id, agent_id, user_id, version,"
		" trigger_kind, status, planned_at, not_before, ended_at, turns,"
		" denials) SELECT 'help', 'a', id, 1, 'schedule', 'success', 1,"
		" 1, 86400001, 0, 0 FROM users UNION ALL"
		" SELECT 'denied', 'a', id, 1, 'schedule', 'success', 2, 1,"
		" 86400001, 4, 3 FROM users UNION ALL"
		" SELECT 'plain', 'a', id, 1, 'schedule', 'success', 3, 1,"
		" 86400001, 4, 0 FROM users UNION ALL"
		" SELECT 'failed', 'a', id, 1, 'schedule', 'failed', 4, 1,"
		" 86400001, 4, 2 FROM users",
		"INSERT INTO agent_outcomes (agent_id, day, succeeded, failed)"
		" VALUES ('a', 86400000, 3, 1)",
		"INSERT INTO notify_rules (id, agent_id, channel, target,"
		" events, created_at) VALUES ('r', 'a', 'email', 't',"
		" 'failure paused', 1), ('q', 'a', 'email', 't', 'skipped', 1),"
		" ('s', 'a', 'webhook', 't', 'failure', 1)",
		"INSERT INTO notices (id, user_id, agent_id, event, state,"
		" created_at) SELECT 'n', id, 'a', 'failure', 'unread', 1"
		" FROM users",
	};
	struct fixture *f = *state;
	struct err e = { 0 };
	char path[128], id[ID_SIZE];
	struct db *db;
	size_t i;

	snprintf(path, sizeof(path), "%s/before.db", f->folder);
	db = db_connect(f, path, &e);
	OK(db_migrate(db, 10, &e));
	OK(user_create(db, "kim", "h", true, id, &e));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		OK(db_run(db, &e, rows[i], ""));
	talloc_free(db);
	db = db_open(f, path, &e);
	assert_non_null(db);
	assert_int_equal(number_of(db, "SELECT count(*) FROM executions WHERE"
		" (id = 'help' AND status = 'failed' AND reason = 'no_model')"
		" OR (id = 'denied' AND status = 'success' AND problems ="
		"  '[{\"code\":\"denied\",\"count\":3}]')"
		" OR (id = 'plain' AND status = 'success' AND problems = '')"
		" OR (id = 'failed' AND problems = '')"), 4);
	assert_int_equal(number_of(db, "SELECT succeeded * 100 + problems * 10"
		" + failed FROM agent_outcomes"), 112);
	assert_int_equal(number_of(db, "SELECT count(*) FROM notify_rules WHERE"
		" events IN ('failure paused problems domain', 'skipped',"
		" 'failure problems')"), 3);
	assert_int_equal(number_of(db, "SELECT count(*) FROM notices"), 1);
	talloc_free(db);
}

static void newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	OK(db_run(f->db, &e, "INSERT INTO schema_migrations (number, name, at)"
		  " VALUES (999, 'later', 0)", ""));
	assert_null(db_open(f, f->path, &e));
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_non_null(strstr(e.text, "newer"));
}

static void many_processes_may_open_at_once(void **state)
{
	struct fixture *f = *state;
	char path[128];
	int i, status;

	snprintf(path, sizeof(path), "%s/new.db", f->folder);
	for (i = 0; i < 8; i++) {
		if (fork() == 0) {
			struct err e = { 0 };
			struct db *db = db_open(NULL, path, &e);

			if (!db)
				fprintf(stderr, "%s\n", e.text);
			_exit(db ? 0 : 1);
		}
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static void group_shares_the_files(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct fixture *f = *state;
	struct stat st;
	char path[128];
	size_t i;
	mode_t old = umask(077);
	struct err e = { 0 };

	talloc_free(f->db);
	unlink(f->path);
	f->db = db_open(f, f->path, &e);
	assert_non_null(f->db);
	umask(old);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0660);
	}
}

/* Two system users of one group, as gongbang and gongbang-bridge are. */
static void another_user_of_the_group_writes(void **state)
{
	struct fixture *f = *state;
	char path[160], folder[128];
	uid_t uid;
	int status;

	if (geteuid() != 0)
		skip();
	snprintf(folder, sizeof(folder), "%s/shared", f->folder);
	snprintf(path, sizeof(path), "%s/g.db", folder);
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(mkdir(folder, 0770), 0);
	assert_int_equal(chown(folder, 61001, 61000), 0);
	assert_int_equal(chmod(folder, 02770), 0);
	for (uid = 61001; uid <= 61003; uid++) {
		if (fork() == 0) {
			char login[8], id[ID_SIZE];
			struct err e = { 0 };
			struct db *db;

			snprintf(login, sizeof(login), "u%u", uid);
			umask(022);
			/* The last is root, as the command line is. */
			if (uid < 61003 && (setgid(61000) || setuid(uid)))
				_exit(2);
			db = db_open(NULL, path, &e);
			if (!db || user_create(db, login, "h", false, id,
					       &e) < 0)
				fprintf(stderr, "%s\n", e.text);
			/* Left open: its -wal and -shm stay for the next. */
			_exit(e.kind != ERR_NONE);
		}
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static void damage_is_said_plainly(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char path[128];
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "%s/bad.db", f->folder);
	file = fopen(path, "w");
	for (i = 0; i < 1000; i++)
		fputs("not a database ", file);
	fclose(file);
	assert_null(db_open(f, path, &e));
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_non_null(strstr(e.text, "damaged"));
	memset(&e, 0, sizeof(e));
	assert_null(db_open(f, "/nowhere/at/all.db", &e));
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
}

static void full_disk_is_unavailable_and_passes(void **state)
{
	struct fixture *f = *state;
	char *big = talloc_zero_size(f, 300000);
	char user[ID_SIZE], id[ID_SIZE], message[ID_SIZE];
	struct err e = { 0 };

	memset(big, 'x', 299999);
	id_new(message);
	OK(user_create(f->db, "kim", "h", false, user, &e));
	OK(conversation_create(f->db, user, "t", id, &e));
	OK(db_run(f->db, &e, "PRAGMA max_page_count = 40", ""));
	assert_int_equal(message_add(f->db, id, message, big, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_string_equal(e.key, "error_disk_full");
	OK(db_run(f->db, &e, "PRAGMA max_page_count = 100000", ""));
	assert_int_equal(message_add(f->db, id, message, big, &e), 1);
	OK(db_run(f->db, &e, "PRAGMA query_only = 1", ""));
	memset(&e, 0, sizeof(e));
	assert_int_equal(user_create(f->db, "lee", "h", false, user, &e), -1);
	assert_string_equal(e.key, "error_disk_full");
}

static int stop_here(void *data, const struct db_row *row, struct err *e)
{
	return err_set(e, ERR_LIMIT, "enough");
}

/* A query in the middle of the same query gets a statement of its own. */
static int nest(void *data, const struct db_row *row, struct err *e)
{
	struct fixture *f = data;
	int rows = 0;

	if (db_query(f->db, e, count_rows, &rows,
		     "SELECT number FROM schema_migrations", "") < 0)
		return -1;
	assert_int_equal(rows, migrations_count);
	return 0;
}

static void queries_nest_and_stop(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int rows = 0;

	OK(db_query(f->db, &e, nest, f,
		    "SELECT number FROM schema_migrations", ""));
	FAILS(ERR_LIMIT, db_query(f->db, &e, stop_here, NULL,
				  "SELECT number FROM schema_migrations", ""));
	OK(db_query(f->db, &e, count_rows, &rows, "SELECT 1 WHERE $2 = 'b'"
		    " AND $1 = 'a' AND $3 IS NULL", "ttt", "a", "b", NULL));
	assert_int_equal(rows, 1);
}

static int keep_number(void *data, const struct db_row *row, struct err *e)
{
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

/* 2: FULL, a commit waits for the disk; 1: NORMAL. */
static void only_relaxed_commits_do_not_wait(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int64_t level = 0;

	OK(db_begin_relaxed(f->db, &e));
	OK(db_query(f->db, &e, keep_number, &level, "PRAGMA synchronous", ""));
	assert_int_equal(level, 1);
	OK(db_commit(f->db, &e));
	OK(db_begin(f->db, &e));
	OK(db_query(f->db, &e, keep_number, &level, "PRAGMA synchronous", ""));
	assert_int_equal(level, 2);
	db_rollback(f->db);
	OK(db_begin_relaxed(f->db, &e));
	db_rollback(f->db);
	OK(db_query(f->db, &e, keep_number, &level, "PRAGMA synchronous", ""));
	assert_int_equal(level, 2);
}

static void failed_transactions_leave_nothing(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE];
	struct err e = { 0 };

	OK(db_begin(f->db, &e));
	OK(user_create(f->db, "kim", "h", false, id, &e));
	db_rollback(f->db);
	assert_null(user_load(f->db, f, id, &e));
	assert_int_equal(e.kind, ERR_MISSING);
	OK(db_begin_relaxed(f->db, &e));
	OK(user_create(f->db, "kim", "h", false, id, &e));
	OK(db_commit(f->db, &e));
	assert_non_null(user_load(f->db, f, id, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(schema_grows_from_every_earlier_number),
		TEST(outcomes_of_before),
		TEST(newer_schema_is_refused),
		TEST(many_processes_may_open_at_once),
		TEST(group_shares_the_files),
		TEST(another_user_of_the_group_writes),
		TEST(damage_is_said_plainly),
		TEST(full_disk_is_unavailable_and_passes),
		TEST(queries_nest_and_stop),
		TEST(only_relaxed_commits_do_not_wait),
		TEST(failed_transactions_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
