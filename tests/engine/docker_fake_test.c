/*
 * The Docker driver against behaviour that a real engine does not show on
 * request. Tests docker.c, docker_spec.c, docker_http.c and docker_response.c.
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
#include <json-c/json.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/docker_http.h"
#include "engine/engine.h"
#include "fake.h"

struct world {
	uv_loop_t loop;
	void *ctx;
	struct fake *fake;
	struct engine *engine;
	/* What the fake does. */
	const char *answer;		/* raw bytes of every answer */
	size_t answer_len;
	bool by_bytes, stall, then_close;
	char asked[8192];
	/* What came back. */
	int calls;
	struct err e;
	struct container_state state;
	char ids[256];
	char places[512];
};

static void asked(void *data, struct fake_client *c, const char *bytes, size_t n)
{
	struct world *w = data;

	snprintf(w->asked, sizeof(w->asked), "%s", bytes);
	if (w->stall)
		return;
	if (w->by_bytes) {
		size_t i;

		for (i = 0; i < w->answer_len; i++)
			fake_send(c, w->answer + i, 1);
	} else {
		fake_send(c, w->answer, w->answer_len);
	}
	if (w->then_close)
		fake_close(c);
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
	if (w->fake)
		fake_free(w->fake);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&w->loop) != 0)
		return -1;		/* a handle was left open */
	free(w);
	return 0;
}

static void answer_with(struct world *w, const char *text)
{
	w->answer = text;
	w->answer_len = strlen(text);
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

static void done(void *data, const struct err *e)
{
	keep_error(data, e);
}

static void state_done(void *data, const struct container_state *s,
		       const struct err *e)
{
	struct world *w = data;

	keep_error(w, e);
	if (s)
		w->state = *s;
}

static void list_done(void *data, const char *const *ids, size_t n,
		      const struct err *e)
{
	struct world *w = data;
	size_t i;

	keep_error(w, e);
	for (i = 0; i < n; i++)
		snprintf(w->ids + strlen(w->ids), sizeof(w->ids) - strlen(w->ids),
			 "%s,", ids[i]);
}

static void places_done(void *data, const struct container_place *places,
			size_t n, const struct err *e)
{
	struct world *w = data;
	size_t i;

	keep_error(w, e);
	for (i = 0; i < n; i++)
		snprintf(w->places + strlen(w->places),
			 sizeof(w->places) - strlen(w->places), "%s at %s by %s,",
			 places[i].user_id, places[i].address,
			 places[i].token_hash);
}

#define INSPECTED "{\"Image\":\"sha256:aa\",\"State\":{\"Running\":true," \
	"\"ExitCode\":3},\"Config\":{\"Labels\":{\"gongbang.spec\":\"ff\"," \
	"\"gongbang.token\":\"abc\"}},\"HostConfig\":{\"NetworkMode\":\"ours\"}," \
	"\"NetworkSettings\":{\"Networks\":{\"other\":{\"IPAddress\":\"10.9.9.9\"}," \
	"\"ours\":{\"IPAddress\":\"172.30.0.7\"}}}}"

static void expect_inspected(struct world *w)
{
	engine_inspect(w->engine, "box", state_done, w);
	assert_int_equal(w->calls, 0);
	run_until(w, 1);
	assert_string_equal(w->e.text, "");
	assert_true(w->state.exists && w->state.running);
	assert_string_equal(w->state.image_id, "sha256:aa");
	assert_string_equal(w->state.spec_hash, "ff");
	assert_string_equal(w->state.token_hash, "abc");
	assert_string_equal(w->state.address, "172.30.0.7");
	assert_int_equal(w->state.exit_code, 3);
	assert_true(str_starts(w->asked, "GET /containers/box/json HTTP/1.1\r\n"));
}

static void inspect_by_length(void **state)
{
	struct world *w = *state;
	char text[1024];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(INSPECTED), INSPECTED);
	answer_with(w, text);
	expect_inspected(w);
}

static void inspect_in_chunks(void **state)
{
	struct world *w = *state;
	char text[1024];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 100 Continue\r\n\r\n"
		 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "1\r\n{\r\n%zx\r\n%s\r\n0\r\n\r\n",
		 strlen(INSPECTED) - 1, &INSPECTED[1]);
	answer_with(w, text);
	w->by_bytes = true;
	expect_inspected(w);
}

