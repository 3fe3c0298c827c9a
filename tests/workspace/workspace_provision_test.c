/* lib/workspace/workspace_provision.c: a container is found, made, replaced. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "workspace_world.h"

static void found_running(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "X");
	assert_string_equal(w->states, "SLR");
}

static void found_stopped(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	w->running = false;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SX");
}

static void old_and_stopped(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	w->running = false;
	world_set(w, "workspace_memory", "2048");
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "RCSX");
}

static void old_and_busy(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	snprintf(w->image_id, sizeof(w->image_id), "sha256:old");
	fake_sessions = "a ended 5\nb running 77\n";
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "X");
}

static void old_and_quiet(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	snprintf(w->image_id, sizeof(w->image_id), "sha256:old");
	fake_sessions = "a ended 5\n";
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "XRCSX");
}

static void two_bridges(void **state)
{
	struct world *w = *state;

	w->other_bridge = true;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSX");
}

static void no_image(void **state)
{
	struct world *w = *state;

	w->image = false;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_no_image");
	assert_string_equal(w->log, "C");
	w->image = true;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_int_equal(workspace_error(w->w)->kind, ERR_NONE);
}

static void comes_back_by_itself(void **state)
{
	struct world *w = *state;

	w->image = false;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	w->image = true;
	assert_true(world_reach(w, WORKSPACE_READY));
}

static void network_made_anew(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	world_reopen(w);
	w->running = w->network = false;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SRCSX");
}

static void engine_away(void **state)
{
	struct world *w = *state;

	fake_free(w->fake);
	w->fake = NULL;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_engine");
	assert_string_equal(w->states, "SF");
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(found_running),
		ROW(found_running),
		ROW(found_stopped),
		ROW(found_stopped),
		ROW(old_and_stopped),
		ROW(old_and_busy),
		ROW(old_and_quiet),
		ROW(two_bridges),
		ROW(no_image),
		ROW(comes_back_by_itself),
		ROW(network_made_anew),
		ROW(engine_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
