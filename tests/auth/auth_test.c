/* lib/auth: passwords, logins, tries, CSRF, policy. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "../kv/redis_server.h"
#include "auth/login.h"
#include "auth/password.h"
#include "auth/policy.h"
#include "core/str.h"

struct fixture {
	struct redis_server server;
	struct kv *kv;
	struct settings *settings;
	char user[ID_SIZE];
};

static int set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	struct err e = { 0 };

	server_init(&f->server);
	f->kv = kv_new(f, f->server.socket);
	f->settings = settings_new();
	assert_int_equal(settings_set(f->settings, "login_tries", "3", &e), 0);
	id_new(f->user);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	server_release(&f->server);
	settings_free(f->settings);
	talloc_free(f);
	return 0;
}

#define OK(call) do { \
	if ((call) < 0) \
		fail_msg("%s: %s", #call, e.text); \
} while (0)

#define FAILS(want, call) do { \
	assert_int_equal((call), -1); \
	assert_string_equal(err_kind_name(e.kind), err_kind_name(want)); \
} while (0)

static void passwords_match_their_hash_only(void **state)
{
	static const struct { const char *password, *key; } bad[] = {
		{ "", "error_password_short" },
		{ "123456789", "error_password_short" },
		{ "비밀번호가아홉글자", "error_password_short" },
		{ "1234567890\xff", "error_password_text" },
	};
	char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
	char large[PASSWORD_MAX + 2];
	struct err e = { 0 };
	size_t i;

	OK(password_hash("비밀번호는열글자예요", hash, &e));
	OK(password_hash("비밀번호는열글자예요", again, &e));
	assert_string_not_equal(hash, again);
	assert_true(str_starts(hash, "$argon2id$v=19$m=65536,t=2,p=1$"));
	assert_true(password_matches(hash, "비밀번호는열글자예요"));
	assert_false(password_matches(hash, "비밀번호는열글자예오"));
	assert_false(password_matches(hash, ""));
	assert_false(password_matches(NULL, "anything at all"));
	assert_false(password_matches("nonsense", "anything at all"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FAILS(ERR_INPUT, password_hash(bad[i].password, hash, &e));
		assert_string_equal(e.key, bad[i].key);
	}
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	FAILS(ERR_INPUT, password_hash(large, hash, &e));
	assert_string_equal(e.key, "error_password_long");
	assert_false(password_matches(hash, large));
}

static void generated_passwords_differ_and_pass(void **state)
{
	char a[32], b[32];
	struct err e = { 0 };

	password_generate(a);
	password_generate(b);
	assert_int_equal(strlen(a), 20);
	assert_string_not_equal(a, b);
	assert_null(strpbrk(a, "Il1O0o"));
	OK(password_check(a, &e));
}

static void logins_begin_and_end(void **state)
{
	struct fixture *f = *state;
	char a[TOKEN_SIZE], b[TOKEN_SIZE], c[TOKEN_SIZE], id[ID_SIZE];
	char key[LOGIN_KEY_SIZE], *value;
	struct err e = { 0 };
	bool any;

	OK(login_start(f->kv, f->user, 100, a, &e));
	OK(login_start(f->kv, f->user, 100, b, &e));
	OK(login_start(f->kv, f->user, 100, c, &e));
	OK(login_find(f->kv, a, id, &e));
	assert_string_equal(id, f->user);
	login_key(a, key);
	assert_int_equal(strlen(key), LOGIN_KEY_SIZE - 1);
	assert_null(strstr(key, a));	/* Redis never sees the token */
	OK(kv_get(f->kv, f, key, &value, &e));
	assert_string_equal(value, f->user);
	OK(login_end(f->kv, a, &e));
	OK(login_end(f->kv, a, &e));
	FAILS(ERR_AUTH, login_find(f->kv, a, id, &e));
	OK(login_any(f->kv, f->user, &any, &e));
	assert_true(any);
	OK(login_end_all(f->kv, f->user, b, &e));
	OK(login_find(f->kv, b, id, &e));
	FAILS(ERR_AUTH, login_find(f->kv, c, id, &e));
	OK(login_end_all(f->kv, f->user, NULL, &e));
	OK(login_any(f->kv, f->user, &any, &e));
	assert_false(any);
	FAILS(ERR_AUTH, login_find(f->kv, b, id, &e));
	FAILS(ERR_AUTH, login_find(f->kv, NULL, id, &e));
	FAILS(ERR_AUTH, login_find(f->kv, "", id, &e));
	FAILS(ERR_AUTH, login_find(f->kv, "../../etc/passwd", id, &e));
}

