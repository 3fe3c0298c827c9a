#include "config.h"
#include "workspace_world.h"

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

int __real_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat);
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);

int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat)
{
	return __real_uv_timer_start(t, cb, ms / FASTER, repeat / FASTER);
}

int64_t skipped;

int64_t __wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + skipped;
}

double load;
int64_t memory_left;

double __wrap_host_load(void);
int64_t __wrap_host_memory_left(void);

double __wrap_host_load(void)
{
	return load;
}

int64_t __wrap_host_memory_left(void)
{
	return memory_left;
}

static void note(struct world *w, const char *what)
{
	snprintf(w->log + strlen(w->log), sizeof(w->log) - strlen(w->log), "%s",
		 what);
}

static void answer_inspect(struct world *w, struct fake_client *c)
{
	char body[1024];

	snprintf(body, sizeof(body),
		 "{\"Image\":\"%s\",\"State\":{\"Running\":%s,\"ExitCode\":0},"
		 "\"Config\":{\"Labels\":{\"gongbang.spec\":\"%s\","
		 "\"gongbang.token\":\"%s\"}},\"HostConfig\":{\"NetworkMode\":"
		 "\"n\",\"CpuShares\":%lld},\"NetworkSettings\":{\"Networks\":{\"n\":{"
		 "\"IPAddress\":\"172.30.0.9\"}}}}",
		 w->image_id, w->running ? "true" : "false", w->hash,
		 w->token_hash, (long long)w->shares);
	fake_answer(c, w->exists ? 200 : 404, w->exists ? body : "{}");
}

void world_made(struct world *w)
{
	struct json_object *o = json_tokener_parse(strchr(w->created, '{'));
	struct json_object *label = NULL;

	assert_int_equal(json_pointer_get(o, "/Labels/gongbang.spec", &label), 0);
	snprintf(w->hash, sizeof(w->hash), "%s", json_object_get_string(label));
	assert_int_equal(json_pointer_get(o, "/Labels/gongbang.token", &label), 0);
	snprintf(w->token_hash, sizeof(w->token_hash), "%s",
		 json_object_get_string(label));
	snprintf(w->image_id, sizeof(w->image_id), "sha256:now");
	assert_int_equal(json_pointer_get(o, "/HostConfig/CpuShares", &label), 0);
	w->shares = json_object_get_int64(label);
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
		world_made(w);
		fake_answer(c, 409, "{\"message\":\"name taken\"}");
	} else if (w->slow_create) {
		w->pending = c;
	} else {
		world_made(w);
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

static void answer_update(struct world *w, struct fake_client *c,
			  const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");

	if (w->unweighed) {
		w->unweighed--;
		note(w, "!");
		fake_answer(c, 500, "{\"message\":\"no\"}");
		return;
	}
	assert_non_null(body);
	assert_int_equal(sscanf(body, "\r\n\r\n{\"CpuShares\":%ld}", &w->shares), 1);
	note(w, w->shares == USUAL ? "-" : "+");
	fake_answer(c, w->exists ? 200 : 404, "{}");
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
	bool container = strstr(rq, " /containers/" CONTAINER) != NULL;

	if (str_starts(rq, "POST /containers/create?name=" CONTAINER " ")) {
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
	} else if (container && strstr(rq, "/update HTTP")) {
		answer_update(w, c, rq);
	} else if (strstr(rq, "/update HTTP")) {
		fake_answer(c, 200, "{}");	/* another user's */
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
	} else if (str_starts(rq, "DELETE /volumes/gongbang-" USER " ")) {
		note(w, w->volume_in_use ? "v" : "V");
		fake_answer(c, w->volume_in_use ? 409 : 404, "{\"message\":\"volume is in use\"}");
		w->volume_in_use = false;
	} else if (container) {
		answer_inspect(w, c);
	} else if (n && rq[0]) {
		fail_msg("asked %s", rq);
	}
}

static void moved(void *data, struct workspace *which, enum workspace_move move)
{
	struct world *w = data;
	size_t n = strlen(w->moves);

	if (n + 1 < sizeof(w->moves))
		w->moves[n] = "mUD"[move];
	assert_int_equal(workspace_address(which)[0] != '\0',
			 move == WORKSPACE_UP ||
			 (move == WORKSPACE_MOVES && which->address[0]));
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
	w->states[n] = "0CSLRTFV"[state];
}

void world_set(struct world *w, const char *name, const char *value)
{
	struct err e = { 0 };

	if (settings_set(w->settings, name, value, &e) < 0)
		fail_msg("%s", e.text);
}

void world_open_all(struct world *w)
{
	w->all = workspaces_new(w->ctx, &w->loop, w->engine, w->settings);
	workspaces_on_move(w->all, moved, w);
	w->w = workspace_get(w->all, USER);
	assert_ptr_equal(w->w, workspace_get(w->all, USER));
	workspace_watch(w->w, changed, w);
}

int world_set_up(void **state)
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
	load = 0;
	memory_left = INT64_MAX;
	world_open_all(w);
	*state = w;
	return 0;
}

int world_tear_down(void **state)
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
bool world_reach(struct world *w, enum workspace_state wanted)
{
	int64_t end = __real_clock_mono_ms() + 60000;
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

void world_bring_up(struct world *w)
{
	workspace_hold(w->w);
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	w->log[0] = w->states[0] = '\0';
	memset(w->states, 0, sizeof(w->states));
}

void world_reopen(struct world *w)
{
	workspaces_close(w->all);
	talloc_free(w->all);
	w->log[0] = '\0';
	memset(w->states, 0, sizeof(w->states));
	w->last = WORKSPACE_STOPPED;
	world_open_all(w);
}
