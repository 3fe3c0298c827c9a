/* Tests search.c, sqlite_search.c. */
#include "config.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/str.h"
#include "store/db_internal.h"
#include "store/search.h"
#include "store/removal.h"
#include "store/users.h"

#define BEFORE_SEARCH 16	/* the last migration before the table of entries */

static void add_user(struct fixture *f, const char *login, char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(user_create(f->db, login, "h", false, id, &e));
}

static void add_chat(struct fixture *f, const char *user, const char *title,
		     char id[ID_SIZE])
{
	struct err e = { 0 };

	OK(conversation_create(f->db, user, title, id, &e));
}

/* data is the text itself. */
static char *all_of_it(const void *ctx, const struct part *p)
{
	if (str_equal(p->state, "running") || !str_equal(p->kind, "text"))
		return NULL;
	return talloc_strdup(ctx, p->data);
}

static void say_as(struct fixture *f, const char *id, int64_t at,
		   const char *text, const char *kind, const char *role)
{
	const struct part p = {
		.at = at, .changed_at = at + 1, .role = role, .kind = kind,
		.state = "ok", .data = text, .created_at = 1000 + at,
		.ended_at = 2000,
	};
	const struct recording r = {
		.conversation_id = id, .offset = at + 1, .parts = &p,
		.nparts = 1, .search_text = all_of_it,
	};
	struct err e = { 0 };

	OK(conversation_record(f->db, &r, &e));
}

static void say(struct fixture *f, const char *id, int64_t at, const char *text)
{
	say_as(f, id, at, text, "text", "assistant");
}

static int join(void *data, const struct search_hit *h, struct err *e)
{
	assert_true(h->nmarks > 0);
	return buf_addf(data, e, "%s%lld", ((struct buf *)data)->len ? " " : "",
			(long long)h->at);
}

/* want: the places (at) of what is found, in order. */
static struct search_end expect_with(struct fixture *f, struct search_filter filter,
				     const char *query, const char *want)
{
	auto_buf out = BUF_INIT(100000);
	struct search_end end;
	struct err e = { 0 };

	filter.query = search_query_new(f, query);
	filter.kind = filter.kind ? filter.kind : "";
	filter.role = filter.role ? filter.role : "";
	filter.limit = filter.limit ? filter.limit : 100;
	OK(search_each(f->db, &filter, join, &out, &end, &e));
	if (strcmp(buf_text(&out), want) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", query, buf_text(&out), want);
	return end;
}

static struct search_end expect(struct fixture *f, const char *user,
				const char *query, const char *want)
{
	return expect_with(f, (struct search_filter){ .user_id = user }, query,
			   want);
}

static int64_t count(struct fixture *f, const char *sql)
{
	int64_t n = -1;
	struct err e = { 0 };

	OK(db_query(f->db, &e, db_keep_number, &n, sql, ""));
	return n;
}

static void words_and_syllables_are_found_newest_first(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE];

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	say(f, a, 1, "어제 결제가 안 되었어요. The invoice is late.");
	say(f, a, 2, "결제를 다시 시도했습니다");
	say(f, a, 3, "Invoices: 3 (reinvoiced)");
	say(f, a, 4, "신용카드가 아니라 신용장, 용카");
	say_as(f, a, 5, "결제 invoice", "thinking", "assistant");
	expect(f, kim, "결제", "2 1");
	expect(f, kim, "\u1100\u1167\u11af\u110c\u1166", "2 1");
	expect(f, kim, "결제가", "1");
	expect(f, kim, "invoice", "3 1");
	expect(f, kim, "INVOICE 결제", "1");
	expect(f, kim, "신용카드", "4");
	expect(f, kim, "카드장", "");
	expect(f, kim, "re", "");
	expect(f, kim, "", "");
	expect(f, kim, "absent", "");
}

/* All pairs of a word in a text are not the word. */
static void pairs_apart_are_no_word(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE];

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	say(f, a, 1, "가나 나다");
	say(f, a, 2, "가나다");
	expect(f, kim, "가나다", "2");
}

static void one_syllable_is_read_for(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE];
	struct search_end end;
	int64_t at;

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	say(f, a, 1, "물을 마셨다");
	say(f, a, 2, "건물");
	say(f, a, 3, "불");
	end = expect(f, kim, "물", "2 1");
	assert_false(end.tired);
	assert_int_equal(end.last, 0);
	for (at = 10; at < 10 + SEARCH_READ_MAX; at++)
		say(f, a, at, "nothing");
	end = expect(f, kim, "물", "");
	assert_true(end.tired);
	end = expect_with(f, (struct search_filter){ .user_id = kim,
						     .before = end.last },
			  "물", "2 1");
	assert_false(end.tired);
}

