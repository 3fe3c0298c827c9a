/* lib/gateway/betas.c: which beta features a call may ask for. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "gateway/betas.h"
#include "gateway/headers.h"

static int take(struct headers *h, enum headers_way way, const char *name,
		const char *value)
{
	struct err e = { 0 };

	return headers_add(h, way, name, strlen(name), value, strlen(value), &e);
}

static void betas_pass_by_list(void **state)
{
	static const struct {
		const char *sent, *allowed, *passed;	/* NULL: the field goes */
	} rows[] = {
		{ "effort-2025-11-24", "", "effort-2025-11-24" },
		{ "a,b", "", NULL },
		{ " mcp-client-2025-11-20 ,effort-2025-11-24, ,files-api-2025-04-14", "", "effort-2025-11-24" },
		{ "claude-code-20250219,claude-code-20250219-x", "", "claude-code-20250219" },
		{ "effort-2025-11-2", "", NULL },
		{ "web-search-2025-03-05,web-fetch-2025-09-10", "web_search", "web-search-2025-03-05" },
		{ "web-searching-2025-03-05", "web_search", NULL },
		{ "web-search-results-only-2026-11-15", "web_search", "web-search-results-only-2026-11-15" },
		{ "mcp-client-2025-11-20", "url mcp_servers", "mcp-client-2025-11-20" },
	};
	void *ctx = talloc_new(NULL);
	struct headers h;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		headers_init(&h, ctx);
		assert_int_equal(take(&h, HEADERS_REQUEST, "Anthropic-Beta", rows[i].sent), 0);
		assert_int_equal(take(&h, HEADERS_REQUEST, "x-app", "cli"), 0);
		betas_filter(&h, rows[i].allowed);
		assert_int_equal(h.n, rows[i].passed ? 2 : 1);
		if (rows[i].passed)
			assert_string_equal(headers_value(&h, "anthropic-beta"), rows[i].passed);
		assert_string_equal(headers_value(&h, "x-app"), "cli");
	}
	talloc_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(betas_pass_by_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
