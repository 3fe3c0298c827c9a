/* The workspace's states against a scripted engine and shim; time runs 20 times as fast. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "../engine/fake.h"
#include "fake_link.h"
#include "workspace/record.h"
#include "workspace/workspace.h"

#define USER "01890a5d-ac96-774b-bcce-b302099a8057"
#define FASTER 20

int __real_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat);
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);

int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat)
{
	return __real_uv_timer_start(t, cb, ms / FASTER, repeat / FASTER);
}

static int64_t skipped;

int64_t __wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + skipped;
}

struct world {
	uv_loop_t loop;
	void *ctx;
	struct fake *fake;
	struct engine *engine;
	struct settings *settings;
	struct workspaces *all;
	struct workspace *w;
	/* The engine's world. */
	bool exists, running, image, network, other_bridge, deaf, slow_create;
	char hash[65], image_id[16];
	const char *greeting;		/* NULL: the exec ends with 126 */
	const char *listed;
	char log[4096];			/* C create, S start, T stop, R remove, X exec */
	char created[8192];
	struct fake_client *exec, *pending;
	char states[256];		/* a letter a change */
	enum workspace_state last;
	bool link_seen;
};

static void note(struct world *w, const char *what)
{
	snprintf(w->log + strlen(w->log), sizeof(w->log) - strlen(w->log), "%s",
		 what);
}

static void answer_inspect(struct world *w, struct fake_client *c)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "{\"Image\":\"%s\",\"State\":{\"Running\":%s,\"ExitCode\":0},"
		 "\"Config\":{\"Labels\":{\"gongbang.spec\":\"%s\"}}}",
		 w->image_id, w->running ? "true" : "false", w->hash);
	fake_answer(c, w->exists ? 200 : 404, w->exists ? body : "{}");
}

static void made(struct world *w)
{
	struct json_object *o = json_tokener_parse(strchr(w->created, '{'));
	struct json_object *label = NULL;

	assert_int_equal(json_pointer_get(o, "/Labels/gongbang.spec", &label), 0);
	snprintf(w->hash, sizeof(w->hash), "%s", json_object_get_string(label));
	snprintf(w->image_id, sizeof(w->image_id), "sha256:now");
	w->exists = true;
	json_object_put(o);
}

static void answer_create(struct world *w, struct fake_client *c,
			  const char *request)
{
	note(w, "C");
	snprintf(w->created, sizeof(w->created), "%s", request);
	if (!w->image) {
		fake_answer(c, 404, "{\"message\":\"No such image: x\"}");
	} else if (w->other_bridge) {
		w->other_bridge = false;
		made(w);
		fake_answer(c, 409, "{\"message\":\"name taken\"}");
	} else if (w->slow_create) {
		w->pending = c;
	} else {
		made(w);
		fake_answer(c, 201, "{\"Id\":\"c\"}");
	}
}

static void answer_start(struct world *w, struct fake_client *c)
{
	note(w, "S");
	if (!w->network) {
		fake_answer(c, 404, "{\"message\":\"network n not found\"}");
		w->network = true;	/* for a container made now */
		return;
	}
	w->running = true;
	fake_text(c, "HTTP/1.1 204 No\r\n\r\n");
}

static void answer_exec(struct world *w, struct fake_client *c)
{
	note(w, "X");
	fake_stream(c);
	if (w->deaf)
		return;
	if (w->greeting) {
		w->exec = c;
		fake_frame(c, 1, w->greeting, strlen(w->greeting));
	} else {
		fake_frame(c, 1, "no such program", 15);
		fake_close(c);
	}
}

