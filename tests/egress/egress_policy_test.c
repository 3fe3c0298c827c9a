/*
 * Address map, policy and egress_socket against a scripted engine and a real
 * store. Tests address_map.c and egress_server.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <talloc.h>

#include "../engine/fake.h"
#include "core/clock.h"
#include "core/str.h"
#include "egress/egress_server.h"
#include "store/users.h"

#define PATIENCE_MS 20000

static struct world {
	char dir[64], list[96], socket[96];
	uv_loop_t loop;
	void *ctx;
	struct fake *fake;
	struct engine *engine;
	struct jobs *jobs;
	struct address_map *address_map;
	struct egress_policy_env env;
	struct egress_policy *policy;
	struct egress_server *egress;
	char kim[ID_SIZE], lee[ID_SIZE];
	/* The engine's world: who has which address. */
	const char *first, *second;
	bool silent, broken;
	struct fake_client *waiting;
	int lists;
	/* What the gate told. */
	int told;
	char last[2 * DOMAIN_MAX];
	int fd;
	char heard[65536];
} w;

static void row(char *to, size_t size, const char *user, const char *address)
{
	snprintf(to, size, "{\"Labels\":{\"gongbang.user\":\"%s\"},\"HostConfig\":"
		 "{\"NetworkMode\":\"n\"},\"NetworkSettings\":{\"Networks\":"
		 "{\"n\":{\"IPAddress\":\"%s\"}}}}", user, address);
}

static void answer_list(struct fake_client *c)
{
	char one[512] = "", two[512] = "", all[1200];

	if (w.first)
		row(one, sizeof(one), w.kim, w.first);
	if (w.second)
		row(two, sizeof(two), w.lee, w.second);
	snprintf(all, sizeof(all), "[%s%s%s]", one, *one && *two ? "," : "", two);
	fake_answer(c, 200, all);
}

static void engine_asked(void *data, struct fake_client *c, const char *bytes,
			 size_t n)
{
	if (!str_starts(bytes, "GET /containers/json"))
		return;
	w.lists++;
	w.waiting = c;
	if (w.broken)
		fake_answer(c, 500, "{}");
	else if (!w.silent)
		answer_list(c);
}

static void refused(void *data, const char *user_id, const char *domain,
		    bool plain)
{
	w.told++;
	snprintf(w.last, sizeof(w.last), "%s %s%s",
		 str_equal(user_id, w.kim) ? "kim" : "lee", domain,
		 plain ? " plain" : "");
}

static void write_list(const char *text)
{
	FILE *f = fopen(w.list, "w");

	fputs(text, f);
	fclose(f);
}

static struct db *database(const void *ctx)
{
	struct err e = { 0 };
	char path[96];
	struct db *db;

	snprintf(path, sizeof(path), "%s/db", w.dir);
	db = db_open(ctx, path, &e);
	if (!db)
		fail_msg("%s", e.text);
	return db;
}

static void ask_at(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", w.socket);
	w.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(w.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	w.heard[0] = '\0';
}

static int set_up(void **state)
{
	struct err e = { 0 };
	struct db *db;

	memset(&w, 0, sizeof(w));
	snprintf(w.dir, sizeof(w.dir), "/tmp/gate_testXXXXXX");
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.list, sizeof(w.list), "%s/list", w.dir);
	snprintf(w.socket, sizeof(w.socket), "%s/egress.sock", w.dir);
	write_list("all.example https for all\n");
	uv_loop_init(&w.loop);
	w.ctx = talloc_new(NULL);
	w.fake = fake_new(&w.loop, engine_asked, NULL);
	w.engine = engine_docker_new(w.ctx, &w.loop, fake_path(w.fake));
	db = database(w.ctx);
	assert_int_equal(user_create(db, "kim", "x", false, w.kim, &e), 0);
	assert_int_equal(user_create(db, "lee", "x", false, w.lee, &e), 0);
	w.jobs = jobs_new(w.ctx, &w.loop, db);
	w.address_map = address_map_new(w.ctx, &w.loop, w.engine, "ours");
	w.env = (struct egress_policy_env){ .jobs = w.jobs, .address_map = w.address_map,
				   .list = w.list, .refused = refused };
	w.policy = egress_policy_new(w.ctx, &w.env, &e);
	assert_non_null(w.policy);
	w.egress = egress_server_new(w.ctx, &w.loop, w.socket, w.policy, &e);
	if (!w.egress)
		fail_msg("%s", e.text);
	w.first = "172.30.0.2";
	w.second = "172.30.0.3";
	ask_at();
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	close(w.fd);
	egress_server_close(w.egress);
	address_map_close(w.address_map);
	while (jobs_left(w.jobs))
		uv_run(&w.loop, UV_RUN_ONCE);
	talloc_free(w.engine);
	fake_free(w.fake);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	talloc_free(w.ctx);
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	assert_int_equal(system(command), 0);
	return uv_loop_close(&w.loop);
}

