/*
 * lib/http/request.c and form.c: parsing, and every kind of malformed input.
 * Tests also router.c, cookie.c and origin.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "http/form.h"
#include "http/origin.h"
#include "http/request.h"

#define NAMES "localhost 127.0.0.1 [::1]"

struct pair {
	const char *name, *value;
};

struct fake {
	struct pair env[16];
	const char *body;
	size_t body_len, given, step;
};

static const char *fake_env(void *data, const char *name)
{
	struct fake *f = data;
	size_t i;

	for (i = 0; i < 16 && f->env[i].name; i++) {
		if (str_equal(f->env[i].name, name))
			return f->env[i].value;
	}
	return NULL;
}

static int64_t fake_read(void *data, char *out, size_t n)
{
	struct fake *f = data;

	if (n > f->body_len - f->given)
		n = f->body_len - f->given;
	if (f->step && n > f->step)
		n = f->step;
	if (n)
		memcpy(out, f->body + f->given, n);
	f->given += n;
	return (int64_t)n;
}

static struct request *make(struct fake *f, const char *base, struct err *e)
{
	struct request_source src = { fake_env, fake_read, f };

	return request_new(NULL, &src, base, NAMES, e);
}

/* A request with one thing set beside GET / of localhost; its key when refused. */
static const char *refusal(const char *name, const char *value)
{
	static struct err e;
	struct fake f = { .env = { { name, value },
				   { "REQUEST_METHOD", "GET" },
				   { "HTTP_HOST", "localhost" },
				   { "REQUEST_URI", "/" } } };
	struct request *r;

	memset(&e, 0, sizeof(e));
	r = make(&f, "", &e);
	if (r) {
		talloc_free(r);
		return "";
	}
	return e.key;
}

