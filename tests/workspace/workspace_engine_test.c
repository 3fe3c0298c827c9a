/*
 * The workspace with a real engine ($GONGBANG_TEST_ENGINE), the real link and
 * the real gongbang-shim as process 1 of a tiny image. Tests
 * workspace_provision.c and workspace_connect.c.
 */
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
#include <unistd.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/str.h"
#include "workspace/workspace.h"

#define REACH_MS 60000

static struct world {
	const char *socket;
	char user[ID_SIZE], name[64], container[WORKSPACE_NAME_SIZE];
	uv_loop_t loop;
	void *ctx;
	struct engine *engine;
	struct settings *settings;
	struct workspaces *all;
	struct workspace *w;
	struct container_state state;
	int calls, status;
	char body[4096];
} w;

static double load;

double __wrap_host_load(void);
int64_t __wrap_host_memory_left(void);

double __wrap_host_load(void)
{
	return load;
}

/* The tests' host may be short of it, and starts would wait. */
int64_t __wrap_host_memory_left(void)
{
	return INT64_MAX;
}

static int image(const char *what)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "sh %s/tests/engine/image.sh %s %s %s "
		 "\"${GONGBANG_TEST_SHIM:-./gongbang-shim}\" %s",
		 getenv("top_srcdir") ? getenv("top_srcdir") : ".", what,
		 w.socket, w.name, w.container);
	return system(command);
}

static void set(const char *name, const char *value)
{
	struct err e = { 0 };

	if (settings_set(w.settings, name, value, &e) < 0)
		fail_msg("%s", e.text);
}

static void open_all(void)
{
	w.ctx = talloc_new(NULL);
	w.engine = engine_docker_new(w.ctx, &w.loop, w.socket);
	w.all = workspaces_new(w.ctx, &w.loop, w.engine, w.settings);
	w.w = workspace_get(w.all, w.user);
	workspace_hold(w.w);
}

static void close_all(void)
{
	workspaces_close(w.all);
	talloc_free(w.ctx);
	uv_run(&w.loop, UV_RUN_DEFAULT);
}

static int set_up(void **state)
{
	const char *instance = getenv("GONGBANG_TEST_INSTANCE");
	char tag[80];

	id_new(w.user);
	snprintf(w.name, sizeof(w.name), "gongbang-%s", w.user);
	workspace_container_name(w.user, w.container);
	snprintf(tag, sizeof(tag), "%s:latest", w.name);
	uv_loop_init(&w.loop);
	w.settings = settings_new();
	set("image", tag);
	set("workspace_network", w.name);
	set("instance", instance ? instance : "gongbang-test");
	open_all();
	return image("up");
}

static int tear_down(void **state)
{
	close_all();
	settings_free(w.settings);
	image("down");
	return uv_loop_close(&w.loop);
}

static void wake(uv_timer_t *t)
{
}

