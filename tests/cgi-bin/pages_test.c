/* The pages as plain CGI, with a real Redis and a real store; the bridge is away. */
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

#include "auth/login.h"
#include "cgi.h"
#include "core/str.h"
#include "store/conversations.h"
#include "store/users.h"

#define XSS "%3Cscript%3Ealert(1)%3C/script%3E%22'%3Cimg+src=x%3E"

static struct site_under_test site;

static void expect(struct answer *a, int status)
{
	if (a->status != status)
		print_error("%s\n%s\n", a->head, a->body);
	assert_int_equal(a->status, status);
}

static void expect_to(struct answer *a, const char *location)
{
	expect(a, 303);
	assert_string_equal(header(a, "Location"), location);
	talloc_free(a);
}

static void expect_error(struct answer *a, int status, const char *words)
{
	expect(a, status);
	if (!strstr(a->body, words))
		print_error("%s\n", a->body);
	assert_non_null(strstr(a->body, words));
	talloc_free(a);
}

static void be_kim(struct browser *b)
{
	talloc_free(log_in(b, &site, "kim", PASSWORD));
	assert_true(*b->session);
	talloc_free(get(b, "/workspace"));
}

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
			     "do not match");
	memset(form, 'a', 50000);
	expect_error(log_in(&b, &site, form, "x"), 401, "do not match");
	expect_error(log_in(&b, &site, "kim", form), 401, "do not match");
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

static void test_csrf_and_origin(void **state)
{
	struct browser b;
	struct answer *a;

	(void)state;
	be_kim(&b);
	expect_error(post(&b, "/conversations", "text=x"), 403, "too old");
	expect_error(post(&b, "/conversations", "text=x&csrf=0000"), 403,
		     "too old");
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
		     "too old");
}

static void test_wrong_requests(void **state)
{
	struct browser b;
	struct answer *a;
	char *large = talloc_zero_size(NULL, 10 << 20);

	(void)state;
	be_kim(&b);
	expect_error(get(&b, "/nothing"), 404, "nothing at this address");
	expect_error(get(&b, "/workspace/..%2f"), 400, "not well-formed");
	a = get(&b, "/logout");
	expect(a, 405);
	assert_string_equal(header(a, "Allow"), "POST");
	talloc_free(a);
	a = ask(&b, "DELETE", "/login", NULL, 0);
	expect(a, 405);
	assert_string_equal(header(a, "Allow"), "GET, HEAD, POST");
	talloc_free(a);
	a = ask(&b, "HEAD", "/workspace", NULL, 0);
	expect(a, 200);
	assert_int_equal(a->body_len, 0);
	talloc_free(a);
	memset(large, 'a', 10 << 20);
	memcpy(large, "text=", 5);
	a = ask(&b, "POST", "/account", large, 10 << 20);
	expect(a, 413);
	talloc_free(a);
	talloc_free(large);
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%zz"), 400,
		     "role=\"alert\"");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%ff"), 400,
		     "role=\"alert\"");
	expect_error(post(&b, "/account", "csrf=CSRF&display_name=%00"), 400,
		     "role=\"alert\"");
	b.env[0][0] = "CONTENT_TYPE";
	b.env[0][1] = "multipart/form-data; boundary=x";
	expect_error(post(&b, "/account", "csrf=CSRF"), 400, "role=\"alert\"");
	b.env[0][0] = "CONTENT_LENGTH";
	b.env[0][1] = "99";
	expect_error(post(&b, "/account", "csrf=CSRF"), 400, "role=\"alert\"");
	b.env[0][0] = "HTTP_HOST";
	b.env[0][1] = "evil.example";
	expect_error(get(&b, "/workspace"), 400, "not one that Gongbang");
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
	expect_error(post(&b, "/conversations", "text=x"), 401, "not logged in");
	expect_error(post(&b, "/logout", ""), 401, "not logged in");
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
		be_kim(&b);
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

static void begin(struct browser *b, const char *form, char id[ID_SIZE])
{
	struct answer *a = post(b, "/conversations", form);
	const char *to = header(a, "Location");

	expect(a, 303);
	assert_true(str_starts(to, "/workspace/"));
	assert_true(str_copy(id, ID_SIZE, to + strlen("/workspace/")));
	talloc_free(a);
}

static struct conversation *load(const char *id)
{
	struct err e = { 0 };
	struct conversation *c;

