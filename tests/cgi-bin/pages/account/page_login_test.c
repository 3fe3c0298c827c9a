/*
 * Login and logout, the account's page, and CSRF checks, as plain CGI; the
 * bridge is away.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/id.h"
#include "core/str.h"
#include "store/usage.h"
#include "store/users.h"
#include "tests/cgi-bin/cgi.h"

static struct site_under_test site;

static int setup(void **state)
{
	(void)state;
	site_init(&site, "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void test_login(void **state)
{
	struct browser b;
	struct answer *a;
	char before[128];

	(void)state;
	a = log_in(&b, &site, "kim", PASSWORD);
	assert_non_null(strstr(a->head, "HttpOnly"));
	assert_non_null(strstr(a->head, "SameSite=Lax"));
	assert_null(strstr(a->head, "Secure"));
	expect_to(a, "/workspace");
	assert_false(*b.before);
	a = get(&b, "/workspace");
	expect(a, 200);
	assert_non_null(strstr(a->body, "id=\"message-input\""));
	assert_non_null(strstr(a->head, "no-store"));
	talloc_free(a);
	expect_to(get(&b, "/"), "/workspace");
	expect_to(get(&b, "/login?next=/account"), "/account");

	strcpy(before, b.session);
	expect_to(post(&b, "/login", "csrf=CSRF&login=kim&password="
		       "correct+horse+battery"), "/workspace");
	assert_string_not_equal(before, b.session);
	strcpy(b.session, before);
	expect_to(get(&b, "/workspace"), "/login?next=/workspace");
}

static int64_t budget_zone_until;

static const char *zone_after(const char *fields)
{
	struct browser b = { .site = &site };
	struct err e = { 0 };
	struct user *u;
	char *form = talloc_asprintf(site.db, "csrf=CSRF&login=kim&password="
				     "correct+horse+battery%s", fields);

	talloc_free(get(&b, "/login"));
	expect_to(post(&b, "/login", form), "/workspace");
	talloc_free(form);
	u = user_load_by_login(site.db, site.db, "kim", &e);
	assert_non_null(u);
	budget_zone_until = u->budget_timezone_until;
	return u->timezone;
}

/* The first one a browser says stays until the account chooses another. */
static void test_zone_of_browser(void **state)
{
	struct usage_call call = { .kind = "workspace", .model = "m",
				   .outcome = "complete", .at = 1, .ended_at = 2 };
	struct err e = { 0 };

	(void)state;
	assert_string_equal(zone_after(""), "");
	assert_string_equal(zone_after("&timezone=Mars/Olympus"), "");
	assert_string_equal(zone_after("&timezone=../../etc/passwd"), "");
	assert_string_equal(zone_after("&timezone=Asia/Seoul"), "Asia/Seoul");
	assert_int_equal(budget_zone_until, 0);	/* nothing was spent in another */
	assert_string_equal(zone_after("&timezone=Europe/Paris"), "Asia/Seoul");
	assert_int_equal(user_set_preferences(site.db, site.kim, "kim", "", "",
					      "", 0, &e), 0);
	id_new(call.id);
	memcpy(call.user_id, site.kim, ID_SIZE);
	memcpy(call.subject_id, site.kim, ID_SIZE);
	assert_int_equal(usage_add(site.db, &call, 1, &e), 0);
	assert_string_equal(zone_after("&timezone=Asia/Seoul"), "Asia/Seoul");
	assert_true(budget_zone_until > 0);
	assert_int_equal(user_set_preferences(site.db, site.kim, "kim", "", "",
					      "", 0, &e), 0);
}

static void test_secure_cookie(void **state)
{
	struct browser b = { .site = &site, .env = { { "HTTPS", "on" } } };
	struct answer *a = get(&b, "/login");

	(void)state;
	assert_non_null(strstr(a->head, "Secure"));
	talloc_free(a);
}

