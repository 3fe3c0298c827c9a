/*
 * lib/auth: passwords, logins, attempts, CSRF. Tests password.c, login.c and
 * device.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "../kv/redis_server.h"
#include "auth/device.h"
#include "auth/login.h"
#include "auth/password.h"
#include "core/str.h"

struct fixture {
	struct redis_server server;
	struct kv *kv;
	struct settings *settings;
	struct user user;	/* id and password hash */
};

static int set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	struct err e = { 0 };

	server_init(&f->server);
	f->kv = kv_new(f, f->server.socket);
	f->settings = settings_new();
	assert_int_equal(settings_set(f->settings, "login_tries", "3", &e), 0);
	id_new(f->user.id);
	f->user.password_hash = "$argon2id$one";
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

static const struct user kim = { .login = "kim", .display_name = "김철수님" };

static void what_anybody_would_try_is_no_password(void **state)
{
	static const char *const bad[] = {
		"            ", "aaaaaaaaaa", "가가가가가가가가가가", "1111111111",
		"abababababab", "1234567890", "0123456789", "9876543210",
		"abcdefghijkl", "password123", "Password2026!", "P4ssw0rd2026",
		"pa$$word!!!!!", "QWERTYUIOP", "qwertyuiop12", "1q2w3e4r5t",
		"qwer1234qwer1234", "iloveyou12", "welcome2026", "비밀번호1234567",
		"비밀번호비밀번호비밀번호", "kim1234567", "kimkimkimkim",
		"KIM-kim-KIM!", "김철수님1234567", "\xe2\x84\xaaim1234567",
	};
	static const char *const good[] = {
		"correct horse battery", "비밀번호는열글자예요", "kimchi jjigae 7",
		"8203471156", "tr0ub4dor&3x", "qwerty is not enough",
	};
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (password_check(bad[i], &kim, &e) == 0)
			fail_msg("%s is taken", bad[i]);
		assert_string_equal(e.key, "error_password_common");
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		OK(password_check(good[i], &kim, &e));
}

/* Typed on a Mac or elsewhere, the same letters are the same password. */
static void a_password_has_one_form(void **state)
{
	static const char composed[] = "caf\xc3\xa9 au lait";
	static const char parted[] = "cafe\xcc\x81 au lait";
	/* Of "cafe<U+0301> au lait" as it was typed, before there was one form. */
	char hash[PASSWORD_HASH_SIZE], old[crypto_pwhash_STRBYTES];
	struct err e = { 0 };

	OK(password_hash(composed, &kim, hash, &e));
	assert_true(password_matches(hash, parted));
	OK(password_hash(parted, &kim, hash, &e));
	assert_true(password_matches(hash, composed));
	assert_int_equal(crypto_pwhash_str(old, parted, strlen(parted), 1,
					   8 << 20), 0);
	assert_true(password_matches(old, parted));
	assert_false(password_matches(old, "cafe au lait"));
}

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

	OK(password_hash("비밀번호는열글자예요", &kim, hash, &e));
	OK(password_hash("비밀번호는열글자예요", &kim, again, &e));
	assert_string_not_equal(hash, again);
	assert_true(str_starts(hash, "$argon2id$v=19$m=65536,t=2,p=1$"));
	assert_true(password_matches(hash, "비밀번호는열글자예요"));
	assert_false(password_matches(hash, "비밀번호는열글자예오"));
	assert_false(password_matches(hash, ""));
	assert_false(password_matches(NULL, "anything at all"));
	assert_false(password_matches("nonsense", "anything at all"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FAILS(ERR_INPUT, password_hash(bad[i].password, &kim, hash, &e));
		assert_string_equal(e.key, bad[i].key);
	}
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	FAILS(ERR_INPUT, password_hash(large, &kim, hash, &e));
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
	OK(password_check(a, &kim, &e));
}

