/*
 * The Docker driver against a real engine, at $GONGBANG_TEST_ENGINE (a
 * socket). Tests engine.c.
 */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/engine.h"
#include "guard/guard.h"

#define BULK (50u << 20)

static struct world {
	const char *socket;
	char name[64];
	char image[80];
	uv_loop_t loop;
	void *ctx;
	struct engine *engine;
	struct guard *guard;
	struct guard_policy policy;
	const char *network, *asked_image;	/* of spec(), when not the world's own */
	const char *argv[4];
	const char *const *execs[2];
	int calls;
	struct err e;
	struct container_state state;
	bool listed;
	struct engine_stream *stream;
	char *out;
	size_t out_len, written;
	int exit_code;
	bool bulk;
} w;

static char bulk[BULK];

static int shell(const char *what)
{
	char command[512];

	snprintf(command, sizeof(command), "sh %s/tests/engine/image.sh %s %s %s",
		 getenv("top_srcdir") ? getenv("top_srcdir") : ".", what,
		 w.socket, w.name);
	return system(command);
}

static struct container_spec spec(void)
{
	static const char *const env[] = { "A=1", "B=two words", NULL };

	return (struct container_spec){
		.name = w.name, .image = w.asked_image ? w.asked_image : w.image,
		.instance = w.name, .user_id = "user-of-test", .volume = w.name,
		.network = w.network ? w.network : w.name,
		.env = env, .extra_ca = "/etc/passwd",
		.memory = INT64_C(1) << 30, .cpus = 1, .pids = 64,
		.tmp = INT64_C(256) << 20,
	};
}

static struct container_spec *expected(const void *ctx, void *data,
				       const char *user_id)
{
	struct container_spec *s = talloc(ctx, struct container_spec);

	*s = spec();
	return s;
}

static bool named(void *data, const char *name)
{
	return str_equal(name, w.name);
}

static int set_up(void **state)
{
	const char *instance = getenv("GONGBANG_TEST_INSTANCE");
	size_t i;

	for (i = 0; i < BULK; i++)
		bulk[i] = (char)(i * 2654435761u >> 13);
	snprintf(w.name, sizeof(w.name), "%s-%d",
		 instance ? instance : "gongbang-test", (int)getpid());
	snprintf(w.image, sizeof(w.image), "%s:latest", w.name);
	uv_loop_init(&w.loop);
	w.ctx = talloc_new(NULL);
	w.engine = engine_docker_new(w.ctx, &w.loop, w.socket);
	w.out = malloc(BULK + 1);
	return shell("up");
}

