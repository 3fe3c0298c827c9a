/* lib/http/response, cookie and router. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "http/cookie.h"
#include "http/form.h"
#include "http/router.h"

static void a_response_carries_the_security_headers(void **state)
{
	static const char *const lines[] = {
		"Status: 404 Not Found\r\n",
		"\r\nContent-Type: text/html; charset=utf-8\r\n",
		"\r\nContent-Security-Policy: default-src 'none'; script-src 'self';",
		"frame-ancestors 'none'\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nReferrer-Policy: same-origin\r\n",
		"\r\nCross-Origin-Opener-Policy: same-origin\r\n",
		"\r\nCache-Control: no-store\r\n",
		"\r\nX-Own: 1\r\n", "\r\nContent-Length: 5\r\n\r\nhello",
	};
	auto_buf bytes = BUF_INIT(10000);
	struct err e = { 0 };
	struct response out;
	size_t i;

	response_init(&out, "");
	out.status = 404;
	assert_int_equal(buf_add_text(&out.body, "hello", &e), 0);
	assert_int_equal(response_header(&out, "X-Own", "1", &e), 0);
	assert_int_equal(response_format(&out, false, &bytes, &e), 0);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(buf_text(&bytes), lines[i]))
			fail_msg("no %s in %s", lines[i], buf_text(&bytes));
	}
	assert_null(strstr(buf_text(&bytes), "unsafe"));
	buf_clear(&bytes);
	assert_int_equal(response_format(&out, true, &bytes, &e), 0);
	assert_non_null(strstr(buf_text(&bytes), "Content-Length: 5\r\n\r\n"));
	assert_null(strstr(buf_text(&bytes), "hello"));
	response_release(&out);
}

static void headers_cannot_be_split(void **state)
{
	struct err e = { 0 };
	struct response out;

	response_init(&out, "/gong");
	assert_int_equal(response_header(&out, "A", "b\r\nC: d", &e), -1);
	assert_int_equal(response_header(&out, "A\n", "b", &e), -1);
	assert_int_equal(response_header(&out, "A:", "b", &e), -1);
	assert_int_equal(response_redirect(&out, &e, "//evil"), -1);
	assert_int_equal(response_redirect(&out, &e, "/\\evil"), -1);
	assert_int_equal(response_redirect(&out, &e, "http://evil"), -1);
	assert_int_equal(response_redirect(&out, &e, "/a\r\nB: c"), -1);
	assert_int_equal(out.headers.len, 0);
	assert_int_equal(out.status, 200);
	assert_int_equal(response_redirect(&out, &e, "/w/%d?q=%s", 7, "공 x"), 0);
	assert_string_equal(buf_text(&out.headers),
			    "Location: /gong/w/7?q=%EA%B3%B5%20x\r\n");
	assert_int_equal(out.status, 303);
	response_release(&out);
}

static void failures_have_a_status(void **state)
{
	static const struct { enum err_kind kind; const char *key; int status; }
	rows[] = {
		{ ERR_INPUT, "", 400 }, { ERR_AUTH, "", 401 },
		{ ERR_DENIED, "", 403 }, { ERR_MISSING, "", 404 },
		{ ERR_CONFLICT, "", 409 }, { ERR_LIMIT, "", 429 },
		{ ERR_UNAVAILABLE, "error_bridge", 503 },
		{ ERR_INTERNAL, "", 500 }, { ERR_INPUT, "error_method", 405 },
		{ ERR_LIMIT, "error_too_large", 413 },
	};
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err_tell(&e, rows[i].kind, rows[i].key, "x");
		assert_int_equal(response_status(&e), rows[i].status);
	}
}

static void cookies_are_found(void **state)
{
	static const struct { const char *header, *value; } rows[] = {
		{ "s=1", "1" }, { "a=b; s=1; s=2", "1" }, { "s=", "" },
		{ "s=\"q\"", "q" }, { "xs=1", NULL }, { "s", NULL },
		{ "", NULL }, { "S=1", NULL }, { ";;; s=1 ;", "1" },
		{ "s=a b", NULL }, { "s=\x80", NULL }, { "s=a,b", NULL },
		{ "a=s=1", NULL }, { "s=1=2", "1=2" },
	};
	size_t i;
	char *v;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		v = cookie_find(NULL, rows[i].header, "s");
		if (!v != !rows[i].value ||
		    (v && !str_equal(v, rows[i].value)))
			fail_msg("%s: %s", rows[i].header, v ? v : "none");
		talloc_free(v);
	}
}

static void cookies_are_written(void **state)
{
	struct cookie c = { "s", "abc", "/gong", 60, true };
	struct err e = { 0 };
	struct response out;

	response_init(&out, "");
	assert_int_equal(response_cookie(&out, &c, &e), 0);
	assert_string_equal(buf_text(&out.headers),
		"Set-Cookie: s=abc; Path=/gong; HttpOnly; SameSite=Lax; "
		"Secure; Max-Age=60\r\n");
	buf_clear(&out.headers);
	c = (struct cookie) { "s", "", "/", -1, false };
	assert_int_equal(response_cookie(&out, &c, &e), 0);
	assert_string_equal(buf_text(&out.headers),
		"Set-Cookie: s=; Path=/; HttpOnly; SameSite=Lax\r\n");
	c.value = "a;b";
	assert_int_equal(response_cookie(&out, &c, &e), -1);
	c.value = "a\r\n";
	assert_int_equal(response_cookie(&out, &c, &e), -1);
	c = (struct cookie) { "s=", "a", "/", -1, false };
	assert_int_equal(response_cookie(&out, &c, &e), -1);
	c = (struct cookie) { "s", "a", "x", -1, false };
	assert_int_equal(response_cookie(&out, &c, &e), -1);
	response_release(&out);
}

static int no_handler(struct request *r, struct response *out, struct err *e)
{
	return 0;
}

#define ID "0190f5c2-7a1b-7c3d-8e4f-0123456789ab"

static const struct route table[] = {
	{ METHOD_GET, "/", no_handler, 0, 0 },
	{ METHOD_GET, "/workspace", no_handler, 0, 0 },
	{ METHOD_GET, "/workspace/{id}", no_handler, 0, 0 },
	{ METHOD_POST, "/workspace/{id}/rename", no_handler, 0, 0 },
	{ METHOD_GET, "/c/{id}/export.md", no_handler, 0, 0 },
	{ METHOD_GET, "/u/{name}", no_handler, 0, 0 },
	{ METHOD_POST, "/u/{name}", no_handler, 0, 0 },
	{ METHOD_GET, "/x/{name}.json", no_handler, 0, 0 },
};

/* Index of the row, or -1 (no page), -2 (method). */
static int route(enum method method, const char *path, const char *name,
		 const char *captured)
{
	struct request *r = talloc_zero(NULL, struct request);
	const struct route *row;
	struct err e = { 0 };
	unsigned allowed = 0;
	int at;

	r->method = method;
	r->path = path;
	row = router_find(table, sizeof(table) / sizeof(table[0]), r, &allowed,
			  &e);
	if (row && name)
		assert_string_equal(request_arg(r, name), captured);
	at = row ? (int)(row - table) : e.kind == ERR_MISSING ? -1 : -2;
	assert_int_equal(at == -2, allowed != 0);
	talloc_free(r);
	return at;
}

