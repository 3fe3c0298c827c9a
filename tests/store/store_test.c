/*
 * lib/store: accounts, conversations, messages. Tests users.c, conversations.c,
 * conversation_record.c, conversation_tokens.c, messages.c, casefold.c and
 * like.c.
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
#include "store/conversation_tokens.h"
#include "store/conversations.h"
#include "store/users.h"

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
				"Asia/Seoul", 0, &e));
	u = user_load(f->db, f, u->id, &e);
	assert_true(u->disabled_at > 0);
	assert_string_equal(u->password_hash, "new");
	assert_string_equal(u->display_name, "김");
	assert_string_equal(u->timezone, "Asia/Seoul");
	FAILS(ERR_MISSING, user_set_disabled(f->db, "x", true, &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "k", "ko", "",
					      "../../etc/passwd", 0, &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "k", "de", "", "",
					      0, &e));
	FAILS(ERR_INPUT, user_set_preferences(f->db, u->id, "", "ko", "", "",
					      0, &e));
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
	char kim[ID_SIZE], lee[ID_SIZE], id[ID_SIZE], none[ID_SIZE];
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
	/* Who fails leaves the id as it was. */
	strcpy(none, id);
	FAILS(ERR_MISSING, conversation_create(f->db, "nobody", "", none, &e));
	FAILS(ERR_MISSING, conversation_create_as(f->db, "nobody", "",
						  "11111111-1111-4111-8111-111111111111",
						  none, &e));
	FAILS(ERR_INPUT, conversation_create_run(f->db, kim, "", "root", "", none, &e));
	assert_string_equal(none, id);
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
	return buf_addf(data, e, "%s %s%s;", m->text, m->held[0] ? "held " : m->state,
			m->held);
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
	FAILS(ERR_INPUT, message_add(f->db, one, m[0], " /clear all", &e));
	assert_string_equal(e.key, "error_command_clear");
	FAILS(ERR_INPUT, message_add(f->db, one, m[0], "/LOOP 5m look", &e));
	assert_string_equal(e.key, "error_command_schedule");
	FAILS(ERR_INPUT, message_add(f->db, one, m[0], "/schedule", &e));
	assert_string_equal(unplaced(f->db, one),
			    "a queued;b queued;c queued;");
	assert_int_equal(message_add(f->db, one, m[0], "/looping", &e), 0);
	assert_int_equal(count_open(f->db), 1);
	OK(message_set_state(f->db, one, m[0], "sent", &e));
	OK(message_set_state(f->db, one, m[1], "withdrawn", &e));
	assert_string_equal(unplaced(f->db, one), "a sent;c queued;");
	FAILS(ERR_CONFLICT, message_set_state(f->db, one, m[1], "queued", &e));
	FAILS(ERR_MISSING, message_set_state(f->db, two, m[0], "queued", &e));
	FAILS(ERR_MISSING, message_set_state(f->db, one, one, "queued", &e));
	assert_int_equal(message_add(f->db, one, m[1], "b", &e), 0);

	/* held ones are listed in their place until they are sent anew or removed */
	FAILS(ERR_CONFLICT, message_hold(f->db, one, m[1], "stopped", &e));
	OK(message_hold(f->db, one, m[0], "stopped", &e));
	assert_string_equal(unplaced(f->db, one), "a held stopped;c queued;");
	FAILS(ERR_CONFLICT, message_set_state(f->db, one, m[0], "sent", &e));
	OK(message_release(f->db, two, m[0], &e));
	assert_string_equal(unplaced(f->db, one), "a held stopped;c queued;");
	id_new(m[1]);
	FAILS(ERR_INPUT, message_add_for(f->db, one, m[1], "/clear", "", m[0], &e));
	assert_string_equal(unplaced(f->db, one), "a held stopped;c queued;");
	assert_int_equal(message_add_for(f->db, one, m[1], "A", "", m[0], &e), 1);
	assert_string_equal(unplaced(f->db, one), "c queued;A queued;");
	OK(message_hold(f->db, one, m[2], "withdrawn", &e));
	assert_int_equal(count_open(f->db), 1);
	OK(message_set_state(f->db, one, m[1], "withdrawn", &e));
	assert_int_equal(count_open(f->db), 0);	/* nothing waits for Claude */
	OK(message_release(f->db, one, m[2], &e));
	assert_string_equal(unplaced(f->db, one), "");
	OK(user_set_disabled(f->db, user, true, &e));
	assert_int_equal(count_open(f->db), 0);
	OK(conversation_mark_deleted(f->db, two, user, &e));
	id_new(m[0]);
	FAILS(ERR_MISSING, message_add(f->db, two, m[0], "x", &e));
}