static void say(const char *text)
{
	size_t n = strlen(text);

	while (write(w.fd, text, n) < 0)
		uv_run(&w.loop, UV_RUN_NOWAIT);
}

static void wake(uv_timer_t *t)
{
}

/* Runs the loop until so much was heard; false when the connection ended. */
static bool hears(const char *text)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	size_t have = strlen(w.heard);
	ssize_t n = 0;
	bool open = true;
	uv_timer_t t;

	uv_timer_init(&w.loop, &t);
	uv_timer_start(&t, wake, 20, 20);
	while (open && !strstr(w.heard, text) && clock_mono_ms() < end) {
		uv_run(&w.loop, UV_RUN_ONCE);
		n = read(w.fd, w.heard + have, sizeof(w.heard) - have - 1);
		if (n > 0)
			have += (size_t)n;
		w.heard[have] = '\0';
		open = n != 0;
	}
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	if (open && !strstr(w.heard, text))
		fail_msg("heard %s, not %s", w.heard, text);
	return open;
}

#define EXPECT(question, wanted) do { \
	w.heard[0] = '\0'; \
	say(question "\n"); \
	assert_true(hears("\n")); \
	assert_string_equal(w.heard, wanted "\n"); \
} while (0)

static void decisions(void **state)
{
	EXPECT("1 172.30.0.2 CONNECT all.example 443", "1 OK");
	EXPECT("2 172.30.0.2 CONNECT ALL.Example. 443", "2 OK");
	EXPECT("3 172.30.0.2 CONNECT all.example 22", "3 ERR bad-port");
	EXPECT("4 172.30.0.2 GET all.example 80", "4 ERR not-listed");
	assert_string_equal(w.last, "kim all.example plain");
	EXPECT("5 172.30.0.2 CONNECT other.example 443", "5 ERR not-listed");
	assert_string_equal(w.last, "kim other.example");
	EXPECT("6 172.30.0.2 CONNECT 127.0.0.1 443", "6 ERR address");
	EXPECT("7 172.30.0.2 CONNECT 0x7f.1 443", "7 ERR address");
	EXPECT("8 172.30.0.2 CONNECT localhost 443", "8 ERR bad-name");
	EXPECT("9 172.30.0.9 CONNECT all.example 443", "9 ERR unknown-source");
	EXPECT("10 - CONNECT all.example 443", "10 ERR unknown-source");
	EXPECT("11 172.30.0.2 CONNECT all.example", "11 ERR malformed");
	assert_int_equal(w.told, 2);
}

static void decide(const char *user, const char *domain, const char *what,
		   bool plain)
{
	struct db *db = database(NULL);
	struct err e = { 0 };

	assert_int_equal(domain_decide(db, user, domain, what, plain, "root",
				       &e), 0);
	talloc_free(db);
}

static void grants_are_ones_own(void **state)
{
	struct err e = { 0 };

	EXPECT("1 172.30.0.2 CONNECT more.example 443", "1 ERR not-listed");
	decide(w.kim, "more.example", "granted", false);
	assert_int_equal(egress_policy_reload(w.policy, &e), 0);
	EXPECT("2 172.30.0.2 CONNECT more.example 443", "2 OK");
	EXPECT("3 172.30.0.3 CONNECT more.example 443", "3 ERR not-listed");
	EXPECT("4 172.30.0.2 GET more.example 80", "4 ERR not-listed");
	EXPECT("5 172.30.0.2 CONNECT sub.more.example 443", "5 ERR not-listed");
	decide(w.kim, "more.example", "granted", true);
	decide(w.kim, "third.example", "granted", false);
	/* Without a word: when what was read is too old. */
	do {
		w.heard[0] = '\0';
		say("6 172.30.0.2 GET more.example 80\n");
		assert_true(hears("\n"));
	} while (!str_equal(w.heard, "6 OK\n"));
	EXPECT("7 172.30.0.2 CONNECT third.example 443", "7 OK");
	decide(w.kim, "more.example", "refused", true);
	assert_int_equal(egress_policy_reload(w.policy, &e), 0);
	EXPECT("8 172.30.0.2 CONNECT more.example 443", "8 ERR not-listed");
}

