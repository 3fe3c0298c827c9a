/*
 * lib/gateway/usage_reader.c: replies whole, cut at every byte, and hostile.
 * Tests also usage_json.c and usage_sse.c.
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
#include "gateway/usage_reader.h"

#define USAGE "{\"input_tokens\":25,\"cache_creation_input_tokens\":300," \
	"\"cache_read_input_tokens\":4000,\"cache_creation\":{" \
	"\"ephemeral_5m_input_tokens\":100,\"ephemeral_1h_input_tokens\":200}," \
	"\"output_tokens\":1,\"service_tier\":\"standard\"}"
#define MESSAGE "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\"," \
	"\"model\":\"claude-opus-4-5\",\"content\":[],\"stop_reason\":null," \
	"\"stop_sequence\":null,\"usage\":" USAGE "}"
#define START "event: message_start\ndata: {\"message\":" MESSAGE \
	",\"type\":\"message_start\"}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
#define TEXT(t) "event: content_block_delta\ndata: {\"type\":" \
	"\"content_block_delta\",\"index\":0,\"delta\":{\"type\":" \
	"\"text_delta\",\"text\":\"" t "\"}}\n\n"
#define DELTA(usage) "event: message_delta\ndata: {\"type\":\"message_delta\"," \
	"\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," \
	"\"usage\":" usage "}\n\n"
#define STOP "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

/* "model input output 5m 1h read" and c complete, e error, - nothing read. */
static const struct row {
	const char *text, *want;
} rows[] = {
	{ START TEXT("공방 \\ud83d \\\"message_start\\\"")
	  DELTA("{\"output_tokens\":15}") STOP,
	  "claude-opus-4-5 25 15 100 200 4000 c" },
	/* Cut before the end: what was reported. */
	{ START TEXT("a"), "claude-opus-4-5 25 1 100 200 4000 " },
	{ START "event: message_delta\ndata: {\"type\":"
	  "\"message_delta\",\"usage\":{\"output_tokens\":15}}\n",
	  "claude-opus-4-5 25 1 100 200 4000 " },
	{ "", " 0 0 0 0 0 -" },
	/* Deltas are cumulative, and name all or some. */
	{ START DELTA("{\"output_tokens\":5}")
	  DELTA("{\"input_tokens\":30,\"output_tokens\":7,"
	  "\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":0}")
	  STOP, "claude-opus-4-5 30 7 100 200 4000 c" },
	{ START DELTA("{\"cache_creation_input_tokens\":350}") STOP,
	  "claude-opus-4-5 25 1 150 200 4000 c" },
	{ START DELTA("{\"cache_creation_input_tokens\":50}") STOP,
	  "claude-opus-4-5 25 1 100 200 4000 c" },
	{ START DELTA("{\"cache_creation_input_tokens\":90,"
	  "\"cache_creation\":{\"ephemeral_1h_input_tokens\":40}}") STOP,
	  "claude-opus-4-5 25 1 100 200 4000 c" },
	{ START DELTA("null") DELTA("[]") DELTA("{}") STOP,
	  "claude-opus-4-5 25 1 100 200 4000 c" },
	/* An error in mid-stream. */
	{ START TEXT("a") "event: error\ndata: {\"type\":\"error\","
	  "\"error\":{\"type\":\"overloaded_error\",\"message\":"
	  "\"Overloaded\"}}\n\n", "claude-opus-4-5 25 1 100 200 4000 e" },
	/* Other spellings of a stream. */
	{ "\xef\xbb\xbf: hello\r\n\r\nid: 7\r\nevent:message_delta"
	  "\r\ndata:{\"type\":\"message_delta\",\r\ndata: \"usage\":"
	  "{\"output_tokens\":3}}\r\n\r\n", " 0 3 0 0 0 " },
	{ "event: message_delta\rdata: {\"type\":\"message_delta\","
	  "\"usage\":{\"output_tokens\":4}}\r\revent: message_stop\rdata: "
	  "{\"type\":\"message_stop\"}\r\r", " 0 4 0 0 0 c" },
	{ "data: {\"type\":\"message_delta\",\"usage\":"
	  "{\"output_tokens\":6}}\n\ndata: {\"type\":\"content_block_delta\","
	  "\"delta\":\"message_delta\",\"usage\":{\"output_tokens\":9}}\n\n"
	  "data: {\"type\":\"message_stop\"}\n\n", " 0 6 0 0 0 c" },
	{ "data: {\"type\":\"message_delta\",\"usage\":"
	  "{\"output_tokens\":6}}\nevent: message_delta\nretry: 1\n\n",
	  " 0 6 0 0 0 " },
	{ "data\nda\nevent\ndatax: {}\nevents: x\ndata: {\"type\":"
	  "\"message_delta\",\"usage\":{\"output_tokens\":6}}\n\n",
	  " 0 6 0 0 0 " },
	/* The name filters, the data decide; names do not outlive an event. */
	{ "event: content_block_delta\ndata: {\"type\":"
	  "\"message_stop\"}\n\nevent: message_stopped\ndata: {\"type\":"
	  "\"message_stop\"}\n\nevent: message_stop\ndata: {\"type\":"
	  "\"ping\"}\n\n", " 0 0 0 0 0 -" },
	{ "data: {\"type\":\"message_stop\"}\nevent: ping\n\n",
	  " 0 0 0 0 0 -" },
	{ "event: ping\n\ndata: {\"type\":\"message_stop\"}\n\n",
	  " 0 0 0 0 0 -c" },
	/* What is no number of tokens. */
	{ DELTA("{\"input_tokens\":-1,\"output_tokens\":2,"
	  "\"cache_read_input_tokens\":\"3\",\"cache_creation_input_tokens\":"
	  "99999999999999999999999,\"cache_creation\":5}"), " 0 2 0 0 0 " },
	{ DELTA("{\"input_tokens\":1e3,\"output_tokens\":2.5,"
	  "\"cache_read_input_tokens\":true,\"cache_creation_input_tokens\":"
	  "1000000000001}"), " 0 0 0 0 0 -" },
	{ DELTA("{\"input_tokens\":100000000}"),
	  " 100000000 0 0 0 0 " },
	/* Several runs in a call: one made the context shorter. */
	{ START DELTA("{\"input_tokens\":23000,\"output_tokens\":100,"
	  "\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":180000,"
	  "\"output_tokens\":3500},{\"type\":\"message\",\"input_tokens\":23000,"
	  "\"output_tokens\":100}]}") STOP,
	  "claude-opus-4-5 203000 3600 100 200 4000 c" },
	{ START DELTA("{\"iterations\":[{\"input_tokens\":9},7,null,"
	  "[1],{\"output_tokens\":-4},{\"input_tokens\":8,\"output_tokens\":3,"
	  "\"cache_read_input_tokens\":1000}]}") STOP,
	  "claude-opus-4-5 25 3 100 200 4000 c" },
	/* A later report without them takes nothing back. */
	{ START DELTA("{\"iterations\":[{\"output_tokens\":50}]}")
	  DELTA("{\"output_tokens\":7}") DELTA("{\"iterations\":5}") STOP,
	  "claude-opus-4-5 25 50 100 200 4000 c" },
	{ START DELTA("{\"output_tokens\":7,\"iterations\":[]}") STOP,
	  "claude-opus-4-5 25 7 100 200 4000 c" },
	/* Writes: by their life, or as the top has it. */
	{ "{\"usage\":{\"cache_creation_input_tokens\":300,"
	  "\"cache_creation\":{\"ephemeral_1h_input_tokens\":300},"
	  "\"iterations\":[{\"cache_creation_input_tokens\":200},"
	  "{\"cache_creation_input_tokens\":100}]}}", " 0 0 0 300 0 c" },
	{ "{\"usage\":{\"cache_creation_input_tokens\":300,"
	  "\"iterations\":[{\"cache_creation_input_tokens\":200,"
	  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":50,"
	  "\"ephemeral_1h_input_tokens\":150}},{\"cache_creation\":"
	  "{\"ephemeral_5m_input_tokens\":350}}]}}", " 0 0 400 150 0 c" },
	{ "{\"usage\":{\"iterations\":[{\"input_tokens\":"
	  "100000000},{\"input_tokens\":100000000}]}}",
	  " 100000000 0 0 0 0 c" },
	/* What is no JSON: lines of data are joined by their ends. */
	{ "data: {\"type\":\"message_delta\",\"usage\":"
	  "{\"output_tokens\":1\ndata:5}}\n\n", " 0 0 0 0 0 -" },
	{ "event: message_start\ndata: {\"type\":\"message_start\","
	  "\n\nevent: message_start\ndata: [1]\n\nevent: message_start\n"
	  "data: {\"type\":\"message_start\",\"message\":7}\n\n" STOP,
	  " 0 0 0 0 0 -c" },
	{ "event: message_start\ndata: {\"type\":\"message_start\","
	  "\"message\":{\"model\":\"\\ud800a\\udc00\",\"usage\":"
	  "{\"output_tokens\":1}}}\n\n", "\xef\xbf\xbd" "a\xef\xbf\xbd 0 1 0 0 0 " },
	/* Bodies. */
	{ MESSAGE, "claude-opus-4-5 25 1 100 200 4000 c" },
	{ " \r\n{ \"usage\" : {\"output_tokens\" : 3 } ,\n"
	  " \"content\":[{\"text\":\"a \\\"usage\\\": {\\\"output_tokens\\\":"
	  "9}, \\\\\",\"usage\":{\"output_tokens\":8}},[[{}]]], \"model\" :"
	  " \"m\" }\n", "m 0 3 0 0 0 c" },
	{ "{\"type\":\"error\",\"error\":{\"type\":"
	  "\"rate_limit_error\",\"message\":\"no\"}}", " 0 0 0 0 0 -ce" },
	{ "{\"input_tokens\":12}", " 0 0 0 0 0 -c" },
	{ "{\"model\":\"m\",\"usage\":{\"output_tokens\":3},"
	  "\"content\":[", "m 0 3 0 0 0 " },
	/* What a later report says less of, takes nothing back. */
	{ START DELTA("{\"input_tokens\":0,\"output_tokens\":0,"
	  "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
	  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
	  "\"ephemeral_1h_input_tokens\":0}}") STOP,
	  "claude-opus-4-5 25 1 100 200 4000 c" },
	/* The same writes, first of no named life. */
	{ DELTA("{\"cache_creation_input_tokens\":300}") DELTA("{"
	  "\"cache_creation_input_tokens\":300,\"cache_creation\":"
	  "{\"ephemeral_1h_input_tokens\":300}}"), " 0 0 0 300 0 " },
	{ "\xef\xbb\xbf \n" MESSAGE, "claude-opus-4-5 25 1 100 200 4000 c" },
	{ "{}", " 0 0 0 0 0 -c" },
	{ "[{\"usage\":{\"output_tokens\":3}}]", " 0 0 0 0 0 -" },
	{ "\"usage\"", " 0 0 0 0 0 -" },
	{ "{\"a\":1]\"usage\":{\"output_tokens\":3}}",
	  " 0 0 0 0 0 -" },
	{ "{\"usage\" 5:{\"output_tokens\":3}}", " 0 0 0 0 0 -" },
	{ "{\"a\\\"\":\"b\\\\\",\"usage\":{\"output_tokens\":3}}"
	  "{\"usage\":{\"output_tokens\":4}}", " 0 3 0 0 0 c" },
	{ "{\"a\":\"\\\"\",\"usage\":{\"output_tokens\":3}}",
	  " 0 3 0 0 0 c" },
	{ "{\"model\":7,\"usage\":\"x\",\"type\":[]}",
	  " 0 0 0 0 0 -c" },
};