static void a_request_is_read(void **state)
{
	struct fake f = { .env = { { "REQUEST_METHOD", "GET" },
		{ "HTTP_HOST", "LocalHost:8080" }, { "HTTPS", "on" },
		{ "REQUEST_URI", "/gong/work%20space/%EA%B3%B5?a=1+2&a=x&b=%26" },
		{ "REMOTE_ADDR", "127.0.0.1" }, { "REQUEST_ID", "abc-1" },
		{ "HTTP_COOKIE", "x=1; y=2; x=3" } } };
	struct err e = { 0 };
	struct request *r = make(&f, "/gong", &e);

	assert_non_null(r);
	assert_int_equal(r->method, METHOD_GET);
	assert_string_equal(r->path, "/work space/공");
	assert_string_equal(form_text(r->args, "a"), "1 2");
	assert_string_equal(form_text(r->args, "b"), "&");
	assert_string_equal(form_text(r->args, "c"), "");
	assert_string_equal(r->id, "abc-1");
	assert_string_equal(r->origin, "");
	assert_true(r->secure);
	assert_string_equal(request_cookie(r, "x"), "1");
	assert_null(request_cookie(r, "z"));
	talloc_free(r);
	f.env[3].value = "/gong";
	r = make(&f, "/gong", &e);
	assert_non_null(r);
	assert_string_equal(r->path, "/");
	talloc_free(r);
	f.env[3].value = "/gongbang";
	assert_null(make(&f, "/gong", &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

static void plain_cgi_gives_path_info(void **state)
{
	struct fake f = { .env = { { "REQUEST_METHOD", "HEAD" },
		{ "HTTP_HOST", "[::1]:80" }, { "PATH_INFO", "/a%20b" },
		{ "QUERY_STRING", "q=%41" }, { "REQUEST_ID", "no good" } } };
	struct err e = { 0 };
	struct request *r = make(&f, "", &e);

	assert_non_null(r);
	assert_string_equal(r->path, "/a%20b");
	assert_string_equal(form_text(r->args, "q"), "A");
	assert_int_equal(strlen(r->id), 36);
	talloc_free(r);
}

static void bad_requests_are_refused(void **state)
{
	static const struct { const char *name, *value, *key; } rows[] = {
		{ "X", "x", "" },
		{ "REQUEST_METHOD", "DELETE", "" },
		{ "REQUEST_METHOD", "", "error_request" },
		{ "REQUEST_METHOD", "GE T", "error_request" },
		{ "REQUEST_METHOD", "GET\r\n", "error_request" },
		{ "HTTP_HOST", "", "error_host" },
		{ "HTTP_HOST", "evil.example", "error_host" },
		{ "HTTP_HOST", "localhost.evil.example", "error_host" },
		{ "HTTP_HOST", "localhost:99999", "error_host" },
		{ "HTTP_HOST", "localhost:", "error_host" },
		{ "HTTP_HOST", "localhost:80@evil", "error_host" },
		{ "HTTP_HOST", "[::1", "error_host" },
		{ "HTTP_HOST", "localhost 127.0.0.1", "error_host" },
		{ "REQUEST_URI", "", "error_path" },
		{ "REQUEST_URI", "a", "error_path" },
		{ "REQUEST_URI", "http://localhost/", "error_path" },
		{ "REQUEST_URI", "//a", "error_path" },
		{ "REQUEST_URI", "/a//b", "error_path" },
		{ "REQUEST_URI", "/a/", "" },
		{ "REQUEST_URI", "/a/../b", "error_path" },
		{ "REQUEST_URI", "/a/%2e%2E/b", "error_path" },
		{ "REQUEST_URI", "/%2e", "error_path" },
		{ "REQUEST_URI", "/..a", "" },
		{ "REQUEST_URI", "/a%2f%2fb", "error_path" },
		{ "REQUEST_URI", "/a%5cb", "error_path" },
		{ "REQUEST_URI", "/a%00b", "error_path" },
		{ "REQUEST_URI", "/a%0ab", "error_path" },
		{ "REQUEST_URI", "/%ff", "error_path" },
		{ "REQUEST_URI", "/%ed%a0%80", "error_path" },
		{ "REQUEST_URI", "/%4", "error_path" },
		{ "REQUEST_URI", "/%zz", "error_path" },
		{ "REQUEST_URI", "/a#b", "error_path" },
		{ "REQUEST_URI", "/?a=%", "error_form" },
		{ "REQUEST_URI", "/?a=%00", "error_form" },
		{ "REQUEST_URI", "/?%ff", "error_form" },
		{ "HTTP_COOKIE", "a\nb", "error_request" },
		{ "HTTP_ORIGIN", "a\x01", "error_request" },
	};
	char *longest = malloc(20000);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_equal(refusal(rows[i].name, rows[i].value),
			       rows[i].key))
			fail_msg("%s %s: \"%s\"", rows[i].name, rows[i].value,
				 refusal(rows[i].name, rows[i].value));
	}
	assert_non_null(longest);
	memset(longest, 'a', 20000);
	longest[0] = '/';
	longest[4097] = '\0';
	assert_string_equal(refusal("REQUEST_URI", longest), "error_path");
	longest[4097] = 'a';
	longest[1] = '?';
	longest[19999] = '\0';
	assert_string_equal(refusal("REQUEST_URI", longest), "error_path");
	assert_string_equal(refusal("HTTP_COOKIE", longest), "error_request");
	free(longest);
}

static const char *post(const char *type, const char *length, const char *body,
			size_t cap, char **value)
{
	static struct err e;
	struct fake f = { .env = { { "REQUEST_METHOD", "POST" },
				   { "HTTP_HOST", "localhost" },
				   { "REQUEST_URI", "/" },
				   { "CONTENT_TYPE", type },
				   { "CONTENT_LENGTH", length } },
			  .body = body, .body_len = strlen(body), .step = 3 };
	struct request_source src = { fake_env, fake_read, &f };
	struct request *r;

	memset(&e, 0, sizeof(e));
	r = make(&f, "", &e);
	assert_non_null(r);
	if (request_read_form(r, &src, cap, &e) == 0 && value)
		*value = strdup(form_text(r->form, "a"));
	talloc_free(r);
	return e.key;
}

#define FORM "application/x-www-form-urlencoded"

static void a_body_is_read_or_refused(void **state)
{
	static const struct {
		const char *type, *length, *body, *key;
	} rows[] = {
		{ FORM, "3", "a=1", "" },
		{ FORM, "0", "", "" },
		{ FORM "; charset=UTF-8", "3", "a=1", "" },
		{ FORM ";charset=euc-kr", "3", "a=1", "error_request" },
		{ FORM "x", "3", "a=1", "error_request" },
		{ "text/plain", "3", "a=1", "error_request" },
		{ "", "3", "a=1", "error_request" },
		{ FORM, "", "a=1", "error_request" },
		{ FORM, "-1", "a=1", "error_request" },
		{ FORM, "3x", "a=1", "error_request" },
		{ FORM, "99999999999999999999", "a=1", "error_request" },
		{ FORM, "4", "a=1", "error_request" },
		{ FORM, "10485760", "a=1", "error_too_large" },
		{ FORM, "5", "a=%4g", "error_form" },
		{ FORM, "5", "a=%00", "error_form" },
		{ FORM, "11", "a=%ed%a0%80", "error_form" },
		{ FORM, "5", "a=%ff", "error_form" },
	};
	char *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_equal(post(rows[i].type, rows[i].length, rows[i].body,
				    1000, NULL), rows[i].key))
			fail_msg("row %zu", i);
	}
	post(FORM, "23", "a=1%0D%0A2+%2B%EC%95%88\r\n", 1000, &value);
	assert_non_null(value);
	assert_string_equal(value, "1\n2 +안");
	free(value);
	value = NULL;
	post(FORM, "11", "a=%0d%0d%0A", 1000, &value);
	assert_string_equal(value, "\n\n");
	free(value);
}