static void asked(void *data, struct fake_client *c, const char *rq, size_t n)
{
	struct world *w = data;
	bool container = strstr(rq, " /containers/gongbang-" USER) != NULL;

	if (str_starts(rq, "POST /containers/create?name=gongbang-" USER " ")) {
		answer_create(w, c, rq);
	} else if (str_starts(rq, "GET /images/")) {
		fake_answer(c, w->image ? 200 : 404, "{\"Id\":\"sha256:now\"}");
	} else if (str_starts(rq, "GET /containers/json")) {
		fake_answer(c, 200, w->listed ? w->listed : "[]");
	} else if (container && strstr(rq, "/exec HTTP")) {
		fake_answer(c, w->running ? 201 : 409, "{\"Id\":\"e1\"}");
	} else if (str_starts(rq, "POST /exec/e1/start")) {
		answer_exec(w, c);
	} else if (str_starts(rq, "GET /exec/e1/json")) {
		fake_answer(c, 200, "{\"ExitCode\":126}");
	} else if (container && strstr(rq, "/start HTTP")) {
		answer_start(w, c);
	} else if (container && strstr(rq, "/stop?t=")) {
		note(w, "T");
		w->running = false;
		fake_text(c, w->exists ? "HTTP/1.1 204 No\r\n\r\n" :
			  "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	} else if (container && str_starts(rq, "DELETE ")) {
		note(w, "R");
		w->exists = w->running = false;
		fake_text(c, "HTTP/1.1 204 No\r\n\r\n");
	} else if (container) {
		answer_inspect(w, c);
	} else if (n && rq[0]) {
		fail_msg("asked %s", rq);
	}
}

static void changed(void *data)
{
	struct world *w = data;
	enum workspace_state state = workspace_state(w->w);
	size_t n = strlen(w->states);

	w->link_seen = workspace_link(w->w) != NULL;
	assert_int_equal(w->link_seen, state == WORKSPACE_READY);
	if (state == w->last || n + 1 >= sizeof(w->states))
		return;
	w->last = state;
	w->states[n] = "0CSLRTF"[state];
}

static void set(struct world *w, const char *name, const char *value)
{
	struct err e = { 0 };

	if (settings_set(w->settings, name, value, &e) < 0)
		fail_msg("%s", e.text);
}

static void open_all(struct world *w)
{
	w->all = workspaces_new(w->ctx, &w->loop, w->engine, w->settings);
	w->w = workspace_get(w->all, USER);
	assert_ptr_equal(w->w, workspace_get(w->all, USER));
	workspace_watch(w->w, changed, w);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	w->ctx = talloc_new(NULL);
	w->fake = fake_new(&w->loop, asked, w);
	w->engine = engine_docker_new(w->ctx, &w->loop, fake_path(w->fake));
	w->settings = settings_new();
	w->image = w->network = true;
	w->greeting = LINK_GREETING;
	fake_sessions = "";
	fake_health = NULL;
	fake_pings = 0;
	skipped = 0;
	set(w, "workspace_idle", "10");
	open_all(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	workspaces_close(w->all);
	talloc_free(w->ctx);
	if (w->fake)
		fake_free(w->fake);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	settings_free(w->settings);
	if (uv_loop_close(&w->loop) != 0 || fake_links)
		return -1;
	free(w);
	return 0;
}

static void wake(uv_timer_t *t)
{
}

/* Runs the loop until the state, at most some seconds, and never blocks long. */
static bool reach(struct world *w, enum workspace_state wanted)
{
	int64_t end = __real_clock_mono_ms() + 10000;
	uv_timer_t t;

	uv_timer_init(&w->loop, &t);
	__real_uv_timer_start(&t, wake, 5, 5);
	while (workspace_state(w->w) != wanted && __real_clock_mono_ms() < end) {
		uv_run(&w->loop, UV_RUN_ONCE);
		fake_link_pump();
	}
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	return workspace_state(w->w) == wanted;
}

static void made_and_entered(void **state)
{
	struct world *w = *state;

	set(w, "model", "opus");
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPED);
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->states, "SCSLR");
	assert_string_equal(w->log, "CSX");
	assert_non_null(workspace_link(w->w));
	assert_non_null(strstr(w->created, "ANTHROPIC_MODEL=opus\""));
	assert_non_null(strstr(w->created, "NODE_EXTRA_CA_CERTS="));
	assert_non_null(strstr(w->created, "ANTHROPIC_BASE_URL="));
	workspace_ensure(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_READY);
}

static void bring_up(struct world *w)
{
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
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
	open_all(w);
}

static void found_running(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
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
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SX");
}

static void old_and_stopped(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	w->running = false;
	set(w, "workspace_memory", "2048");
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
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
	assert_true(reach(w, WORKSPACE_READY));
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
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "XRCSX");
}

static void two_bridges(void **state)
{
	struct world *w = *state;

	w->other_bridge = true;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSX");
}

