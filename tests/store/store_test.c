/* lib/store: the file, its schema, accounts, conversations, messages. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "store/conversations.h"
#include "store/driver.h"
#include "store/migrations.h"
#include "store/users.h"

struct fixture {
	char folder[64], path[96];
	struct db *db;
};

static int set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	struct err e = { 0 };

	strcpy(f->folder, "/tmp/store_testXXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/g.db", f->folder);
	f->db = db_open(f, f->path, &e);
	if (!f->db)
		fail_msg("%s", e.text);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	talloc_free(f);
	return system(command);
}

/* Both use the caller's struct err e. */
#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

#define FAILS(want, call) do { \
	assert_int_equal((call), -1); \
	assert_string_equal(err_kind_name(e.kind), err_kind_name(want)); \
} while (0)

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
		OK(db_migrate(db, (int64_t)from, &e));
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

static void logins_are_checked(void **state)
{
	static const char *const bad[] = { "", "Kim", "1kim", "kim lee", "김",
		"a/b", "_a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a\n" };
	struct fixture *f = *state;
	struct err e = { 0 };
	char id[ID_SIZE];
	struct user *u;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(ERR_INPUT, user_create(f->db, bad[i], "h", false, id,
					     &e));
	OK(user_create(f->db, "kim.lee-2_x", "hash", true, id, &e));
	assert_int_equal(user_create(f->db, "kim.lee-2_x", "h", false, id,
				     &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_string_equal(e.key, "error_login_taken");
	u = user_load_by_login(f->db, f, "Kim.Lee-2_X", &e);
	assert_non_null(u);
	assert_true(u->admin);
	assert_string_equal(u->password_hash, "hash");
	assert_string_equal(u->display_name, "kim.lee-2_x");
	assert_int_equal(u->disabled_at, 0);
	OK(user_set_disabled(f->db, u->id, true, &e));
	OK(user_set_password_hash(f->db, u->id, "new", &e));
	OK(user_set_preferences(f->db, u->id, "김", "ko", "dark",
				"Asia/Seoul", &e));
	u = user_load(f->db, f, u->id, &e);
	assert_true(u->disabled_at > 0);
	assert_string_equal(u->password_hash, "new");
	assert_string_equal(u->display_name, "김");
	assert_string_equal(u->timezone, "Asia/Seoul");
	FAILS(ERR_MISSING, user_set_disabled(f->db, "x", true, &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "k", "ko", "",
					      "../../etc/passwd", &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "k", "de", "", "",
					      &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "", "ko", "", "",
					      &e));
}

static int join_titles(void *data, const struct conversation *c,
		       struct err *e)
{
	return buf_addf(data, e, "%s;", c->title);
}

static const char *titles(struct db *db, const char *user, const char *search,
			  int64_t before, int limit)
{
	static char text[4096];
	auto_buf b = BUF_INIT(sizeof(text) - 1);
	struct err e = { 0 };

	OK(conversation_each(db, user, search, before, limit, join_titles, &b,
			     &e));
	assert_true(str_copy(text, sizeof(text), buf_text(&b)));
	return text;
}

static void search_takes_text_as_it_is(void **state)
{
	static const struct { const char *search, *found; } rows[] = {
		{ "", "50_a;50% off;Été \\o/;주간 주식;Weekly;" },
		{ "week", "Weekly;" },
		{ "WEEK", "Weekly;" },
		{ "주식", "주간 주식;" },
		{ "éTÉ", "Été \\o/;" },
		{ "%", "50% off;" },
		{ "_", "50_a;" },
		{ "\\", "Été \\o/;" },
		{ "' OR 1=1", "" },
	};
	static const char *const all[] = { "Weekly", "주간 주식", "Été \\o/",
					   "50% off", "50_a" };
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], id[ID_SIZE], long_text[800];
	struct err e = { 0 };
	size_t i;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	OK(conversation_create(f->db, lee, "Weekly of lee", id, &e));
	for (i = 0; i < 5; i++)
		OK(conversation_create(f->db, kim, all[i], id, &e));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(titles(f->db, kim, rows[i].search, 0, 50),
				    rows[i].found);
	memset(long_text, '%', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	FAILS(ERR_INPUT, conversation_each(f->db, kim, long_text, 0, 50,
					   join_titles, NULL, &e));
}

static int keep_moment(void *data, const struct conversation *c,
		       struct err *e)
{
	*(int64_t *)data = c->updated_at;
	return 0;
}

static void pages_miss_none_and_double_none(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], id[ID_SIZE], title[16];
	int64_t before = 0, last;
	struct err e = { 0 };
	auto_buf all = BUF_INIT(8192);
	int i;

	OK(user_create(f->db, "kim", "h", false, user, &e));
	for (i = 0; i < 100; i++) {
		snprintf(title, sizeof(title), "%02d", i);
		OK(conversation_create(f->db, user, title, id, &e));
	}
	for (;;) {
		last = before;
		OK(conversation_each(f->db, user, "", before, 7, keep_moment,
				     &before, &e));
		if (last == before)
			break;
		OK(buf_add_text(&all, titles(f->db, user, "", last, 7), &e));
	}
	for (i = 0; i < 100; i++)
		assert_int_equal(atoi(buf_text(&all) + 3 * i), 99 - i);
	assert_int_equal(all.len, 300);
}

static int count_conversations(void *data, const struct conversation *c,
			       struct err *e)
{
	++*(int *)data;
	return 0;
}

static int count_open(struct db *db)
{
	struct err e = { 0 };
	int n = 0;

	OK(conversation_each_open(db, count_conversations, &n, &e));
	return n;
}

static void nobody_reaches_anothers(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], id[ID_SIZE];
	struct err e = { 0 };
	struct conversation *c;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	OK(conversation_create(f->db, kim, "", id, &e));
	assert_null(conversation_load(f->db, f, id, lee, &e));
	assert_int_equal(e.kind, ERR_MISSING);
	assert_null(conversation_load(f->db, f, id, "", &e));
	FAILS(ERR_MISSING, conversation_rename(f->db, id, lee, "mine", &e));
	FAILS(ERR_MISSING, conversation_mark_deleted(f->db, id, lee, &e));
	FAILS(ERR_MISSING, conversation_create(f->db, "nobody", "", id, &e));
	OK(conversation_rename(f->db, id, kim, "제목", &e));
	OK(conversation_set_mode(f->db, id, "plan", &e));
	OK(conversation_set_model(f->db, id, "opus", &e));
	FAILS(ERR_INPUT, conversation_set_mode(f->db, id, "root", &e));
	FAILS(ERR_INPUT, conversation_rename(f->db, id, kim, "", &e));
	FAILS(ERR_INPUT, conversation_rename(f->db, id, kim, "\xff", &e));
	c = conversation_load(f->db, f, id, kim, &e);
	assert_non_null(c);
	assert_string_equal(c->title, "제목");
	assert_string_equal(c->mode, "plan");
	assert_string_equal(c->model, "opus");
	assert_non_null(conversation_load(f->db, f, id, NULL, &e));
	assert_int_equal(count_open(f->db), 0);
	OK(conversation_mark_deleted(f->db, id, kim, &e));
	assert_null(conversation_load(f->db, f, id, NULL, &e));
	assert_string_equal(titles(f->db, kim, "", 0, 50), "");
	FAILS(ERR_MISSING, conversation_rename(f->db, id, kim, "x", &e));
	OK(user_set_disabled(f->db, kim, true, &e));
	assert_int_equal(count_open(f->db), 1);
	OK(conversation_purge(f->db, id, &e));
	assert_int_equal(count_open(f->db), 0);
}

