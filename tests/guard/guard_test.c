/*
 * What the guard lets through, asked over its socket. No engine is behind it:
 * what may pass is answered 502, what may not 403. Tests engine_call.c,
 * guard_request.c, guard_connection.c, volume_prepare.c, volume_remove.c and
 * removing.c.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/id.h"
#include "core/settings.h"
#include "core/str.h"
#include "../engine/fake.h"
#include "engine/docker_spec.h"
#include "guard/guard.h"
#include "guard/removing.h"
#include "workspace/spec.h"

#define USER "01980000-0000-7000-8000-000000000001"
#define DIGITS "a51b33720f1c5e36"	/* of the hash of USER */
#define NAME "gongbang-" DIGITS
#define VOLUME "gongbang-" USER
/* As json-c writes it, from its first key on; and what stands after the last. */
#define EXEC_OF(cmd, dir, more) "\"AttachStdin\":true,\"AttachStdout\":true," \
	"\"AttachStderr\":true,\"Tty\":false,\"Cmd\":[" cmd "]," \
	"\"WorkingDir\":\"" dir "\"" more "}"
#define EXEC_CMD(word) "\"\\/usr\\/local\\/bin\\/gongbang-shim\",\"" word "\""
#define EXEC_DIR "\\/var\\/lib\\/gongbang\\/volume"
#define EXEC "{" EXEC_OF(EXEC_CMD("link"), EXEC_DIR, "")
#define LIST "/containers/json?filters=%7B%22label%22:%5B%22gongbang.instance%3Dgongbang%22%5D%7D"

static struct world {
	uv_loop_t loop;
	void *ctx;
	struct settings *settings;
	struct guard_policy policy;
	struct guard *guard;
	char path[64];
	char state[64];			/* guard_state */
	char body[8192];		/* the driver's own for USER */
} w;

static bool named(void *data, const char *name)
{
	return workspace_container_name_valid(name);
}

static struct container_spec *spec_of(const void *ctx, void *data,
				      const char *user_id)
{
	return id_valid(user_id) ? workspace_spec_new(ctx, data, user_id) : NULL;
}

static void write_body(void)
{
	struct container_spec *spec = workspace_spec_new(w.ctx, w.settings, USER);
	struct json_object *o;

	workspace_spec_token(spec);
	o = docker_spec_new(spec);
	snprintf(w.body, sizeof(w.body), "%s",
		 json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static int set_up(void **state)
{
	static const char *const *const execs[] = { workspace_enter_argv, NULL };
	struct err e = { 0 };

	uv_loop_init(&w.loop);
	w.ctx = talloc_new(NULL);
	w.settings = settings_new();
	snprintf(w.path, sizeof(w.path), "/tmp/guard_test.%d.sock", (int)getpid());
	snprintf(w.state, sizeof(w.state), "/tmp/guard_test.%d.state", (int)getpid());
	assert_int_equal(mkdir(w.state, 0700), 0);
	w.policy = (struct guard_policy){
		.state = w.state,
		.engine_socket = "/nonexistent/engine.sock", .socket = w.path,
		.instance = "gongbang", .image = "claude-workspace:latest",
		.execs = execs, .named = named, .spec = spec_of, .data = w.settings,
	};
	w.guard = guard_new(w.ctx, &w.loop, &w.policy, &e);
	assert_string_equal(e.text, "");
	write_body();
	return 0;
}

static int tear_down(void **state)
{
	char removing[96];

	talloc_free(w.ctx);
	settings_free(w.settings);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	unlink(w.path);
	snprintf(removing, sizeof(removing), "%s/removing", w.state);
	rmdir(removing);
	rmdir(w.state);
	return uv_loop_close(&w.loop);
}

/* The status of what is answered to these bytes; 0: hung up. */
static int status_of(const char *bytes, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char answer[4096] = "";
	size_t have = 0;
	ssize_t got = -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), status = 0;

	assert_true(str_copy(a.sun_path, sizeof(a.sun_path), w.path));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
	while (got != 0 && have < sizeof(answer) - 1) {
		uv_run(&w.loop, UV_RUN_NOWAIT);
		got = recv(fd, answer + have, sizeof(answer) - 1 - have, 0);
		have += got > 0 ? (size_t)got : 0;
		if (got < 0)
			usleep(200);
	}
	close(fd);
	sscanf(answer, "HTTP/1.1 %d", &status);
	return status;
}

static int ask(const char *method, const char *target, const char *body)
{
	char request[16384];
	int n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: e\r\n"
			 "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n\r\n%s", method, target,
			 strlen(body), body);

	return status_of(request, (size_t)n);
}