static void inspect_until_closed(void **state)
{
	struct world *w = *state;

	answer_with(w, "HTTP/1.1 200 OK\r\n\r\n" INSPECTED);
	w->then_close = true;
	expect_inspected(w);
}

static void expect_away(struct world *w)
{
	int before = w->calls;

	engine_inspect(w->engine, "box", state_done, w);
	run_until(w, before + 1);
	assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
	assert_string_equal(w->e.key, "error_engine");
}

static void bad_answers(void **state)
{
	static const char *const bad[] = {
		"", "HTTP/1.1 200 OK\r\nContent-Le", "HELO\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
		"HTTP/1.1 101 No\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nnot json.",
	};
	struct world *w = *state;
	size_t i;

	w->then_close = true;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		answer_with(w, bad[i]);
		if (i == 9) {		/* it answers, so it is not away */
			engine_inspect(w->engine, "box", state_done, w);
			run_until(w, 10);
			assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
		} else {
			expect_away(w);
		}
	}
}

static void caps_hold(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nX: ";
	static const char body[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct world *w = *state;
	size_t n = 6u << 20;
	char *text = malloc(n);

	memset(text, 'a', n);
	memcpy(text, head, sizeof(head) - 1);
	w->answer = text;
	w->answer_len = 200000;
	expect_away(w);
	memcpy(text, body, sizeof(body) - 1);
	w->answer_len = n;
	expect_away(w);
	free(text);
}

static void nobody_there(void **state)
{
	struct world *w = *state;

	fake_free(w->fake);
	w->fake = NULL;
	expect_away(w);
	assert_non_null(strstr(w->e.text, "no such file"));
}

static void statuses(void **state)
{
	const struct container_spec spec = {
		.name = "box", .image = "i", .instance = "t", .user_id = "u",
		.volume = "v", .network = "n",
	};
	struct world *w = *state;

	answer_with(w, "HTTP/1.1 404 No\r\nContent-Length: 27\r\n\r\n"
		       "{\"message\":\"No such image\"}");
	engine_create(w->engine, &spec, done, w);
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_MISSING);
	assert_string_equal(w->e.key, "error_no_image");
	assert_non_null(strstr(w->e.text, "No such image"));
	engine_inspect(w->engine, "box", state_done, w);
	run_until(w, 2);
	assert_int_equal(w->e.kind, ERR_NONE);
	assert_false(w->state.exists);
	answer_with(w, "HTTP/1.1 404 No\r\nContent-Length: 33\r\n\r\n"
		       "{\"message\":\"network n not found\"}");
	engine_start(w->engine, "box", done, w);
	run_until(w, 3);
	assert_string_equal(w->e.key, "error_no_network");
	answer_with(w, "HTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n");
	engine_create(w->engine, &spec, done, w);
	run_until(w, 4);
	assert_int_equal(w->e.kind, ERR_CONFLICT);
	answer_with(w, "HTTP/1.1 304 Not Modified\r\n\r\n");
	engine_stop(w->engine, "box", 1, done, w);
	run_until(w, 5);
	assert_int_equal(w->e.kind, ERR_NONE);
	assert_true(str_starts(w->asked, "POST /containers/box/stop?t=1 "));
}

