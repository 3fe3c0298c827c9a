/* lib/gateway/headers.c: the fields that are forwarded, both ways. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "gateway/headers.h"

static int take(struct headers *h, enum headers_way way, const char *name,
		const char *value)
{
	struct err e = { 0 };

	return headers_add(h, way, name, strlen(name), value, strlen(value), &e);
}

static void fields_pass_by_list(void **state)
{
	static const char *const kept[] = {
		"Anthropic-Version", "anthropic-beta", "ACCEPT",
		"user-agent", "x-stainless-os", "X-App", "X-Claude-Code-Session-Id",
		"x-client-request-id",
	};
	static const char *const dropped[] = {
		"authorization", "x-api-key", "cookie", "host", "connection",
		"content-type", "content-length", "transfer-encoding", "expect", "accept-encoding",
		"x-forwarded-for", "x-stainless", "anthropic", "x-apple",
		"proxy-authorization", "accept-charset",
	};
	void *ctx = talloc_new(NULL);
	struct headers h;
	size_t i;

	headers_init(&h, ctx);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_int_equal(take(&h, HEADERS_REQUEST, kept[i], " v "), 0);
		assert_int_equal(h.n, i + 1);
	}
	assert_string_equal(h.lines[0], "Anthropic-Version: v");
	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		assert_int_equal(take(&h, HEADERS_REQUEST, dropped[i], "v"), 0);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", " \t"), 0);
	assert_int_equal(h.n, sizeof(kept) / sizeof(kept[0]));
	assert_string_equal(headers_value(&h, "x-app"), "v");
	assert_null(headers_value(&h, "retry-after"));
	headers_init(&h, ctx);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "Retry-After", "7"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "set-cookie", "x"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "server", "x"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "content-encoding", "gzip"), 0);
	assert_int_equal(h.n, 1);
	talloc_free(ctx);
}

static void bad_fields_are_refused(void **state)
{
	void *ctx = talloc_new(NULL);
	char *large = malloc(HEADERS_BYTES);
	struct headers h;
	int i;

	memset(large, 'x', HEADERS_BYTES - 1);
	large[HEADERS_BYTES - 1] = '\0';
	headers_init(&h, ctx);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", "a\rb: c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", "a\nb: c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a\r\nb", "c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a b", "c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", large), -1);
	assert_int_equal(h.n, 0);
	for (i = 0; i < HEADERS_MAX; i++)
		assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", "c"), 0);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", "c"), -1);
	free(large);
	talloc_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_pass_by_list),
		cmocka_unit_test(bad_fields_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
