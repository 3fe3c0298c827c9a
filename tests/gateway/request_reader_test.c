/*
 * How much a request may use, and what is refused, however it is written and
 * split. Tests request_fields.c.
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

#include "core/str.h"
#include "gateway/request_reader.h"

#define MESSAGE(block) "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\"," \
	"\"content\":[" block "]}]}"
#define TOOL(tool) "{\"tools\":[{\"name\":\"Bash\",\"input_schema\":{\"type\":\"object\"," \
	"\"source\":{\"type\":\"url\"}}}," tool "]}"

/* "" passes, "!" is malformed, else the name that is refused. */
static const struct {
	const char *text, *want, *allowed;
} rows[] = {
	{ "{}", "", "" },
	{ " {\"model\" : \"claude-opus-5-5\",\n\"max_tokens\":128000 ,\"stream\":true,\"temperature\":-1.5e+3,"
	  "\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},\"tools\":[],\"system\":null} \r\n", "", "" },
	/* Fields of the service's own. */
	{ "{\"mcp_servers\":[]}", "mcp_servers", "" },
	{ "{\"m\\u0063p_servers\":[]}", "mcp_servers", "" },
	{ "{\"mcp_servers\":[{\"url\":\"x\"}],\"model\":\"m\"}", "", "web_search mcp_servers" },
	{ "{\"container\":\"c\"}", "container", "mcp_servers" },
	{ "{\"speed\":\"fast\"}", "speed", "" },
	{ "{\"Tools\":[]}", "Tools", "" },
	{ "{\"tools\\u0000\":[]}", "tools?", "" },
	/* Tools. */
	{ TOOL("{\"name\":\"a\"}"), "", "" },
	{ TOOL("{\"type\":\"custom\",\"name\":\"a\"}"), "", "" },
	{ TOOL("{\"type\":\"bash_20250124\"},{\"type\":\"text_editor_20250728\"},{\"type\":null}"), "", "" },
	{ TOOL("{\"type\":\"bash_evil\"}"), "bash_evil", "" },
	{ TOOL("{\"type\":\"web_search_20250305\"}"), "web_search_20250305", "" },
	{ TOOL("{\"type\":\"web_search_20250305\"}"), "", "web_search" },
	{ TOOL("{\"type\":\"web_fetch_20250910\"}"), "web_fetch_20250910", "web_search" },
	{ TOOL("{\"t\\u0079pe\":\"c\\u006fde_execution_20250825\"}"), "code_execution_20250825", "" },
	{ TOOL("{\"Type\":\"mcp_toolset\"}"), "mcp_toolset", "" },
	{ TOOL("{\"type\":\"custom\",\"type\":\"mcp_toolset\"}"), "mcp_toolset", "" },
	{ TOOL("{\"type\":\"mcp_toolset\",\"type\":\"custom\"}"), "mcp_toolset", "" },
	{ TOOL("{\"type\":[\"mcp_toolset\"]}"), "?", "" },
	{ "{\"tools\":[],\"tools\":[[{\"type\":\"mcp_toolset\"}]]}", "mcp_toolset", "" },
	{ "{\"tools\":{\"type\":\"tool_search_tool_bm25_20251119\"}}", "tool_search_tool_bm25_20251119", "" },
	/* Declared in mid-conversation. */
	{ MESSAGE("{\"type\":\"tool_addition\",\"tools\":[{\"type\":\"web_fetch_20250910\"}]}"), "web_fetch_20250910", "" },
	{ MESSAGE("{\"type\":\"web_fetch_20250910\"}"), "web_fetch_20250910", "" },
	/* Where content comes from. */
	{ MESSAGE("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"/9j/\"}}"), "", "" },
	{ MESSAGE("{\"type\":\"image\",\"source\":{\"type\":\"url\"}}"), "url", "" },
	{ MESSAGE("{\"source\":{\"url\":\"http://a/\",\"type\":\"base64\"}}"), "url", "" },
	{ MESSAGE("{\"source\":{\"file_id\":\"f\"}}"), "file", "" },
	{ MESSAGE("{\"source\":{\"type\":\"url\",\"url\":\"u\"}}"), "", "url" },
	{ MESSAGE("{\"type\":\"tool_result\",\"content\":[{\"s\\u006furce\":[{\"type\":\"url\"}]}]}"), "url", "" },
	{ MESSAGE("{\"source\":{\"type\":\"content\",\"content\":[{\"source\":{\"type\":\"url\"}}]}}"), "url", "" },
	{ MESSAGE("{\"type\":\"container_upload\"}"), "container_upload", "" },
	{ MESSAGE("{\"type\":\"tool_use\",\"input\":{\"source\":{\"type\":\"url\",\"url\":1},\"type\":\"mcp_toolset\"}}"), "", "" },
	{ MESSAGE("{\"type\":\"text\",\"text\":\"\\\"source\\\":{\\\"type\\\":\\\"url\\\"}\"}"), "", "" },
	{ MESSAGE("{\"type\":\"search_result\",\"source\":\"https://a/\"}"), "", "" },
	{ "{\"system\":[{\"source\":{\"type\":\"url\"}}]}", "url", "" },
	/* What two could read differently. */
	{ "", "!", "" }, { "[]", "!", "" }, { "{", "!", "" }, { "{}{}", "!", "" }, { "{} x", "!", "" },
	{ "\xef\xbb\xbf{}", "!", "" }, { "{\"model\":1}", "!", "" }, { "{'a':1}", "!", "" },
	{ "{\"model\":\"a\",}", "!", "" }, { "{\"tools\":[,]}", "!", "" }, { "{\"tools\":[1 2]}", "!", "" },
	{ "{\"top_k\":01}", "!", "" }, { "{\"top_k\":nan}", "!", "" }, { "{\"top_k\":1.}", "!", "" },
	{ "{\"system\":\"\\x\"}", "!", "" }, { "{\"system\":\"\\u00g0\"}", "!", "" }, { "{\"system\":\"\n\"}", "!", "" },
	{ "{\"max_tokens\":1,\"max_tokens\":2}", "!", "" }, { "{\"max_tokens\":1e5}", "!", "" },
	{ "{\"max_tokens\":-1}", "!", "" }, { "{\"max_tokens\":\"5\"}", "!", "" }, { "{\"max_tokens\":[5]}", "!", "" },
	{ "{\"max_tokens\":1000000000}", "!", "" }, { "{\"max_tokens\":null}", "!", "" },
	{ "{\"tools\":[}]", "!", "" }, { "{\"system\":]", "!", "" }, { "{\"system\"}", "!", "" },
};