static void write_reading(const struct usage_reader *r, char out[400])
{
	const struct usage_reading *u = usage_reader_reading(r);

	snprintf(out, 400, "%s %lld %lld %lld %lld %lld %s%s%s", u->model,
		 (long long)u->usage.input, (long long)u->usage.output,
		 (long long)u->usage.cache_write_5m,
		 (long long)u->usage.cache_write_1h,
		 (long long)u->usage.cache_read, u->any ? "" : "-",
		 u->complete ? "c" : "", u->error ? "e" : "");
	assert_int_equal(u->any, u->changes > 0);
}

#define BLOCK(name) "event: content_block_start\ndata: {\"type\":" \
	"\"content_block_start\",\"index\":0,\"content_block\":{\"type\":" \
	"\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":" name ",\"input\":{}}}\n\n"
#define TOOLS(uses) "{\"output_tokens\":15,\"server_tool_use\":" uses "}"

/* "tool uses" of each hosted tool. */
static const struct row tools[] = {
	{ START TEXT("server_tool_use") DELTA("{\"output_tokens\":15}") STOP, "" },
	{ START BLOCK("\"web_search\"") BLOCK("\"web_search\"")
	  DELTA(TOOLS("{\"web_search_requests\":2,\"web_fetch_requests\":0}")) STOP, "web_search 2 " },
	/* Cut: what began. Reported: the larger, and nothing takes it back. */
	{ START BLOCK("\"web_search\"") TEXT("a") BLOCK("\"bash_code_execution\"")
	  BLOCK("\"text_editor_code_execution\"") BLOCK("7"), "web_search 1 code_execution 2 unknown 1 " },
	{ START DELTA(TOOLS("{\"web_search_requests\":3,\"web_fetch_requests\":4}"))
	  DELTA(TOOLS("{\"web_search_requests\":1}")) STOP, "web_search 3 web_fetch 4 " },
	{ "{\"usage\":" TOOLS("{\"code_execution_requests\":1,\"tool_search_requests\":2,"
	  "\"next_year_requests\":1,\"N N_requests\":1}") "}",
	  "code_execution 1 tool_search 2 next_year 1 unknown 1 " },
	{ "{\"usage\":" TOOLS("{\"web_search_requests\":\"2\",\"web_fetch_requests\":-1,"
	  "\"_requests\":5,\"a\":6}") "}", "unknown 5 " },
	{ "{\"usage\":" TOOLS("[1]") "}", "" },
	/* No number of uses is that large; no reply names so many. */
	{ "{\"usage\":" TOOLS("{\"a_requests\":9e9,\"b_requests\":9000000000,\"c_requests\":1,"
	  "\"d_requests\":1,\"e_requests\":1,\"f_requests\":1,\"g_requests\":1,\"h_requests\":9}") "}",
	  "b 1000 c 1 d 1 e 1 f 1 g 9 " },
};