/* Unknown login, wrong password, disabled account: the same answer. */
static void test_refused_login(void **state)
{
	struct browser b;
	struct answer *unknown, *wrong, *disabled;
	struct err e = { 0 };
	char *at;

	(void)state;
	unknown = log_in(&b, &site, "nem", PASSWORD);
	wrong = log_in(&b, &site, "kim", "wrong+password");
	assert_int_equal(user_set_disabled(site.db, site.lee, true, &e), 0);
	disabled = log_in(&b, &site, "lee", PASSWORD);
	assert_int_equal(user_set_disabled(site.db, site.lee, false, &e), 0);
	expect(unknown, 401);
	expect(wrong, 401);
	expect(disabled, 401);
	assert_false(*b.session);
	assert_non_null(strstr(wrong->body, "value=\"kim\""));
	assert_null(strstr(wrong->body, "wrong password"));
	assert_non_null(strstr(wrong->body, "role=\"alert\""));
	at = strstr(unknown->body, "value=\"nem\"");
	memcpy(at, "value=\"kim\"", 11);
	at = strstr(disabled->body, "value=\"lee\"");
	memcpy(at, "value=\"kim\"", 11);
	memset(strstr(unknown->body, "name=\"csrf\" value=\"") + 19, 'x', 64);
	assert_int_equal(unknown->body_len, wrong->body_len);
	assert_int_equal(disabled->body_len, wrong->body_len);
	talloc_free(unknown);
	talloc_free(wrong);
	talloc_free(disabled);
}

/* Names and passwords of any length and kind are just wrong ones. */
static void test_odd_logins(void **state)
{
	static const char *const odd[] = {
		"", "KIM+", "%EA%B9%80", "kim%0A", "*", "%27%20OR%201=1--",
	};
	struct browser b;
	char *form = talloc_zero_size(NULL, 50001);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		expect_error(log_in(&b, &site, odd[i], PASSWORD), 401,
			     "@error_login");
	memset(form, 'a', 50000);
	expect_error(log_in(&b, &site, form, "x"), 401, "@error_login");
	expect_error(log_in(&b, &site, "kim", form), 401, "@error_login");
	talloc_free(form);
}

static void test_rate_limit(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;
	int i;

	(void)state;
	site_init(&own, "login_tries = 2\n");
	for (i = 0; i < 2; i++) {
		a = log_in(&b, &own, "kim", "wrong+password");
		expect(a, 401);
		talloc_free(a);
	}
	a = log_in(&b, &own, "kim", PASSWORD);
	expect(a, 429);
	assert_non_null(header(a, "Retry-After"));
	assert_non_null(strstr(a->body, "value=\"kim\""));
	talloc_free(a);
	site_release(&own);
}

/* Logs in with the cookies that there are, as a person who comes back does. */
static struct answer *log_in_again(struct browser *b, const char *login,
				   const char *password)
{
	char *form = talloc_asprintf(NULL, "csrf=CSRF&login=%s&password=%s",
				     login, password);
	struct answer *a;

	*b->session = '\0';
	talloc_free(get(b, "/login"));
	a = post(b, "/login", form);
	talloc_free(form);
	return a;
}

static void from(struct browser *b, const char *address)
{
	b->env[0][0] = "REMOTE_ADDR";
	b->env[0][1] = address;
}

/* What strangers type locks nobody out who had been here, nor the office they type in. */
static void test_strangers_lock_nobody_out(void **state)
{
	struct site_under_test own;
	struct browser known, stranger, lee;
	char address[24];
	int i;

	(void)state;
	site_init(&own, "login_tries = 2\n");
	talloc_free(log_in(&known, &own, "kim", PASSWORD));
	assert_non_null(strstr(known.device, "gongbang_device_"));
	stranger = (struct browser){ .site = &own };
	for (i = 0; i < 30; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		from(&stranger, address);
		talloc_free(log_in_again(&stranger, "kim", "wrong+one"));
	}
	from(&stranger, "127.0.0.1");
	for (i = 0; i < 3; i++)
		talloc_free(log_in_again(&stranger, "kim", "wrong+one"));
	expect_error(log_in_again(&stranger, "kim", PASSWORD), 429, "Too many");
	expect_to(log_in_again(&known, "kim", PASSWORD), "/workspace");
	expect_to(log_in(&lee, &own, "lee", PASSWORD), "/workspace");
	/* A cookie of somebody else's account is worth nothing. */
	strcpy(stranger.device, lee.device);
	expect_error(log_in_again(&stranger, "kim", PASSWORD), 429, "Too many");
	site_release(&own);
}

/* U+212A is a k to whoever looks up kim: the tries are kim's. */
static void test_one_spelling_is_counted(void **state)
{
	struct site_under_test own;
	struct browser b;
	int i;

	(void)state;
	site_init(&own, "login_tries = 2\n");
	for (i = 0; i < 2; i++)
		expect_error(log_in(&b, &own, i ? "KIM" : "%E2%84%AAim",
				    "wrong+one"), 401, "@error_login");
	expect_error(log_in(&b, &own, "%E2%84%AAIM", PASSWORD), 429, "Too many");
	expect_error(log_in(&b, &own, "kim", PASSWORD), 429, "Too many");
	site_release(&own);
}

