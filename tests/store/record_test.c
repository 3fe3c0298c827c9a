/*
 * conversation_record: all or nothing, whatever crashes. Tests parts.c and
 * renderings.c.
 */
#include "config.h"

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
#include "store/conversations.h"
#include "store/renderings.h"
#include "store/users.h"

#define PARTS 20	/* written by each recording of the child */

struct fixture {
	char folder[64], path[96];
	struct db *db;
	char user[ID_SIZE], id[ID_SIZE];
};

static int set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	struct err e = { 0 };

	strcpy(f->folder, "/tmp/record_testXXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/g.db", f->folder);
	f->db = db_open(f, f->path, &e);
	assert_non_null(f->db);
	assert_int_equal(user_create(f->db, "kim", "h", false, f->user, &e), 0);
	assert_int_equal(conversation_create(f->db, f->user, "t", f->id, &e),
			 0);
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

static struct part part_at(int64_t at, int64_t changed_at, const char *data)
{
	return (struct part){
		.at = at, .changed_at = changed_at, .turn = 0,
		.role = "assistant", .kind = "text", .state = "ok",
		.data = data, .created_at = 1, .ended_at = 2,
	};
}

static int join(void *data, const struct part *p, struct err *e)
{
	return buf_addf(data, e, "%lld %s;", (long long)p->at, p->data);
}

static void expect_parts(struct fixture *f, int64_t changed_after,
			 int64_t before, int limit, const char *want)
{
	auto_buf b = BUF_INIT(4096);
	struct err e = { 0 };

	assert_int_equal(part_each(f->db, f->id, changed_after, before, limit,
				   join, &b, &e), 0);
	assert_string_equal(buf_text(&b), want);
}