/* All that is asked of the engine for a container, to the letter. */
static const char created[] = "{\"Image\":\"i\",\"Hostname\":\"workspace\","
	"\"User\":\"1900000007:1900000007\",\"WorkingDir\":\"/workspace\","
	"\"Env\":[\"A=b\",\"S=t\"],\"Labels\":{\"gongbang.instance\":\"t\","
	"\"gongbang.user\":\"u\",\"gongbang.uids\":\"1900000000\","
	"\"gongbang.spec\":\"%s\",\"gongbang.token\":\"h\"},\"StopTimeout\":5,"
	"\"Healthcheck\":{\"Test\":[\"NONE\"]},\"HostConfig\":{\"Mounts\":["
	"{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/workspace\","
	"\"ReadOnly\":false,\"VolumeOptions\":{\"Labels\":{\"gongbang.instance\":"
	"\"t\",\"gongbang.user\":\"u\",\"gongbang.uids\":\"1900000000\"}}},"
	"{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":"
	"\"/var/lib/gongbang/volume\",\"ReadOnly\":false,\"VolumeOptions\":"
	"{\"Labels\":{\"gongbang.instance\":\"t\",\"gongbang.user\":\"u\","
	"\"gongbang.uids\":\"1900000000\"}}},{\"Type\":\"bind\",\"Source\":\"/ca\","
	"\"Target\":\"/etc/ssl/certs/ca-certificates.crt\",\"ReadOnly\":true},"
	"{\"Type\":\"bind\",\"Source\":\"/p\",\"Target\":\"/etc/passwd\","
	"\"ReadOnly\":true},{\"Type\":\"bind\",\"Source\":\"/g\",\"Target\":"
	"\"/etc/group\",\"ReadOnly\":true}],\"Memory\":1048576,"
	"\"MemorySwap\":1048576,\"MemorySwappiness\":0,\"NanoCpus\":2000000000,"
	"\"CpuShares\":%d,\"PidsLimit\":300,\"OomScoreAdj\":0,\"Ulimits\":[{\"Name\":\"nofile\","
	"\"Soft\":8192,\"Hard\":8192},{\"Name\":\"core\",\"Soft\":0,\"Hard\":0}],"
	"\"Tmpfs\":{\"/tmp\":\"rw,exec,nosuid,nodev,size=64m,mode=1777\","
	"\"/workspace/.gongbang\":\"ro,noexec,nosuid,nodev,size=4k,mode=555\","
	"\"/run/gongbang\":\"rw,exec,nosuid,nodev,size=64m,mode=1777\"},"
	"\"ReadonlyRootfs\":true,\"Privileged\":false,\"CapDrop\":[\"ALL\"],"
	"\"SecurityOpt\":[\"no-new-privileges\",\"seccomp={}\"],"
	"\"IpcMode\":\"private\",\"NetworkMode\":\"n\",\"Dns\":[\"127.0.0.1\"],"
	"%s\"Init\":false,\"LogConfig\":{\"Type\":\"none\"},"
	"\"RestartPolicy\":{\"Name\":\"no\"}}}";

static void asked_for_to_the_letter(struct world *w, bool boosted)
{
	static const char *const env[] = { "A=b", NULL };
	struct container_spec spec = {
		.name = "box", .image = "i", .instance = "t", .user_id = "u",
		.volume = "v", .network = "n", .env = env, .secret = "S=t",
		.token_hash = "h", .extra_ca = "/ca", .seccomp = "{}",
		.memory = 1 << 20, .cpus = 2, .pids = 300, .tmp = 64 << 20,
		.uids = 1900000000, .uid = 1900000007, .passwd = "/p",
		.group = "/g", .boosted = boosted,
	};
	char expected[8192], hash[65];
	struct json_object *golden;
	const char *body;

	spec.boosted = false;		/* not in the hash */
	container_spec_hash(&spec, hash);
	spec.boosted = boosted;
	snprintf(expected, sizeof(expected), created, hash, boosted ? 65536 : 128,
		 access("/proc/sys/net/ipv6", F_OK) == 0 ? "\"Sysctls\":{"
		 "\"net.ipv6.conf.all.disable_ipv6\":\"1\"}," : "");
	answer_with(w, "HTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n");
	engine_create(w->engine, &spec, done, w);
	run_until(w, w->calls + 1);
	assert_true(str_starts(w->asked, "POST /containers/create?name=box "));
	body = strstr(w->asked, "\r\n\r\n");
	assert_non_null(body);
	golden = json_tokener_parse(expected);	/* slashes as the writer has them */
	assert_string_equal(body + 4, json_object_to_json_string_ext(
				golden, JSON_C_TO_STRING_PLAIN));
	json_object_put(golden);
}

static void a_container_is_asked_for_to_the_letter(void **state)
{
	asked_for_to_the_letter(*state, false);
	asked_for_to_the_letter(*state, true);
}

