/*
 * lib/notify/webhook.c against a real HTTP server: signed, and never to an
 * internal address.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/digest.h"
#include "core/str.h"
#include "notify/webhook.h"
#include "receiver.h"

#define ID "019aad3c-7f2e-7d41-8c55-0b9c8d3f1a22"

static struct receiver r;

static struct sending go_to(const char *url, bool may_private)
{
	const struct webhook w = { .url = url, .secret = "s3cret", .id = ID,
		.event = "failure", .body = "{\"a\":\"\xea\xb3\xb5\"}",
		.at = INT64_C(1764025200999), .may_private = may_private,
		.deadline_ms = 5000 };
	struct sending out = { SEND_AGAIN, "?" };

	webhook_send(&w, &out);
	return out;
}

static struct sending go(bool may_private)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/in?a=1", r.port);
	return go_to(url, may_private);
}

static void a_signature_is_the_rfcs(void **state)
{
	static const char *const pieces[] = { "The quick brown fox ",
		"jumps over the lazy dog", NULL };
	char mac[DIGEST_SIZE], out[SIGNATURE_SIZE];

	digest_hmac_hex("key", pieces, mac);
	assert_string_equal(mac, "f7bc83f430538424b13298e6aa6fb143"
			    "ef4d59a14946175997479dbc2d1a3cd8");
	webhook_sign("s3cret", 1764025200, "{}", out);
	assert_memory_equal(out, "t=1764025200,v1=", 16);
	assert_int_equal(strlen(out), 16 + 64);
}

static void a_request_says_what_the_manual_says(void **state)
{
	char value[2048], want[SIGNATURE_SIZE];
	struct sending s;

	receiver_start(&r, ANSWER("204 No Content"));
	s = go(true);
	receiver_stop(&r);
	assert_int_equal(s.result, SEND_DONE);
	assert_string_equal(s.error, "");
	assert_int_equal(r.n, 1);
	assert_memory_equal(r.requests[0], "POST /in?a=1 HTTP/1.1\r\n", 23);
	assert_string_equal(receiver_get(&r, 0, "", value),
			    "{\"a\":\"\xea\xb3\xb5\"}");
	webhook_sign("s3cret", 1764025200, value, want);
	assert_string_equal(receiver_get(&r, 0, "X-Gongbang-Signature", value),
			    want);
	assert_string_equal(receiver_get(&r, 0, "X-Gongbang-Event", value),
			    "failure");
	assert_string_equal(receiver_get(&r, 0, "X-Gongbang-Delivery", value),
			    ID);
	assert_string_equal(receiver_get(&r, 0, "X-Gongbang-Timestamp", value),
			    "1764025200");
	assert_string_equal(receiver_get(&r, 0, "Content-Type", value),
			    "application/json");
}

static void an_answer_decides(void **state)
{
	static const struct {
		const char *answer;
		enum send_result result;
		const char *error;
	} rows[] = {
		{ ANSWER("200 OK"), SEND_DONE, "" },
		{ ANSWER("500 Oh"), SEND_AGAIN, "status 500" },
		{ ANSWER("404 No"), SEND_AGAIN, "status 404" },
		{ ANSWER("410 Gone"), SEND_NEVER, "gone" },
		{ "SSH-2.0-x\r\n", SEND_AGAIN, "broken" },
		{ "", SEND_AGAIN, "broken" },
	};
	struct sending s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		receiver_start(&r, rows[i].answer);
		s = go(true);
		receiver_stop(&r);
		assert_string_equal(s.error, rows[i].error);
		assert_int_equal(s.result, rows[i].result);
	}
}

static void a_redirect_leads_nowhere(void **state)
{
	struct receiver inside;
	char answer[256];
	struct sending s;

	receiver_start(&inside, ANSWER("200 OK"));
	snprintf(answer, sizeof(answer), "HTTP/1.1 307 Go\r\nLocation:"
		 " http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
		 inside.port);
	receiver_start(&r, answer);
	s = go(true);
	receiver_stop(&r);
	receiver_stop(&inside);
	assert_string_equal(s.error, "status 307");
	assert_int_equal(inside.n, 0);
}

static void an_endless_answer_is_left(void **state)
{
	struct sending s;

	receiver_start(&r, "HTTP/1.1 503 No\r\n\r\n");
	r.endless = true;
	s = go(true);
	receiver_stop(&r);
	assert_string_equal(s.error, "status 503");
}

static void who_hangs_is_left_at_the_deadline(void **state)
{
	struct webhook w = { .secret = "s", .id = ID, .event = "test",
			     .body = "{}", .may_private = true,
			     .deadline_ms = 300 };
	struct sending s;
	char url[64];

	receiver_start(&r, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", r.port);
	w.url = url;
	webhook_send(&w, &s);
	assert_string_equal(s.error, "timeout");
	assert_int_equal(s.result, SEND_AGAIN);
	receiver_stop(&r);
}

/* Every spelling of this host, by name too: the address is looked at, not the URL. */
static void nothing_inside_is_reached(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost",
		"LOCALHOST", "2130706433", "017700000001", "0x7f000001",
		"0x7f.1", "127.1", "0", "0.0.0.0", "[::1]", "[::]",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1" };
	struct sending s;
	char url[128];
	size_t i;

	receiver_start(&r, ANSWER("200 OK"));
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		snprintf(url, sizeof(url), "http://%s:%d/", hosts[i], r.port);
		s = go_to(url, false);
		if (!str_equal(s.error, "private"))
			fail_msg("%s: %s", url, s.error);
		assert_int_equal(s.result, SEND_NEVER);
	}
	assert_int_equal(r.n, 0);
	assert_int_equal(go(true).result, SEND_DONE);
	receiver_stop(&r);
}