/* The driver's body with one thing of it put otherwise. */
static int create_with(const char *from, const char *to)
{
	char body[9000];
	const char *at = strstr(w.body, from);

	if (!at)
		fail_msg("the driver's body has no %s", from);
	snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - w.body), w.body, to,
		 at + strlen(from));
	return ask("POST", "/containers/create?name=" NAME, body);
}

static void what_the_driver_asks(void **state)
{
	static const char *const rows[][3] = {
		{ "GET", "/containers/" NAME "/json", "" },
		{ "POST", "/containers/" NAME "/start", "" },
		{ "POST", "/containers/" NAME "/stop?t=10", "" },
		{ "DELETE", "/containers/" NAME "?force=1", "" },
		{ "POST", "/containers/" NAME "/exec", EXEC },
		{ "GET", "/images/claude-workspace:latest/json", "" },
		{ "GET", LIST, "" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":128}" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":65536}" },
		{ "DELETE", "/volumes/" VOLUME, "" },
	};
	struct err e = { 0 };
	size_t i;

	assert_int_equal(removing_mark(w.state, USER, &e), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ask(rows[i][0], rows[i][1], rows[i][2]) != 502)
			fail_msg("refused: %s %s", rows[i][0], rows[i][1]);
	}
	assert_int_equal(ask("POST", "/containers/create?name=" NAME, w.body), 502);
	assert_int_equal(create_with("\"CpuShares\":128", "\"CpuShares\":65536"), 502);
	assert_int_equal(removing_unmark(w.state, USER, &e), 0);
}