/* Strangers' tries do not stop a person who is in from setting a new password; guesses of the old one end. */
static void test_password_tries_are_the_login_s(void **state)
{
	struct site_under_test own;
	struct browser b, other;
	int i;

	(void)state;
	site_init(&own, "login_tries = 2\n");
	be_kim(&b, &own);
	be_kim(&other, &own);
	for (i = 0; i < 3; i++)
		talloc_free(post(&other, "/account/password", "csrf=CSRF"
				 "&current=x&password=x&again=x"));
	expect_error(post(&other, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=x&again=x"), 429,
		     "Too many");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=short&again=short"),
		     400, "at least 10");
	site_release(&own);
}

static void test_csrf_and_origin(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b, &site);
	expect_error(post(&b, "/conversations", "text=x"), 403, "@error_csrf");
	expect_error(post(&b, "/conversations", "text=x&csrf=0000"), 403,
		     "@error_csrf");
	b.env[0][0] = "HTTP_ORIGIN";
	b.env[0][1] = "http://evil.example";
	expect_error(post(&b, "/conversations", "text=x&csrf=CSRF"), 403,
		     "another site");
	b.env[0][1] = "null";
	expect_error(post(&b, "/conversations", "text=x&csrf=CSRF"), 403,
		     "another site");
	b.env[0][1] = "http://localhost.evil.example";
	expect_error(post(&b, "/conversations", "text=x&csrf=CSRF"), 403,
		     "another site");
	b.env[0][1] = NULL;
	b.env[1][0] = "HTTP_X_CSRF_TOKEN";
	b.env[1][1] = b.csrf;
	a = post(&b, "/conversations", "text=");
	expect(a, 303);
	talloc_free(a);
	memset(b.env, 0, sizeof(b.env));
	memset(b.before, 0, sizeof(b.before));
	memset(b.session, 0, sizeof(b.session));
	expect_error(post(&b, "/login", "login=kim&password=x&csrf=CSRF"), 403,
		     "@error_csrf");
}

static void test_cookie_garbage(void **state)
{
	static const char *const garbage[] = {
		"gongbang_session=", "gongbang_session=x", "=; ;;=;,",
		"gongbang_session=\"\xff\xfe\"", "gongbang_session",
		"gongbang_session=00000000000000000000000000000000"
		"00000000000000000000000000000000",
		"gongbang_login=../../x; gongbang_locale=zz;"
		" gongbang_theme=<b>",
	};
	struct browser b = { .site = &site };
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		memset(&b, 0, sizeof(b));
		b.site = &site;
		strcpy(b.other, garbage[i]);
		expect_to(get(&b, "/workspace"), "/login?next=/workspace");
		memset(b.before, 0, sizeof(b.before));
		strcpy(b.other, garbage[i]);
		a = get(&b, "/login");
		expect(a, 200);
		assert_null(strstr(a->body, "<b>"));
		talloc_free(a);
	}
}

static void test_not_logged_in(void **state)
{
	struct browser b = { .site = &site };

	(void)state;
	expect_to(get(&b, "/workspace?search=a%26b"),
		  "/login?next=/workspace%3Fsearch%3Da%2526b");
	expect_error(post(&b, "/conversations", "text=x"), 401, "@error_auth");
	expect_error(post(&b, "/logout", ""), 401, "@error_auth");
}

/* Only paths of ours, whatever the browser was given. */
static void test_redirects(void **state)
{
	static const char *const bad[] = {
		"//evil.example", "https://evil.example", "/%5Cevil.example",
		"/%09/evil.example", "javascript:alert(1)", "%2F%2Fevil.example",
		"/%0D%0ASet-Cookie:x", "evil", "",
	};
	struct browser b;
	char form[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		be_kim(&b, &site);
		snprintf(form, sizeof(form), "/login?next=%s", bad[i]);
		expect_to(get(&b, form), "/workspace");
		snprintf(form, sizeof(form), "csrf=CSRF&login=kim&password="
			 "correct+horse+battery&next=%s", bad[i]);
		expect_to(post(&b, "/login", form), "/workspace");
		talloc_free(get(&b, "/workspace"));
		snprintf(form, sizeof(form), "csrf=CSRF&theme=dark&next=%s",
			 bad[i]);
		expect_to(post(&b, "/preferences", form), "/workspace");
	}
}

