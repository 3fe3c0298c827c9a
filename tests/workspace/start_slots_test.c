/* lib/workspace/start_slots.c: starts wait while the host is short of memory. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/settings.h"
#include "workspace_world.h"

#define START_MIB 192

static void turns(struct world *w, int n)
{
	while (n--)
		uv_run(&w->loop, UV_RUN_NOWAIT);
}

static int64_t reserve(const struct world *w)
{
	return settings_number(w->settings, SET_START_MEMORY_RESERVE);
}

static void it_waits_for_memory_and_says_so(void **state)
{
	struct world *w = *state;

	memory_left = reserve(w) + START_MIB - 1;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	turns(w, 20);
	assert_int_equal(workspace_place(w->w), 1);
	assert_true(workspace_place_short(w->w));
	assert_string_equal(w->log, "");
	memory_left = reserve(w) + START_MIB;
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_int_equal(workspace_place(w->w), 0);
	assert_false(workspace_place_short(w->w));
}

/* It may wait for long: only its user's patience ends that. */
static void who_leaves_meanwhile_waits_no_more(void **state)
{
	struct world *w = *state;

	memory_left = 0;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	turns(w, 20);
	assert_int_equal(workspace_state(w->w), WORKSPACE_STARTING);
	workspace_release(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPED);
	assert_int_equal(workspace_place(w->w), 0);
	memory_left = INT64_MAX;
	turns(w, 20);
	assert_string_equal(w->log, "");
}

static void without_a_reserve_memory_is_not_looked_at(void **state)
{
	struct world *w = *state;

	world_set(w, "start_memory_reserve", "0");
	world_reopen(w);
	memory_left = 0;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
}

static void a_busy_host_has_longer_deadlines(void **state)
{
	static const struct { double load; int64_t ms; } rows[] = {
		{ 0, 1000 }, { 1, 1000 }, { 2.5, 2500 }, { 4, 4000 }, { 90, 4000 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		load = rows[i].load;
		assert_int_equal(start_deadline(1000), rows[i].ms);
	}
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(it_waits_for_memory_and_says_so),
		ROW(who_leaves_meanwhile_waits_no_more),
		ROW(without_a_reserve_memory_is_not_looked_at),
		ROW(a_busy_host_has_longer_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
