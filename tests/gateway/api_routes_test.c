/* lib/gateway/api_routes.c: what is forwarded of the Messages API. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/api_routes.h"

static void only_these_targets_pass(void **state)
{
	static const struct {
		const char *method, *raw;
		enum api_route_verdict verdict;
	} cases[] = {
		{ "POST", "/v1/messages", API_ROUTE_GOOD },
		{ "POST", "/v1/messages?beta=true", API_ROUTE_GOOD },
		{ "POST", "/v1/messages/count_tokens?beta=true", API_ROUTE_GOOD },
		{ "GET", "/v1/models?limit=1000", API_ROUTE_GOOD },
		{ "GET", "/v1/models/claude-opus-4-1@20250805", API_ROUTE_GOOD },
		{ "HEAD", "/", API_ROUTE_GOOD },
		{ "GET", "/", API_ROUTE_GOOD },
		{ "GET", "/v1/messages", API_ROUTE_NO_METHOD },
		{ "POST", "/", API_ROUTE_NO_METHOD },
		{ "post", "/v1/messages", API_ROUTE_NO_METHOD },
		{ "POST", "/v1/messages/", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages/batches", API_ROUTE_NO_PATH },
		{ "POST", "//v1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/./messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/%6dessages", API_ROUTE_NO_PATH },
		{ "POST", "/V1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages#x", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages;x", API_ROUTE_NO_PATH },
		{ "POST", "http://elsewhere/v1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a b", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a#b", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a\r\nx:y", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/..", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/../files", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/a/b", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/a%2f..", API_ROUTE_NO_PATH },
		{ "GET", "/v1/files", API_ROUTE_NO_PATH },
		{ "GET", "*", API_ROUTE_NO_PATH },
		{ "GET", "", API_ROUTE_NO_PATH },
	};
	const struct api_route *t;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (api_route_find(cases[i].method, cases[i].raw,
				   &t) != cases[i].verdict)
			fail_msg("%s %s", cases[i].method, cases[i].raw);
	}
	assert_int_equal(api_route_find("POST", "/v1/messages", &t),
			 API_ROUTE_GOOD);
	assert_true(t->metered && t->body && !t->local);
	assert_int_equal(api_route_find("POST", "/v1/messages/count_tokens",
					&t), API_ROUTE_GOOD);
	assert_true(!t->metered && t->body);
	assert_int_equal(api_route_find("HEAD", "/", &t), API_ROUTE_GOOD);
	assert_true(t->local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_these_targets_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