static void hosted_tools_are_counted(void **state)
{
	const struct usage_reading *u;
	struct usage_reader *r;
	char got[400];
	size_t i, k, n;

	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		r = usage_reader_new(NULL);
		for (k = 0; tools[i].text[k]; k++)
			usage_reader_feed(r, tools[i].text + k, 1);
		u = usage_reader_reading(r);
		got[0] = '\0';
		for (k = 0, n = 0; k < u->n_tools; k++)
			n += (size_t)sprintf(got + n, "%s %lld ", u->tools[k].name,
					     (long long)usage_tool_uses(&u->tools[k]));
		if (!str_equal(got, tools[i].want))
			fail_msg("%zu: \"%s\", not \"%s\"", i, got, tools[i].want);
		talloc_free(r);
	}
}

/* "input output" of a reply that is cut off after this. */
static const struct row estimates[] = {
	{ "", "50 0" },
	{ START, "25 1" },
	/* 40 bytes of text, then one more token. */
	{ START TEXT("0123456789012345678901234567890123456789")
	  TEXT("a"), "25 11" },
	{ START TEXT("0123456789") "event: content_block_delta\nda",
	  "25 2" },
	/* Without their envelopes, whatever these are. */
	{ START "data: {\"type\":\"content_block_delta\"}\n\n"
	  "event: content_block_delta\ndata: 0\n\nevent:content_block_delta\n"
	  "id: 1\n:0123456789012345678901234567890123456789\ndata:\ndata\n\n",
	  "25 3" },
	{ START "event: ping\ndata: 0123456789012345678901234567890"
	  "012345678901234567890123456789012345678901234567890123456789\n\n",
	  "25 1" },
	/* What is reported counts for what passed before. */
	{ START TEXT("0123456789012345678901234567890123456789")
	  DELTA("{\"output_tokens\":5}"), "25 5" },
	{ START TEXT("0123456789012345678901234567890123456789")
	  DELTA("{\"input_tokens\":9}"), "25 10" },
	{ TEXT("0123456789012345"), "50 4" },
	/* What follows a delta's report comes on top of it. */
	{ START DELTA("{\"output_tokens\":1000}")
	  TEXT("0123456789012345678901234567890123456789"), "25 1010" },
	{ START DELTA("{\"output_tokens\":5}") TEXT("0123456789012345")
	  DELTA("{\"output_tokens\":9}") TEXT("01234567"), "25 11" },
	/* A body's covers all of it. */
	{ "{\"usage\":{\"output_tokens\":1000},\"content\":[\"0123456789012345",
	  "50 1000" },
	{ "{\"model\":\"m\",\"content\":[\"0123456789012345",
	  "50 4" },
};