static void a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct sending s;
	char proxy[64];

	receiver_start(&r, ANSWER("200 OK"));
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", r.port);
	setenv("http_proxy", proxy, 1);
	setenv("ALL_PROXY", proxy, 1);
	s = go_to("http://gongbang.invalid/", true);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	receiver_stop(&r);
	assert_string_equal(s.error, "resolve");
	assert_int_equal(r.n, 0);
}

static bool is_public(const char *text)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_public((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return address_public((struct sockaddr *)&v6);
}

static void addresses_have_borders(void **state)
{
	static const char *const open[] = { "1.0.0.0", "9.255.255.255",
		"11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
		"198.20.0.0", "223.255.255.255", "8.8.8.8", "2001:4860::8888",
		"2606:4700::1", "2001:200::", "3fff:1000::", "2003::" };
	static const char *const inside[] = { "0.0.0.0", "10.0.0.0",
		"10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0",
		"127.255.255.255", "169.254.0.0", "172.16.0.0", "172.31.255.255",
		"168.63.129.16", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.0",
		"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.0", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:1ff::1", "2001:db8::1", "2002::1", "3fff:fff::1",
		"fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1" };
	struct sockaddr local = { .sa_family = AF_UNIX };
	size_t i;

	for (i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (!is_public(open[i]))
			fail_msg("%s", open[i]);
	}
	for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		if (is_public(inside[i]))
			fail_msg("%s", inside[i]);
	}
	assert_false(address_public(&local));
}

static void a_url_is_plain(void **state)
{
	static const char *const bad[] = { "", "example.org", "ftp://a.org/",
		"file:///etc/passwd", "gopher://a.org/", "https://",
		"https://u@a.org/", "https://u:p@a.org/", "https://:p@a.org/",
		"https://a.org/#x", "https://a.org/a b", "https://a.org/\r\nX: y",
		"https://a.org/\xea", "https://a.org\\@b.org/", "javascript:1",
		"unix:/run/x", "https://a.org:99999/", "//a.org/" };
	static const char *const good[] = { "https://example.org",
		"http://example.org:8080/a/b?c=d&e=%20f", "https://[2606::1]/",
		"HTTPS://example.org/" };
	char longest[WEBHOOK_URL_MAX + 2] = "https://a.org/";
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){ 0 };
		if (webhook_url_check(bad[i], &e) == 0)
			fail_msg("%s", bad[i]);
		assert_string_equal(e.key, "error_notify_url");
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (webhook_url_check(good[i], &e) < 0)
			fail_msg("%s", good[i]);
	}
	memset(longest + 14, 'a', WEBHOOK_URL_MAX - 13);
	assert_int_equal(webhook_url_check(longest, &e), -1);
	longest[WEBHOOK_URL_MAX] = '\0';
	assert_int_equal(webhook_url_check(longest, &e), 0);
}

static int set_up(void **state)
{
	return (int)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_the_rfcs),
		cmocka_unit_test(a_request_says_what_the_manual_says),
		cmocka_unit_test(an_answer_decides),
		cmocka_unit_test(a_redirect_leads_nowhere),
		cmocka_unit_test(an_endless_answer_is_left),
		cmocka_unit_test(who_hangs_is_left_at_the_deadline),
		cmocka_unit_test(nothing_inside_is_reached),
		cmocka_unit_test(a_proxy_of_the_environment_is_not_asked),
		cmocka_unit_test(addresses_have_borders),
		cmocka_unit_test(a_url_is_plain),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
