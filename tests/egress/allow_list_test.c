/* lib/egress/allow_list.c: the list, and which hosts are valid. */
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

#include "core/str.h"
#include "egress/allow_list.h"

static struct allow_list *parse(const char *text)
{
	struct err e = { 0 };
	struct allow_list *l = allow_list_parse(NULL, "x", text, strlen(text), &e);

	if (!l)
		fail_msg("%s", e.text);
	return l;
}

static void rows(void **state)
{
	struct allow_list *l = parse("# all\n\nexample.org\thttps  one\r\n"
				     "  .wide.example https,http two # more\n"
				     "plain.example https,http three");

	assert_true(allow_list_has(l, "example.org", false));
	assert_false(allow_list_has(l, "example.org", true));
	assert_false(allow_list_has(l, "www.example.org", false));
	assert_false(allow_list_has(l, "anexample.org", false));
	assert_true(allow_list_has(l, "wide.example", true));
	assert_true(allow_list_has(l, "a.b.wide.example", true));
	assert_false(allow_list_has(l, "notwide.example", false));
	assert_true(allow_list_has(l, "plain.example", true));
	assert_false(allow_list_has(l, "sub.plain.example", true));
	talloc_free(l);
	l = parse("");
	assert_false(allow_list_has(l, "example.org", false));
	talloc_free(l);
}

static int keep_reasons(void *data, const struct allow_row *row, struct err *e)
{
	char **text = data;

	(void)e;
	*text = talloc_asprintf_append(*text, "[%s/%s]", row->reason,
				       row->reason_ko);
	return 0;
}

static void reasons_in_korean(void **state)
{
	struct allow_list *l = parse("a.example https  packages | 패키지 \n"
				     "b.example https only one\n"
				     "c.example https a|b\nd.example https x | \n");
	char *text = talloc_strdup(l, "");
	struct err e = { 0 };

	(void)state;
	assert_int_equal(allow_list_each(l, keep_reasons, &text, &e), 0);
	assert_string_equal(text, "[packages/패키지][only one/only one]"
				  "[a|b/a|b][x/x]");
	talloc_free(l);
}

static void bad_rows(void **state)
{
	static const char *const bad[] = {
		"Example.org https x", "example.org. https x", "org https x",
		".org https x", "10.0.0.1 https x", "*.example.org https x",
		"example.org", "example.org https", "example.org ftp x",
		"example.org http x", "example.org https # why", "example.org https  | ko", "..a.b https x",
		"ex ample.org https x", "b\xc3\xbc.example https x",
	};
	struct err e;
	char text[80];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){ 0 };
		snprintf(text, sizeof(text), "# one\n%s\n", bad[i]);
		if (allow_list_parse(NULL, "list", text, strlen(text), &e))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		if (!str_starts(e.text, "list:2: "))
			fail_msg("%s: %s", bad[i], e.text);
	}
	e = (struct err){ 0 };
	assert_null(allow_list_parse(NULL, "list", "a.example\0 https x", 18, &e));
	assert_null(allow_list_load(NULL, "/nonexistent/list", &e));
	assert_true(str_starts(e.text, "/nonexistent/list: "));
}

static void own_list(void **state)
{
	struct err e = { 0 };
	char path[512];
	struct allow_list *l;

	snprintf(path, sizeof(path), "%s/conf/egress-allow.list",
		 getenv("top_srcdir") ? getenv("top_srcdir") : ".");
	l = allow_list_load(NULL, path, &e);
	if (!l)
		fail_msg("%s", e.text);
	assert_true(allow_list_has(l, "pypi.org", false));
	assert_true(allow_list_has(l, "registry.npmjs.org", false));
	assert_true(allow_list_has(l, "github.com", false));
	assert_false(allow_list_has(l, "github.com", true));
	assert_true(allow_list_has(l, "deb.debian.org", true));
	talloc_free(l);
}

