/*
 * Which requests get a WebSocket: the handshake on a real socket, with a real
 * Redis and a real store; the callbacks after it are recorded here, not
 * carried out. Tests bridge_server.c.
 */
#include "config.h"
#include "bridge/bridge_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "../kv/redis_server.h"
#include "auth/login.h"
#include "core/str.h"
#include "store/conversations.h"
#include "store/users.h"

static struct {
	struct redis_server redis;
	uv_loop_t loop;
	struct bridge *bridge;
	struct db *db;
	struct kv *kv;
	struct user *kim, *lee;
	char chat[ID_SIZE], run[ID_SIZE];
	char folder[64], path[100], token[TOKEN_SIZE];
	/* What client_new was told. */
	int begun;
	bool is_run;
	char conversation[ID_SIZE], early[64];
	size_t nearly;
} w;

void client_new(struct bridge *b, const struct client_start *start)
{
	w.begun++;
	w.is_run = start->run;
	snprintf(w.conversation, ID_SIZE, "%s",
		 start->conversation ? start->conversation : "");
	w.nearly = start->n;
	memcpy(w.early, start->early, start->n < 64 ? start->n : 64);
	close(start->fd);
}

void terminal_client_new(struct bridge *b, const struct terminal_client_start *start)
{
	w.begun++;
	close(start->fd);
}

struct presence *presence_get(struct bridge *b, const char *id)
{
	struct presence *p = talloc_zero(b, struct presence);

	p->bridge = b;
	return p;
}

void bridge_left(struct bridge *b)
{
}

#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

static struct user *add_user(const char *login)
{
	char id[ID_SIZE];
	struct err e = { 0 };
	struct user *u;

	OK(user_create(w.db, login, "$argon2id$x", false, id, &e));
	u = user_load(w.db, NULL, id, &e);
	assert_non_null(u);
	return u;
}

static void open_bridge(void)
{
	struct err e = { 0 };
	char path[100];

	w.bridge = talloc_zero(NULL, struct bridge);
	w.bridge->loop = &w.loop;
	w.bridge->settings = settings_new();
	w.bridge->clients_max = 10;
	w.bridge->kv = kv_async_new(&w.loop, w.redis.socket);
	snprintf(path, sizeof(path), "%s/db", w.folder);
	w.bridge->jobs = jobs_new(w.bridge, &w.loop,
				  db_open(w.bridge, path, &e));
	w.bridge->i18n = i18n_load(w.bridge, talloc_asprintf(w.bridge,
		"%s/templates/locale", getenv("top_srcdir") ?
		getenv("top_srcdir") : "."), &e);
	assert_non_null(w.bridge->i18n);
	w.bridge->web = bridge_server_new(w.bridge, &w.loop, w.path,
					  handshake_begin,
					  w.bridge, &e);
	if (!w.bridge->web)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	struct err e = { 0 };
	char path[100];

	signal(SIGPIPE, SIG_IGN);
	server_init(&w.redis);
	strcpy(w.folder, "/tmp/gongbang-handshake-XXXXXX");
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.path, sizeof(w.path), "%s/web", w.folder);
	snprintf(path, sizeof(path), "%s/db", w.folder);
	w.db = db_open(NULL, path, &e);
	assert_non_null(w.db);
	w.kv = kv_new(NULL, w.redis.socket);
	w.kim = add_user("kim");
	w.lee = add_user("lee");
	OK(conversation_create(w.db, w.kim->id, "t", w.chat, &e));
	OK(conversation_create_run(w.db, w.kim->id, "t", "default", "", w.run,
				   &e));
	uv_loop_init(&w.loop);
	open_bridge();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	bridge_server_close(w.bridge->web);
	kv_async_free(w.bridge->kv);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	settings_free((struct settings *)w.bridge->settings);
	talloc_free(w.bridge);
	talloc_free(w.kv);
	talloc_free(w.db);
	talloc_free(w.kim);
	talloc_free(w.lee);
	server_release(&w.redis);
	snprintf(command, sizeof(command), "rm -rf '%s'", w.folder);
	return system(command);
}

struct wish {
	const char *path, *method, *host, *origin, *proto, *key, *version;
	const struct user *as;		/* NULL: no cookie */
	const char *early;
};

static void log_in(const struct user *u)
{
	struct err e = { 0 };

	OK(login_start(w.kv, u, 60, w.token, &e));
}

static void add(char *out, const char *name, const char *value)
{
	if (value)
		sprintf(out + strlen(out), "%s: %s\r\n", name, value);
}