static void test_logout(void **state)
{
	struct browser b;
	char before[128];

	(void)state;
	be_kim(&b, &site);
	strcpy(before, b.session);
	expect_to(post(&b, "/logout", "csrf=CSRF"), "/login");
	assert_false(*b.session);
	strcpy(b.session, before);
	expect_to(get(&b, "/account"), "/login?next=/account");
}

static void test_disabled(void **state)
{
	struct browser b;
	struct err e = { 0 };

	(void)state;
	be_kim(&b, &site);
	assert_int_equal(user_set_disabled(site.db, site.kim, true, &e), 0);
	expect_to(get(&b, "/workspace"), "/login?next=/workspace");
	assert_int_equal(user_set_disabled(site.db, site.kim, false, &e), 0);
}

static void test_password(void **state)
{
	struct browser b, other;

	(void)state;
	be_kim(&other, &site);
	be_kim(&b, &site);
	expect_error(post(&b, "/account/password", "csrf=CSRF&current=wrong"
			  "&password=another+password&again=another+password"),
		     400, "@error_password_current");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=short&again=short"),
		     400, "at least 10");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=another+password"
			  "&again=another+passwort"), 400, "@error_password_again");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=Password2026!"
			  "&again=Password2026!"), 400, "@error_password_common");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=kim1234567"
			  "&again=kim1234567"), 400, "@error_password_common");
	expect_to(get(&other, "/login"), "/workspace");
	expect_to(post(&b, "/account/password", "csrf=CSRF&current="
		       "correct+horse+battery&password=another+password"
		       "&again=another+password"), "/account?saved=password");
	expect_to(get(&b, "/"), "/workspace");
	expect_to(get(&other, "/account"), "/login?next=/account");
	expect_to(post(&b, "/account/password", "csrf=CSRF&current="
		       "another+password&password=correct+horse+battery"
		       "&again=correct+horse+battery"), "/account?saved=password");
}

static void in_language(struct browser *b, const char *address, const char *lang)
{
	struct answer *a = get(b, address);
	char tag[32];

	snprintf(tag, sizeof(tag), "<html lang=\"%s\"", lang);
	expect(a, 200);
	assert_non_null(strstr(a->body, tag));
	talloc_free(a);
}

static void test_language_and_theme(void **state)
{
	struct browser b = { .site = &site };
	struct answer *a;

	(void)state;
	b.env[0][0] = "HTTP_ACCEPT_LANGUAGE";
	b.env[0][1] = "ko-KR,ko;q=0.9,en;q=0.8";
	in_language(&b, "/login", "ko");
	expect_to(post(&b, "/preferences", "csrf=CSRF&next=/login&locale=en"),
		  "/login");
	in_language(&b, "/login", "en");
	be_kim(&b, &site);
	in_language(&b, "/workspace", "en");
	expect_to(post(&b, "/preferences",
		       "csrf=CSRF&next=/workspace?search=x&locale=ko"),
		  "/workspace?search=x");
	in_language(&b, "/workspace", "ko");
	be_kim(&b, &site);
	in_language(&b, "/workspace", "ko");
	expect_to(post(&b, "/preferences", "csrf=CSRF&theme=dark"), "/workspace");
	a = get(&b, "/workspace");
	assert_non_null(strstr(a->body, "data-theme=\"dark\""));
	talloc_free(a);
	a = post(&b, "/preferences", "csrf=CSRF&theme=pink");
	expect(a, 400);
	talloc_free(a);
	expect_to(post(&b, "/account", "csrf=CSRF&display_name=kim&locale="
		       "&theme=&timezone=Asia/Seoul"), "/account?saved=1");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%E2%80%8B"
			  "&locale=en&theme=&timezone="), 400, "@error_display_name");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=kim&locale="
			  "en&theme=&timezone=posix/Asia/Seoul"), 400,
		     "@error_timezone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_zone_of_browser),
		cmocka_unit_test(test_secure_cookie),
		cmocka_unit_test(test_refused_login),
		cmocka_unit_test(test_odd_logins),
		cmocka_unit_test(test_rate_limit),
		cmocka_unit_test(test_strangers_lock_nobody_out),
		cmocka_unit_test(test_one_spelling_is_counted),
		cmocka_unit_test(test_password_tries_are_the_login_s),
		cmocka_unit_test(test_csrf_and_origin),
		cmocka_unit_test(test_cookie_garbage),
		cmocka_unit_test(test_not_logged_in),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_language_and_theme),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