static void what_is_cut_off_is_estimated(void **state)
{
	struct usage_reader *r;
	struct usage u;
	char got[64];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(estimates) / sizeof(estimates[0]); i++) {
		r = usage_reader_new(NULL);
		for (j = 0; estimates[i].text[j]; j++)
			usage_reader_feed(r, estimates[i].text + j, 1);
		usage_estimate(usage_reader_reading(r), 50, 0, &u);
		snprintf(got, sizeof(got), "%lld %lld", (long long)u.input,
			 (long long)u.output);
		if (!str_equal(got, estimates[i].want))
			fail_msg("%zu: \"%s\", not \"%s\"", i, got,
				 estimates[i].want);
		talloc_free(r);
	}
	usage_estimate(NULL, 50, 0, &u);
	assert_int_equal(u.input, 50);
	usage_estimate(NULL, 0, 0, &u);
	assert_int_equal(usage_tokens(&u), 0);
}

/* Each piece in memory of its own, so that a sanitizer sees its end. */
static void feed(struct usage_reader *r, const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	usage_reader_feed(r, copy, n);
	memset(copy, 'x', n);
	free(copy);
}

static void expect(const struct row *row, size_t first, size_t step)
{
	struct usage_reader *r = usage_reader_new(NULL);
	size_t n = strlen(row->text), at = 0, size = first;
	char got[400];

	while (at < n) {
		if (size > n - at)
			size = n - at;
		feed(r, row->text + at, size);
		at += size;
		size = step;
	}
	write_reading(r, got);
	if (!str_equal(got, row->want))
		fail_msg("%.60s... at %zu+%zu: \"%s\", not \"%s\"", row->text,
			 first, step, got, row->want);
	talloc_free(r);
}