static void logins_begin_and_end(void **state)
{
	struct fixture *f = *state;
	char a[TOKEN_SIZE], b[TOKEN_SIZE], c[TOKEN_SIZE];
	char key[LOGIN_KEY_SIZE], *value;
	struct user later = f->user;
	struct login login;
	struct err e = { 0 };
	bool any;

	OK(login_start(f->kv, &f->user, 100, a, &e));
	OK(login_start(f->kv, &f->user, 100, b, &e));
	OK(login_start(f->kv, &f->user, 100, c, &e));
	OK(login_find(f->kv, a, &login, &e));
	assert_string_equal(login.user_id, f->user.id);
	assert_true(login_holds(&login, &f->user));
	/* With a new password it has ended, unless it is the one that set it. */
	later.password_hash = "$argon2id$two";
	assert_false(login_holds(&login, &later));
	OK(login_renew(f->kv, &later, 100, a, &e));
	OK(login_find(f->kv, a, &login, &e));
	assert_true(login_holds(&login, &later));
	login_key(a, key);
	assert_int_equal(strlen(key), LOGIN_KEY_SIZE - 1);
	assert_null(strstr(key, a));	/* Redis never sees the token */
	OK(kv_get(f->kv, f, key, &value, &e));
	assert_true(str_starts(value, f->user.id));
	OK(login_end(f->kv, a, &e));
	OK(login_end(f->kv, a, &e));
	FAILS(ERR_AUTH, login_find(f->kv, a, &login, &e));
	OK(login_any(f->kv, f->user.id, &any, &e));
	assert_true(any);
	OK(login_end_all(f->kv, f->user.id, b, &e));
	OK(login_find(f->kv, b, &login, &e));
	FAILS(ERR_AUTH, login_find(f->kv, c, &login, &e));
	OK(login_end_all(f->kv, f->user.id, NULL, &e));
	OK(login_any(f->kv, f->user.id, &any, &e));
	assert_false(any);
	FAILS(ERR_AUTH, login_find(f->kv, b, &login, &e));
	FAILS(ERR_AUTH, login_find(f->kv, NULL, &login, &e));
	FAILS(ERR_AUTH, login_find(f->kv, "", &login, &e));
	FAILS(ERR_AUTH, login_find(f->kv, "../../etc/passwd", &login, &e));
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
		OK(login_start(f->kv, &f->user, 100, token, &e));
		login_key(token, key);
		OK(kv_expire(f->kv, key, -1, &e));
	}
	snprintf(set, sizeof(set), "logins:%s", f->user.id);
	OK(kv_set_each(f->kv, set, count_members, &n, &e));
	assert_int_equal(n, 1);
}

static void redis_away_is_not_logged_out(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_SIZE];
	struct login login;
	struct err e = { 0 };

	OK(login_start(f->kv, &f->user, 100, token, &e));
	server_kill(&f->server);
	FAILS(ERR_UNAVAILABLE, login_find(f->kv, token, &login, &e));
	FAILS(ERR_UNAVAILABLE, login_start(f->kv, &f->user, 9, token, &e));
	FAILS(ERR_UNAVAILABLE, login_end(f->kv, token, &e));
	server_start(&f->server);
	FAILS(ERR_AUTH, login_find(f->kv, token, &login, &e));
}

static int try_from(struct fixture *f, const char *browser, const char *login,
		    const char *address, struct err *e)
{
	const struct login_try try = { login, address, browser };
	int64_t wait = 0;
	int rc = login_check(f->kv, f->settings, &try, &wait, e);

	assert_true((rc < 0) == (wait > 0));
	assert_true(wait <= 900);
	return rc;
}

static int try_login(struct fixture *f, const char *login, const char *address,
		     struct err *e)
{
	return try_from(f, NULL, login, address, e);
}

static void success(struct fixture *f, const char *browser, const char *login,
		    const char *address)
{
	const struct login_try try = { login, address, browser };
	struct err e = { 0 };

	OK(login_succeeded(f->kv, &try, &e));
}