static void feed(struct request_reader *r, const char *text, size_t first, size_t step)
{
	size_t n = strlen(text), at = 0, size = first;
	char *copy;

	while (at < n) {
		if (size > n - at)
			size = n - at;
		copy = malloc(size ? size : 1);
		memcpy(copy, text + at, size);
		request_reader_feed(r, copy, size);
		free(copy);
		at += size;
		size = step;
	}
}

static void expect(size_t i, size_t first, size_t step)
{
	struct request_reader *r = request_reader_new(NULL, rows[i].allowed);
	const struct request_reading *u = request_reader_reading(r);
	const char *got;

	feed(r, rows[i].text, first, step);
	got = u->fault == REQUEST_HOSTED ? u->name :
	      u->fault == REQUEST_MALFORMED || !u->whole ? "!" : "";
	if (!str_equal(got, rows[i].want))
		fail_msg("%s at %zu+%zu: \"%s\", not \"%s\"", rows[i].text, first, step,
			 got, rows[i].want);
	talloc_free(r);
}

static void what_the_service_would_run_is_refused(void **state)
{
	size_t i, at;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (at = 0; at <= strlen(rows[i].text); at++)
			expect(i, at, 1000);
		for (at = 1; at < 12; at++)
			expect(i, at, at);
	}
}