static void no_image(void **state)
{
	struct world *w = *state;

	w->image = false;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_no_image");
	assert_string_equal(w->log, "C");
	w->image = true;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
	assert_int_equal(workspace_error(w->w)->kind, ERR_NONE);
}

static void comes_back_by_itself(void **state)
{
	struct world *w = *state;

	w->image = false;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_FAILED));
	w->image = true;
	assert_true(reach(w, WORKSPACE_READY));
}

static void network_made_anew(void **state)
{
	struct world *w = *state;

	bring_up(w);
	reopen(w);
	w->running = w->network = false;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SRCSX");
}

static void engine_away(void **state)
{
	struct world *w = *state;

	fake_free(w->fake);
	w->fake = NULL;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_engine");
	assert_string_equal(w->states, "SF");
}

static void not_to_be_entered(void **state)
{
	struct world *w = *state;

	w->greeting = NULL;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_workspace_link");
	assert_string_equal(w->log, "CSXXXXX");
	w->greeting = LINK_GREETING;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXXXXXTSX");
}

static void wrong_greeting(void **state)
{
	struct world *w = *state;

	w->greeting = "welcome\n";
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_FAILED));
	assert_string_equal(workspace_error(w->w)->key, "error_workspace_link");
}

static void no_greeting(void **state)
{
	struct world *w = *state;

	w->deaf = true;
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_LINKING));
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
	assert_true(reach(w, WORKSPACE_LINKING));
	assert_null(workspace_link(w->w));
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "SX");
}

static void lost_while_idle(void **state)
{
	struct world *w = *state;

	bring_up(w);
	workspace_release(w->w);
	fake_close(w->exec);
	assert_true(reach(w, WORKSPACE_STOPPED));
	assert_string_equal(w->states, "0");
	assert_true(reach(w, WORKSPACE_STOPPING));	/* the idle rule */
	assert_true(reach(w, WORKSPACE_STOPPED));
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
	assert_true(reach(w, WORKSPACE_STOPPED));
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
	assert_true(reach(w, WORKSPACE_STOPPING));
	assert_true(reach(w, WORKSPACE_STOPPED));
	assert_false(w->running);
}

static void stopped_while_made(void **state)
{
	struct world *w = *state;

	w->slow_create = true;
	workspace_ensure(w->w);
	assert_true(reach(w, WORKSPACE_CREATING));
	while (!w->pending)
		uv_run(&w->loop, UV_RUN_ONCE);
	workspace_stop(w->w);
	assert_int_equal(workspace_state(w->w), WORKSPACE_STOPPING);
	workspace_ensure(w->w);		/* and wanted again meanwhile */
	made(w);
	w->slow_create = false;
	fake_answer(w->pending, 201, "{}");
	assert_true(reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CTSX");
	assert_string_equal(w->states, "SCT0SLR");
}

static void freed_while_made(void **state)
{
	struct world *w = *state;

	w->slow_create = true;
	workspace_ensure(w->w);
	while (!w->pending)
		uv_run(&w->loop, UV_RUN_ONCE);
}

static void health(void **state)
{
	struct world *w = *state;
	const struct workspace_health *h;
	struct workspace_watch *watch;

	fake_health = "version 1\nmemory 5000\nmemory_max 1073741824\n"
		      "cpu_usec 1000000\ncpus 2\noom_kills 3\ndisk_free x\n"
		      "unknown\n";
	bring_up(w);
	watch = workspace_watch(w->w, changed, w);
	h = workspace_health(w->w);
	while (h->memory != 5000) {
		uv_run(&w->loop, UV_RUN_ONCE);
		fake_link_pump();
	}
	workspace_unwatch(watch);
	assert_int_equal(h->memory_max, 1073741824);
	assert_int_equal(h->oom_kills, 3);
	assert_int_equal(h->disk_free, -1);
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

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(made_and_entered), ROW(found_running), ROW(found_stopped),
		ROW(old_and_stopped), ROW(old_and_busy), ROW(old_and_quiet),
		ROW(two_bridges), ROW(no_image), ROW(comes_back_by_itself),
		ROW(network_made_anew), ROW(engine_away),
		ROW(not_to_be_entered), ROW(wrong_greeting), ROW(no_greeting),
		ROW(lost_while_held), ROW(lost_while_idle), ROW(idle_rule),
		ROW(adopted_and_idle), ROW(stopped_while_made),
		ROW(freed_while_made), ROW(health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