	c = conversation_load(site.db, NULL, id, NULL, &e);
	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static void test_begin(void **state)
{
	const char *form = "csrf=CSRF&id=0191d4b8-0000-7000-8000-00000000abcd"
		"&text=%0A++%EA%B0%80%EA%B0%80+one%0Atwo";
	struct browser b;
	struct conversation *c;
	char id[ID_SIZE], again[ID_SIZE];
	struct answer *a;

	(void)state;
	be_kim(&b);
	begin(&b, form, id);
	c = load(id);
	assert_string_equal(c->title, "가가 one");
	assert_string_equal(c->user_id, site.kim);
	talloc_free(c);
	begin(&b, form, again);
	assert_string_equal(id, again);
	a = get(&b, talloc_asprintf(b.site->db, "/workspace/%s", id));
	expect(a, 200);
	assert_non_null(strstr(a->body, "data-offset=\"0\""));
	assert_non_null(strstr(a->body, "one\ntwo"));
	talloc_free(a);
	expect_error(post(&b, "/conversations", "csrf=CSRF&id=x&text=x"), 400,
		     "role=\"alert\"");
}

static void test_long_message(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;
	char *form = talloc_array(NULL, char, 6000);

	(void)state;
	site_init(&own, "message_max = 4096\n");
	talloc_free(log_in(&b, &own, "kim", PASSWORD));
	talloc_free(get(&b, "/workspace"));
	memset(form, 'a', 5999);
	form[5999] = '\0';
	memcpy(form, "csrf=CSRF&text=", 15);
	a = post(&b, "/conversations", form);
	expect_error(a, 413, "too long");
	form[4000] = '\0';
	a = post(&b, "/conversations", form);
	expect(a, 303);
	talloc_free(a);
	talloc_free(form);
	site_release(&own);
}

static void hide_request(struct answer *a)
{
	char *id = strstr(strstr(a->body, "Request"), "<code>") + 6;

	memset(id, '-', strcspn(id, "<"));
}

/* Another's conversation cannot be told from one that never was. */
static void test_no_oracle(void **state)
{
	static const char *const forms[][2] = {
		{ "/workspace/", "" }, { "/conversations/", "/delete" },
		{ "/conversations/", "/export.md" },
		{ "/conversations/", "/export.json" },
	};
	struct browser kim, lee;
	char id[ID_SIZE], none[ID_SIZE], address[128];
	struct answer *a, *m;
	char *at;
	size_t i;

	(void)state;
	be_kim(&kim);
	begin(&kim, "csrf=CSRF&text=secret", id);
	talloc_free(log_in(&lee, &site, "lee", PASSWORD));
	talloc_free(get(&lee, "/workspace"));
	id_new(none);
	for (i = 0; i < 4; i++) {
		snprintf(address, sizeof(address), "%s%s%s", forms[i][0], id,
			 forms[i][1]);
		a = get(&lee, address);
		snprintf(address, sizeof(address), "%s%s%s", forms[i][0], none,
			 forms[i][1]);
		m = get(&lee, address);
		expect(a, 404);
		at = strstr(a->body, id);
		if (at)
			memcpy(at, none, ID_SIZE - 1);
		hide_request(a);
		hide_request(m);
		assert_string_equal(a->body, m->body);
		assert_null(strstr(a->body, "secret"));
		talloc_free(a);
		talloc_free(m);
	}
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	expect_error(post(&lee, address, "csrf=CSRF"), 404, "nothing at");
	snprintf(address, sizeof(address), "/conversations/%s/rename", id);
	expect_error(post(&lee, address, "csrf=CSRF&title=x"), 404, "nothing at");
	talloc_free(load(id));
}

static void no_markup(struct answer *a, int status)
{
	expect(a, status);
	assert_null(strstr(a->body, "<script>alert"));
	assert_null(strstr(a->body, "<img src=x"));
	talloc_free(a);
}

static void test_escapes(void **state)
{
	struct browser b;
	char id[ID_SIZE], address[128];

	(void)state;
	talloc_free(log_in(&b, &site, "kim", PASSWORD));
	no_markup(log_in(&b, &site, XSS, "x"), 401);
	be_kim(&b);
	begin(&b, "csrf=CSRF&text=" XSS, id);
	expect_to(post(&b, "/account", "csrf=CSRF&display_name=" XSS
		       "&locale=en&theme=&timezone="), "/account?saved=1");
	no_markup(get(&b, "/account"), 200);
	no_markup(get(&b, "/workspace?search=" XSS), 200);
	no_markup(get(&b, "/" XSS), 404);
	snprintf(address, sizeof(address), "/workspace/%s", id);
	no_markup(get(&b, address), 200);
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	no_markup(get(&b, address), 200);
	no_markup(post(&b, "/account", "csrf=CSRF&timezone=" XSS
		       "&display_name=kim"), 400);
	expect_to(post(&b, "/account", "csrf=CSRF&display_name=kim&locale="
		       "&theme=&timezone="), "/account?saved=1");
}

static void test_rename_and_delete(void **state)
{
	struct browser b;
	struct conversation *c;
	char id[ID_SIZE], address[128], page[128];
	struct answer *a;

	(void)state;
	be_kim(&b);
	begin(&b, "csrf=CSRF&text=first", id);
	snprintf(page, sizeof(page), "/workspace/%s", id);
	snprintf(address, sizeof(address), "/conversations/%s/rename", id);
	expect_to(post(&b, address, "csrf=CSRF&title=Weekly+stocks"), page);
	c = load(id);
	assert_string_equal(c->title, "Weekly stocks");
	talloc_free(c);
	expect_error(post(&b, address, "csrf=CSRF&title="), 400, "1 to 200");
	a = get(&b, "/workspace?search=WEEKLY");
	assert_non_null(strstr(a->body, id));
	talloc_free(a);
	a = get(&b, "/workspace?search=nothing-like-it");
	assert_null(strstr(a->body, id));
	talloc_free(a);
	snprintf(address, sizeof(address), "/conversations/%s/delete", id);
	a = get(&b, address);
	expect(a, 200);
	assert_non_null(strstr(a->body, "Weekly stocks"));
	talloc_free(a);
	expect_to(post(&b, address, "csrf=CSRF"), "/workspace");
	expect_error(get(&b, page), 404, "nothing at");
}

static void test_export(void **state)
{
	struct browser b;
	char id[ID_SIZE], address[128];
	struct answer *a;

	(void)state;
	be_kim(&b);
	begin(&b, "csrf=CSRF&text=%EA%B3%B5%EB%B0%A9+a/b%22c", id);
	snprintf(address, sizeof(address), "/conversations/%s/export.md", id);
	a = get(&b, address);
	expect(a, 200);
	assert_string_equal(header(a, "Content-Disposition"),
		"attachment; filename=\"conversation.md\"; "
		"filename*=UTF-8''%EA%B3%B5%EB%B0%A9%20a_b%22c.md");
	assert_non_null(strstr(a->body, "공방"));
	talloc_free(a);
	snprintf(address, sizeof(address), "/conversations/%s/export.json", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(a->body[0], '{');
	talloc_free(a);
}

static int count(const struct answer *a, const char *what)
{
	const char *at = a->body;
	int n = 0;

	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

static void test_many_conversations(void **state)
{
	struct browser b;
	struct err e = { 0 };
	char id[ID_SIZE], *end;
	const char *older;
	struct answer *a, *next;
	int i;

	(void)state;
	talloc_free(log_in(&b, &site, "lee", PASSWORD));
	for (i = 0; i < 53; i++)
		assert_int_equal(conversation_create(site.db, site.lee, "many",
						     id, &e), 0);
	a = get(&b, "/workspace");
	assert_int_equal(count(a, "class=\"row\""), 50);
	older = strstr(a->body, "/workspace?search=&amp;before=");
	assert_non_null(older);
	older = talloc_strndup(a, older, strcspn(older, "\""));
	end = strstr(older, "&amp;");
	memmove(end + 1, end + 5, strlen(end + 5) + 1);
	next = get(&b, older);
	talloc_free(a);
	a = next;
	assert_int_equal(count(a, "class=\"row\""), 3);
	talloc_free(a);
}

/* One turn of n parts of text, recorded as the bridge does. */
static void record(const char *id, int64_t from, int n)
{
	struct part *parts = talloc_zero_array(NULL, struct part, (unsigned)n);
	const struct recording r = {
		.conversation_id = id, .offset = from + n, .state = "idle",
		.parts = parts, .nparts = (size_t)n, .touched = true,
	};
	struct err e = { 0 };
	int i;

	for (i = 0; i < n; i++)
		parts[i] = (struct part){
			.at = from + i, .changed_at = from + i + 1, .turn = from,
			.role = "assistant", .kind = "text", .state = "ok",
			.data = "{\"text\":\"*it* <script>alert(1)</script>\"}",
			.created_at = 1, .ended_at = 2,
		};
	if (conversation_record(site.db, &r, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(parts);
}

static void test_history(void **state)
{
	struct browser b;
	struct answer *a;
	char id[ID_SIZE], address[128];

	(void)state;
	be_kim(&b);
	begin(&b, "csrf=CSRF&text=", id);
	record(id, 10, 120);
	record(id, 130, 120);
	snprintf(address, sizeof(address), "/workspace/%s", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(count(a, "data-part=\"text\""), 200);
	assert_int_equal(count(a, "data-role=\"assistant\""), 2);
	assert_int_equal(count(a, "<script>alert"), 0);
	assert_int_equal(count(a, "<em>it</em>"), 200);
	assert_non_null(strstr(a->body, "data-offset=\"250\""));
	assert_non_null(strstr(a->body, "?before=50\""));
	talloc_free(a);
	snprintf(address, sizeof(address), "/workspace/%s?before=50", id);
	a = get(&b, address);
	expect(a, 200);
	assert_int_equal(count(a, "data-part=\"text\""), 40);
	assert_int_equal(count(a, "class=\"earlier\""), 0);
	assert_int_equal(count(a, "id=\"composer\""), 0);
	talloc_free(a);
	snprintf(address, sizeof(address), "/workspace/%s?before=x", id);
	expect_error(get(&b, address), 400, "role=\"alert\"");
}

static void test_logout(void **state)
{
	struct browser b;
	char before[128];

	(void)state;
	be_kim(&b);
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
	be_kim(&b);
	assert_int_equal(user_set_disabled(site.db, site.kim, true, &e), 0);
	expect_to(get(&b, "/workspace"), "/login?next=/workspace");
	assert_int_equal(user_set_disabled(site.db, site.kim, false, &e), 0);
}

static void test_password(void **state)
{
	struct browser b, other;

	(void)state;
	be_kim(&other);
	be_kim(&b);
	expect_error(post(&b, "/account/password", "csrf=CSRF&current=wrong"
			  "&password=another+password&again=another+password"),
		     400, "current password is wrong");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=short&again=short"),
		     400, "at least 10");
	expect_error(post(&b, "/account/password", "csrf=CSRF&current="
			  "correct+horse+battery&password=another+password"
			  "&again=another+passwort"), 400, "differ");
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
	be_kim(&b);
	in_language(&b, "/workspace", "en");
	expect_to(post(&b, "/preferences",
		       "csrf=CSRF&next=/workspace?search=x&locale=ko"),
		  "/workspace?search=x");
	in_language(&b, "/workspace", "ko");
	be_kim(&b);
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
}

static void test_base_path(void **state)
{
	struct site_under_test own;
	struct browser b;
	struct answer *a;

	(void)state;
	site_init(&own, "base_path = /gongbang\n");
	memset(&b, 0, sizeof(b));
	b.site = &own;
	expect_to(get(&b, "/gongbang/workspace"),
		  "/gongbang/login?next=/workspace");
	a = get(&b, "/gongbang/login?next=/workspace");
	expect(a, 200);
	assert_non_null(strstr(a->head, "Path=/gongbang"));
	assert_non_null(strstr(a->body, "action=\"/gongbang/login\""));
	assert_null(strstr(a->body, "href=\"/static"));
	talloc_free(a);
	expect_to(post(&b, "/gongbang/login", "csrf=CSRF&login=kim&next="
		       "/workspace&password=correct+horse+battery"),
		  "/gongbang/workspace");
	a = get(&b, "/gongbang/workspace");
	expect(a, 200);
	assert_non_null(strstr(a->body, "data-ws=\"/gongbang/ws/workspace\""));
	talloc_free(a);
	a = get(&b, "/workspace");
	expect(a, 404);
	talloc_free(a);
	site_release(&own);
}

static void test_health(void **state)
{
	struct browser b = { .site = &site };

	(void)state;
	expect_error(get(&b, "/healthz"), 503, "store ok\nredis ok\nbridge away");
}

/* The last one: it takes the shared Redis away. */
static void test_redis_away(void **state)
{
	struct browser b;

	(void)state;
	be_kim(&b);
	server_kill(&site.redis);
	expect_error(get(&b, "/workspace"), 503, "Redis");
	memset(b.session, 0, sizeof(b.session));
	expect_error(get(&b, "/login"), 200, "name=\"password\"");
	expect_error(post(&b, "/login", "csrf=CSRF&login=kim&password="
			  "correct+horse+battery"), 503, "Redis");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_secure_cookie),
		cmocka_unit_test(test_refused_login),
		cmocka_unit_test(test_odd_logins),
		cmocka_unit_test(test_rate_limit),
		cmocka_unit_test(test_csrf_and_origin),
		cmocka_unit_test(test_wrong_requests),
		cmocka_unit_test(test_cookie_garbage),
		cmocka_unit_test(test_not_logged_in),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_long_message),
		cmocka_unit_test(test_no_oracle),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_rename_and_delete),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_many_conversations),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_language_and_theme),
		cmocka_unit_test(test_base_path),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_redis_away),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