static void other_calls(void **state)
{
	static const char *const rows[][3] = {
		{ "GET", "/info", "" },
		{ "GET", "/version", "" },
		{ "GET", "/_ping", "" },
		{ "GET", "/containers/json", "" },
		{ "GET", "/containers/json?all=1", "" },
		{ "GET", LIST "&all=1", "" },
		{ "GET", "/containers/json?filters=%7B%7D", "" },
		{ "GET", "/v1.41/containers/" NAME "/json", "" },
		{ "POST", "/v1.41/containers/" NAME "/start", "" },
		{ "GET", "//containers/" NAME "/json", "" },
		{ "GET", "/containers//" NAME "/json", "" },
		{ "GET", "/./containers/" NAME "/json", "" },
		{ "GET", "/containers/" NAME "/../other/json", "" },
		{ "GET", "/containers/" NAME "%2Fjson", "" },
		{ "GET", "/containers/%67ongbang-" DIGITS "/json", "" },
		{ "GET", "/containers/" NAME "/json?size=1", "" },
		{ "GET", "/containers/" NAME "/json#x", "" },
		{ "GET", "http://e/containers/" NAME "/json", "" },
		{ "GET", "/containers/" NAME "/json/", "" },
		{ "GET", "/containers/" NAME "/logs?stdout=1", "" },
		{ "POST", "/containers/" NAME "/update", "" },
		{ "POST", "/containers/" NAME "/update", "{}" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":512}" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":65537}" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":128 }" },
		{ "POST", "/containers/" NAME "/update", "{\"CpuShares\":128,\"Memory\":0}" },
		{ "POST", "/containers/" NAME "/update", "{\"NanoCpus\":8000000000}" },
		{ "POST", "/containers/" NAME "/update?x=1", "{\"CpuShares\":128}" },
		{ "POST", "/containers/database/update", "{\"CpuShares\":128}" },
		{ "GET", "/containers/" NAME "/update", "{\"CpuShares\":128}" },
		{ "GET", "/containers/" NAME "/archive?path=/etc", "" },
		{ "PUT", "/containers/" NAME "/archive?path=/workspace", "x" },
		{ "POST", "/containers/" NAME "/attach?stream=1", "" },
		{ "POST", "/containers/" NAME "/update", "{}" },
		{ "POST", "/containers/" NAME "/rename?name=x", "" },
		{ "POST", "/containers/" NAME "/kill", "" },
		{ "POST", "/containers/" NAME "/start?detachKeys=a", "" },
		{ "POST", "/containers/" NAME "/start", "{\"Binds\":[\"/:/x\"]}" },
		{ "POST", "/containers/" NAME "/stop", "" },
		{ "POST", "/containers/" NAME "/stop?t=-1", "" },
		{ "POST", "/containers/" NAME "/stop?t=", "" },
		{ "POST", "/containers/" NAME "/stop?t=1&signal=9", "" },
		{ "POST", "/containers/" NAME "/stop?t=99999", "" },
		{ "DELETE", "/containers/" NAME, "" },
		{ "DELETE", "/containers/" NAME "?force=1&v=1", "" },
		{ "DELETE", "/volumes/" NAME, "" },
		{ "DELETE", "/volumes/" USER, "" },
		{ "DELETE", "/volumes/other-" USER, "" },
		{ "DELETE", "/volumes/gongbang-" VOLUME, "" },
		{ "DELETE", "/volumes/" VOLUME "?force=1", "" },
		{ "DELETE", "/volumes/" VOLUME "/", "" },
		{ "DELETE", "/volumes/" VOLUME "0", "" },
		{ "DELETE", "/volumes/../containers/" NAME, "" },
		{ "DELETE", "/volumes/" VOLUME "/../other", "" },
		{ "DELETE", "/volumes/", "" },
		{ "DELETE", "/volumes/" VOLUME, "{}" },
		{ "DELETE", "/v1.41/volumes/" VOLUME, "" },
		{ "GET", "/volumes/" VOLUME, "" },
		{ "GET", "/volumes", "" },
		{ "POST", "/volumes/prune", "" },
		{ "PUT", "/volumes/" VOLUME, "" },
		{ "POST", "/volumes/create", "{\"Name\":\"" NAME "\"}" },
		{ "POST", "/images/create?fromImage=x", "" },
		{ "GET", "/images/other:latest/json", "" },
		{ "GET", "/images/json", "" },
		{ "POST", "/build?remote=x", "" },
		{ "POST", "/networks/create", "{}" },
		{ "POST", "/networks/gongbang/connect", "{}" },
		{ "GET", "/events", "" },
		{ "POST", "/plugins/pull", "" },
		{ "POST", "/session", "" },
		{ "GET", "/containers/other/json", "" },
		{ "GET", "/containers/gongbang-x/json", "" },
		{ "POST", "/containers/0123456789ab/start", "" },
		{ "POST", "/containers/other/exec", EXEC },
		{ "POST", "/exec/00ff/start", DOCKER_EXEC_START },
		{ "GET", "/exec/00ff/json", "" },
		{ "POST", "/exec/00ff/resize?h=1", "" },
		{ "HEAD", "/containers/" NAME "/json", "" },
		{ "OPTIONS", "*", "" },
		{ "CONNECT", "e:80", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ask(rows[i][0], rows[i][1], rows[i][2]) != 403)
			fail_msg("not refused: %s %s", rows[i][0], rows[i][1]);
	}
}

