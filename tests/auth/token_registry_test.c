/* lib/auth/token_registry.c against a Redis of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <talloc.h>

#include "../kv/redis_server.h"
#include "auth/token_registry.h"
#include "core/clock.h"
#include "core/str.h"

#define USER "01890a5d-ac96-774b-bcce-b302099a8057"
#define OTHER "01890a5d-ac96-774b-bcce-b302099a8058"
#define TURN "01890a5d-ac96-774b-bcce-b302099a8059"
#define PATIENCE_MS 20000

static struct world {
	struct redis_server server;
	uv_loop_t loop;
	struct kv_async *async;
	struct kv *kv;		/* what is_valid in Redis, by another connection */
	struct token_registry *t;
	char a[TOKEN_SIZE], b[TOKEN_SIZE];
	int done, failed;
	bool give_up;		/* of a, when it cannot be put */
	char ended[64];		/* the endings that are done */
} w;

static void wake(uv_timer_t *t)
{
}

/* Runs the loop until it is so. */
static void until(bool (*so)(const char *hash), const char *hash)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	uv_timer_t t;

	uv_timer_init(&w.loop, &t);
	uv_timer_start(&t, wake, 20, 20);
	while (!so(hash) && clock_mono_ms() < end)
		uv_run(&w.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	assert_true(so(hash));
}

static bool get(const char *hash, struct gateway_token *out)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], *text = NULL;
	struct err e = { 0 };

	gateway_token_key_of_hash(hash, key);
	if (kv_get(w.kv, NULL, key, &text, &e) < 0 || !text)
		return false;
	if (gateway_token_parse(text, out, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(text);
	return true;
}

static bool is_valid(const char *hash)
{
	struct gateway_token found;

	return get(hash, &found);
}

static bool is_gone(const char *hash)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], *text = NULL;
	struct err e = { 0 };
	bool gone;

	gateway_token_key_of_hash(hash, key);
	gone = kv_get(w.kv, NULL, key, &text, &e) == 0 && !text;
	talloc_free(text);
	return gone;
}

static bool has_mark(const char *hash)
{
	char command[256];

	snprintf(command, sizeof(command), "redis-cli -s %s --raw keys"
		 " 'bridge-tokens:*' | grep -q .", w.server.socket);
	return system(command) == 0;
}

static bool is_done(const char *hash)
{
	return w.done + w.failed > 0;
}

/* As the bridge does. */
static void end_one(const char *hash)
{
	token_registry_drop(w.t, hash);
	token_registry_end(w.t, "one", hash, USER);
}

static void end_all(void)
{
	token_registry_drop_user(w.t, USER);
	token_registry_end(w.t, "all", "", USER);
}

static void ended(void *data, const char *id)
{
	snprintf(w.ended + strlen(w.ended), sizeof(w.ended) - strlen(w.ended),
		 "%s ", id);
}

static bool is_told(const char *want)
{
	return str_equal(w.ended, want);
}

static void done(void *data, const struct err *e)
{
	w.done += !e;
	w.failed += e != NULL;
	if (e && w.give_up)
		end_one(w.a);
}

static void put_kind(const char *hash, const char *user, const char *address,
		     enum gateway_token_kind kind)
{
	struct gateway_token what = { .kind = kind };

	assert_true(str_copy(what.user_id, ID_SIZE, user));
	assert_true(str_copy(what.subject_id, ID_SIZE, TURN));
	assert_true(str_copy(what.address, sizeof(what.address), address));
	w.done = w.failed = 0;
	token_registry_put(w.t, hash, &what, done, NULL);
	assert_int_equal(w.done + w.failed, 0);
}

static void put(const char *hash, const char *user, const char *address)
{
	put_kind(hash, user, address, GATEWAY_TOKEN_CONVERSATION);
}

static int members(void)
{
	char set[GATEWAY_TOKENS_KEY_SIZE];
	struct err e = { 0 };
	int64_t n, left;

	gateway_tokens_key(USER, set);
	/* A set is no counter: the error says that it is there. */
	return kv_count(w.kv, set, 10, &n, &left, &e) < 0;
}

static int set_up(void **state)
{
	memset(&w, 0, sizeof(w));
	server_init(&w.server);
	uv_loop_init(&w.loop);
	w.async = kv_async_new(&w.loop, w.server.socket);
	w.kv = kv_new(NULL, w.server.socket);
	w.t = token_registry_new(NULL, &w.loop, w.async);
	token_registry_on_ended(w.t, ended, NULL);
	token_new(w.a);
	token_new(w.b);
	return 0;
}

static int tear_down(void **state)
{
	token_registry_close(w.t);
	kv_async_free(w.async);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	talloc_free(w.t);
	talloc_free(w.kv);
	server_release(&w.server);
	return uv_loop_close(&w.loop);
}