static int count_members(void *data, const char *member, struct err *e)
{
	++*(int *)data;
	return 0;
}

static void logins_that_ran_out_are_swept(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_SIZE], key[LOGIN_KEY_SIZE], set[64];
	struct err e = { 0 };
	int i, n = 0;

	for (i = 0; i < 5; i++) {
		OK(login_start(f->kv, f->user, 100, token, &e));
		login_key(token, key);
		OK(kv_expire(f->kv, key, -1, &e));
	}
	snprintf(set, sizeof(set), "logins:%s", f->user);
	OK(kv_set_each(f->kv, set, count_members, &n, &e));
	assert_int_equal(n, 1);
}

static void redis_away_is_not_logged_out(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_SIZE], id[ID_SIZE];
	struct err e = { 0 };

	OK(login_start(f->kv, f->user, 100, token, &e));
	server_kill(&f->server);
	FAILS(ERR_UNAVAILABLE, login_find(f->kv, token, id, &e));
	FAILS(ERR_UNAVAILABLE, login_start(f->kv, f->user, 9, token, &e));
	FAILS(ERR_UNAVAILABLE, login_end(f->kv, token, &e));
	server_start(&f->server);
	FAILS(ERR_AUTH, login_find(f->kv, token, id, &e));
}

static int try_login(struct fixture *f, const char *login,
		     const char *address, struct err *e)
{
	int64_t wait = 0;
	int rc = login_check(f->kv, f->settings, login, address, &wait, e);

	assert_true((rc < 0) == (wait > 0));
	assert_true(wait <= 900);
	return rc;
}

static void tries_by_login_end(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	OK(try_login(f, "kim", "10.0.0.1", &e));
	OK(try_login(f, "Kim", "10.0.0.2", &e));
	OK(try_login(f, "kim", "10.0.0.3", &e));
	FAILS(ERR_LIMIT, try_login(f, "KIM", "10.0.0.4", &e));
	assert_string_equal(e.key, "error_too_many_tries");
	assert_non_null(strstr(e.text, "wait "));
	OK(try_login(f, "lee", "10.0.0.4", &e));
	OK(login_succeeded(f->kv, "Kim", "10.0.0.4", &e));
	OK(try_login(f, "kim", "10.0.0.4", &e));
}

static void tries_by_address_end_and_are_not_washed(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char login[16], address[32];
	int i;

	for (i = 0; i < 12; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		snprintf(address, sizeof(address), "2001:db8::%x", i);
		OK(try_login(f, login, address, &e));
		/* Own logins that succeed in between give nothing back. */
		OK(try_login(f, "own", "10.0.0.9", &e));
		OK(login_succeeded(f->kv, "own", "10.0.0.9", &e));
	}
	FAILS(ERR_LIMIT, try_login(f, "other", "2001:db8::ffff", &e));
	OK(try_login(f, "other", "2001:db8:0:1::1", &e));
	OK(login_succeeded(f->kv, "u1", "2001:db8::1", &e));
	FAILS(ERR_LIMIT, try_login(f, "u1", "2001:db8::1", &e));
	for (i = 0; i < 12; i++) {
		snprintf(login, sizeof(login), "v%d", i);
		OK(try_login(f, login, "10.0.0.9", &e));
	}
	FAILS(ERR_LIMIT, try_login(f, "v", "10.0.0.9", &e));
}