static void ending_of(struct fixture *f, struct token_ending *t,
		      const char *user, const char *hash)
{
	struct err e = { 0 };

	assert_true(str_copy(t->user_id, sizeof(t->user_id), user));
	assert_true(str_copy(t->hash, sizeof(t->hash), hash));
	OK(token_ending_add(f->db, t, &e));
	assert_true(id_valid(t->id));
}

struct seeking {
	const char *id;
	struct token_ending *found;
	int n;
};

static int seek(void *data, const struct token_ending *t, struct err *e)
{
	struct seeking *s = data;

	s->n++;
	if (str_equal(t->id, s->id))
		*s->found = *t;
	return 0;
}

/* How many there are; the one of that id. */
static int endings(struct fixture *f, const char *id, struct token_ending *found)
{
	struct seeking s = { .id = id, .found = found };
	struct err e = { 0 };

	memset(found, 0, sizeof(*found));
	OK(token_ending_each(f->db, seek, &s, &e));
	return s.n;
}

static void tokens_of_conversations(void **state)
{
	struct fixture *f = *state;
	char user[ID_SIZE], one[ID_SIZE], two[ID_SIZE], hash[TOKEN_SIZE];
	struct token_ending first, all, again, last;
	char a[TOKEN_SIZE], b[TOKEN_SIZE];
	struct err e = { 0 };

	token_new(a);
	token_new(b);
	OK(user_create(f->db, "kim", "h", false, user, &e));
	OK(conversation_create(f->db, user, "", one, &e));
	OK(conversation_create(f->db, user, "", two, &e));
	OK(conversation_token_load(f->db, one, hash, &e));
	assert_string_equal(hash, "");
	OK(conversation_token_load(f->db, user, hash, &e));
	assert_string_equal(hash, "");
	OK(conversation_token_set(f->db, one, a, &e));
	OK(conversation_token_set(f->db, two, b, &e));
	FAILS(ERR_MISSING, conversation_token_set(f->db, user, a, &e));
	ending_of(f, &first, user, a);
	OK(conversation_token_load(f->db, one, hash, &e));
	assert_string_equal(hash, "");
	OK(conversation_mark_deleted(f->db, two, user, &e));
	OK(conversation_token_load(f->db, two, hash, &e));
	assert_string_equal(hash, b);
	FAILS(ERR_MISSING, conversation_token_set(f->db, two, a, &e));
	ending_of(f, &all, user, "");
	OK(conversation_token_load(f->db, two, hash, &e));
	assert_string_equal(hash, "");
	/* They are kept until they are done, also when the rest is purged. */
	OK(conversation_purge(f->db, two, &e));
	ending_of(f, &again, user, "");
	assert_int_equal(endings(f, first.id, &last), 3);
	assert_string_equal(last.hash, a);
	OK(token_ending_done(f->db, all.id, &e));
	OK(token_ending_done(f->db, all.id, &e));
	assert_int_equal(endings(f, again.id, &last), 2);
	assert_string_equal(last.user_id, user);
	assert_string_equal(last.hash, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(logins_are_checked),
		TEST(search_takes_text_as_it_is),
		TEST(pages_miss_none_and_double_none),
		TEST(nobody_reaches_anothers),
		TEST(messages_are_kept_once_and_in_order),
		TEST(tokens_of_conversations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