static void list_again(void **state)
{
	struct err e = { 0 };

	write_list("new.example https x\n");
	EXPECT("1 172.30.0.2 CONNECT new.example 443", "1 ERR not-listed");
	assert_int_equal(egress_policy_reload(w.policy, &e), 0);
	EXPECT("2 172.30.0.2 CONNECT new.example 443", "2 OK");
	EXPECT("3 172.30.0.2 CONNECT all.example 443", "3 ERR not-listed");
	write_list("bad\n");
	assert_int_equal(egress_policy_reload(w.policy, &e), -1);
	EXPECT("4 172.30.0.2 CONNECT new.example 443", "4 OK");
}

/* An address changes hands: what was known, or is being asked, does not hold. */
static void a_former_owner(void **state)
{
	decide(w.kim, "more.example", "granted", false);
	EXPECT("1 172.30.0.2 CONNECT more.example 443", "1 OK");
	EXPECT("2 172.30.0.2 CONNECT more.example 443", "2 OK");
	assert_int_equal(w.lists, 1);
	w.first = NULL;
	w.second = "172.30.0.2";
	address_map_forget(w.address_map);
	EXPECT("3 172.30.0.2 CONNECT more.example 443", "3 ERR not-listed");
	assert_string_equal(w.last, "lee more.example");
	/* The same while the engine is about to answer. */
	w.second = NULL;
	w.first = "172.30.0.2";
	w.silent = true;
	address_map_forget(w.address_map);
	w.waiting = NULL;
	say("4 172.30.0.2 CONNECT more.example 443\n");
	while (!w.waiting)
		uv_run(&w.loop, UV_RUN_ONCE);
	w.silent = false;
	address_map_forget(w.address_map);	/* kim's stops now, lee's starts */
	answer_list(w.waiting);
	w.first = NULL;
	w.second = "172.30.0.2";
	w.heard[0] = '\0';
	assert_true(hears("\n"));
	assert_string_equal(w.heard, "4 ERR not-listed\n");
}

static void engine_away(void **state)
{
	w.broken = true;
	EXPECT("1 172.30.0.2 CONNECT all.example 443", "1 ERR away");
	w.broken = false;
	EXPECT("2 172.30.0.2 CONNECT all.example 443", "2 OK");
	w.silent = true;
	address_map_forget(w.address_map);
	EXPECT("3 172.30.0.2 CONNECT all.example 443", "3 ERR away");
}

/* So many questions, all answered when the last is. */
static void loop_over(const char *format)
{
	char line[120];
	int i;

	for (i = 1; i <= 300; i++) {
		snprintf(line, sizeof(line),
			 "%d 172.30.0.2 CONNECT %s%d.example 443\n", i, format,
			 str_equal(format, "same") ? 0 : i);
		say(line);
	}
	w.heard[0] = '\0';
	assert_true(hears("300 ERR not-listed\n"));
}

static void a_loop_is_told_of_little(void **state)
{
	loop_over("same");
	assert_int_equal(w.told, 1);
	loop_over("x");
	assert_in_range(w.told, 2, REFUSED_MAX);
}

static void strangers_are_cut_off(void **state)
{
	static const char *const bad[] = {
		"hello\n", "\n", " 1 172.30.0.2 CONNECT a.example 443\n",
	};
	char line[3 * HELPER_LINE_MAX];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		say(bad[i]);
		assert_false(hears("\n"));
		close(w.fd);
		ask_at();
	}
	memset(line, '1', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	say(line);
	assert_false(hears("\n"));
	close(w.fd);
	ask_at();
	EXPECT("1 172.30.0.2 CONNECT all.example 443", "1 OK");
	/* One that leaves before its answer. */
	w.silent = true;
	address_map_forget(w.address_map);
	w.waiting = NULL;
	say("2 172.30.0.2 CONNECT all.example 443\n");
	while (!w.waiting)
		uv_run(&w.loop, UV_RUN_ONCE);
	close(w.fd);
	w.silent = false;
	answer_list(w.waiting);
	ask_at();
	EXPECT("3 172.30.0.2 CONNECT all.example 443", "3 OK");
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(decisions), ROW(grants_are_ones_own), ROW(list_again),
		ROW(a_former_owner), ROW(engine_away),
		ROW(a_loop_is_told_of_little), ROW(strangers_are_cut_off),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