static void pages_follow_one_another(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE];
	struct search_filter two = { .limit = 2 };
	struct search_end end;
	int64_t at;

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	for (at = 1; at <= 5; at++)
		say(f, a, at, "word");
	two.user_id = kim;
	end = expect_with(f, two, "word", "5 4");
	two.before = end.last;
	end = expect_with(f, two, "word", "3 2");
	two.before = end.last;
	end = expect_with(f, two, "word", "1");
	assert_int_equal(end.last, 0);
}

static void filters_narrow_it(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE], run[ID_SIZE];
	struct err e = { 0 };

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	OK(conversation_create_run(f->db, kim, "r", "default", "", run, &e));
	say_as(f, a, 1, "word", "text", "user");
	say(f, a, 2, "word");
	say(f, run, 3, "word");
	expect(f, kim, "word", "3 2 1");
	expect_with(f, (struct search_filter){ .user_id = kim, .kind = "run" },
		    "word", "3");
	expect_with(f, (struct search_filter){ .user_id = kim, .kind = "chat" },
		    "word", "2 1");
	expect_with(f, (struct search_filter){ .user_id = kim, .role = "user" },
		    "word", "1");
	/* created_at is 1000 + at */
	expect_with(f, (struct search_filter){ .user_id = kim, .from = 1002,
					       .to = 1003 }, "word", "2");
}

static void nobody_finds_what_is_not_theirs_or_gone(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], a[ID_SIZE], b[ID_SIZE];
	struct err e = { 0 };

	add_user(f, "kim", kim);
	add_user(f, "lee", lee);
	add_chat(f, kim, "t", a);
	add_chat(f, lee, "t", b);
	say(f, a, 1, "secret 비밀");
	say(f, b, 2, "secret 비밀");
	expect(f, kim, "secret", "1");
	expect(f, lee, "비밀", "2");
	expect(f, lee, "밀", "2");
	OK(conversation_mark_deleted(f->db, a, kim, &e));
	expect(f, kim, "secret", "");
	expect(f, kim, "밀", "");
	OK(conversation_restore(f->db, a, kim, 0, &e));
	expect(f, kim, "secret", "1");
}

/* How many rows of the index itself have a term. */
static int64_t indexed(struct fixture *f, const char *term)
{
	int64_t n = -1;
	struct err e = { 0 };

	OK(db_query(f->db, &e, db_keep_number, &n, "SELECT count(*)"
		    " FROM search_index WHERE search_index MATCH $1", "t",
		    term));
	return n;
}

static void what_goes_leaves_the_index(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE], b[ID_SIZE];
	struct err e = { 0 };

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	add_chat(f, kim, "t", b);
	say(f, a, 1, "apple");
	say(f, a, 2, "banana");
	say(f, b, 3, "cherry");
	assert_int_equal(indexed(f, "apple"), 1);
	/* another text in its place */
	say(f, a, 2, "durian");
	assert_int_equal(indexed(f, "banana"), 0);
	assert_int_equal(indexed(f, "durian"), 1);
	/* a part that became another kind: taken back */
	say_as(f, a, 2, "durian", "status", "assistant");
	assert_int_equal(indexed(f, "durian"), 0);
	/* its conversation */
	OK(conversation_mark_deleted(f->db, a, kim, &e));
	OK(conversation_purge(f->db, a, &e));
	assert_int_equal(indexed(f, "apple"), 0);
	assert_int_equal(indexed(f, "cherry"), 1);
	/* its account */
	OK(removal_begin(f->db, kim, &e));
	OK(removal_rows(f->db, kim, &e));
	assert_int_equal(indexed(f, "cherry"), 0);
	assert_int_equal(count(f, "SELECT count(*) FROM search_entries"), 0);
	OK(db_run(f->db, &e, "INSERT INTO search_index (search_index)"
		  " VALUES ('integrity-check')", ""));
}

static void any_text_is_a_question(void **state)
{
	static const char *const hostile[] = {
		"\"", "'", "\"word", "word\"", "\"word\" OR \"other\"", "word*",
		"-word", "^word", "terms:word", "{terms}:word", "(word", ")",
		"NEAR(word, 2)", "word AND", "NOT word", "word + word", "%",
		"_", "\\", "word; DROP TABLE users", "\x01\x02", "\xee\x80\x80",
		"\xc3\x28", "\xed\xa0\x80", "\xff", "*", "1 2 3", "ﷺ", "\u0301",
		"word\u0301 \u200d", "🏳️‍🌈",
	};
	struct fixture *f = *state;
	char kim[ID_SIZE], a[ID_SIZE], long_text[10241];
	size_t i;

	add_user(f, "kim", kim);
	add_chat(f, kim, "t", a);
	say(f, a, 1, "something else");
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		expect(f, kim, hostile[i], "");
	say(f, a, 2, "word and other, or not: near 100 %");
	expect(f, kim, "\"word\" OR \"other\"", "2");
	expect(f, kim, "word*", "2");
	expect(f, kim, "terms:word", "");
	for (i = 0; i < 10240; i++)
		long_text[i] = "word \"'*("[i % 9];
	long_text[10240] = '\0';
	expect(f, kim, long_text, "2");
}

