/* lib/bridge/yield.h: which conversation gives its place to another one. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bridge/yield.h"

#define NOW 1000000
#define PATIENCE 60000
#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct holder works = { HOLDER_WORKS, false, 0 };

static void who_works_keeps_its_place(void **state)
{
	const struct holder all[] = { works, works, works, works };

	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), -1);
	assert_int_equal(yield_choose(all, 0, NOW, PATIENCE), -1);
}

static void the_longest_idle_one_is_first(void **state)
{
	const struct holder all[] = {
		{ HOLDER_WAITS, false, 1 },
		{ HOLDER_IDLE, false, NOW - 10 },
		{ HOLDER_IDLE, true, NOW - 20 },
		works,
	};

	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), 2);
	assert_int_equal(yield_choose(all, N(all), NOW, -1), 2);
}

static void a_question_has_its_minute(void **state)
{
	struct holder all[] = { works, { HOLDER_WAITS, false, NOW - PATIENCE + 1 } };

	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), -1);
	all[1].since--;
	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), 1);
	/* nobody asked for what would begin */
	assert_int_equal(yield_choose(all, N(all), NOW, -1), -1);
}

static void the_longest_waiting_gives_way_unseen_ones_first(void **state)
{
	struct holder all[] = {
		{ HOLDER_WAITS, true, NOW - 3 * PATIENCE },
		{ HOLDER_WAITS, false, NOW - PATIENCE },
		{ HOLDER_WAITS, false, NOW - 2 * PATIENCE },
		{ HOLDER_WAITS, false, NOW },
	};

	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), 2);
	all[1].watched = all[2].watched = all[3].watched = true;
	assert_int_equal(yield_choose(all, N(all), NOW, PATIENCE), 0);
}

/* Its sub-agents work between two turns: whoever waits for an answer gives way. */
static void who_cannot_rest_is_not_idle(void **state)
{
	struct holder_facts busy = { .idle_since = 1 };
	const struct holder_facts waits = { .waiting_since = NOW - 2 * PATIENCE };
	struct holder all[2];

	all[0] = yield_holder(&busy);
	all[1] = yield_holder(&waits);
	assert_int_equal(yield_choose(all, 2, NOW, PATIENCE), 1);
	busy.rests = true;
	all[0] = yield_holder(&busy);
	assert_int_equal(yield_choose(all, 2, NOW, PATIENCE), 0);
	busy.run = true;
	all[0] = yield_holder(&busy);
	assert_int_equal(yield_choose(all, 1, NOW, PATIENCE), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_cannot_rest_is_not_idle),
		cmocka_unit_test(who_works_keeps_its_place),
		cmocka_unit_test(the_longest_idle_one_is_first),
		cmocka_unit_test(a_question_has_its_minute),
		cmocka_unit_test(the_longest_waiting_gives_way_unseen_ones_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
