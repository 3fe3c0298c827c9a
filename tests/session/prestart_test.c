/* lib/session/prestart.c: Claude begun before its conversation is there. */
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
#include "store/conversations.h"
#include "fake_shim.h"
#include "session_world.h"

#define SOON "01890a5d-ac96-774b-bcce-b302099a8057"

static struct session *begin_ahead(void)
{
	struct session *usual = w.s;

	setenv("FAKE_SESSION", SOON, 1);
	session_close(usual);
	turn_loop();
	w.s = session_new_ahead(NULL, &w.env, SOON, w.user, &world_events, NULL);
	fake_ready();
	turn_loop();
	assert_int_equal(fake.starts, 1);
	assert_string_equal(state_of(), "ready");
	assert_true(session_is_ahead(w.s));
	assert_false(session_loaded(w.s));
	return w.s;
}

static int count_rows(const char *sql)
{
	struct db *db = database();
	struct err e = { 0 };
	int64_t n = -1;

	assert_int_equal(db_query(db, &e, db_keep_number, &n, sql, ""), 0);
	talloc_free(db);
	return (int)n;
}

#define CONVERSATIONS "SELECT count(*) FROM conversations"

static void one_begun_ahead_is_taken_over(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];
	struct db *db;

	begin_ahead();
	session_flush(w.s);
	turn_loop();
	assert_int_equal(count_rows(CONVERSATIONS), 1);
	db = database();
	assert_int_equal(conversation_create_as(db, w.user, "t", SOON, id, &e), 0);
	assert_string_equal(id, SOON);
	assert_int_equal(message_add(db, SOON, M1, "hello", &e), 1);
	talloc_free(db);
	session_refresh(w.s);
	turn_loop();
	assert_false(session_is_ahead(w.s));
	assert_true(session_loaded(w.s));
	assert_int_equal(fake.starts, 1);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 1);
	assert_int_equal(w.ends, 1);
	session_flush(w.s);
	turn_loop();
	later(46000);
	assert_true(fake.running);
	assert_int_equal(fake.purges, 0);
	assert_int_equal(count_rows("SELECT count(*) FROM conversations WHERE token_hash <> ''"), 1);
}

static void one_begun_ahead_and_never_used_leaves_nothing(void **state)
{
	begin_ahead();
	later(40000);
	session_begin_ahead(w.s);	/* still typing */
	later(40000);
	assert_true(fake.running);
	session_end_ahead(w.s, 8000);	/* that would be later: nothing changes */
	later(4000);
	assert_true(fake.running);
	later(1000);
	assert_false(fake.running);
	assert_int_equal(fake.purges, 1);
	assert_int_equal(fake.starts, 1);
	assert_int_equal(count_rows(CONVERSATIONS), 1);
	assert_int_equal(count_rows("SELECT count(*) FROM parts"), 0);
	assert_true(session_at_rest(w.s));
	later(3600 * 1000);
	assert_int_equal(fake.starts, 1);
}

static void one_whose_page_is_gone_goes_soon(void **state)
{
	begin_ahead();
	session_end_ahead(w.s, 8000);
	later(7000);
	assert_true(fake.running);
	later(1000);
	assert_false(fake.running);
	assert_int_equal(fake.purges, 1);
}

/* The store has that id: nothing is begun, and nothing of it is touched. */
static void nothing_is_begun_ahead_of_what_is_there(void **state)
{
	session_close(w.s);
	turn_loop();
	w.s = session_new_ahead(NULL, &w.env, w.conversation, w.user, &world_events,
				NULL);
	fake_ready();
	turn_loop();
	later(46000);
	assert_int_equal(fake.purges, 0);
	assert_int_equal(count_rows(CONVERSATIONS), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup_ready, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_begun_ahead_is_taken_over),
		TEST(one_begun_ahead_and_never_used_leaves_nothing),
		TEST(one_whose_page_is_gone_goes_soon),
		TEST(nothing_is_begun_ahead_of_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