static void replies_are_read_however_they_are_cut(void **state)
{
	size_t i, n, at;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = strlen(rows[i].text);
		for (at = 0; at <= n; at++)
			expect(&rows[i], at, n);
		for (at = 1; at < 20; at++)
			expect(&rows[i], at, at);
	}
}

static void feed_many(struct usage_reader *r, const char *text, size_t times)
{
	while (times--)
		feed(r, text, strlen(text));
}

static void huge_lines_are_bounded(void **state)
{
	struct usage_reader *r = usage_reader_new(NULL);
	char got[400];

	feed_many(r, "event: message_start\ndata: ", 1);
	feed_many(r, "{\"type\":\"message_start\",\"a\":\"aaaaaaaaaaa\",", 9999);
	feed_many(r, "\n\n" START, 1);
	feed_many(r, "data: ", 1);
	feed_many(r, "message_start", 99999);
	feed_many(r, "\ndata: x\n\n", 1);
	feed_many(r, "event: ", 1);
	feed_many(r, "message_stop", 99999);
	feed_many(r, "\ndata: {\"type\":\"message_stop\"}\n\n", 1);
	feed_many(r, ": ", 99999);
	feed_many(r, "\n" DELTA("{\"output_tokens\":2}"), 1);
	write_reading(r, got);
	assert_string_equal(got, "claude-opus-4-5 25 2 100 200 4000 ");
	talloc_free(r);
	r = usage_reader_new(NULL);
	feed_many(r, "{\"", 1);
	feed_many(r, "usage", 99999);
	feed_many(r, "\":1,\"model\":\"", 1);
	feed_many(r, "claude", 99999);
	feed_many(r, "\",\"usage\":", 1);
	feed_many(r, "[", 99999);
	feed_many(r, "]", 99999);
	feed_many(r, ",\"usage\":", 1);
	feed_many(r, "[", 40);
	feed_many(r, "]", 40);
	feed_many(r, ",\"usage\":", 1);
	feed_many(r, "{\"input_tokens\":7,\"a\":[{}", 1);
	feed_many(r, ",{}", 5000);
	feed_many(r, "]},\"usage\":{\"output_tokens\":2}}", 1);
	write_reading(r, got);
	assert_string_equal(got, " 0 2 0 0 0 c");
	talloc_free(r);
}

/* "a" absurd, "f" final: what a whole reply's booking depends on. */
static const struct row reports[] = {
	{ START TEXT("a") DELTA("{\"output_tokens\":15}") STOP, "f" },
	{ MESSAGE, "f" },
	{ START TEXT("a") STOP, "" },
	{ START DELTA("{\"input_tokens\":25}") STOP, "" },
	{ START DELTA("{\"output_tokens\":15}") TEXT("a") STOP, "" },
	{ START DELTA("{\"output_tokens\":15") STOP, "a" },
	{ START DELTA("{\"output_tokens\":15,\"output_tokens\":1}"), "af" },
	{ START "data: {\"type\":\"message_delta\"\n\n", "a" },
	{ START "event: content_block_start\ndata: {\n\n" DELTA("{\"output_tokens\":1}"), "f" },
	{ MESSAGE "\n \n", "f" },
	{ MESSAGE "\n" MESSAGE, "af" },
	{ MESSAGE "x", "af" },
};

