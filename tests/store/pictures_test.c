/*
 * lib/store/pictures.c: pictures of messages, their limits and owners. Tests
 * also composer.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "fixture.h"
#include "store/composer.h"
#include "store/conversations.h"
#include "store/pictures.h"
#include "store/users.h"

#define ROOM (1 << 30)

struct world {
	char ann[ID_SIZE], bob[ID_SIZE], conversation[ID_SIZE];
};

static void open_world(struct fixture *f, struct world *w)
{
	struct err e = { 0 };

	OK(user_create(f->db, "ann", "h", false, w->ann, &e));
	OK(user_create(f->db, "bob", "h", false, w->bob, &e));
	OK(conversation_create(f->db, w->ann, "t", w->conversation, &e));
}

static int add(struct fixture *f, const char *user, const char *name,
	       const char *bytes, int64_t room, char id[ID_SIZE], struct err *e)
{
	struct picture p = {
		.name = name, .media_type = "image/png", .width = 20,
		.height = 10, .data = bytes, .bytes = strlen(bytes),
	};

	return picture_add(f->db, user, &p, room, id, e);
}

static void a_picture_is_its_owners_alone(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct picture *p;
	struct world w;
	char id[ID_SIZE];

	open_world(f, &w);
	OK(add(f, w.ann, "a \"quoted\"\n\\.png", "bytes", ROOM, id, &e));
	p = picture_load(f->db, f, id, w.ann, &e);
	assert_non_null(p);
	assert_string_equal(p->name, "a _quoted___.png");
	assert_int_equal(p->bytes, 5);
	assert_memory_equal(p->data, "bytes", 5);
	assert_null(picture_load(f->db, f, id, w.bob, &e));
	assert_int_equal(e.kind, ERR_MISSING);
	assert_string_equal(e.key, "error_picture_gone");
}

static void an_accounts_pictures_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct picture large = {
		.name = "", .media_type = "image/png", .data = "",
		.bytes = PICTURE_BYTES_MAX + 1,
	};
	struct world w;
	char id[ID_SIZE];

	open_world(f, &w);
	FAILS(ERR_LIMIT, picture_add(f->db, w.ann, &large, ROOM, id, &e));
	assert_string_equal(e.key, "error_picture_large");
	OK(add(f, w.ann, "a", "12345", 10, id, &e));
	OK(add(f, w.ann, "b", "12345", 10, id, &e));
	FAILS(ERR_LIMIT, add(f, w.ann, "c", "1", 10, id, &e));
	assert_string_equal(e.key, "error_pictures_full");
	OK(add(f, w.bob, "c", "1", 10, id, &e));
	/* what no message has, goes */
	OK(db_run(f->db, &e, "UPDATE pictures SET created_at = 1", ""));
	OK(add(f, w.ann, "d", "1234567890", 10, id, &e));
}

static void messages_have_pictures(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct world w;
	char one[ID_SIZE], other[ID_SIZE], two[2 * ID_SIZE], m[4][ID_SIZE], bobs[ID_SIZE];
	char *json;
	size_t i;

	open_world(f, &w);
	for (i = 0; i < 4; i++)
		id_new(m[i]);
	OK(add(f, w.ann, "a", "12345", ROOM, one, &e));
	OK(add(f, w.ann, "b", "1", ROOM, other, &e));
	OK(add(f, w.bob, "b", "1", ROOM, bobs, &e));
	snprintf(two, sizeof(two), "%s %s", other, one);
	assert_int_equal(message_add_for(f->db, w.conversation, m[0], "look", two, NULL, &e), 1);
	json = message_pictures(f->db, f, m[0], &e);
	assert_string_equal(json, talloc_asprintf(f, "[{\"id\":\"%s\",\"media_type\":"
		"\"image/png\",\"width\":20,\"height\":10,\"name\":\"b\"},{\"id\":\"%s\","
		"\"media_type\":\"image/png\",\"width\":20,\"height\":10,\"name\":\"a\"}]",
		other, one));
	/* the same pictures in another message: it was sent again */
	assert_int_equal(message_add_for(f->db, w.conversation, m[1], "", one, NULL, &e), 1);
	FAILS(ERR_MISSING, message_add_for(f->db, w.conversation, m[2], "x", bobs, NULL, &e));
	FAILS(ERR_INPUT, message_add_for(f->db, w.conversation, m[2], "x", "1 2", NULL, &e));
	assert_string_equal(message_pictures(f->db, f, m[2], &e), "");
	/* those of a message are not drafts, however old */
	OK(db_run(f->db, &e, "UPDATE pictures SET created_at = 1", ""));
	OK(add(f, w.ann, "c", "1", ROOM, bobs, &e));
	assert_non_null(picture_load(f->db, f, one, w.ann, &e));
	OK(conversation_purge(f->db, w.conversation, &e));
	OK(add(f, w.ann, "c", "1", ROOM, bobs, &e));
	assert_null(picture_load(f->db, f, one, w.ann, &e));
}

