/* cgi-bin/fcgi/fair_share.c: whose requests are served, and which one is next. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fcgi/fair_share.h"

enum { ANN = 7, BEN };

static char requests[] = "abcdef";

static void one_leaves_room_for_another(void **state)
{
	struct fair_share *f = fair_share_new(4, 10);

	(void)state;
	assert_int_equal(fair_share_begin(f, ANN, &requests[0]), FAIR_SHARE_SERVE);
	assert_int_equal(fair_share_begin(f, ANN, &requests[1]), FAIR_SHARE_SERVE);
	assert_int_equal(fair_share_begin(f, ANN, &requests[2]), FAIR_SHARE_WAITS);
	assert_int_equal(fair_share_begin(f, BEN, &requests[3]), FAIR_SHARE_SERVE);
	assert_int_equal(fair_share_begin(f, ANN, &requests[4]), FAIR_SHARE_WAITS);
	assert_null(fair_share_end(f, BEN));
	assert_ptr_equal(fair_share_end(f, ANN), &requests[2]);
	assert_ptr_equal(fair_share_end(f, ANN), &requests[4]);
	assert_int_equal(fair_share_begin(f, ANN, &requests[5]), FAIR_SHARE_WAITS);
	assert_ptr_equal(fair_share_end(f, ANN), &requests[5]);
	assert_null(fair_share_end(f, ANN));
	assert_int_equal(fair_share_begin(f, ANN, &requests[0]), FAIR_SHARE_SERVE);
	fair_share_free(f);
}

static void a_single_thread_serves_all(void **state)
{
	struct fair_share *f = fair_share_new(1, 10);

	(void)state;
	assert_int_equal(fair_share_begin(f, ANN, &requests[0]), FAIR_SHARE_SERVE);
	assert_null(fair_share_end(f, ANN));
	assert_int_equal(fair_share_begin(f, BEN, &requests[1]), FAIR_SHARE_SERVE);
	assert_null(fair_share_end(f, BEN));
	fair_share_free(f);
}

static void what_waits_is_bounded(void **state)
{
	struct fair_share *f = fair_share_new(2, 1);

	(void)state;
	assert_int_equal(fair_share_begin(f, ANN, &requests[0]), FAIR_SHARE_SERVE);
	assert_int_equal(fair_share_begin(f, ANN, &requests[1]), FAIR_SHARE_WAITS);
	assert_int_equal(fair_share_begin(f, ANN, &requests[2]), FAIR_SHARE_FULL);
	assert_int_equal(fair_share_begin(f, BEN, &requests[3]), FAIR_SHARE_SERVE);
	assert_ptr_equal(fair_share_end(f, ANN), &requests[1]);
	assert_null(fair_share_end(f, ANN));
	fair_share_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_leaves_room_for_another),
		cmocka_unit_test(a_single_thread_serves_all),
		cmocka_unit_test(what_waits_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