/* Three tries of a login at an address, in any spelling that finds the account. */
static void tries_of_a_login_at_an_address_end(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	OK(try_login(f, "kim", "10.0.0.1", &e));
	OK(try_login(f, "Kim", "10.0.0.1", &e));
	OK(try_login(f, "\xe2\x84\xaaim", "10.0.0.1", &e));
	FAILS(ERR_LIMIT, try_login(f, "KIM", "10.0.0.1", &e));
	assert_string_equal(e.key, "error_too_many_tries");
	assert_non_null(strstr(e.text, "wait "));
	FAILS(ERR_LIMIT, try_login(f, "\xe2\x84\xaaIM", "10.0.0.1", &e));
	/* kim is somewhere else, lee is at that address: neither is locked out. */
	OK(try_login(f, "kim", "10.0.0.4", &e));
	OK(try_login(f, "lee", "10.0.0.1", &e));
	success(f, NULL, "Kim", "10.0.0.1");
	OK(try_login(f, "kim", "10.0.0.1", &e));
}

/* However long one person tries, the others behind that address come in. */
static void one_login_does_not_use_up_an_address(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int i;

	for (i = 0; i < 3; i++)
		OK(try_login(f, "kim", "10.0.0.1", &e));
	for (i = 0; i < 50; i++)
		FAILS(ERR_LIMIT, try_login(f, "kim", "10.0.0.1", &e));
	OK(try_login(f, "lee", "10.0.0.1", &e));
}

/* Refused by its address, a try costs the login nothing: or one machine locks everybody out. */
static void a_refused_address_locks_no_login(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char login[16], address[24];
	int i;

	for (i = 0; i < 12; i++) {
		snprintf(login, sizeof(login), "v%d", i);
		OK(try_login(f, login, "10.0.0.9", &e));
	}
	for (i = 0; i < 60; i++)
		FAILS(ERR_LIMIT, try_login(f, "kim", "10.0.0.9", &e));
	for (i = 0; i < 30; i++) {
		snprintf(address, sizeof(address), "10.0.1.%d", i);
		OK(try_login(f, "kim", address, &e));
	}
	/* Guesses from everywhere end, too, */
	FAILS(ERR_LIMIT, try_login(f, "kim", "10.0.2.1", &e));
	/* but not for a browser in which kim had logged in. */
	OK(try_from(f, "known", "kim", "10.0.0.9", &e));
}

static void a_known_browser_has_a_count_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int i;

	for (i = 0; i < 3; i++)
		OK(try_from(f, "known", "kim", "10.0.0.1", &e));
	for (i = 0; i < 20; i++)
		FAILS(ERR_LIMIT, try_from(f, "known", "kim", "10.0.0.2", &e));
	OK(try_from(f, "other", "kim", "10.0.0.1", &e));
	for (i = 0; i < 3; i++)
		OK(try_login(f, "kim", "10.0.0.1", &e));
	success(f, "known", "kim", "10.0.0.1");
	OK(try_from(f, "known", "kim", "10.0.0.1", &e));
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
		success(f, NULL, "own", "10.0.0.9");
	}
	FAILS(ERR_LIMIT, try_login(f, "other", "2001:db8::ffff", &e));
	OK(try_login(f, "other", "2001:db8:0:1::1", &e));
	success(f, NULL, "u1", "2001:db8::1");
	FAILS(ERR_LIMIT, try_login(f, "u1", "2001:db8::1", &e));
	for (i = 0; i < 12; i++) {
		snprintf(login, sizeof(login), "v%d", i);
		OK(try_login(f, login, "10.0.0.9", &e));
	}
	FAILS(ERR_LIMIT, try_login(f, "v", "10.0.0.9", &e));
}