static void put_and_ended(void **state)
{
	struct gateway_token found;

	put(w.a, USER, "172.30.0.9");
	until(is_done, NULL);
	assert_int_equal(w.done, 1);
	assert_true(get(w.a, &found));
	assert_string_equal(found.user_id, USER);
	assert_string_equal(found.subject_id, TURN);
	assert_string_equal(found.address, "172.30.0.9");
	assert_int_equal(found.kind, GATEWAY_TOKEN_CONVERSATION);
	assert_true(token_registry_has(w.t, w.a));
	end_one(w.a);
	assert_false(token_registry_has(w.t, w.a));
	until(is_gone, w.a);
	assert_false(members());
	until(is_told, "one ");
}

static void all_of_an_account(void **state)
{
	struct gateway_token left = { .kind = GATEWAY_TOKEN_WORKSPACE };
	struct err e = { 0 };
	char old[TOKEN_SIZE], hash[GATEWAY_TOKEN_KEY_SIZE];

	put(w.a, USER, "172.30.0.9");
	put(w.b, OTHER, "172.30.0.10");
	until(is_valid, w.b);
	/* One that an earlier bridge put. */
	token_new(old);
	assert_true(str_copy(left.user_id, ID_SIZE, USER));
	assert_true(str_copy(left.subject_id, ID_SIZE, USER));
	assert_int_equal(gateway_token_put(w.kv, old, &left, 100, &e), 0);
	gateway_token_key(old, hash);
	assert_true(is_valid(hash + 6));
	end_all();
	until(is_gone, w.a);
	assert_true(is_gone(hash + 6));
	assert_true(is_valid(w.b));
}

/* A run's ends by its own hash, known here or left by an earlier bridge. */
static void runs_stay(void **state)
{
	struct gateway_token what = { .kind = GATEWAY_TOKEN_RUN,
		.user_id = USER, .subject_id = USER, .address = "172.30.0.9" };
	char old[TOKEN_SIZE], hash[GATEWAY_TOKEN_KEY_SIZE];
	struct err e = { 0 };

	put(w.a, USER, "172.30.0.9");
	token_registry_put(w.t, w.b, &what, NULL, NULL);
	token_new(old);
	assert_int_equal(gateway_token_put(w.kv, old, &what, 100, &e), 0);
	gateway_token_key(old, hash);
	until(is_valid, w.a);
	until(is_valid, w.b);
	end_all();
	until(is_gone, w.a);
	assert_true(is_valid(w.b));
	assert_true(is_valid(hash + 6));
	assert_true(token_registry_has(w.t, w.b));
	end_one(w.b);
	until(is_gone, w.b);
}

static void emptied(void **state)
{
	char command[200];

	put(w.a, USER, "172.30.0.9");
	until(is_valid, w.a);
	snprintf(command, sizeof(command), "redis-cli -s %s flushall >/dev/null",
		 w.server.socket);
	assert_int_equal(system(command), 0);
	assert_true(is_gone(w.a));
	until(is_valid, w.a);
}

static void killed(void **state)
{
	put(w.a, USER, "172.30.0.9");
	put(w.b, USER, "172.30.0.9");
	until(is_valid, w.b);
	server_kill(&w.server);
	end_one(w.b);
	server_start(&w.server);
	until(is_valid, w.a);
	assert_true(is_gone(w.b));
}

static void away(void **state)
{
	server_kill(&w.server);
	put(w.a, USER, "172.30.0.9");
	until(is_done, NULL);
	assert_int_equal(w.failed, 1);
	server_start(&w.server);
	until(is_valid, w.a);		/* it is still to be good */
	assert_int_equal(w.failed, 1);
	assert_int_equal(w.done, 0);
	/* What ends while it is away, and was kept, ends when it is back. */
	kill(w.server.pid, SIGSTOP);
	end_all();
	put(w.b, USER, "172.30.0.9");
	until(is_done, NULL);
	assert_int_equal(w.failed, 1);
	kill(w.server.pid, SIGCONT);
	until(is_gone, w.a);
	until(is_valid, w.b);
}

/* It cannot be reached for a while, and has kept what it had. */
static void ended_meanwhile(void **state)
{
	char aside[128], command[256];

	put(w.a, USER, "172.30.0.9");
	until(is_done, NULL);		/* the next failure is not this one's */
	assert_int_equal(w.done, 1);
	assert_true(is_valid(w.a));
	snprintf(aside, sizeof(aside), "%s.aside", w.server.socket);
	assert_int_equal(rename(w.server.socket, aside), 0);
	snprintf(command, sizeof(command),
		 "redis-cli -s %s client kill type normal >/dev/null", aside);
	assert_int_equal(system(command), 0);
	put(w.b, USER, "172.30.0.9");
	until(is_done, NULL);
	assert_int_equal(w.failed, 1);
	end_one(w.a);
	uv_run(&w.loop, UV_RUN_ONCE);
	assert_int_equal(rename(aside, w.server.socket), 0);
	until(is_valid, w.b);
	until(is_gone, w.a);
}