static void other_containers(void **state)
{
	static const char *const rows[][2] = {
		{ "\"Privileged\":false", "\"Privileged\":true" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"Privileged\":true" },
		{ "\"Privileged\":false", "\"Privileged\":true,\"Privileged\":false" },
		{ "\"Privileged\":false", "\"privileged\":true,\"Privileged\":false" },
		{ "\"Privileged\":false", "\"Privileged\":0" },
		{ "\"Privileged\":false", "\"Privileged\": false" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"Binds\":[\"/:/host\"]" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"PidMode\":\"host\"" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"Devices\":[{\"PathOnHost\":\"/dev/sda\"}]" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"CapAdd\":[\"SYS_ADMIN\"]" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"UsernsMode\":\"host\"" },
		{ "\"Privileged\":false", "\"Privileged\":false,\"Runtime\":\"other\"" },
		{ "\"CapDrop\":[\"ALL\"]", "\"CapDrop\":[]" },
		{ "\"no-new-privileges\"", "\"no-new-privileges\",\"seccomp=unconfined\"" },
		{ "\"no-new-privileges\"", "\"seccomp=unconfined\"" },
		{ "\"ReadonlyRootfs\":true", "\"ReadonlyRootfs\":false" },
		{ "\"User\":\"1000:1000\"", "\"User\":\"0:0\"" },
		{ "\"Image\":\"claude-workspace:latest\"", "\"Image\":\"debian:latest\"" },
		{ "\"Image\":", "\"Entrypoint\":[\"/bin/sh\"],\"Image\":" },
		{ "\"Image\":", "\"Cmd\":[\"/bin/sh\"],\"Image\":" },
		{ "\"Hostname\":\"workspace\"", "\"Hostname\":\"other\"" },
		{ "\"NetworkMode\":\"gongbang\"", "\"NetworkMode\":\"host\"" },
		{ "\"NetworkMode\":\"gongbang\"", "\"NetworkMode\":\"bridge\"" },
		{ "\"Source\":\"gongbang-" USER "\"", "\"Source\":\"gongbang-01980000-0000-7000-8000-000000000002\"" },
		{ "\"Type\":\"volume\"", "\"Type\":\"bind\"" },
		{ "\"Mounts\":[", "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/var/run/docker.sock\",\"Target\":\"/s\"}," },
		{ "\"Type\":\"bind\",\"Source\":\"\\/etc", "\"Type\":\"bind\",\"Source\":\"\\/root" },
		{ "\"Target\":\"\\/workspace\"", "\"Target\":\"\\/usr\"" },
		{ "\"VolumeOptions\":{", "\"VolumeOptions\":{\"DriverConfig\":{\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}," },
		{ "\"Memory\":1073741824", "\"Memory\":0" },
		{ "\"PidsLimit\":256", "\"PidsLimit\":-1" },
		{ "\"NanoCpus\":1000000000", "\"NanoCpus\":0" },
		{ "\"CpuShares\":128", "\"CpuShares\":512" },
		{ "\"CpuShares\":128", "\"CpuShares\":262144" },
		{ "\"CpuShares\":128", "\"CpuShares\":\"65536\"" },
		{ "\"CpuShares\":128", "\"CpuShares\":65536.5" },
		{ "\"CpuShares\":128", "\"CpuShares\":65536,\"CpuShares\":128" },
		{ "\"CpuShares\":128,", "" },
		{ "\"OomScoreAdj\":0", "\"OomScoreAdj\":-1000" },
		{ "\"RestartPolicy\":{\"Name\":\"no\"}", "\"RestartPolicy\":{\"Name\":\"always\"}" },
		{ "\"Env\":[", "\"Env\":[\"LD_PRELOAD=/workspace/x.so\"," },
		{ "ANTHROPIC_AUTH_TOKEN=", "ANTHROPIC_AUTH_TOKEN=x" },
		{ "\"gongbang.instance\":\"gongbang\"", "\"gongbang.instance\":\"other\"" },
		{ "\"gongbang.user\":\"" USER "\"", "\"gongbang.user\":\"" USER "0\"" },
		{ "\"HostConfig\":", "\"hostconfig\":{\"Privileged\":true},\"HostConfig\":" },
		{ "{\"Image\"", "[{\"Image\"" },
		{ "{\"Image\"", "{}{\"Image\"" },
		{ "{\"Image\"", " {\"Image\"" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (create_with(rows[i][0], rows[i][1]) != 403)
			fail_msg("not refused: %s", rows[i][1]);
	}
	assert_int_equal(ask("POST", "/containers/create?name=" NAME, ""), 403);
	assert_int_equal(ask("POST", "/containers/create?name=" NAME, "{}"), 403);
	assert_int_equal(ask("POST", "/containers/create?name=gongbang-"
			     "0123456789abcdef", w.body), 403);
	assert_int_equal(ask("POST", "/containers/create?name=" NAME "&platform=x",
			     w.body), 403);
	assert_int_equal(ask("POST", "/containers/create", w.body), 403);
}

static void other_execs(void **state)
{
	static const char *const bodies[] = {
		"", "{}",
		"{" EXEC_OF("\"\\/bin\\/sh\"", EXEC_DIR, ""),
		"{\"Privileged\":true," EXEC_OF(EXEC_CMD("link"), EXEC_DIR, ""),
		EXEC " ",
		EXEC EXEC,
		"{" EXEC_OF(EXEC_CMD("link"), EXEC_DIR, ",\"User\":\"0\""),
		"{" EXEC_OF(EXEC_CMD("keep"), EXEC_DIR, ""),
		"{" EXEC_OF(EXEC_CMD("link"), "\\/workspace", ""),
	};
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (ask("POST", "/containers/" NAME "/exec", bodies[i]) != 403)
			fail_msg("not refused: %s", bodies[i]);
	}
}