static void write_report(const struct usage_reader *r, char out[3])
{
	const struct usage_reading *u = usage_reader_reading(r);

	snprintf(out, 3, "%s%s", u->absurd ? "a" : "", u->final ? "f" : "");
}

static void what_is_no_report_is_known(void **state)
{
	struct usage_reader *r;
	char got[3];
	size_t i, k;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		r = usage_reader_new(NULL);
		for (k = 0; reports[i].text[k]; k++)
			usage_reader_feed(r, reports[i].text + k, 1);
		write_report(r, got);
		if (!str_equal(got, reports[i].want))
			fail_msg("%zu: \"%s\", not \"%s\"", i, got, reports[i].want);
		talloc_free(r);
	}
}

/* Too long or too rich to be parsed; another event may be. */
static void a_report_that_is_too_long_is_known(void **state)
{
	static const struct { const char *head, *unit, *tail, *want; } long_ones[] = {
		{ "event: message_delta\ndata: {\"usage\":{\"output_tokens\":15},\"a\":\"", "aaaaaaaa", "\"}\n\n", "a" },
		{ "data: {\"type\":\"message_delta\",\"a\":\"", "aaaaaaaa", "\"}\n\n", "a" },
		{ "event: message_delta\ndata: {\"usage\":{\"output_tokens\":15},\"a\":[0", ",{}", "]}\n\n", "a" },
		{ "event: content_block_start\ndata: {\"a\":\"", "aaaaaaaa", "\"}\n\n", "" },
	};
	struct usage_reader *r;
	char got[3];
	size_t i;

	for (i = 0; i < sizeof(long_ones) / sizeof(long_ones[0]); i++) {
		r = usage_reader_new(NULL);
		feed_many(r, START, 1);
		feed_many(r, long_ones[i].head, 1);
		feed_many(r, long_ones[i].unit, 9999);
		feed_many(r, long_ones[i].tail, 1);
		write_report(r, got);
		assert_string_equal(got, long_ones[i].want);
		talloc_free(r);
	}
	r = usage_reader_new(NULL);
	feed_many(r, "{\"usage\":{\"output_tokens\":1,\"a\":\"", 1);
	feed_many(r, "aaaaaaaa", 9999);
	feed_many(r, "\"},\"usage\":{\"output_tokens\":2}}", 1);
	write_report(r, got);
	assert_string_equal(got, "af");
	talloc_free(r);
}

static void odd_bytes_are_no_harm(void **state)
{
	static const char text[] = "event: message_\0start\n\ndata: \0{}\n\n"
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\0 \n\n"
		"data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\""
		":5}}\n\n\0\n";
	struct usage_reader *r = usage_reader_new(NULL);
	char got[400], name[400];

	feed(r, text, sizeof(text) - 1);
	feed(r, "", 0);
	write_reading(r, got);
	assert_string_equal(got, " 0 5 0 0 0 c");
	talloc_free(r);
	/* A long name is cut between characters; a bad one is mended. */
	r = usage_reader_new(NULL);
	feed_many(r, "{\"model\":\"\xff", 1);
	feed_many(r, "방", 100);
	feed_many(r, "\"}", 1);
	write_reading(r, got);
	strcpy(name, usage_reader_reading(r)->model);
	assert_int_equal(strlen(name), 126);
	assert_true(utf8_valid(name, strlen(name)));
	talloc_free(r);
}

static void reports_are_counted(void **state)
{
	struct usage_reader *r = usage_reader_new(NULL);

	feed_many(r, START, 1);
	assert_int_equal(usage_reader_reading(r)->changes, 1);
	feed_many(r, TEXT("a"), 10);
	assert_int_equal(usage_reader_reading(r)->changes, 1);
	feed_many(r, DELTA("{\"output_tokens\":2}"), 2);
	assert_int_equal(usage_reader_reading(r)->changes, 3);
	talloc_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosted_tools_are_counted),
		cmocka_unit_test(replies_are_read_however_they_are_cut),
		cmocka_unit_test(huge_lines_are_bounded),
		cmocka_unit_test(what_is_no_report_is_known),
		cmocka_unit_test(a_report_that_is_too_long_is_known),
		cmocka_unit_test(odd_bytes_are_no_harm),
		cmocka_unit_test(reports_are_counted),
		cmocka_unit_test(what_is_cut_off_is_estimated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