/* A store from before the entries, with three conversations. */
static void begin_old(struct fixture *f, char kim[ID_SIZE])
{
	char id[ID_SIZE];
	struct err e = { 0 };
	int64_t i;

	talloc_free(f->db);
	OK(unlink(f->path));
	f->db = db_connect(f, f->path, &e);
	assert_non_null(f->db);
	OK(db_migrate(f->db, BEFORE_SEARCH, &e));
	id_new(kim);
	OK(db_run(f->db, &e, "INSERT INTO users (id, login, display_name,"
		  " password_hash, role, created_at) VALUES ($1, 'kim', 'kim',"
		  " 'h', 'user', 1)", "t", kim));
	for (i = 0; i < 30; i++) {
		if (i % 10 == 0) {
			id_new(id);
			OK(db_run(f->db, &e, "INSERT INTO conversations (id,"
				  " user_id, title, recorded_bytes, created_at,"
				  " updated_at) VALUES ($1, $2, 't', 1, $3, $3)",
				  "ttn", id, kim, i));
		}
		OK(db_run(f->db, &e, "INSERT INTO parts (conversation_id, at,"
			  " changed_at, turn, role, kind, state, data,"
			  " created_at) VALUES ($1, $2, $2, 0, 'user', 'text',"
			  " 'ok', 'old word', $2)", "tn", id, i));
	}
	OK(db_migrate(f->db, INT64_MAX, &e));
}

static void older_parts_become_entries_step_by_step(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE];
	int64_t all, left;
	struct err e = { 0 };
	bool done = false;
	int steps = 0;

	begin_old(f, kim);
	expect(f, kim, "word", "");
	OK(search_backlog_left(f->db, kim, &all, &left, &e));
	assert_int_equal(all, 3);
	assert_int_equal(left, 3);
	OK(search_backlog_step(f->db, 12, all_of_it, &done, &e));
	assert_false(done);
	expect_with(f, (struct search_filter){ .user_id = kim, .limit = 2 },
		    "word", "11 10");
	OK(search_backlog_left(f->db, kim, &all, &left, &e));
	assert_int_equal(left, 2);
	for (; !done; steps++)
		OK(search_backlog_step(f->db, 12, all_of_it, &done, &e));
	assert_int_equal(steps, 2);
	assert_int_equal(count(f, "SELECT count(*) FROM search_entries"), 30);
	OK(search_backlog_left(f->db, kim, &all, &left, &e));
	assert_int_equal(left, 0);
	OK(search_backlog_step(f->db, 12, all_of_it, &done, &e));
	assert_true(done);
}

/* kill -9 at any moment: the next program goes on where it was. */
static void a_killed_step_is_taken_again(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	bool done = false;
	char kim[ID_SIZE];
	int i;

	begin_old(f, kim);
	talloc_free(f->db);
	for (i = 0; i < 8; i++) {
		int ready[2];
		pid_t child;

		assert_int_equal(pipe(ready), 0);
		child = fork();
		if (!child) {
			struct db *db = db_open(NULL, f->path, &e);

			while (db && !done &&
			       search_backlog_step(db, 1, all_of_it, &done,
						   &e) == 0) {
				if (write(ready[1], "x", 1) != 1)
					break;
			}
			_exit(0);
		}
		close(ready[1]);
		/* after so many steps; the next one is under way */
		for (int n = 0; n < i; n++) {
			char x;

			if (read(ready[0], &x, 1) != 1)
				break;
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(ready[0]);
	}
	f->db = db_open(f, f->path, &e);
	assert_non_null(f->db);
	for (done = false; !done; )
		OK(search_backlog_step(f->db, 5, all_of_it, &done, &e));
	assert_int_equal(count(f, "SELECT count(*) FROM search_entries"), 30);
	assert_int_equal(indexed(f, "word"), 30);
	OK(db_run(f->db, &e, "INSERT INTO search_index (search_index)"
		  " VALUES ('integrity-check')", ""));
}

static void a_new_store_has_no_backlog(void **state)
{
	struct fixture *f = *state;
	bool done = false;
	struct err e = { 0 };

	OK(search_backlog_step(f->db, 5, all_of_it, &done, &e));
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_and_syllables_are_found_newest_first),
		TEST(pairs_apart_are_no_word),
		TEST(one_syllable_is_read_for),
		TEST(pages_follow_one_another),
		TEST(filters_narrow_it),
		TEST(nobody_finds_what_is_not_theirs_or_gone),
		TEST(what_goes_leaves_the_index),
		TEST(any_text_is_a_question),
		TEST(older_parts_become_entries_step_by_step),
		TEST(a_killed_step_is_taken_again),
		TEST(a_new_store_has_no_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
