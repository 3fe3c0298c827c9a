/* The workspace's states against a scripted engine and shim. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <talloc.h>

#include "core/digest.h"
#include "core/str.h"
#include "world.h"

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

/* The token is in the environment, its hash a label; the next one differs. */
static void token_of_its_own(void **state)
{
	static const char name[] = "ANTHROPIC_AUTH_TOKEN=";
	struct world *w = *state;
	char first[TOKEN_SIZE], hash[DIGEST_SIZE];
	const char *token;

	world_set(w, "model_base_url", "http://172.30.5.1:4100/x");
	world_set(w, "egress_proxy", "172.30.5.1:3128");
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	token = strstr(w->created, name);
	assert_non_null(token);
	snprintf(first, sizeof(first), "%s", token + strlen(name));
	assert_true(token_valid(first));
	digest_hex(first, strlen(first), hash);
	assert_string_equal(workspace_token_hash(w->w), hash);
	assert_string_equal(workspace_address(w->w), "172.30.0.9");
	assert_string_equal(w->moves, "DmU");
	assert_non_null(strstr(w->created, "HTTPS_PROXY=http:\\/\\/172.30.5.1:3128\""));
	assert_non_null(strstr(w->created, "\"http_proxy=http:"));
	assert_non_null(strstr(w->created, "NO_PROXY=172.30.5.1,localhost,"));
	workspace_stop(w->w);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(workspace_address(w->w), "");
	assert_string_equal(w->moves, "DmUmD");
	/* The same container again: the same token, and it is no other spec. */
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXTSX");
	assert_string_equal(workspace_token_hash(w->w), hash);
	world_set(w, "egress_proxy", "");
	workspace_restart(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXTSXTRCSX");
	assert_string_not_equal(workspace_token_hash(w->w), hash);
	assert_null(strstr(w->created, "HTTPS_PROXY"));
}

static void bring_up(struct world *w)
{
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	w->log[0] = w->states[0] = '\0';
	memset(w->states, 0, sizeof(w->states));
}

/* As a new bridge meets what another one left. */
static void reopen(struct world *w)
{
	workspaces_close(w->all);
	talloc_free(w->all);
	w->log[0] = '\0';
	memset(w->states, 0, sizeof(w->states));
	w->last = WORKSPACE_STOPPED;
	world_open_all(w);
}

static void found_running(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "X");
	assert_string_equal(w->states, "SLR");
}

static void found_stopped(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	w->running = false;
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SX");
}

static void old_and_stopped(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	w->running = false;
	world_set(w, "workspace_memory", "2048");
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "RCSX");
}

static void old_and_busy(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	snprintf(w->image_id, sizeof(w->image_id), "sha256:old");
	fake_sessions = "a ended 5\nb running 77\n";
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "X");
}

static void old_and_quiet(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
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

	bring_up(w);
	reopen(w);
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

	bring_up(w);
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

	bring_up(w);
	workspace_release(w->w);
	fake_close(w->exec);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->states, "0");
	assert_true(world_reach(w, WORKSPACE_STOPPING));	/* the idle rule */
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->log, "T");
}

static void idle_rule(void **state)
{
	struct world *w = *state;

	bring_up(w);
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

	bring_up(w);
	w->listed = "[{\"Labels\":{\"gongbang.user\":\"" USER "\"}},"
		    "{\"Labels\":{\"gongbang.user\":\"../x\"}}]";
	reopen(w);
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

	bring_up(w);
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

static void count(void *data)
{
	++*(int *)data;
}

static void health(void **state)
{
	int told = 0;
	struct world *w = *state;
	const struct workspace_health *h;
	struct workspace_watch *watch;

	fake_health = "version 1\nmemory 5000\nmemory_max 1073741824\n"
		      "cpu_usec 1000000\ncpus 2\noom_kills 3\ndisk_free x\ndisk_used 5\n"
		      "unknown\n";
	watch = workspace_watch(w->w, count, &told);
	bring_up(w);
	h = workspace_health(w->w);
	while (h->memory != 5000) {
		uv_run(&w->loop, UV_RUN_ONCE);
		fake_link_pump();
	}
	workspace_unwatch(watch);
	assert_in_range(told, 5, 20);
	assert_int_equal(h->memory_max, 1073741824);
	assert_int_equal(h->oom_kills, 3);
	assert_int_equal(h->disk_free, -1);
	assert_int_equal(h->disk_used, 5);
	workspace_health_parse(w->w, "cpu_usec 1000000\ncpus 2\n", 1000);
	workspace_health_parse(w->w, "cpu_usec 2000000\ncpus 2", 2000);
	assert_int_equal(h->cpu_percent, 50);
	workspace_health_parse(w->w, "cpu_usec 99999999999999\ncpus 0", 3000);
	assert_int_equal(h->cpu_percent, 100);
	workspace_health_parse(w->w, "cpu_usec -7\nmemory 9999999999999999999\n", 4000);
	assert_int_equal(h->cpu_percent, -1);
	assert_int_equal(h->memory, -1);
	while (fake_pings < 2)
		uv_run(&w->loop, UV_RUN_ONCE);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(made_and_entered), ROW(found_running), ROW(found_stopped),
		ROW(token_of_its_own), ROW(found_running), ROW(found_stopped),
		ROW(old_and_stopped), ROW(old_and_busy), ROW(old_and_quiet),
		ROW(two_bridges), ROW(no_image), ROW(comes_back_by_itself),
		ROW(network_made_anew), ROW(engine_away),
		ROW(not_to_be_entered), ROW(wrong_greeting), ROW(no_greeting),
		ROW(lost_while_held), ROW(lost_while_idle), ROW(idle_rule),
		ROW(adopted_and_idle), ROW(stopped_while_made),
		ROW(removed_for_good), ROW(removed_while_made),
		ROW(freed_while_made), ROW(health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
