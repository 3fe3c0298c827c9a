/* lib/workspace/workspace_connect.c: the exec and its link, wrong and lost. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "workspace_world.h"

static void not_to_be_entered(void **state)
{
	struct world *w = *state;

	w->greeting = NULL;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_workspace_link");
	assert_string_equal(w->log, "CSXXXXX");
	w->greeting = LINK_GREETING;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXXXXXTSX");
}

static void wrong_greeting(void **state)
{
	struct world *w = *state;

	w->greeting = "welcome\n";
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_workspace_link");
}

static void no_greeting(void **state)
{
	struct world *w = *state;

	w->deaf = true;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_LINKING));
	while (!workspace_error(w->w)->kind)
		uv_run(&w->loop, UV_RUN_ONCE);
	assert_string_equal(workspace_error(w->w)->key, "error_workspace_link");
	assert_non_null(strstr(workspace_error(w->w)->text, "no greeting"));
}

static void lost_while_held(void **state)
{
	struct world *w = *state;

	world_bring_up(w);
	skipped = 60000;
	w->running = false;
	fake_close(w->exec);
	assert_true(world_reach(w, WORKSPACE_LINKING));
	assert_null(workspace_link(w->w));
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SX");
}

static void lost_while_idle(void **state)
{
	struct world *w = *state;

	world_set(w, "workspace_idle", IDLE_S);
	world_bring_up(w);
	workspace_release(w->w);
	fake_close(w->exec);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->states, "0");
	assert_true(world_reach(w, WORKSPACE_STOPPING));	/* the idle rule */
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->log, "T");
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(not_to_be_entered),
		ROW(wrong_greeting),
		ROW(no_greeting),
		ROW(lost_while_held),
		ROW(lost_while_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