/* What the engine behind the guard has, and what it was asked to remove. */
struct engine_has {
	const char *volume, *users;	/* answers; NULL: 404, and 500 */
	int removed;
};

static void engine_asked(void *data, struct fake_client *c, const char *rq, size_t n)
{
	struct engine_has *has = data;

	if (str_starts(rq, "GET /volumes/" VOLUME " "))
		fake_answer(c, has->volume ? 200 : 404, has->volume ? has->volume : "{}");
	else if (str_starts(rq, "GET /containers/json?all=1&filters=%7B%22volume%22:%5B%22" VOLUME "%22%5D%7D "))
		fake_answer(c, has->users ? 200 : 500, has->users ? has->users : "{}");
	else if (str_starts(rq, "DELETE /volumes/" VOLUME " "))
		fake_answer(c, ++has->removed == 1 ? 204 : 404, "{}");
	else if (n && rq[0])
		fail_msg("the engine was asked %s", rq);
}

#define VOLUME_OF(instance, user) "{\"Name\":\"" VOLUME "\",\"Driver\":\"local\"," \
	"\"Mountpoint\":\"/nonexistent/_data\",\"Labels\":{\"gongbang.instance\":\"" \
	instance "\",\"gongbang.user\":\"" user "\"}}"

/* The mark of another user, a link and a folder are none. */
static void a_volume_needs_the_mark_of_root(struct engine_has *has)
{
	const char *other = "01980000-0000-7000-8000-000000000002";
	char *path = talloc_asprintf(w.ctx, "%s/removing/" USER, w.state);
	struct err e = { 0 };

	*has = (struct engine_has){ .volume = VOLUME_OF("gongbang", USER), .users = "[]" };
	assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
	assert_int_equal(removing_mark(w.state, other, &e), 0);
	assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
	assert_int_equal(rmdir(path), 0);
	if (geteuid() == 0) {
		assert_int_equal(removing_mark(w.state, USER, &e), 0);
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
		assert_int_equal(removing_unmark(w.state, USER, &e), 0);
	}
	assert_int_equal(removing_unmark(w.state, other, &e), 0);
	assert_int_equal(removing_unmark(w.state, other, &e), 0);
	assert_int_equal(removing_mark(w.state, "../" USER, &e), -1);
	assert_int_equal(has->removed, 0);
}