/* The same, with the guard between; it is told what the test will ask. */
static int set_up_guarded(void **state)
{
	static char path[96];
	struct err e = { 0 };

	if (set_up(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "/tmp/%.64s.sock", w.name);
	w.execs[0] = w.argv;
	w.policy = (struct guard_policy){
		.engine_socket = w.socket, .socket = path, .instance = w.name,
		.image = w.image, .execs = w.execs, .named = named,
		.spec = expected,
	};
	w.guard = guard_new(w.ctx, &w.loop, &w.policy, &e);
	assert_string_equal(e.text, "");
	talloc_free(w.engine);
	w.engine = engine_docker_new(w.ctx, &w.loop, path);
	return 0;
}

static int tear_down(void **state)
{
	talloc_free(w.ctx);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	free(w.out);
	shell("down");
	return uv_loop_close(&w.loop);
}

static void keep(const struct err *e)
{
	w.calls++;
	w.e = e ? *e : (struct err){ 0 };
}

static void done(void *data, const struct err *e)
{
	keep(e);
}

static void state_done(void *data, const struct container_state *s,
		       const struct err *e)
{
	keep(e);
	w.state = s ? *s : (struct container_state){ 0 };
}

static void list_done(void *data, const char *const *ids, size_t n,
		      const struct err *e)
{
	size_t i;

	keep(e);
	w.listed = false;
	for (i = 0; i < n; i++)
		w.listed |= str_equal(ids[i], "user-of-test");
}

static void wait_call(void)
{
	w.calls = 0;
	while (!w.calls && uv_run(&w.loop, UV_RUN_ONCE))
		;
	assert_int_equal(w.calls, 1);
}

static void expect_done(void)
{
	wait_call();
	assert_string_equal(w.e.text, "");
}

static void missing_image(void **state)
{
	struct container_spec s;

	w.asked_image = w.policy.image = "gongbang-no-such-image:latest";
	s = spec();
	engine_create(w.engine, &s, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_MISSING);
	assert_string_equal(w.e.key, "error_no_image");
	engine_image(w.engine, s.image, state_done, NULL);
	expect_done();
	assert_false(w.state.exists);
	engine_inspect(w.engine, w.name, state_done, NULL);
	expect_done();
	assert_false(w.state.exists);
	engine_start(w.engine, w.name, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_MISSING);
	w.asked_image = NULL;
	w.policy.image = w.image;
}

static void missing_network(void **state)
{
	struct container_spec s;

	w.network = "gongbang-no-such-network";
	s = spec();
	engine_create(w.engine, &s, done, NULL);
	expect_done();
	engine_start(w.engine, w.name, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_MISSING);
	assert_string_equal(w.e.key, "error_no_network");
	engine_remove(w.engine, w.name, done, NULL);
	expect_done();
	w.network = NULL;
}

static void create(void **state)
{
	struct container_spec s = spec();
	char hash[65], image_id[80];

	engine_create(w.engine, &s, done, NULL);
	expect_done();
	engine_create(w.engine, &s, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_CONFLICT);
	engine_image(w.engine, w.image, state_done, NULL);
	expect_done();
	snprintf(image_id, sizeof(image_id), "%s", w.state.image_id);
	engine_inspect(w.engine, w.name, state_done, NULL);
	expect_done();
	assert_true(w.state.exists);
	assert_false(w.state.running);
	assert_string_equal(w.state.image_id, image_id);
	container_spec_hash(&s, hash);
	assert_string_equal(w.state.spec_hash, hash);
	s.memory++;
	container_spec_hash(&s, hash);
	assert_string_not_equal(w.state.spec_hash, hash);
	engine_start(w.engine, w.name, done, NULL);
	expect_done();
	engine_start(w.engine, w.name, done, NULL);
	expect_done();
	engine_list(w.engine, w.name, list_done, NULL);
	expect_done();
	assert_true(w.listed);
}

static struct json_object *inspect_json(void)
{
	static char text[65536];
	char command[256];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command),
		 "curl -s --unix-socket %s http://e/containers/%s/json",
		 w.socket, w.name);
	f = popen(command, "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	pclose(f);
	return json_tokener_parse(text);
}

/* What the engine itself says of the container, row by row. */
static void check_limits(const char *shares)
{
	const char *const rows[][2] = {
		{ "/Config/User", "\"1000:1000\"" },
		{ "/Config/WorkingDir", "\"/workspace\"" },
		{ "/Config/Env/1", "\"B=two words\"" },
		{ "/Config/Healthcheck/Test", "[\"NONE\"]" },
		{ "/Config/StopTimeout", "5" },
		{ "/Config/Labels/gongbang.user", "\"user-of-test\"" },
		{ "/HostConfig/ReadonlyRootfs", "true" },
		{ "/HostConfig/Privileged", "false" },
		{ "/HostConfig/Memory", "1073741824" },
		{ "/HostConfig/MemorySwap", "1073741824" },
		{ "/HostConfig/NanoCpus", "1000000000" },
		{ "/HostConfig/CpuShares", shares },
		{ "/HostConfig/PidsLimit", "64" },
		{ "/HostConfig/CapDrop", "[\"ALL\"]" },
		{ "/HostConfig/CapAdd", "null" },
		{ "/HostConfig/SecurityOpt", "[\"no-new-privileges\"]" },
		{ "/HostConfig/IpcMode", "\"private\"" },
		{ "/HostConfig/PidMode", "\"\"" },
		{ "/HostConfig/Init", "false" },
		{ "/HostConfig/OomScoreAdj", "0" },
		{ "/HostConfig/Dns", "[\"127.0.0.1\"]" },
		{ "/HostConfig/LogConfig/Type", "\"none\"" },
		{ "/HostConfig/RestartPolicy/Name", "\"no\"" },
		{ "/HostConfig/Tmpfs/~1tmp",
		  "\"rw,exec,nosuid,nodev,size=256m,mode=1777\"" },
		{ "/HostConfig/Binds", "null" },
		{ "/HostConfig/Devices", "null" },
		{ "/HostConfig/Ulimits/0",
		  "{\"Name\":\"nofile\",\"Hard\":8192,\"Soft\":8192}" },
		{ "/HostConfig/Ulimits/1",
		  "{\"Name\":\"core\",\"Hard\":0,\"Soft\":0}" },
		{ "/HostConfig/Mounts/0/Type", "\"volume\"" },
		{ "/HostConfig/Mounts/0/Target", "\"/workspace\"" },
		{ "/HostConfig/Mounts/1/Type", "\"volume\"" },
		{ "/HostConfig/Mounts/2/Type", "\"bind\"" },
		{ "/HostConfig/Mounts/2/ReadOnly", "true" },
	};
	struct json_object *o = inspect_json(), *at;
	size_t i;

	assert_non_null(o);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = NULL;
		json_pointer_get(o, rows[i][0], &at);
		if (!str_equal(json_object_to_json_string_ext(at,
				JSON_C_TO_STRING_NOSLASHESCAPE), rows[i][1]))
			fail_msg("%s is %s", rows[i][0],
				 json_object_to_json_string_ext(at, 0));
	}
	json_pointer_get(o, "/HostConfig/NetworkMode", &at);
	assert_string_equal(json_object_get_string(at), w.name);
	json_pointer_get(o, "/NetworkSettings/Ports", &at);
	assert_int_equal(json_object_object_length(at), 0);
	json_object_put(o);
}

