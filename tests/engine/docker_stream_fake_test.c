/*
 * Execs of the Docker driver against an engine that misbehaves on request.
 * Tests docker_stream.c and docker_frames.c.
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

#include "engine/engine.h"
#include "fake.h"

struct world {
	uv_loop_t loop;
	void *ctx;
	struct fake *fake;
	struct engine *engine;
	/* What the fake does. */
	const char *frames;
	size_t frames_len;
	int exec_status;
	const char *exec_body;
	bool keep;			/* the exec stays open */
	struct fake_client *held;
	/* What came back. */
	int calls;
	struct err e;
	char out[65536], bad[1024];
	size_t out_len;
	int opened, exit_code;
	struct engine_stream *stream;
	bool close_on_receive;
};

static void asked(void *data, struct fake_client *c, const char *bytes, size_t n)
{
	struct world *w = data;

	if (strstr(bytes, "/exec HTTP")) {
		fake_answer(c, w->exec_status ? w->exec_status : 201,
			    w->exec_body ? w->exec_body : "{\"Id\":\"abc123\"}");
		return;
	}
	if (strstr(bytes, "/start HTTP")) {
		fake_stream(c);
		w->held = c;
		fake_send(c, w->frames, w->frames_len);
		if (!w->keep)
			fake_close(c);
		return;
	}
	if (strstr(bytes, "GET /exec/")) {
		fake_answer(c, 200, "{\"ExitCode\":7,\"Running\":false}");
	}
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	uv_loop_init(&w->loop);
	w->ctx = talloc_new(NULL);
	w->fake = fake_new(&w->loop, asked, w);
	w->engine = engine_docker_new(w->ctx, &w->loop, fake_path(w->fake));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	talloc_free(w->ctx);
	fake_free(w->fake);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&w->loop) != 0)
		return -1;		/* a handle was left open */
	free(w);
	return 0;
}

static void run_until(struct world *w, int calls)
{
	while (w->calls < calls && uv_run(&w->loop, UV_RUN_ONCE))
		;
	assert_int_equal(w->calls, calls);
}

static void keep_error(struct world *w, const struct err *e)
{
	w->calls++;
	w->e = e ? *e : (struct err){ 0 };
}

static void opened(void *data)
{
	((struct world *)data)->opened++;
}

static void receive(void *data, const void *bytes, size_t n)
{
	struct world *w = data;

	if (w->out_len + n <= sizeof(w->out))
		memcpy(w->out + w->out_len, bytes, n);
	w->out_len += n;
	if (w->close_on_receive) {
		engine_stream_close(w->stream);
		w->calls++;
	}
}

static void receive_error(void *data, const void *bytes, size_t n)
{
	struct world *w = data;

	snprintf(w->bad, sizeof(w->bad), "%.*s", (int)n, (const char *)bytes);
}

static void closed(void *data, int exit_code, const struct err *e)
{
	struct world *w = data;
	struct err late = { 0 };

	assert_int_equal(engine_stream_write(w->stream, "x", 1, &late), -1);
	keep_error(w, e);
	w->exit_code = exit_code;
}

static const struct engine_stream_events stream_events = {
	.open = opened,
	.receive = receive,
	.receive_error = receive_error,
	.closed = closed,
};

static void exec(struct world *w, const char *frames, size_t n)
{
	static const char *const argv[] = { "a", "b\"c", NULL };

	w->frames = frames;
	w->frames_len = n;
	w->stream = engine_exec(w->engine, "box", argv, &stream_events, w);
}

#define FRAMES(s) s, sizeof(s) - 1

static void exec_frames(void **state)
{
	struct world *w = *state;

	exec(w, FRAMES("\1\0\0\0\0\0\0\3abc\2\0\0\0\0\0\0\2no"
		       "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1d"));
	run_until(w, 1);
	assert_int_equal(w->opened, 1);
	assert_int_equal(w->e.kind, ERR_NONE);
	assert_int_equal(w->exit_code, 7);
	assert_memory_equal(w->out, "abcd", 4);
	assert_string_equal(w->bad, "no");
}

static void exec_cut_in_a_frame(void **state)
{
	struct world *w = *state;

	exec(w, FRAMES("\1\0\0\0\0\0\0\11abc"));
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
	assert_non_null(strstr(w->e.text, "within a frame"));
}

static void exec_garbage(void **state)
{
	struct world *w = *state;

	w->keep = true;
	exec(w, FRAMES("\1\0\0\0\0\0\0\1aOCI runtime error"));
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
	assert_int_equal(w->out_len, 1);
}

static void exec_refused(void **state)
{
	struct world *w = *state;

	w->exec_status = 404;
	w->exec_body = "{\"message\":\"No such container\"}";
	exec(w, FRAMES(""));
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_MISSING);
	w->exec_status = 201;
	w->exec_body = "{\"Id\":\"../containers\"}";
	exec(w, FRAMES(""));
	run_until(w, 2);
	assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
	assert_int_equal(w->opened, 0);
}

static void exec_closed_while_receiving(void **state)
{
	struct world *w = *state;

	w->close_on_receive = true;
	exec(w, FRAMES("\1\0\0\0\0\0\0\1a\1\0\0\0\0\0\0\1bjunk"));
	run_until(w, 1);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->out_len, 1);
}

static void drained(void *data)
{
	((struct world *)data)->calls++;
}

static void exec_write_cap(void **state)
{
	struct world *w = *state;
	static char block[65536];
	struct err e = { 0 };
	size_t total = 0;

	w->keep = true;
	exec(w, FRAMES(""));
	engine_stream_on_drain(w->stream, drained);
	assert_int_equal(engine_stream_write(w->stream, "early", 5, &e), 0);
	assert_int_equal(engine_stream_unsent(w->stream), 5);
	run_until(w, 1);
	assert_int_equal(w->opened, 1);
	assert_int_equal(engine_stream_unsent(w->stream), 0);
	fake_hold(w->held);
	while (total < 64u << 20 &&
	       engine_stream_write(w->stream, block, sizeof(block), &e) == 0)
		total += sizeof(block);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_in_range(engine_stream_unsent(w->stream), 900000, 1u << 20);
	engine_stream_close(w->stream);
	uv_run(&w->loop, UV_RUN_NOWAIT);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(exec_frames),
		ROW(exec_cut_in_a_frame),
		ROW(exec_garbage),
		ROW(exec_refused),
		ROW(exec_closed_while_receiving),
		ROW(exec_write_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