static int join_messages(void *data, const struct message *m, struct err *e)
{
	return buf_addf(data, e, "%s %s;", m->text, m->state);
}

static const char *unplaced(struct db *db, const char *conversation)
{
	static char text[256];
	auto_buf b = BUF_INIT(sizeof(text) - 1);
	struct err e = { 0 };

	OK(message_each_unplaced(db, conversation, join_messages, &b, &e));
	assert_true(str_copy(text, sizeof(text), buf_text(&b)));
	return text;
}

static void messages_are_kept_once_and_in_order(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], one[ID_SIZE], two[ID_SIZE], m[3][ID_SIZE];
	struct err e = { 0 };
	int i;

	OK(user_create(f->db, "kim", "h", false, user, &e));
	OK(conversation_create(f->db, user, "", one, &e));
	OK(conversation_create(f->db, user, "", two, &e));
	for (i = 2; i >= 0; i--)
		id_new(m[i]);		/* ids need not follow the order */
	assert_int_equal(message_add(f->db, one, m[0], "a", &e), 1);
	assert_int_equal(message_add(f->db, one, m[1], "b", &e), 1);
	assert_int_equal(message_add(f->db, one, m[2], "c", &e), 1);
	assert_int_equal(message_add(f->db, one, m[0], "changed", &e), 0);
	FAILS(ERR_CONFLICT, message_add(f->db, two, m[0], "x", &e));
	FAILS(ERR_INPUT, message_add(f->db, one, "../x", "x", &e));
	FAILS(ERR_INPUT, message_add(f->db, one, m[0], "\xed\xa0\x80", &e));
	assert_string_equal(unplaced(f->db, one),
			    "a queued;b queued;c queued;");
	assert_int_equal(count_open(f->db), 1);
	OK(message_set_state(f->db, one, m[0], "sent", &e));
	OK(message_set_state(f->db, one, m[1], "withdrawn", &e));
	assert_string_equal(unplaced(f->db, one), "a sent;c queued;");
	FAILS(ERR_CONFLICT, message_set_state(f->db, one, m[1], "queued", &e));
	FAILS(ERR_MISSING, message_set_state(f->db, two, m[0], "queued", &e));
	FAILS(ERR_MISSING, message_set_state(f->db, one, one, "queued", &e));
	assert_int_equal(message_add(f->db, one, m[1], "b", &e), 0);
	OK(user_set_disabled(f->db, user, true, &e));
	assert_int_equal(count_open(f->db), 0);
	OK(conversation_mark_deleted(f->db, two, user, &e));
	id_new(m[0]);
	FAILS(ERR_MISSING, message_add(f->db, two, m[0], "x", &e));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(schema_grows_from_every_earlier_number),
		TEST(newer_schema_is_refused),
		TEST(many_processes_may_open_at_once),
		TEST(group_shares_the_files),
		TEST(another_user_of_the_group_writes),
		TEST(damage_is_said_plainly),
		TEST(full_disk_is_unavailable_and_passes),
		TEST(queries_nest_and_stop),
		TEST(failed_transactions_leave_nothing),
		TEST(logins_are_checked),
		TEST(search_takes_text_as_it_is),
		TEST(pages_miss_none_and_double_none),
		TEST(nobody_reaches_anothers),
		TEST(messages_are_kept_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