static void every_limit(void **state)
{
	check_limits("128");
}

static void boost(void **state)
{
	engine_boost(w.engine, w.name, true, done, NULL);
	expect_done();
	engine_inspect(w.engine, w.name, state_done, NULL);
	expect_done();
	assert_true(w.state.boosted);
	check_limits("65536");
	engine_boost(w.engine, w.name, false, done, NULL);
	expect_done();
	check_limits("128");
	engine_inspect(w.engine, w.name, state_done, NULL);
	expect_done();
	assert_false(w.state.boosted);
}

static void push(void *data)
{
	struct err e = { 0 };
	size_t n;

	while (w.bulk && w.written < BULK) {
		n = BULK - w.written < 60000 ? BULK - w.written : 60000;
		if (engine_stream_write(w.stream, bulk + w.written, n, &e) < 0)
			break;
		w.written += n;
	}
}

static void receive(void *data, const void *bytes, size_t n)
{
	if (w.out_len + n <= BULK)
		memcpy(w.out + w.out_len, bytes, n);
	w.out_len += n;
}

static void closed(void *data, int exit_code, const struct err *e)
{
	keep(e);
	w.exit_code = exit_code;
}

static const struct engine_stream_events events = {
	.receive = receive,
	.closed = closed,
};

static void exec(const char *a, const char *b, const char *c)
{
	const char *const argv[] = { a, b, c, NULL };

	memcpy(w.argv, argv, sizeof(argv));
	w.out_len = w.written = 0;
	w.stream = engine_exec(w.engine, w.name, argv, &events, NULL);
	engine_stream_on_drain(w.stream, push);
}

static void expect_output(const char *command, const char *text)
{
	exec("/bin/sh", "-c", command);
	expect_done();
	w.out[w.out_len] = '\0';
	assert_string_equal(w.out, text);
	assert_int_equal(w.exit_code, 0);
}

static void inside(void **state)
{
	expect_output("id -u; id -g; stat -c %u:%g /workspace", "1000\n1000\n1000:1000\n");
	expect_output("touch /x 2>/dev/null || echo no", "no\n");
	expect_output("touch /workspace/x /tmp/x && echo yes", "yes\n");
	expect_output("grep() { while read -r a b; do [ $a = $1 ] && echo $b; done; }; "
		      "grep CapEff: </proc/self/status; grep NoNewPrivs: </proc/self/status; "
		      "grep Seccomp: </proc/self/status; exit 0",
		      "0000000000000000\n1\n2\n");
}

static void echo_of_50_mb(void **state)
{
	w.bulk = true;
	exec("/bin/head", "-c", "52428800");
	push(NULL);
	expect_done();
	w.bulk = false;
	assert_int_equal(w.exit_code, 0);
	assert_int_equal(w.out_len, BULK);
	assert_true(memcmp(w.out, bulk, BULK) == 0);
}