static void a_message_has_at_most_twenty(void **state)
{
	struct fixture *f = *state;
	char *ids = talloc_strdup(f, ""), id[ID_SIZE], m[ID_SIZE];
	struct err e = { 0 };
	struct world w;
	int i;

	open_world(f, &w);
	for (i = 0; i <= PICTURES_PER_MESSAGE; i++) {
		OK(add(f, w.ann, "a", "1", ROOM, id, &e));
		ids = talloc_asprintf_append(ids, "%s%s", i ? " " : "", id);
	}
	id_new(m);
	FAILS(ERR_LIMIT, message_add_for(f->db, w.conversation, m, "x", ids, NULL, &e));
	assert_string_equal(e.key, "error_pictures_many");
	ids[strlen(ids) - ID_SIZE] = '\0';
	assert_int_equal(message_add_for(f->db, w.conversation, m, "x", ids, NULL, &e), 1);
}

static int join(void *data, const struct message_template *t, struct err *e)
{
	char **all = data;

	(void)e;
	*all = talloc_asprintf_append(*all, "%s=%s;", t->name, t->text);
	return 0;
}

static void an_account_keeps_templates_and_choices(void **state)
{
	struct fixture *f = *state;
	struct composer_choice c = { "opus", "high", true }, *kept;
	char *all = talloc_strdup(f, ""), name[16];
	struct err e = { 0 };
	struct world w;
	int i;

	open_world(f, &w);
	OK(message_template_save(f->db, w.ann, "나", "둘", &e));
	OK(message_template_save(f->db, w.ann, "가", "하나", &e));
	OK(message_template_save(f->db, w.ann, "나", "셋", &e));
	OK(message_template_each(f->db, w.ann, join, &all, &e));
	assert_string_equal(all, "가=하나;나=셋;");
	FAILS(ERR_INPUT, message_template_save(f->db, w.ann, "", "x", &e));
	FAILS(ERR_INPUT, message_template_save(f->db, w.ann, "x", " \n", &e));
	for (i = 2; i < TEMPLATES_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		OK(message_template_save(f->db, w.ann, name, "x", &e));
	}
	FAILS(ERR_LIMIT, message_template_save(f->db, w.ann, "one more", "x", &e));
	OK(message_template_save(f->db, w.ann, "나", "넷", &e));

	OK(composer_choice_save(f->db, w.ann, &c, &e));
	kept = composer_choice_load(f->db, f, w.ann, &e);
	assert_string_equal(kept->model, "opus");
	assert_string_equal(kept->effort, "high");
	assert_true(kept->suggestions);
	assert_false(composer_choice_load(f->db, f, w.bob, &e)->suggestions);

	assert_string_equal(claude_list_load(f->db, f, w.ann, "models", &e), "");
	OK(claude_list_save(f->db, w.ann, "models", "[1]", &e));
	assert_int_equal(db_changed(f->db), 1);
	OK(claude_list_save(f->db, w.ann, "models", "[1]", &e));
	assert_int_equal(db_changed(f->db), 0);
	OK(claude_list_save(f->db, w.ann, "models", "[2]", &e));
	assert_string_equal(claude_list_load(f->db, f, w.ann, "models", &e), "[2]");
}

static void efforts_are_checked(void **state)
{
	struct fixture *f = *state;
	struct conversation *c;
	struct err e = { 0 };
	struct world w;

	open_world(f, &w);
	OK(conversation_set_effort(f->db, w.conversation, "xhigh", &e));
	FAILS(ERR_INPUT, conversation_set_effort(f->db, w.conversation, "huge", &e));
	c = conversation_load(f->db, f, w.conversation, w.ann, &e);
	assert_string_equal(c->effort, "xhigh");
	OK(conversation_set_effort(f->db, w.conversation, "", &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_picture_is_its_owners_alone),
		TEST(an_accounts_pictures_have_a_limit),
		TEST(messages_have_pictures),
		TEST(a_message_has_at_most_twenty),
		TEST(an_account_keeps_templates_and_choices),
		TEST(efforts_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