static void tries_at_once_do_not_overshoot(void **state)
{
	const struct login_try try = { "kim", "10.0.0.1", NULL };
	struct fixture *f = *state;
	int i, status, passed = 0;
	struct err e = { 0 };
	int64_t wait;

	for (i = 0; i < 10; i++) {
		if (fork() == 0) {
			struct kv *own = kv_new(NULL, f->server.socket);

			_exit(login_check(own, f->settings, &try, &wait,
					  &e) == 0 ? 1 : 0);
		}
	}
	for (i = 0; i < 10; i++) {
		assert_true(wait4(-1, &status, 0, NULL) > 0);
		assert_true(WIFEXITED(status));
		passed += WEXITSTATUS(status);
	}
	assert_int_equal(passed, 3);
}

static void a_browser_is_known_by_its_cookie(void **state)
{
	struct user jin = { .id = "a", .password_hash = "$argon2id$one" };
	struct user lee = { .id = "b", .password_hash = "$argon2id$one" };
	char a[TOKEN_SIZE], b[TOKEN_SIZE], forged[TOKEN_SIZE];
	char name[DEVICE_COOKIE_SIZE], other[DEVICE_COOKIE_SIZE];

	device_make(&jin, NULL, a);
	assert_true(device_valid(&jin, a));
	assert_false(device_valid(&lee, a));
	assert_false(device_valid(&jin, NULL));
	assert_false(device_valid(&jin, "x"));
	token_new(forged);
	assert_false(device_valid(&jin, forged));
	memcpy(forged, a, TOKEN_SIZE);
	forged[0] = a[0] == '0' ? '1' : '0';
	assert_false(device_valid(&jin, forged));
	device_make(&jin, a, b);
	assert_string_equal(a, b);
	device_make(&jin, forged, b);
	assert_string_not_equal(forged, b);
	jin.password_hash = "$argon2id$two";
	assert_false(device_valid(&jin, a));
	device_cookie(&jin, name);
	device_cookie(&lee, other);
	assert_string_not_equal(name, other);
}

static void csrf_belongs_to_its_token(void **state)
{
	char a[TOKEN_SIZE], b[TOKEN_SIZE];
	char csrf[CSRF_TOKEN_SIZE], again[CSRF_TOKEN_SIZE];

	token_new(a);
	token_new(b);
	csrf_token(a, csrf);
	assert_int_equal(strlen(csrf), CSRF_TOKEN_SIZE - 1);
	/* masked anew: neither the pad nor what it hides is there twice */
	csrf_token(a, again);
	assert_true(csrf_matches(a, again));
	assert_memory_not_equal(csrf, again, TOKEN_SIZE - 1);
	assert_memory_not_equal(csrf + TOKEN_SIZE - 1, again + TOKEN_SIZE - 1,
				TOKEN_SIZE - 1);
	/* a pad of one page does not open the other's half */
	memcpy(again, csrf, TOKEN_SIZE - 1);
	assert_false(csrf_matches(a, again));
	csrf[CSRF_TOKEN_SIZE - 2] ^= 1;
	assert_false(csrf_matches(a, csrf));
	csrf[CSRF_TOKEN_SIZE - 2] = 'g';
	assert_false(csrf_matches(a, csrf));
	csrf_token(a, csrf);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_anybody_would_try_is_no_password),
		cmocka_unit_test(a_password_has_one_form),
		cmocka_unit_test(passwords_match_their_hash_only),
		cmocka_unit_test(generated_passwords_differ_and_pass),
		cmocka_unit_test(a_browser_is_known_by_its_cookie),
		cmocka_unit_test(csrf_belongs_to_its_token),
		TEST(logins_begin_and_end),
		TEST(logins_that_ran_out_are_swept),
		TEST(redis_away_is_not_logged_out),
		TEST(tries_of_a_login_at_an_address_end),
		TEST(one_login_does_not_use_up_an_address),
		TEST(a_refused_address_locks_no_login),
		TEST(a_known_browser_has_a_count_of_its_own),
		TEST(tries_by_address_end_and_are_not_washed),
		TEST(tries_at_once_do_not_overshoot),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