static void parts_are_replaced_by_their_place(void **state)
{
	struct fixture *f = *state;
	struct part parts[] = { part_at(0, 10, "a"), part_at(10, 20, "b"),
				part_at(20, 30, "c") };
	struct recording r = { .conversation_id = f->id, .offset = 30,
		.state = "working", .mode = "plan", .touched = true,
		.spoken = true, .parts = parts, .nparts = 3 };
	struct conversation *before, *after;
	struct seen_message seen = { .at = 10 };
	struct err e = { 0 };

	id_new(seen.id);
	assert_int_equal(message_add(f->db, f->id, seen.id, "hi", &e), 1);
	r.seen = &seen;
	r.nseen = 1;
	before = conversation_load(f->db, f, f->id, f->user, &e);
	assert_int_equal(conversation_record(f->db, &r, &e), 0);
	after = conversation_load(f->db, f, f->id, f->user, &e);
	assert_int_equal(after->recorded_offset, 30);
	assert_string_equal(after->state, "working");
	assert_string_equal(after->mode, "plan");
	assert_true(after->spoken);
	assert_true(after->updated_at > before->updated_at);
	expect_parts(f, -1, 0, 0, "0 a;10 b;20 c;");
	parts[1] = part_at(10, 40, "B");
	r = (struct recording){ .conversation_id = f->id, .offset = 40,
		.parts = parts + 1, .nparts = 1 };
	assert_int_equal(conversation_record(f->db, &r, &e), 0);
	expect_parts(f, -1, 0, 0, "0 a;10 B;20 c;");
	expect_parts(f, 30, 0, 0, "10 B;");
	expect_parts(f, -1, 0, 2, "10 B;20 c;");
	expect_parts(f, -1, 20, 1, "10 B;");
	before = conversation_load(f->db, f, f->id, f->user, &e);
	assert_string_equal(before->state, "working");
	assert_true(before->spoken);
	assert_int_equal(before->updated_at, after->updated_at);
	assert_int_equal(message_set_state(f->db, f->id, seen.id, "queued",
					   &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
}

static void a_page_is_cut_by_size(void **state)
{
	static const struct {
		int64_t before, characters;
		int limit, count;
		bool more;
	} rows[] = {
		{ 0, 100, 200, 4, false }, { 0, 100, 4, 4, true },
		{ 0, 100, 2, 2, true }, { 0, 5, 200, 2, true },
		{ 0, 2, 200, 1, true }, { 0, 0, 200, 1, true },
		{ 20, 100, 200, 2, false }, { 20, 4, 200, 1, true },
		{ 0, 7, 200, 3, true }, { -1, 100, 200, 0, false },
	};
	struct fixture *f = *state;
	/* Of 2, 3, 1 and 2 characters. */
	const struct part parts[] = { part_at(0, 10, "가나"), part_at(10, 20, "b23"),
		part_at(20, 30, "가"), part_at(30, 40, "d2") };
	const struct recording r = { .conversation_id = f->id, .offset = 40,
		.parts = parts, .nparts = 4 };
	struct err e = { 0 };
	size_t i;
	int count;
	bool more;

	assert_int_equal(conversation_record(f->db, &r, &e), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(part_count(f->db, f->id, rows[i].before,
					    rows[i].limit, rows[i].characters, &count,
					    &more, &e), 0);
		if (count != rows[i].count || more != rows[i].more)
			fail_msg("row %zu: %d %d", i, count, more);
	}
}

static void expect_html(struct fixture *f, int64_t at, const char *hash, const char *want)
{
	auto_buf html = BUF_INIT(1000);
	struct err e = { 0 };
	int found = rendering_load(f->db, f->id, at, hash, &html, &e);

	assert_int_equal(found, want ? 0 : -1);
	assert_string_equal(buf_text(&html), want ? want : "");
	if (!want)
		assert_int_equal(e.kind, ERR_MISSING);
}

static void renderings_are_kept_while_their_text_is(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_int_equal(rendering_save(f->db, f->id, 1, "h", "<p>", &e), 0);
	assert_int_equal(rendering_save(f->db, f->id, 2, "h", "", &e), 0);
	expect_html(f, 1, "h", "<p>");
	expect_html(f, 2, "h", "");
	expect_html(f, 1, "other", NULL);
	expect_html(f, 3, "h", NULL);
	assert_int_equal(rendering_save(f->db, f->id, 1, "other", "<b>", &e), 0);
	expect_html(f, 1, "other", "<b>");
	expect_html(f, 1, "h", NULL);
	assert_int_equal(renderings_prune(f->db, 3, &e), 0);
	expect_html(f, 1, "other", "<b>");
	assert_int_equal(renderings_prune(f->db, 2, &e), 0);
	expect_html(f, 1, "other", NULL);
	assert_int_equal(rendering_save(f->db, f->id, 1, "h", "<p>", &e), 0);
	assert_int_equal(conversation_purge(f->db, f->id, &e), 0);
	expect_html(f, 1, "h", NULL);
	/* Of what is gone nothing is kept. */
	assert_int_equal(rendering_save(f->db, f->id, 1, "h", "<p>", &e), 0);
	expect_html(f, 1, "h", NULL);
}

static int join_ids(void *data, const struct message *m, struct err *e)
{
	char text[80];

	snprintf(text, sizeof(text), "%s %lld;", m->id, (long long)m->at);
	return buf_add_text(data, text, e);
}

static void placed_messages_are_found_latest_first(void **state)
{
	struct fixture *f = *state;
	struct seen_message seen[] = { { .at = 10 }, { .at = 20 }, { .at = 30 } };
	struct recording r = { .conversation_id = f->id, .offset = 30,
		.seen = seen, .nseen = 3 };
	auto_buf got = BUF_INIT(512);
	struct err e = { 0 };
	char want[128];
	int i;

	for (i = 0; i < 3; i++) {
		id_new(seen[i].id);
		assert_int_equal(message_add(f->db, f->id, seen[i].id, "hi",
					     &e), 1);
	}
	assert_int_equal(conversation_record(f->db, &r, &e), 0);
	assert_int_equal(message_each_placed(f->db, f->id, 30, 1, join_ids,
					     &got, &e), 0);
	snprintf(want, sizeof(want), "%s 20;", seen[1].id);
	assert_string_equal(buf_text(&got), want);
}

static void failed_recording_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct part parts[] = { part_at(0, 10, "a"), part_at(10, 20, "b") };
	struct recording r = { .conversation_id = f->id, .offset = 20,
		.parts = parts, .nparts = 2 };
	struct err e = { 0 };

	parts[1].role = "nobody";
	assert_int_equal(conversation_record(f->db, &r, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	expect_parts(f, -1, 0, 0, "");
	parts[1].role = "user";
	assert_int_equal(conversation_record(f->db, &r, &e), 0);
	r.offset = 19;
	assert_int_equal(conversation_record(f->db, &r, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(conversation_purge(f->db, f->id, &e), 0);
	expect_parts(f, -1, 0, 0, "");
	assert_int_equal(conversation_record(f->db, &r, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
}

/* Records for ever: generation n has PARTS parts "n" and offset n * PARTS. */
static _Noreturn void record_until_killed(const struct fixture *f, int told)
{
	struct err e = { 0 };
	struct db *db = db_open(NULL, f->path, &e);
	struct conversation *c;
	struct part parts[PARTS];
	char text[24];
	int64_t n, i;

	if (!db)
		_exit(1);
	c = conversation_load(db, NULL, f->id, NULL, &e);
	if (!c)
		_exit(1);
	for (n = c->recorded_offset / PARTS + 1;; n++) {
		struct recording r = { .conversation_id = f->id,
			.offset = n * PARTS, .parts = parts, .nparts = PARTS,
			.touched = true };

		snprintf(text, sizeof(text), "%lld", (long long)n);
		for (i = 0; i < PARTS; i++)
			parts[i] = part_at(i, n * PARTS, text);
		if (conversation_record(db, &r, &e) < 0 ||
		    write(told, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

struct sums {
	int64_t parts, generation;
	bool mixed;
};

static int sum(void *data, const struct part *p, struct err *e)
{
	struct sums *s = data;
	int64_t n = atoll(p->data);

	s->mixed |= s->parts && n != s->generation;
	s->generation = n;
	s->parts++;
	return 0;
}

static void kill_9_never_halves_a_recording(void **state)
{
	struct fixture *f = *state;
	int round, status, told[2];
	int64_t n, last = 0;
	struct conversation *c;
	struct err e = { 0 };
	pid_t child;

	for (round = 0; round < 25; round++) {
		struct sums s = { 0 };

		assert_int_equal(pipe(told), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			record_until_killed(f, told[1]);
		close(told[1]);
		assert_int_equal(read(told[0], &last, sizeof(last)),
				 sizeof(last));
		usleep((useconds_t)(random() % 3000));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(told[0], &n, sizeof(n)) == sizeof(n))
			last = n;
		close(told[0]);
		c = conversation_load(f->db, f, f->id, NULL, &e);
		assert_non_null(c);
		assert_int_equal(part_each(f->db, f->id, -1, 0, 0, sum, &s,
					   &e), 0);
		assert_false(s.mixed);
		assert_int_equal(s.parts, PARTS);
		assert_int_equal(s.generation * PARTS, c->recorded_offset);
		/* What was answered is there; one more may be. */
		assert_true(s.generation == last || s.generation == last + 1);
	}
}

static char *cut(const void *ctx, const struct part *p)
{
	return talloc_strdup(ctx, "cut");
}

static void put(struct fixture *f, const char *conversation, const struct part *p,
		int64_t conversation_max, int64_t account_max)
{
	const struct recording r = { .conversation_id = conversation,
		.offset = p->changed_at, .parts = p, .nparts = 1,
		.conversation_max = conversation_max,
		.account_max = account_max, .shrink = cut };
	struct err e = { 0 };

	assert_int_equal(conversation_record(f->db, &r, &e), 0);
}

/* Bytes, not characters; what is replaced gives its own back. */
static void beyond_a_limit_parts_are_cut(void **state)
{
	struct fixture *f = *state;
	struct part p = part_at(0, 1, "\xea\xb0\x80" "1234567");	/* 10 bytes */
	struct err e = { 0 };
	char second[ID_SIZE];

	put(f, f->id, &p, 20, 0);
	p = part_at(10, 2, "123456789012");
	put(f, f->id, &p, 20, 0);
	expect_parts(f, -1, 0, 0, "0 \xea\xb0\x80" "1234567;10 cut;");
	p = part_at(20, 3, "1234567");		/* 10 + 3 + 7 */
	put(f, f->id, &p, 20, 0);
	p = part_at(20, 4, "7654321");
	put(f, f->id, &p, 20, 0);		/* in its own place */
	p = part_at(30, 5, "a question that waits");
	p.state = "waiting";
	put(f, f->id, &p, 20, 0);
	p = part_at(40, 6, "12345");
	put(f, f->id, &p, 20, 0);
	expect_parts(f, 2, 0, 0, "20 7654321;30 a question that waits;40 cut;");
	/* 44 bytes of the account are taken by the other conversation. */
	assert_int_equal(conversation_create(f->db, f->user, "t", second, &e), 0);
	p = part_at(0, 1, "123456");
	put(f, second, &p, 1000, 50);
	p = part_at(10, 2, "1234");
	put(f, second, &p, 1000, 50);
	memcpy(f->id, second, ID_SIZE);
	expect_parts(f, -1, 0, 0, "0 123456;10 cut;");
}

/* A message is there twice, before and after Claude saw it: each counts. */
static void messages_take_room_too(void **state)
{
	static const char first[] = "00000000-0000-4000-8000-000000000001";
	static const char second[] = "00000000-0000-4000-8000-000000000002";
	struct fixture *f = *state;
	static char text[MESSAGE_SHORT + 2];
	struct part p = part_at(0, 1, "12345");
	struct err e = { 0 };

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(message_add(f->db, f->id, first, "0123456789", &e), 1);
	assert_int_equal(message_add(f->db, f->id, first, "0123456789", &e), 0);
	put(f, f->id, &p, 0, 0);
	p = part_at(10, 2, "abcdef");
	put(f, f->id, &p, 0, 20);	/* 15 of 20 are taken */
	expect_parts(f, -1, 0, 0, "0 12345;10 cut;");
	assert_int_equal(message_check_room(f->db, f->user, text, 18 + MESSAGE_SHORT + 1, &e), 0);
	assert_int_equal(message_check_room(f->db, f->user, text, 18 + MESSAGE_SHORT, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(e.key, "error_record_full");
	/* An eighth for what is short: 18 + 4 of 22. */
	assert_int_equal(message_check_room(f->db, f->user, "1234", 20, &e), 0);
	assert_int_equal(message_check_room(f->db, f->user, "12345", 20, &e), -1);
	assert_int_equal(message_set_state(f->db, f->id, first, "withdrawn", &e), 0);
	assert_int_equal(message_add(f->db, f->id, second, text, &e), 1);
	assert_int_equal(message_check_room(f->db, f->user, text, 2 * MESSAGE_SHORT, &e), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(parts_are_replaced_by_their_place),
		TEST(a_page_is_cut_by_size),
		TEST(renderings_are_kept_while_their_text_is),
		TEST(placed_messages_are_found_latest_first),
		TEST(failed_recording_changes_nothing),
		TEST(kill_9_never_halves_a_recording),
		TEST(beyond_a_limit_parts_are_cut),
		TEST(messages_take_room_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