static void routes_are_closed(void **state)
{
	char path[700] = "/u/";

	assert_int_equal(route(METHOD_GET, "/", NULL, NULL), 0);
	assert_int_equal(route(METHOD_HEAD, "/workspace", NULL, NULL), 1);
	assert_int_equal(route(METHOD_GET, "/workspace/" ID, "id", ID), 2);
	assert_int_equal(route(METHOD_POST, "/workspace/" ID "/rename", "id", ID), 3);
	assert_int_equal(route(METHOD_GET, "/c/" ID "/export.md", "id", ID), 4);
	assert_int_equal(route(METHOD_POST, "/u/kim", "name", "kim"), 6);
	assert_int_equal(route(METHOD_GET, "/x/a.json", "name", "a"), 7);
	assert_int_equal(route(METHOD_GET, "/x/a/b.json", NULL, NULL), -1);
	assert_int_equal(route(METHOD_POST, "/workspace", NULL, NULL), -2);
	assert_int_equal(route(METHOD_OTHER, "/u/kim", NULL, NULL), -2);
	assert_int_equal(route(METHOD_GET, "/workspace/" ID "/rename", NULL, NULL), -2);
	assert_int_equal(route(METHOD_GET, "/workspace/", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "/workspace/x", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "/workspace/" ID "x", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "/workspace/" ID "/", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "/u/", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "/u/a/b", NULL, NULL), -1);
	assert_int_equal(route(METHOD_GET, "", NULL, NULL), -1);
	memset(path + 3, 'a', 600);
	assert_int_equal(route(METHOD_GET, path, NULL, NULL), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_carries_the_security_headers),
		cmocka_unit_test(headers_cannot_be_split),
		cmocka_unit_test(failures_have_a_status),
		cmocka_unit_test(cookies_are_found),
		cmocka_unit_test(cookies_are_written),
		cmocka_unit_test(routes_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
