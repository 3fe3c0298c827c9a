/* Projects, and the lists in which conversations are. */
#include "config.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/buf.h"
#include "store/conversations.h"
#include "store/projects.h"
#include "store/removal.h"
#include "store/users.h"

static char kim[ID_SIZE], lee[ID_SIZE];

static void add_users(struct fixture *f)
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
}

static struct project project_of(const char *user, const char *name,
				 const char *folder, const char *instructions)
{
	struct project p = { .name = name, .folder = folder,
			     .instructions = instructions };

	memcpy(p.user_id, user, ID_SIZE);
	return p;
}

static int join(void *data, const struct conversation *c, struct err *e)
{
	return buf_add_text(data, c->title, e);
}

static void expect_list(struct fixture *f, enum conversation_list list,
			const char *want)
{
	auto_buf out = BUF_INIT(1000);
	struct err e = { 0 };

	OK(conversation_each_in(f->db, kim, list, 0, 50, join, &out, &e));
	assert_string_equal(buf_text(&out), want);
}

static void expect_project(struct fixture *f, const char *id, const char *want)
{
	auto_buf out = BUF_INIT(1000);
	struct err e = { 0 };

	OK(conversation_each_of(f->db, kim, id, 0, 50, join, &out, &e));
	assert_string_equal(buf_text(&out), want);
}

static void only_good_names_and_folders(void **state)
{
	static const char *const good[] = { "", "a", "a/b c", "프로젝트/1", ".hidden",
					    "a..b" };
	static const char *const bad[] = { "/a", "..", "a/../b", "a//b", "a/", ".",
		"a/./b", "a\nb", ".gongbang", ".gongbang-files/x", "a\xff" };
	struct fixture *f = *state;
	char id[ID_SIZE], text[PROJECT_INSTRUCTIONS_MAX + 2];
	struct project p;
	struct err e = { 0 };
	size_t i;

	add_users(f);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		p = project_of(kim, "n", good[i], "");
		OK(project_create(f->db, &p, id, &e));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		p = project_of(kim, "n", bad[i], "");
		FAILS(ERR_INPUT, project_create(f->db, &p, id, &e));
		assert_string_equal(e.key, "error_project_folder");
	}
	p = project_of(kim, " ", "", "");
	FAILS(ERR_INPUT, project_create(f->db, &p, id, &e));
	memset(text, 'x', sizeof(text));
	text[PROJECT_INSTRUCTIONS_MAX] = '\0';
	p = project_of(kim, "n", "", text);
	OK(project_create(f->db, &p, id, &e));
	text[PROJECT_INSTRUCTIONS_MAX] = 'x';
	text[PROJECT_INSTRUCTIONS_MAX + 1] = '\0';
	FAILS(ERR_INPUT, project_create(f->db, &p, id, &e));
	p = project_of(kim, "n", "", "\xff");
	FAILS(ERR_INPUT, project_create(f->db, &p, id, &e));
}

static void there_is_a_limit(void **state)
{
	struct fixture *f = *state;
	struct project p;
	char id[ID_SIZE];
	struct err e = { 0 };
	int i;

	add_users(f);
	p = project_of(kim, "n", "", "");
	for (i = 0; i < PROJECTS_MAX; i++)
		OK(project_create(f->db, &p, id, &e));
	FAILS(ERR_LIMIT, project_create(f->db, &p, id, &e));
	OK(project_mark_deleted(f->db, id, kim, &e));
	OK(project_create(f->db, &p, id, &e));
}

static void each_conversation_is_in_its_list(void **state)
{
	struct fixture *f = *state;
	char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE], message[ID_SIZE];
	struct err e = { 0 };

	add_users(f);
	OK(conversation_create(f->db, kim, "a", a, &e));
	OK(conversation_create(f->db, kim, "b", b, &e));
	OK(conversation_create(f->db, kim, "c", c, &e));
	expect_list(f, CONVERSATIONS_RECENT, "cba");
	OK(conversation_pin(f->db, a, kim, true, &e));
	OK(conversation_archive(f->db, b, kim, true, &e));
	expect_list(f, CONVERSATIONS_RECENT, "c");
	expect_list(f, CONVERSATIONS_PINNED, "a");
	expect_list(f, CONVERSATIONS_ARCHIVED, "b");
	OK(conversation_archive(f->db, a, kim, true, &e));
	expect_list(f, CONVERSATIONS_PINNED, "");
	expect_list(f, CONVERSATIONS_ARCHIVED, "ba");
	/* what is said brings it back */
	id_new(message);
	assert_int_equal(message_add(f->db, b, message, "hello", &e), 1);
	expect_list(f, CONVERSATIONS_ARCHIVED, "a");
	OK(conversation_archive(f->db, a, kim, false, &e));
	OK(conversation_pin(f->db, a, kim, false, &e));
	expect_list(f, CONVERSATIONS_RECENT, "cba");
	/* nobody else's, none that is deleted, no run's */
	FAILS(ERR_MISSING, conversation_pin(f->db, a, lee, true, &e));
	FAILS(ERR_MISSING, conversation_archive(f->db, a, lee, true, &e));
	OK(conversation_mark_deleted(f->db, c, kim, &e));
	FAILS(ERR_MISSING, conversation_pin(f->db, c, kim, true, &e));
	expect_list(f, CONVERSATIONS_RECENT, "ba");
	OK(conversation_create_run(f->db, kim, "r", "default", "", c, &e));
	FAILS(ERR_MISSING, conversation_archive(f->db, c, kim, true, &e));
}