static void a_volume_is_removed(void **state)
{
	static const struct {
		const char *volume, *users;
		int status, removed;
	} rows[] = {
		{ VOLUME_OF("gongbang", USER), "[]", 204, 1 },
		{ VOLUME_OF("gongbang", USER), "[{\"Id\":\"x\"}]", 409, 0 },
		{ VOLUME_OF("gongbang", USER), "{}", 502, 0 },
		{ VOLUME_OF("gongbang", USER), NULL, 502, 0 },
		{ VOLUME_OF("other", USER), "[]", 403, 0 },
		{ VOLUME_OF("gongbang", "01980000-0000-7000-8000-000000000002"), "[]", 403, 0 },
		{ "{\"Name\":\"" VOLUME "\",\"Driver\":\"local\",\"Labels\":null}", "[]", 403, 0 },
		{ "[]", "[]", 403, 0 },
		{ NULL, "[]", 404, 0 },
	};
	struct engine_has has = { 0 };
	struct fake *fake = fake_new(&w.loop, engine_asked, &has);
	const char *before = w.policy.engine_socket;
	struct err e = { 0 };
	size_t i;

	talloc_free(w.guard);
	w.policy.engine_socket = fake_path(fake);
	w.guard = guard_new(w.ctx, &w.loop, &w.policy, &e);
	a_volume_needs_the_mark_of_root(&has);
	assert_int_equal(removing_mark(w.state, USER, &e), 0);
	assert_int_equal(removing_mark(w.state, USER, &e), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		has = (struct engine_has){ .volume = rows[i].volume, .users = rows[i].users };
		assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), rows[i].status);
		assert_int_equal(has.removed, rows[i].removed);
	}
	assert_int_equal(removing_unmark(w.state, USER, &e), 0);
	assert_int_equal(ask("DELETE", "/volumes/" VOLUME, ""), 403);
	talloc_free(w.guard);
	w.policy.engine_socket = before;
	w.guard = guard_new(w.ctx, &w.loop, &w.policy, &e);
	fake_free(fake);
}

static void smuggled(void **state)
{
#define GET_OURS "GET /containers/" NAME "/json HTTP/1.1\r\nHost: e\r\n"
	static const char *const rows[] = {
		GET_OURS "\r\nGET /info HTTP/1.1\r\nHost: e\r\n\r\n",
		GET_OURS "\r\n\r\n",
		GET_OURS "Content-Length: 0\r\n\r\nx",
		GET_OURS "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		GET_OURS "transfer-encoding: identity\r\n\r\n",
		GET_OURS "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		GET_OURS "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
		GET_OURS "Content-Length: 5\r\n\r\nhello",
		GET_OURS "Content-Length: 99999999\r\n\r\n",
		GET_OURS "Content-Length: -1\r\n\r\n",
		GET_OURS "Content-Length : 0\r\n\r\n",
		GET_OURS "Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
		GET_OURS "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
		"GET /containers/" NAME "/json HTTP/1.0\r\n\r\n",
		"GET /containers/" NAME "/json HTTP/2.0\r\n\r\n",
		"GET /containers/" NAME "/json\tHTTP/1.1\r\n\r\n",
		"get /containers/" NAME "/json HTTP/1.1\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01",
	};
	char *big = malloc(40000);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (status_of(rows[i], strlen(rows[i])) != 403)
			fail_msg("not refused: %s", rows[i]);
	}
	assert_int_equal(status_of(GET_OURS "\r\n", strlen(GET_OURS "\r\n")), 502);
	memset(big, 'a', 40000);
	memcpy(big, GET_OURS "X: ", strlen(GET_OURS "X: "));
	assert_int_equal(status_of(big, 40000), 403);
	free(big);
}

static void half_a_request_is_not_waited_for(void **state)
{
	w.policy.request_ms = 50;
	assert_int_equal(status_of("GET /cont", 9), 0);
	w.policy.request_ms = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_driver_asks),
		cmocka_unit_test(other_calls),
		cmocka_unit_test(other_containers),
		cmocka_unit_test(other_execs),
		cmocka_unit_test(a_volume_is_removed),
		cmocka_unit_test(smuggled),
		cmocka_unit_test(half_a_request_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
