/* lib/workspace/workspace.c: the states, against a scripted engine and shim. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "workspace_world.h"

static void made_and_entered(void **state)
{
	struct world *w = *state;

	world_set(w, "model", "opus");
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPED);
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->states, "SCSLR");
	assert_string_equal(w->log, "CSX");
	assert_non_null(workspace_link(w->w));
	assert_non_null(strstr(w->created, "ANTHROPIC_MODEL=opus\""));
	assert_non_null(strstr(w->created, "NODE_EXTRA_CA_CERTS="));
	assert_non_null(strstr(w->created, "ANTHROPIC_BASE_URL="));
	workspace_ensure(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_READY);
}

static void idle_rule(void **state)
{
	struct world *w = *state;

	world_set(w, "workspace_idle", IDLE_S);
	world_bring_up(w);
	workspace_hold(w->w);
	workspace_release(w->w);
	workspace_release(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_READY);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->states, "T0");
	assert_string_equal(w->log, "T");
	assert_true(w->exists);
}

static void adopted_and_idle(void **state)
{
	struct world *w = *state;

	world_set(w, "workspace_idle", IDLE_S);
	world_bring_up(w);
	w->listed = "[{\"Labels\":{\"gongbang.user\":\"" USER "\"}},"
		    "{\"Labels\":{\"gongbang.user\":\"../x\"}}]";
	world_reopen(w);
	assert_true(world_reach(w, WORKSPACE_STOPPING));
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_false(w->running);
}

static void stopped_while_made(void **state)
{
	struct world *w = *state;

	w->slow_create = true;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_CREATING));
	while (!w->pending)
		uv_run(&w->loop, UV_RUN_ONCE);
	workspace_stop(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPING);
	workspace_ensure(w->w);		/* and wanted again meanwhile */
	world_made(w);
	w->slow_create = false;
	fake_answer(w->pending, 201, "{}");
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CTSX");
	assert_string_equal(w->states, "SCT0SLR");
}

/* Container, then volume; from then on nothing brings it back. */
static void removed_for_good(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	w->log[0] = '\0';
	w->volume_in_use = true;
	assert_true(workspace_remove(w->w));
	assert_false(workspace_remove(w->w));
	workspace_ensure(w->w);
	workspace_stop(w->w);
	workspace_restart(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPING);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	assert_string_equal(w->log, "Rv");
	workspace_ensure(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_FAILED);
	assert_true(workspace_remove(w->w));	/* goes on; what is gone is no error */
	assert_true(world_reach(w, WORKSPACE_REMOVED));
	assert_string_equal(w->log, "RvRV");
	assert_false(w->exists);
	assert_false(workspace_remove(w->w));
	workspace_ensure(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_REMOVED);
}

static void removed_while_made(void **state)
{
	struct world *w = *state;

	w->slow_create = true;
	workspace_ensure(w->w);
	while (!w->pending)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_true(workspace_remove(w->w));
	world_made(w);
	fake_answer(w->pending, 201, "{}");
	assert_true(world_reach(w, WORKSPACE_REMOVED));
	assert_string_equal(w->log, "CRV");
}

static void freed_while_made(void **state)
{
	struct world *w = *state;

	w->slow_create = true;
	workspace_ensure(w->w);
	while (!w->pending)
		uv_run(&w->loop, UV_RUN_ONCE);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(made_and_entered),
		ROW(idle_rule),
		ROW(adopted_and_idle),
		ROW(stopped_while_made),
		ROW(removed_for_good),
		ROW(removed_while_made),
		ROW(freed_while_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
