/*
 * lib/bridge/token_lifecycle.c with a real Redis and a real store: when tokens
 * are revoked, and what is left in the store.
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
#include <talloc.h>

#include "../kv/redis_server.h"
#include "../store/fixture.h"
#include "auth/gateway_token.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/conversation_tokens.h"
#include "store/conversations.h"

#define PATIENCE_MS 15000	/* half of the survey's interval: nothing may wait for that */
#define ADDRESS "172.30.0.9"

static struct {
	struct redis_server redis;
	struct fixture *f;
	uv_loop_t loop;
	struct bridge *bridge;
	struct kv *kv;		/* another connection */
	char kim[ID_SIZE], lee[ID_SIZE];
	char token[TOKEN_SIZE], hash[GATEWAY_TOKEN_KEY_SIZE];
	/* The workspace of kim. */
	char workspace_hash[TOKEN_SIZE];
	const char *address;
	void (*moved)(void *data, struct workspace *w, enum workspace_move move);
	/* What the engine lists. */
	struct container_place places[3];
	size_t nplaces;
	int surveys, forgotten;
	int readings;		/* of all stored revocations, by the bridge */
} w;

const char *workspace_user(const struct workspace *workspace)
{
	return w.kim;
}

const char *workspace_token_hash(const struct workspace *workspace)
{
	return w.workspace_hash;
}

const char *workspace_address(const struct workspace *workspace)
{
	return w.address;
}

void workspaces_on_move(struct workspaces *all,
			void (*moved)(void *data, struct workspace *workspace,
				      enum workspace_move move),
			void *data)
{
	w.moved = moved;
}

void engine_places(struct engine *eng, const char *instance,
		   engine_places_done *done, void *data)
{
	w.surveys++;
	done(data, w.places, w.nplaces, NULL);
}

void address_map_forget(struct address_map *p)
{
	w.forgotten++;
}

const struct session_rules *session_run_rules(const struct session *s)
{
	return NULL;
}

const char *session_id(const struct session *s)
{
	return "";
}

void session_token_good(struct session *s, const struct err *e)
{
}

static void wake(uv_timer_t *t)
{
}

/* Runs the loop until it is so; at most PATIENCE_MS. */
static bool comes(bool (*so)(void))
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	uv_timer_t t;

	uv_timer_init(&w.loop, &t);
	uv_timer_start(&t, wake, 20, 20);
	while (!so() && clock_mono_ms() < end)
		uv_run(&w.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	return so();
}

static int count_row(void *data, const struct token_ending *t, struct err *e)
{
	++*(int *)data;
	return 0;
}

static int rows(void)
{
	struct err e = { 0 };
	int n = 0;

	OK(token_ending_each(w.f->db, count_row, &n, &e));
	return n;
}

static bool nothing_is_left(void)
{
	return !jobs_left(w.bridge->jobs) && rows() == 0;
}

static bool in_redis(const char *hash)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], *text = NULL;
	struct err e = { 0 };

	gateway_token_key_of_hash(hash, key);
	OK(kv_get(w.kv, NULL, key, &text, &e));
	talloc_free(text);
	return text != NULL;
}

static bool is_revoked(void)
{
	return !in_redis(w.hash);
}

static bool is_idle(void)
{
	return w.surveys && !jobs_left(w.bridge->jobs);
}

static void open_bridge(void)
{
	struct err e = { 0 };
	struct bridge *b = talloc_zero(NULL, struct bridge);
	struct db *db = db_open(b, w.f->path, &e);

	assert_non_null(db);
	w.bridge = b;
	b->loop = &w.loop;
	b->settings = settings_new();
	b->kv = kv_async_new(&w.loop, w.redis.socket);
	b->jobs = jobs_new(b, &w.loop, db);
	b->tokens = token_registry_new(b, &w.loop, b->kv);
	uv_timer_init(&w.loop, &b->survey_timer);
	b->survey_timer.data = b;
	token_lifecycle_open(b);
	assert_true(comes(is_idle));
	w.surveys = 0;
}