static bool is_dropped(const char *hash)
{
	return !token_registry_has(w.t, hash);
}

static void log_in(const char *session)
{
	struct err e = { 0 };

	if (kv_set_add(w.kv, "logins:" USER, "1d", 100, &e) < 0 ||
	    kv_set(w.kv, session, USER, 100, &e) < 0)
		fail_msg("%s", e.text);
}

/* A name in the set of logins is not enough: that one may have run out. */
static void workspaces_need_a_login(void **state)
{
	struct err e = { 0 };

	log_in("session:other");
	put_kind(w.a, USER, "172.30.0.9", GATEWAY_TOKEN_WORKSPACE);
	until(is_dropped, w.a);
	assert_int_equal(w.failed, 1);
	assert_true(is_gone(w.a));
	log_in("session:1d");
	put_kind(w.a, USER, "172.30.0.9", GATEWAY_TOKEN_WORKSPACE);
	until(is_valid, w.a);
	/* What an earlier bridge put is taken away. */
	assert_int_equal(kv_delete(w.kv, "session:1d", &e), 0);
	put_kind(w.a, USER, "172.30.0.9", GATEWAY_TOKEN_WORKSPACE);
	until(is_gone, w.a);
	until(is_dropped, w.a);
	assert_false(members());
	/* A conversation's lives as long as its Claude. */
	put(w.b, USER, "172.30.0.9");
	until(is_valid, w.b);
}

/* The pages could not tell the bridge, and ended it in Redis. */
static void ended_by_others(void **state)
{
	struct err e = { 0 };

	put(w.a, USER, "172.30.0.9");
	put(w.b, USER, "172.30.0.9");
	until(is_valid, w.b);
	until(has_mark, NULL);
	assert_int_equal(gateway_token_end_all(w.kv, USER, &e), 0);
	put(w.b, USER, "172.30.0.10");
	until(is_valid, w.b);
	token_registry_renew(w.t);
	until(is_dropped, w.a);
	assert_true(is_gone(w.a));
	assert_true(is_valid(w.b));
	assert_true(token_registry_has(w.t, w.b));
}

/* What began after it was asked is not touched, however late it is done. */
static void an_ending_spares_what_follows(void **state)
{
	put(w.a, USER, "172.30.0.9");
	until(is_valid, w.a);
	token_registry_drop_user(w.t, USER);
	put(w.b, USER, "172.30.0.9");
	until(is_valid, w.b);
	token_registry_end(w.t, "late", "", USER);
	until(is_told, "late ");
	assert_true(is_gone(w.a));
	assert_true(is_valid(w.b));
}

/* Each is told when it is done, and not before. */
static void endings_wait_for_redis(void **state)
{
	put(w.a, USER, "172.30.0.9");
	until(is_valid, w.a);
	server_kill(&w.server);
	put(w.b, OTHER, "172.30.0.10");
	until(is_done, NULL);
	end_one(w.a);
	uv_run(&w.loop, UV_RUN_ONCE);
	assert_string_equal(w.ended, "");
	server_start(&w.server);
	until(is_valid, w.b);
	until(is_told, "one ");
	assert_true(is_gone(w.a));
}

/* The store's row says that it is to be done: it is read again each half minute. */
static void an_ending_read_again_is_not_done(void **state)
{
	server_kill(&w.server);
	end_all();
	put(w.b, OTHER, "172.30.0.10");
	until(is_done, NULL);		/* both have failed */
	token_registry_end(w.t, "all", "", USER);
	assert_string_equal(w.ended, "");
	server_start(&w.server);
	until(is_told, "all ");
}

/* As a session does, from within. */
static void given_up(void **state)
{
	server_kill(&w.server);
	w.give_up = true;
	put(w.a, USER, "172.30.0.9");
	until(is_done, NULL);
	assert_false(token_registry_has(w.t, w.a));
	server_start(&w.server);
	put(w.b, USER, "172.30.0.9");
	until(is_valid, w.b);
	assert_true(is_gone(w.a));
}

static void forgotten(void **state)
{
	put(w.a, USER, "172.30.0.9");
	token_registry_forget(w.t, NULL);
	until(is_valid, w.a);
	assert_int_equal(w.done, 0);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(put_and_ended), ROW(all_of_an_account), ROW(runs_stay),
		ROW(emptied),
		ROW(killed), ROW(away), ROW(ended_meanwhile),
		ROW(given_up), ROW(forgotten), ROW(workspaces_need_a_login),
		ROW(ended_by_others), ROW(an_ending_spares_what_follows),
		ROW(endings_wait_for_redis),
		ROW(an_ending_read_again_is_not_done),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