static void tries_at_once_do_not_overshoot(void **state)
{
	struct fixture *f = *state;
	int i, status, passed = 0;
	struct err e = { 0 };
	int64_t wait;

	for (i = 0; i < 10; i++) {
		if (fork() == 0) {
			struct kv *own = kv_new(NULL, f->server.socket);

			_exit(login_check(own, f->settings, "kim", "10.0.0.1",
					  &wait, &e) == 0 ? 1 : 0);
		}
	}
	for (i = 0; i < 10; i++) {
		assert_true(wait4(-1, &status, 0, NULL) > 0);
		assert_true(WIFEXITED(status));
		passed += WEXITSTATUS(status);
	}
	assert_int_equal(passed, 3);
}

static void csrf_belongs_to_its_token(void **state)
{
	char a[TOKEN_SIZE], b[TOKEN_SIZE], csrf[TOKEN_SIZE];

	token_new(a);
	token_new(b);
	csrf_token(a, csrf);
	assert_true(token_valid(csrf));
	assert_true(csrf_matches(a, csrf));
	assert_false(csrf_matches(b, csrf));
	assert_false(csrf_matches(a, a));
	assert_false(csrf_matches(a, ""));
	assert_false(csrf_matches(a, NULL));
	assert_false(csrf_matches("", ""));
	assert_false(csrf_matches(NULL, ""));
	csrf_token("nonsense", csrf);
	assert_string_equal(csrf, "");
	assert_false(csrf_matches("nonsense", csrf));
}

static void policy_is_the_table(void **state)
{
	struct user kim = { .id = "a", .login = "kim" };
	struct user root = { .id = "b", .login = "root", .admin = true };
	struct err e = { 0 };

	assert_true(policy_may(&kim, POLICY_CONVERSATION_READ, "a"));
	assert_false(policy_may(&kim, POLICY_CONVERSATION_READ, "b"));
	assert_false(policy_may(&kim, POLICY_CONVERSATION_READ, NULL));
	assert_false(policy_may(&root, POLICY_CONVERSATION_READ, "a"));
	assert_false(policy_may(&kim, POLICY_USERS_MANAGE, "a"));
	assert_true(policy_may(&root, POLICY_USERS_MANAGE, NULL));
	FAILS(ERR_DENIED, policy_check(&kim, POLICY_USERS_MANAGE, NULL, &e));
	assert_string_equal(e.text, "kim may not manage accounts");
	OK(policy_check(&kim, POLICY_ACCOUNT_EDIT, "a", &e));
	root.disabled_at = 1;
	assert_false(policy_may(&root, POLICY_USERS_MANAGE, NULL));
	assert_false(policy_may(&root, POLICY_WORKSPACE_USE, "b"));
}

static void *guess(void *data)
{
	assert_false(password_matches(NULL, "not this one"));
	return NULL;
}

static long peak_mb(void)
{
	struct rusage used;

	assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
	return used.ru_maxrss / 1024;
}

/* Eight of 64 MiB would be half a gigabyte. */
static void many_guesses_take_little_memory(void **state)
{
	pthread_t threads[8];
	long before;
	size_t i;

	guess(NULL);
	before = peak_mb();
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess, NULL), 0);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_true(peak_mb() - before < 128);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_match_their_hash_only),
		cmocka_unit_test(generated_passwords_differ_and_pass),
		cmocka_unit_test(many_guesses_take_little_memory),
		cmocka_unit_test(csrf_belongs_to_its_token),
		cmocka_unit_test(policy_is_the_table),
		TEST(logins_begin_and_end),
		TEST(logins_that_ran_out_are_swept),
		TEST(redis_away_is_not_logged_out),
		TEST(tries_by_login_end),
		TEST(tries_by_address_end_and_are_not_washed),
		TEST(tries_at_once_do_not_overshoot),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