static void exit_codes(void **state)
{
	exec("/bin/sh", "-c", "exit 42");
	expect_done();
	assert_int_equal(w.exit_code, 42);
	exec("/no/such/program", NULL, NULL);
	expect_done();
	assert_int_equal(w.exit_code, 126);
}

static void tick(uv_timer_t *t)
{
	w.calls++;
}

static void pass(uint64_t ms)
{
	uv_timer_t timer;

	uv_timer_init(&w.loop, &timer);
	uv_timer_start(&timer, tick, ms, 0);
	wait_call();
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&w.loop, UV_RUN_NOWAIT);
}

static void pause_stops_reading(void **state)
{
	size_t before;

	exec("/bin/yes", NULL, NULL);
	while (w.out_len < BULK / 50 && uv_run(&w.loop, UV_RUN_ONCE))
		;
	engine_stream_pause(w.stream);
	before = w.out_len;
	pass(300);
	assert_int_equal(w.out_len, before);
	engine_stream_resume(w.stream);
	while (w.out_len < before + BULK / 50 &&
	       uv_run(&w.loop, UV_RUN_ONCE))
		;
	assert_in_range(w.out_len, before + BULK / 50, SIZE_MAX);
	engine_stream_close(w.stream);
	before = w.out_len;
	pass(100);
	assert_int_equal(w.out_len, before);
}

static void stop_and_remove(void **state)
{
	engine_stop(w.engine, w.name, 5, done, NULL);
	expect_done();
	engine_stop(w.engine, w.name, 5, done, NULL);
	expect_done();
	engine_inspect(w.engine, w.name, state_done, NULL);
	expect_done();
	assert_true(w.state.exists);
	assert_false(w.state.running);
	assert_int_equal(w.state.exit_code, 5);
	exec("/bin/cat", NULL, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_CONFLICT);
	engine_remove(w.engine, w.name, done, NULL);
	expect_done();
	engine_remove(w.engine, w.name, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_MISSING);
	exec("/bin/cat", NULL, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_MISSING);
}

#define CONFORMANCE \
	cmocka_unit_test(missing_image), \
	cmocka_unit_test(missing_network), \
	cmocka_unit_test(create), \
	cmocka_unit_test(every_limit), \
	cmocka_unit_test(boost), \
	cmocka_unit_test(inside), \
	cmocka_unit_test(echo_of_50_mb), \
	cmocka_unit_test(exit_codes), \
	cmocka_unit_test(pause_stops_reading), \
	cmocka_unit_test(stop_and_remove)

/* A container of this name, but with another installation's label. */
static void foreign_container(void **state)
{
	struct container_spec s = spec();
	struct engine *direct = engine_docker_new(w.ctx, &w.loop, w.socket);

	s.instance = "somebody-else";
	engine_create(direct, &s, done, NULL);
	expect_done();
	engine_start(w.engine, w.name, done, NULL);
	wait_call();
	assert_int_equal(w.e.kind, ERR_UNAVAILABLE);
	assert_non_null(strstr(w.e.text, "403"));
	engine_inspect(w.engine, w.name, state_done, NULL);
	wait_call();
	assert_non_null(strstr(w.e.text, "403"));
	exec("/bin/cat", NULL, NULL);
	wait_call();
	assert_non_null(strstr(w.e.text, "403"));
	engine_remove(w.engine, w.name, done, NULL);
	wait_call();
	assert_non_null(strstr(w.e.text, "403"));
	engine_remove(direct, w.name, done, NULL);
	expect_done();
	talloc_free(direct);
}

int main(void)
{
	const struct CMUnitTest direct[] = { CONFORMANCE };
	const struct CMUnitTest guarded[] = {
		CONFORMANCE,
		cmocka_unit_test(foreign_container),
	};

	signal(SIGPIPE, SIG_IGN);
	w.socket = getenv("GONGBANG_TEST_ENGINE");
	if (!w.socket) {
		puts("skipped: GONGBANG_TEST_ENGINE names no engine's socket");
		return 77;
	}
	return cmocka_run_group_tests(direct, set_up, tear_down) +
	       cmocka_run_group_tests(guarded, set_up_guarded, tear_down);
}