static int setup(void **state)
{
	struct err e = { 0 };

	memset(&w, 0, sizeof(w));
	assert_int_equal(fixture_set_up((void **)&w.f), 0);
	server_init(&w.redis);
	uv_loop_init(&w.loop);
	w.kv = kv_new(NULL, w.redis.socket);
	OK(user_create(w.f->db, "kim", "$argon2id$x", false, w.kim, &e));
	OK(user_create(w.f->db, "lee", "$argon2id$x", false, w.lee, &e));
	token_new(w.workspace_hash);
	w.address = ADDRESS;
	open_bridge();
	return 0;
}

static int teardown(void **state)
{
	struct bridge *b = w.bridge;

	uv_close((uv_handle_t *)&b->survey_timer, NULL);
	token_registry_close(b->tokens);
	kv_async_free(b->kv);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	settings_free((struct settings *)b->settings);
	talloc_free(b);
	talloc_free(w.kv);
	server_release(&w.redis);
	assert_int_equal(uv_loop_close(&w.loop), 0);
	return fixture_tear_down((void **)&w.f);
}

/* A token that an earlier bridge put; its hash is in w.hash. */
static void put_token(const char *user_id)
{
	struct gateway_token what = { .kind = GATEWAY_TOKEN_CONVERSATION,
				      .address = ADDRESS };
	char key[GATEWAY_TOKEN_KEY_SIZE];
	struct err e = { 0 };

	memcpy(what.user_id, user_id, ID_SIZE);
	memcpy(what.subject_id, user_id, ID_SIZE);
	token_new(w.token);
	OK(gateway_token_put(w.kv, w.token, &what, 100, &e));
	gateway_token_key(w.token, key);
	assert_true(str_copy(w.hash, sizeof(w.hash), key + strlen("token:")));
	assert_true(in_redis(w.hash));
}

/* As a command that is killed before it has revoked what it stored. */
static void leave_ending(const char *user_id)
{
	struct token_ending t = { "", "", "" };
	struct err e = { 0 };

	memcpy(t.user_id, user_id, ID_SIZE);
	OK(token_ending_add(w.f->db, &t, &e));
}

static void an_account_that_ends_leaves_nothing(void **state)
{
	put_token(w.kim);
	token_lifecycle_end(w.bridge, w.kim);
	assert_true(comes(nothing_is_left));
	assert_true(is_revoked());
}

/* Not only at the next survey: the account may be removed at once. */
static void what_a_killed_command_left_ends_with_the_account(void **state)
{
	leave_ending(w.kim);
	leave_ending(w.kim);
	put_token(w.kim);
	token_lifecycle_end(w.bridge, w.kim);
	assert_true(comes(nothing_is_left));
	assert_true(is_revoked());
	assert_int_equal(w.surveys, 0);
}

int __real_token_ending_each(struct db *db, int (*row)(void *, const struct token_ending *, struct err *),
			     void *data, struct err *e);
int __wrap_token_ending_each(struct db *db, int (*row)(void *, const struct token_ending *, struct err *),
			     void *data, struct err *e);
int __wrap_token_ending_each(struct db *db, int (*row)(void *, const struct token_ending *, struct err *),
			     void *data, struct err *e)
{
	w.readings += row != count_row;
	return __real_token_ending_each(db, row, data, e);
}

/* Twice: some may have been left while the first was under way. */
static void many_ends_at_once_read_the_store_twice(void **state)
{
	int i;

	leave_ending(w.lee);
	put_token(w.lee);
	w.readings = 0;
	for (i = 0; i < 20; i++)
		token_lifecycle_end(w.bridge, w.kim);
	assert_true(comes(nothing_is_left));
	assert_true(is_revoked());
	assert_in_range(w.readings, 1, 2);
}