static void run_until(bool (*there)(void))
{
	int64_t end = clock_mono_ms() + REACH_MS;
	uv_timer_t t;

	uv_timer_init(&w.loop, &t);
	uv_timer_start(&t, wake, 200, 200);
	while (!there() && clock_mono_ms() < end)
		uv_run(&w.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	if (!there())
		fail_msg("state %d: %s", (int)workspace_state(w.w),
			 workspace_error(w.w)->text);
}

static bool is_ready(void)
{
	return workspace_state(w.w) == WORKSPACE_READY;
}

static bool is_not_ready(void)
{
	return !is_ready();
}

static bool is_stopped(void)
{
	return workspace_state(w.w) == WORKSPACE_STOPPED;
}

static bool is_called(void)
{
	return w.calls > 0;
}

static void seen(void *data, const struct container_state *s,
		 const struct err *e)
{
	w.calls++;
	assert_null(e);
	w.state = *s;
}

static void inspect(void)
{
	w.calls = 0;
	engine_inspect(w.engine, w.container, seen, NULL);
	run_until(is_called);
}

static void status(void *data, int code)
{
	w.status = code;
}

static bool body(void *data, const void *bytes, size_t n)
{
	size_t have = strlen(w.body);

	snprintf(w.body + have, sizeof(w.body) - have, "%.*s", (int)n,
		 (const char *)bytes);
	return true;
}

static void end(void *data, const struct err *e)
{
	w.calls++;
	assert_null(e);
}

static const struct link_response_events answer = {
	.status = status, .body = body, .end = end,
};

static void ask(const char *method, const char *path, const void *bytes,
		size_t n)
{
	const struct link_request rq = {
		.method = method, .path = path, .body = bytes, .body_len = n,
	};
	struct err e = { 0 };

	w.calls = w.status = 0;
	w.body[0] = '\0';
	assert_non_null(link_request(workspace_link(w.w), &rq, &answer, NULL, &e));
	run_until(is_called);
}

static void placed(void *data, const struct container_place *places, size_t n,
		   const struct err *e)
{
	size_t i, mine = 0;

	w.calls++;
	assert_null(e);
	/* Other tests' containers of this instance may run beside. */
	for (i = 0; i < n; i++) {
		if (strcmp(places[i].user_id, w.user))
			continue;
		mine++;
		assert_string_equal(places[i].address, workspace_address(w.w));
		assert_string_equal(places[i].token_hash,
				    workspace_token_hash(w.w));
	}
	assert_int_equal(mine, 1);
}

static void made_and_entered(void **state)
{
	workspace_ensure(w.w);
	run_until(is_ready);
	inspect();
	assert_true(w.state.exists && w.state.running);
	assert_true(w.state.address[0]);
	assert_string_equal(w.state.address, workspace_address(w.w));
	assert_true(token_valid(w.state.token_hash));
	assert_string_equal(w.state.token_hash, workspace_token_hash(w.w));
	w.calls = 0;
	engine_places(w.engine, settings_text(w.settings, SET_INSTANCE), placed, NULL);
	run_until(is_called);
	ask("GET", "/sessions", NULL, 0);
	assert_int_equal(w.status, 200);
	assert_string_equal(w.body, "");
}

static bool has_health(void)
{
	return workspace_health(w.w)->memory >= 0;
}

static void health(void **state)
{
	const struct workspace_health *h = workspace_health(w.w);

	run_until(has_health);
	assert_int_equal(h->memory_max, INT64_C(1) << 30);
	assert_int_equal(h->oom_kills, 0);
	assert_in_range(h->disk_free, 1, INT64_MAX);
}

static bool is_boosted(void)
{
	inspect();
	return w.state.boosted;
}

static bool is_not_boosted(void)
{
	return !is_boosted();
}

/* As the engine has it; what this bridge leaves boosted, the next one lowers. */
static void boosted(void **state)
{
	assert_false(is_boosted());
	load = 4;
	workspace_boost(w.w, NULL);
	run_until(is_boosted);
	workspace_boost_end(w.w, NULL);
	run_until(is_not_boosted);
	workspace_restart(w.w);
	run_until(is_ready);
	run_until(is_boosted);
	close_all();
	open_all();
	run_until(is_not_boosted);
	load = 0;
	workspace_ensure(w.w);
	run_until(is_ready);
}

static void killed_behind_its_back(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "curl -sf -X POST --unix-socket %s "
		 "http://e/containers/%s/kill", w.socket, w.container);
	assert_int_equal(system(command), 0);
	run_until(is_not_ready);
	assert_null(workspace_link(w.w));
	run_until(is_ready);
	inspect();
	assert_true(w.state.running);
}

static void old_one_with_a_session_stays(void **state)
{
	static const char cat[] = "arg=/bin/cat";
	char path[64], was[65];

	snprintf(path, sizeof(path), "/sessions/%s", w.user);
	ask("POST", path, cat, sizeof(cat));
	assert_int_equal(w.status, 201);
	inspect();
	snprintf(was, sizeof(was), "%s", w.state.spec_hash);
	close_all();
	set("workspace_pids", "100");
	open_all();
	workspace_ensure(w.w);
	run_until(is_ready);
	inspect();
	assert_string_equal(w.state.spec_hash, was);
	ask("GET", "/sessions", NULL, 0);
	assert_non_null(strstr(w.body, " running"));
	strncat(path, "?grace=0", sizeof(path) - strlen(path) - 1);
	ask("DELETE", path, NULL, 0);
	assert_int_equal(w.status / 100, 2);
}

static void old_one_is_replaced(void **state)
{
	char was[65];

	snprintf(was, sizeof(was), "%s", w.state.spec_hash);
	close_all();
	open_all();
	workspace_ensure(w.w);
	run_until(is_ready);
	inspect();
	assert_string_not_equal(w.state.spec_hash, was);
}

static void stop(void **state)
{
	workspace_stop(w.w);
	run_until(is_stopped);
	inspect();
	assert_true(w.state.exists);
	assert_false(w.state.running);
	workspace_ensure(w.w);
	run_until(is_ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_entered),
		cmocka_unit_test(health),
		cmocka_unit_test(boosted),
		cmocka_unit_test(killed_behind_its_back),
		cmocka_unit_test(old_one_with_a_session_stays),
		cmocka_unit_test(old_one_is_replaced),
		cmocka_unit_test(stop),
	};

	w.socket = getenv("GONGBANG_TEST_ENGINE");
	if (!w.socket) {
		puts("skipped: GONGBANG_TEST_ENGINE names no engine's socket");
		return 77;
	}
	if (system("! ldd \"${GONGBANG_TEST_SHIM:-./gongbang-shim}\" "
		   "2>/dev/null | grep -q '=>'")) {
		puts("skipped: a gongbang-shim with sanitizers is not static; "
		     "GONGBANG_TEST_SHIM names another");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