static void a_folder_is_fixed_by_the_first_message(void **state)
{
	struct fixture *f = *state;
	char first[ID_SIZE], second[ID_SIZE], a[ID_SIZE], message[ID_SIZE];
	struct conversation *c;
	struct project p;
	struct err e = { 0 };

	add_users(f);
	p = project_of(kim, "one", "shop", "Be brief.");
	OK(project_create(f->db, &p, first, &e));
	p = project_of(kim, "two", "bank", "");
	OK(project_create(f->db, &p, second, &e));
	OK(conversation_create(f->db, kim, "a", a, &e));
	FAILS(ERR_MISSING, conversation_move(f->db, a, lee, "", &e));
	OK(conversation_move(f->db, a, kim, first, &e));
	id_new(message);
	assert_int_equal(message_add(f->db, a, message, "hello", &e), 1);
	OK(conversation_move(f->db, a, kim, second, &e));
	c = conversation_load(f->db, f, a, kim, &e);
	assert_non_null(c);
	assert_string_equal(c->folder, "shop");
	assert_string_equal(c->project_id, second);
	expect_project(f, first, "");
	expect_project(f, second, "a");
	p = project_of(lee, "theirs", "", "");
	OK(project_create(f->db, &p, first, &e));
	FAILS(ERR_MISSING, conversation_move(f->db, a, kim, first, &e));
}

static int count_one(void *data, const struct project *p, struct err *e)
{
	(void)p;
	(void)e;
	++*(int *)data;
	return 0;
}

static void a_deleted_one_can_be_restored(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], other[ID_SIZE], a[ID_SIZE];
	struct project p;
	struct err e = { 0 };
	int n = 0;

	add_users(f);
	p = project_of(kim, "one", "shop", "");
	OK(project_create(f->db, &p, id, &e));
	OK(project_create(f->db, &p, other, &e));
	OK(conversation_create(f->db, kim, "a", a, &e));
	OK(conversation_move(f->db, a, kim, id, &e));
	FAILS(ERR_MISSING, project_mark_deleted(f->db, id, lee, &e));
	OK(project_mark_deleted(f->db, id, kim, &e));
	assert_null(project_load(f->db, f, id, kim, false, &e));
	assert_non_null(project_load(f->db, f, id, kim, true, &e));
	OK(project_each(f->db, kim, count_one, &n, &e));
	assert_int_equal(n, 1);
	FAILS(ERR_MISSING, project_restore(f->db, id, lee, &e));
	OK(project_restore(f->db, id, kim, &e));
	expect_project(f, id, "a");
	/* later it is gone, and its conversation has none */
	OK(project_mark_deleted(f->db, id, kim, &e));
	OK(db_run(f->db, &e, "UPDATE projects SET deleted_at = 1"
		  " WHERE id = $1", "t", id));
	OK(project_mark_deleted(f->db, other, kim, &e));
	FAILS(ERR_MISSING, project_restore(f->db, id, kim, &e));
	assert_string_equal(conversation_load(f->db, f, a, kim, &e)->project_id,
			    "");
	OK(removal_begin(f->db, kim, &e));
	OK(removal_rows(f->db, kim, &e));
}

static int keep_plan(void *data, const struct db_row *row, struct err *e)
{
	return buf_addf(data, e, "%s\n", db_text(row, 3));
}

static void expect_index(struct fixture *f, const char *where, const char *index)
{
	auto_buf plan = BUF_INIT(4000);
	struct err e = { 0 };
	char *sql = talloc_asprintf(f, "EXPLAIN QUERY PLAN SELECT c.title FROM"
		" conversations c WHERE c.user_id = $1 AND c.updated_at < 9"
		" AND c.kind = 'chat' AND c.deleted_at = 0 AND %s"
		" ORDER BY c.updated_at DESC LIMIT 50", where);

	OK(db_query(f->db, &e, keep_plan, &plan, sql, "t", "u"));
	if (!strstr(buf_text(&plan), index) || strstr(buf_text(&plan), "B-TREE"))
		fail_msg("%s: %s", where, buf_text(&plan));
}

/* As the lists ask: each by its index, none is sorted. */
static void lists_are_indexed(void **state)
{
	struct fixture *f = *state;

	expect_index(f, "c.archived_at = 0 AND c.pinned_at = 0",
		     "conversations_recent");
	expect_index(f, "c.archived_at = 0 AND c.pinned_at > 0",
		     "conversations_pinned");
	expect_index(f, "c.archived_at > 0", "conversations_archived");
	expect_index(f, "c.archived_at = 0 AND c.project_id <> ''"
		     " AND c.project_id = 'p'", "conversations_by_project");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_good_names_and_folders),
		TEST(there_is_a_limit),
		TEST(each_conversation_is_in_its_list),
		TEST(a_folder_is_fixed_by_the_first_message),
		TEST(a_deleted_one_can_be_restored),
		TEST(lists_are_indexed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