static bool is_stored(void)
{
	return !jobs_left(w.bridge->jobs) && rows() == 1;
}

/* A bridge that ends meanwhile must leave the row to the next one. */
static void without_redis_it_stays_in_the_store(void **state)
{
	put_token(w.kim);
	kill(w.redis.pid, SIGSTOP);
	token_lifecycle_end(w.bridge, w.kim);
	assert_true(comes(is_stored));
	kill(w.redis.pid, SIGCONT);
	assert_true(comes(nothing_is_left));
	assert_true(is_revoked());
}

static void a_conversations_own_token_is_found_by_its_id(void **state)
{
	char conversation[ID_SIZE];
	struct err e = { 0 };

	put_token(w.kim);
	OK(conversation_create(w.f->db, w.kim, "t", conversation, &e));
	OK(conversation_token_set(w.f->db, conversation, w.hash, &e));
	token_lifecycle_end_conversation(w.bridge, conversation, w.kim);
	assert_true(comes(is_revoked));
	assert_true(comes(nothing_is_left));
	OK(conversation_token_load(w.f->db, conversation, w.hash, &e));
	assert_string_equal(w.hash, "");
}

static void a_containers_token_lives_with_it(void **state)
{
	w.forgotten = 0;
	w.moved(w.bridge, NULL, WORKSPACE_UP);
	assert_true(token_registry_has(w.bridge->tokens, w.workspace_hash));
	w.moved(w.bridge, NULL, WORKSPACE_MOVES);
	assert_true(token_registry_has(w.bridge->tokens, w.workspace_hash));
	w.moved(w.bridge, NULL, WORKSPACE_DOWN);
	assert_false(token_registry_has(w.bridge->tokens, w.workspace_hash));
	assert_int_equal(w.forgotten, 3);
	assert_true(comes(nothing_is_left));
}

/* A token is never good from everywhere. */
static void without_an_address_no_token_is_put(void **state)
{
	w.address = "";
	token_lifecycle_workspace(w.bridge, NULL);
	assert_false(token_registry_has(w.bridge->tokens, w.workspace_hash));
}

static bool has_surveyed(void)
{
	return w.surveys > 0;
}

/* Without a login that lives the registry would soon drop a workspace's token. */
static void log_in(const char *user_id)
{
	char logins[64];
	struct err e = { 0 };

	snprintf(logins, sizeof(logins), "logins:%s", user_id);
	OK(kv_set_add(w.kv, logins, "1d", 100, &e));
	OK(kv_set(w.kv, "session:1d", "1", 100, &e));
}

/* The engine's labels are read again as they are: they may be anything. */
static void containers_without_a_page_keep_their_tokens(void **state)
{
	char good[TOKEN_SIZE], of_nobody[TOKEN_SIZE];

	log_in(w.lee);
	token_new(good);
	token_new(of_nobody);
	w.nplaces = 3;
	w.places[0] = (struct container_place){ w.lee, ADDRESS, good };
	w.places[1] = (struct container_place){ "../../x", ADDRESS, of_nobody };
	w.places[2] = (struct container_place){ w.lee, ADDRESS, "no token" };
	token_lifecycle_open(w.bridge);
	assert_true(comes(has_surveyed));
	assert_true(token_registry_has(w.bridge->tokens, good));
	assert_false(token_registry_has(w.bridge->tokens, of_nobody));
	assert_false(token_registry_has(w.bridge->tokens, "no token"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_account_that_ends_leaves_nothing),
		CASE(what_a_killed_command_left_ends_with_the_account),
		CASE(many_ends_at_once_read_the_store_twice),
		CASE(without_redis_it_stays_in_the_store),
		CASE(a_conversations_own_token_is_found_by_its_id),
		CASE(a_containers_token_lives_with_it),
		CASE(without_an_address_no_token_is_put),
		CASE(containers_without_a_page_keep_their_tokens),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
