/* A new database in a new folder for each test. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/db.h"

struct fixture {
	char folder[64], path[96];
	struct db *db;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* Both use the caller's struct err e. */
#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

#define FAILS(want, call) do { \
	assert_int_equal((call), -1); \
	assert_string_equal(err_kind_name(e.kind), err_kind_name(want)); \
} while (0)

#endif