static void hosts(void **state)
{
	static const struct {
		const char *host, *name;	/* NULL: no name */
	} rows[] = {
		{ "example.org", "example.org" },
		{ "EXAMPLE.Org", "example.org" },
		{ "example.org.", "example.org" },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.EXAMPLE.", "xn--bcher-kva.example" },
		{ "example.org..", NULL }, { ".example.org", NULL },
		{ "example..org", NULL }, { "localhost", NULL },
		{ "", NULL }, { ".", NULL }, { "b\xc3\xbc" "cher.example", NULL },
		{ "exa mple.org", NULL }, { "example.org\n", NULL },
		{ "example.org\t", NULL }, { "exam\x01ple.org", NULL },
		{ "example.org%00.evil", NULL }, { "user@example.org", NULL },
		{ "example.org/x", NULL }, { "example.org\\x", NULL },
		{ "-a.example", NULL }, { "a-.example", NULL },
		{ "a_b.example", NULL }, { "example.org:443", NULL },
		{ "\xef\xbd\x85xample.org", NULL },	/* a full-width e */
		{ "example\xe3\x80\x82org", NULL },	/* an ideographic full stop */
	};
	char out[DOMAIN_MAX + 1], host[400];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = egress_host(rows[i].host, out);

		if (good != (rows[i].name != NULL))
			fail_msg("%s", rows[i].host);
		if (good)
			assert_string_equal(out, rows[i].name);
	}
	/* 63 bytes a label, 253 all together. */
	memset(host, 'a', sizeof(host));
	strcpy(host + 63, ".example");
	assert_true(egress_host(host, out));
	memset(host, 'a', 64);
	strcpy(host + 64, ".example");
	assert_false(egress_host(host, out));
	for (i = 0; i < sizeof(host); i++)
		host[i] = i % 2 ? '.' : 'a';
	host[253] = '\0';
	assert_true(egress_host(host, out));
	strcpy(host + 253, ".");
	assert_true(egress_host(host, out));
	strcpy(host + 253, ".a");
	assert_false(egress_host(host, out));
}

static void addresses(void **state)
{
	static const char *const spellings[] = {
		"127.0.0.1", "10.0.0.1", "169.254.169.254", "1.1.1.1", "1.1.1.1.",
		"2130706433", "017700000001", "0x7f000001", "0X7F000001",
		"0177.0.0.1", "0x7f.0.0.1", "0x7f.1", "127.1", "127.0.1",
		"0300.0250.0.1", "0", "0x", "00", "1.2.3.4.5", "example.1",
		"example.0x10", "::1", "[::1]", "::", "[::]", "fe80::1",
		"fe80::1%eth0", "[fe80::1%25eth0]", "::ffff:127.0.0.1",
		"[::ffff:7f00:1]", "::127.0.0.1", "2001:db8::1", "64:ff9b::7f00:1",
		"999.999.999.999", "4294967296",
	};
	struct allow_list *l = parse(".a.example https,http x");
	char out[DOMAIN_MAX + 1];
	bool plain;
	size_t i;

	for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (egress_check(l, "CONNECT", spellings[i], 443, out, &plain) !=
		    EGRESS_ADDRESS)
			fail_msg("%s", spellings[i]);
		assert_false(egress_host(spellings[i], out));
	}
	talloc_free(l);
}

static void checks(void **state)
{
	static const struct {
		const char *method, *host;
		int64_t port;
		enum egress_verdict verdict;
	} rows[] = {
		{ "CONNECT", "tls.example", 443, EGRESS_ALLOWED },
		{ "CONNECT", "TLS.example.", 443, EGRESS_ALLOWED },
		{ "CONNECT", "tls.example", 22, EGRESS_BAD_PORT },
		{ "CONNECT", "both.example", 80, EGRESS_BAD_PORT },
		{ "connect", "tls.example", 443, EGRESS_BAD_PORT },
		{ "GET", "tls.example", 80, EGRESS_NOT_LISTED },
		{ "GET", "both.example", 80, EGRESS_ALLOWED },
		{ "GET", "both.example", 443, EGRESS_BAD_PORT },
		{ "GET", "both.example", 8080, EGRESS_BAD_PORT },
		{ "POST", "both.example", 80, EGRESS_ALLOWED },
		{ "CONNECT", "other.example", 443, EGRESS_NOT_LISTED },
		{ "CONNECT", "tls.example.evil.example", 443, EGRESS_NOT_LISTED },
		{ "CONNECT", "tls.example%2eevil", 443, EGRESS_BAD_NAME },
		{ "CONNECT", "localhost", 443, EGRESS_BAD_NAME },
		{ "CONNECT", "", 443, EGRESS_BAD_NAME },
	};
	struct allow_list *l = parse("tls.example https x\n"
				     "both.example https,http x\n");
	char out[DOMAIN_MAX + 1];
	bool plain;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		out[0] = '\0';
		if (egress_check(l, rows[i].method, rows[i].host, rows[i].port,
				 out, &plain) != rows[i].verdict)
			fail_msg("%s %s", rows[i].method, rows[i].host);
		if (rows[i].verdict != EGRESS_BAD_NAME)
			assert_true(domain_valid(out));
	}
	talloc_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(reasons_in_korean),
		cmocka_unit_test(bad_rows),
		cmocka_unit_test(own_list),
		cmocka_unit_test(hosts),
		cmocka_unit_test(addresses),
		cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