static void a_weight_is_asked_for_to_the_letter(void **state)
{
	struct world *w = *state;

	answer_with(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
	engine_boost(w->engine, "box", true, done, w);
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_NONE);
	assert_true(str_starts(w->asked, "POST /containers/box/update "));
	assert_string_equal(strstr(w->asked, "\r\n\r\n") + 4, "{\"CpuShares\":65536}");
	engine_boost(w->engine, "box", false, done, w);
	run_until(w, 2);
	assert_string_equal(strstr(w->asked, "\r\n\r\n") + 4, "{\"CpuShares\":128}");
	answer_with(w, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	engine_boost(w->engine, "box", false, done, w);
	run_until(w, 3);
	assert_int_equal(w->e.kind, ERR_MISSING);
}

static void names_are_encoded(void **state)
{
	struct world *w = *state;

	answer_with(w, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	engine_image(w->engine, "host:5000/a b?x\r\nY: z", state_done, w);
	run_until(w, 1);
	assert_true(str_starts(w->asked, "GET /images/host:5000/a%20b%3Fx%0D%0A"
			       "Y:%20z/json HTTP/1.1\r\nHost: engine\r\n"));
}

static void where_they_are(void **state)
{
	struct world *w = *state;

	answer_with(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n["
		    "{\"Labels\":{\"gongbang.user\":\"u1\",\"gongbang.token\":\"t1\"},"
		    "\"HostConfig\":{\"NetworkMode\":\"n\"},\"NetworkSettings\":"
		    "{\"Networks\":{\"n\":{\"IPAddress\":\"172.30.0.2\"}}}},"
		    "{\"Labels\":{\"gongbang.user\":\"u2\"},"
		    "\"HostConfig\":{\"NetworkMode\":\"n\"},\"NetworkSettings\":"
		    "{\"Networks\":{\"m\":{\"IPAddress\":\"172.31.0.2\"}}}},7]");
	w->then_close = true;
	engine_places(w->engine, "mine", places_done, w);
	run_until(w, 1);
	assert_int_equal(w->e.kind, ERR_NONE);
	assert_string_equal(w->places, "u1 at 172.30.0.2 by t1,u2 at  by , at  by ,");
	answer_with(w, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}");
	engine_places(w->engine, "mine", places_done, w);
	run_until(w, 2);
	assert_int_equal(w->e.kind, ERR_UNAVAILABLE);
}

static void list_of_users(void **state)
{
	struct world *w = *state;

	w->then_close = true;
	answer_with(w, "HTTP/1.1 200 OK\r\n\r\n"
		    "[{\"Labels\":{\"gongbang.user\":\"a\"}},{},3,"
		    "{\"Labels\":{\"gongbang.user\":\"b\"}}]");
	engine_list(w->engine, "mine", list_done, w);
	run_until(w, 1);
	assert_string_equal(w->ids, "a,b,");
	assert_non_null(strstr(w->asked, "gongbang.instance%3Dmine"));
}

static void stalled(void *data, int status, const struct buf *body,
		    const struct err *e)
{
	assert_int_equal(status, 0);
	keep_error(data, e);
}

static void deadline(void **state)
{
	static const struct docker_http_events ev = { .answer = stalled };
	const struct docker_request rq = {
		.method = "GET", .path = "/", .deadline_ms = 20, .body_max = 10,
	};
	struct world *w = *state;
	char buffer[DOCKER_READ_SIZE];
	struct docker_place place = {
		.loop = &w->loop, .socket_path = fake_path(w->fake),
		.read_buffer = buffer,
	};

	w->stall = true;
	docker_http_send(&place, &rq, &ev, w);
	run_until(w, 1);
	assert_string_equal(w->e.key, "error_engine");
	assert_true(LIST_EMPTY(&place.open));
}

static void never(void *data, const struct container_state *s,
		  const struct err *e)
{
	fail();
}

static void freed_in_mid_call(void **state)
{
	struct world *w = *state;

	w->stall = true;
	engine_inspect(w->engine, "box", never, w);
	while (!w->asked[0])
		uv_run(&w->loop, UV_RUN_ONCE);
	talloc_free(w->engine);
	uv_run(&w->loop, UV_RUN_NOWAIT);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(inspect_by_length),
		ROW(inspect_in_chunks),
		ROW(inspect_until_closed),
		ROW(bad_answers),
		ROW(caps_hold),
		ROW(nobody_there),
		ROW(statuses),
		ROW(a_container_is_asked_for_to_the_letter),
		ROW(a_weight_is_asked_for_to_the_letter),
		ROW(names_are_encoded),
		ROW(list_of_users),
		ROW(where_they_are),
		ROW(deadline),
		ROW(freed_in_mid_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
