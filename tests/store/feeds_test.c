/* lib/store/feeds.c: which user's calendar a URL opens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "fixture.h"
#include "store/feeds.h"
#include "store/users.h"

static void test_feeds(void **state)
{
	struct fixture *f = *state;
	char kim[ID_SIZE], lee[ID_SIZE], id[ID_SIZE] = "as before";
	struct err e = { 0 };
	bool there;

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
	OK(feed_exists(f->db, kim, &there, &e));
	assert_false(there);
	assert_int_equal(feed_user(f->db, "", id, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	OK(feed_set(f->db, kim, "aa", &e));
	assert_int_equal(feed_user(f->db, "ab", id, &e), -1);
	assert_string_equal(id, "as before");
	OK(feed_user(f->db, "aa", id, &e));
	assert_string_equal(id, kim);
	OK(feed_exists(f->db, kim, &there, &e));
	assert_true(there);
	OK(feed_exists(f->db, lee, &there, &e));
	assert_false(there);
	assert_int_equal(feed_set(f->db, lee, "aa", &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	OK(user_set_disabled(f->db, kim, true, &e));
	assert_int_equal(feed_user(f->db, "aa", id, &e), -1);
	OK(user_set_disabled(f->db, kim, false, &e));
	OK(feed_set(f->db, kim, "", &e));
	OK(feed_set(f->db, lee, "", &e));
	assert_int_equal(feed_user(f->db, "aa", id, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(feed_set(f->db, "nobody", "bb", &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_feeds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