static void a_form_has_a_number_of_fields(void **state)
{
	char text[201 * 4 + 1] = "";
	struct err e = { 0 };
	struct form *f;
	int i;

	for (i = 0; i < 200; i++)
		strcat(text, "a=b&");
	f = form_parse(NULL, text, strlen(text), &e);
	assert_non_null(f);
	talloc_free(f);
	strcat(text, "a=b");
	assert_null(form_parse(NULL, text, strlen(text), &e));
	assert_string_equal(e.key, "error_form");

	f = form_parse(NULL, "name=%EA%B3%B5%EB%B0%A9%21&x&=y", 31, &e);
	assert_non_null(f);
	assert_string_equal(form_text(f, "name"), "공방!");
	assert_string_equal(form_text(f, "x"), "");
	assert_non_null(form_find(f, "x"));
	assert_null(form_find(f, "nothing"));
	form_add(f, "days", "mo");
	form_add(f, "other", "x");
	form_add(f, "days", "we");
	assert_string_equal(form_nth(f, "days", 0), "mo");
	assert_string_equal(form_nth(f, "days", 1), "we");
	assert_null(form_nth(f, "days", 2));
	talloc_free(f);
}

static void origins_are_told_apart(void **state)
{
	static const struct {
		const char *origin, *host;
		bool ours, secure;	/* by http, by https */
	} rows[] = {
		{ NULL, "a", false, false }, { "", "a", false, false },
		{ "http://a", "a", true, false },
		{ "https://A:443", "a", true, true },
		{ "http://a:8080", "a:8080", true, false },
		{ "http://a:80", "a", true, false },
		{ "http://[::1]:8080", "[::1]:8080", true, false },
		{ "null", "a", false, false }, { "http://b", "a", false, false },
		{ "http://a:81", "a", false, false },
		{ "http://a", "a:81", false, false },
		{ "http://a.b", "a", false, false },
		{ "http://b.a", "a", false, false },
		{ "ftp://a", "a", false, false }, { "a", "a", false, false },
		{ "http://a/", "a", false, false },
		{ "http://", "", false, false },
		{ "http://a", NULL, false, false },
		{ "http://x@a", "a", false, false },
		{ "file://", "a", false, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (origin_ours(rows[i].origin, rows[i].host, false) !=
		    rows[i].ours ||
		    origin_ours(rows[i].origin, rows[i].host, true) !=
		    rows[i].secure)
			fail_msg("%s of %s", rows[i].origin, rows[i].host);
	}
}

static void hosts_are_of_the_list(void **state)
{
	static const char names[] = "localhost 127.0.0.1\t[::1]";
	static const struct { const char *host; bool known; } rows[] = {
		{ "localhost:8080", true }, { "LOCALHOST", true },
		{ "[::1]:8080", true }, { "127.0.0.1", true },
		{ "localhost.evil", false }, { "evil", false }, { "", false },
		{ "localhost:8080x", false }, { "localhost:0", false },
		{ "localhost:65536", false }, { "[::1", false },
		{ "127.0.0.1 ", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (origin_host_known(rows[i].host, names) != rows[i].known)
			fail_msg("%s", rows[i].host);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read),
		cmocka_unit_test(plain_cgi_gives_path_info),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(a_body_is_read_or_refused),
		cmocka_unit_test(a_form_has_a_number_of_fields),
		cmocka_unit_test(origins_are_told_apart),
		cmocka_unit_test(hosts_are_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