static void what_a_call_may_take_is_read(void **state)
{
	static const char text[] = "{\"messages\":[],\"max_tokens\": 4096,\"thinking\":"
		"{\"type\":\"enabled\",\"budget_tokens\":2048},\"model\":\"cl\\u0061ude\"}";
	struct request_reader *r = request_reader_new(NULL, "");
	const struct request_reading *u = request_reader_reading(r);

	feed(r, text, 3, 5);
	assert_true(u->whole);
	assert_int_equal(u->max_tokens, 4096);
	assert_int_equal(u->max_digits, 4);
	assert_memory_equal(text + u->max_at, "4096", 4);
	assert_int_equal(u->thinking, 2048);
	assert_string_equal(u->model, "claude");
	assert_int_equal(u->input, (strlen(text) + 2) / 3);
	talloc_free(r);
}

static int64_t input_of(const char *begin, const char *text, size_t times, const char *end)
{
	struct request_reader *r = request_reader_new(NULL, "");
	int64_t input;

	feed(r, begin, 1000, 1000);
	while (times--)
		feed(r, text, 1000, 1000);
	feed(r, end, 1000, 1000);
	assert_true(request_reader_reading(r)->whole);
	input = request_reader_reading(r)->input;
	talloc_free(r);
	return input;
}

static void input_is_estimated_from_above(void **state)
{
	/* Two tokens a syllable of Hangul; a picture is never more than the service makes of it. */
	assert_in_range(input_of("{\"system\":\"", "abc", 1000, "\"}"), 1000, 1010);
	assert_in_range(input_of("{\"system\":\"", "공방", 1000, "\"}"), 4000, 4010);
	assert_in_range(input_of("{\"messages\":[{\"source\":{\"data\":\"iVBORw0KGgo", "AAAA", 100000, "\"}}]}"), 5000, 5030);
	assert_in_range(input_of("{\"messages\":[{\"source\":{\"data\":\"JVBERi0x", "AAAA", 3000, "\"}}]}"), 4000, 4030);
	assert_in_range(input_of("{\"messages\":[{\"text\":\"iVBORw0KGgo", "AAAA", 3000, "\"}]}"), 4000, 4030);
}

static void depth_is_bounded(void **state)
{
	struct request_reader *r = request_reader_new(NULL, "");
	int i;

	feed(r, "{\"metadata\":", 100, 100);
	for (i = 0; i < 100000; i++)
		feed(r, "[", 1, 1);
	assert_int_equal(request_reader_reading(r)->fault, REQUEST_MALFORMED);
	talloc_free(r);
}

/* A body that is held back until it is read must not have to end first. */
static void what_cannot_end_well_is_not_waited_for(void **state)
{
	static const struct {
		const char *begin, *more;
		int times;	/* so often is right, once more is not */
	} cases[] = {
		{ "{\"max_tokens\":", "9", 9 },
		{ "{\"max_tokens\":", "\"", 0 },
		{ "{\"thinking\":{\"budget_tokens\":", "9", 9 },
		{ "{\"thinking\":{\"budget_tokens\":", "\"", 0 },
		{ "{\"top_k\":", "9", 128 },
		{ "{\"model\":\"", "m", 128 },
	};
	struct request_reader *r;
	size_t i;
	int n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = request_reader_new(NULL, "");
		feed(r, cases[i].begin, 1000, 1000);
		for (n = 0; n < cases[i].times; n++)
			feed(r, cases[i].more, 1, 1);
		assert_int_equal(request_reader_reading(r)->fault, REQUEST_GOOD);
		feed(r, cases[i].more, 1, 1);
		if (request_reader_reading(r)->fault != REQUEST_MALFORMED)
			fail_msg("%s is waited for", cases[i].begin);
		talloc_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_service_would_run_is_refused),
		cmocka_unit_test(what_a_call_may_take_is_read),
		cmocka_unit_test(input_is_estimated_from_above),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(what_cannot_end_well_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