/* The status of the answer. */
static int shake(const struct wish *in)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), status = 0;
	char text[2048], cookie[128], answer[512] = "";
	ssize_t n = -1;

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nConnection: upgrade\r\n"
		 "Upgrade: websocket\r\n", in->method ? in->method : "GET",
		 in->path);
	add(text, "Host", in->host);
	add(text, "Origin", in->origin);
	add(text, "X-Forwarded-Proto", in->proto);
	add(text, "Sec-WebSocket-Key", in->key);
	add(text, "Sec-WebSocket-Version", in->version);
	if (in->as) {
		log_in(in->as);
		snprintf(cookie, sizeof(cookie), LOGIN_COOKIE "=%s", w.token);
		add(text, "Cookie", cookie);
	}
	strcat(text, "\r\n");
	strcat(text, in->early ? in->early : "");
	memcpy(to.sun_path, w.path, sizeof(w.path));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	w.begun = 0;
	while (n < 0) {
		uv_run(&w.loop, UV_RUN_ONCE);
		n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	}
	while (w.bridge->handshakes)
		uv_run(&w.loop, UV_RUN_ONCE);
	close(fd);
	assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &status), 1);
	assert_int_equal(w.begun, status == 101);
	return status;
}

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static struct wish good(void)
{
	static char path[100];

	snprintf(path, sizeof(path), "/ws/conversations/%s", w.chat);
	return (struct wish){ .path = path, .host = "localhost:8080",
		.origin = "http://localhost:8080", .proto = "http",
		.key = KEY, .version = "13", .as = w.kim };
}

static void ones_own_page_gets_in(void **state)
{
	struct wish in = good();

	assert_int_equal(shake(&in), 101);
	assert_string_equal(w.conversation, w.chat);
	assert_false(w.is_run);
	in.path = "/ws/workspace";
	assert_int_equal(shake(&in), 101);
	assert_string_equal(w.conversation, "");
	in.proto = "https";
	in.origin = "https://localhost:8080";
	assert_int_equal(shake(&in), 101);
	in.proto = NULL;
	in.origin = "http://localhost:8080";
	assert_int_equal(shake(&in), 101);
}

static void other_sites_do_not(void **state)
{
	static const struct { const char *host, *origin, *proto; } rows[] = {
		{ "localhost:8080", NULL, "http" },
		{ "localhost:8080", "", "http" },
		{ "localhost:8080", "null", "http" },
		{ "localhost:8080", "http://evil.example", "http" },
		{ "localhost:8080", "http://localhost:8081", "http" },
		{ "localhost:8080", "http://localhost", "http" },
		{ "localhost:8080", "http://localhost:8080", "https" },
		{ "localhost:8080", "http://localhost:8080.evil.example", "http" },
		{ "evil.example", "http://evil.example", "http" },
		{ "localhost:8080x", "http://localhost:8080x", "http" },
	};
	struct wish in = good();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.host = rows[i].host;
		in.origin = rows[i].origin;
		in.proto = rows[i].proto;
		if (shake(&in) != 403)
			fail_msg("row %zu", i);
	}
}

static void other_people_do_not(void **state)
{
	struct wish in = good();
	struct err e = { 0 };

	in.as = w.lee;
	assert_int_equal(shake(&in), 404);
	in.as = NULL;
	assert_int_equal(shake(&in), 401);
	in.as = w.kim;
	OK(user_set_disabled(w.db, w.kim->id, true, &e));
	assert_int_equal(shake(&in), 401);
	OK(user_set_disabled(w.db, w.kim->id, false, &e));
	/* The login is of another password. */
	OK(user_set_password_hash(w.db, w.kim->id, "$argon2id$y", &e));
	assert_int_equal(shake(&in), 401);
	OK(user_set_password_hash(w.db, w.kim->id, "$argon2id$x", &e));
	assert_int_equal(shake(&in), 101);
}

static void a_run_is_known_as_one(void **state)
{
	struct wish in = good();
	char path[100];

	snprintf(path, sizeof(path), "/ws/conversations/%s", w.run);
	in.path = path;
	assert_int_equal(shake(&in), 101);
	assert_true(w.is_run);
}

static void what_comes_early_is_kept(void **state)
{
	struct wish in = good();

	in.early = "early bytes";
	assert_int_equal(shake(&in), 101);
	assert_int_equal(w.nearly, strlen(in.early));
	assert_memory_equal(w.early, in.early, w.nearly);
}

static void what_is_no_handshake_is_refused(void **state)
{
	struct wish in = good();

	in.version = "8";
	assert_int_equal(shake(&in), 426);
	in = good();
	in.key = "short";
	assert_int_equal(shake(&in), 400);
	in = good();
	in.method = "POST";
	assert_int_equal(shake(&in), 405);
	in = good();
	in.path = "/ws/conversations/x";
	assert_int_equal(shake(&in), 404);
	in = good();
	w.bridge->clients_max = 0;
	assert_int_equal(shake(&in), 503);
	w.bridge->clients_max = 10;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ones_own_page_gets_in),
		cmocka_unit_test(other_sites_do_not),
		cmocka_unit_test(other_people_do_not),
		cmocka_unit_test(a_run_is_known_as_one),
		cmocka_unit_test(what_comes_early_is_kept),
		cmocka_unit_test(what_is_no_handshake_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
