/* lib/spending/cli_prices.c: the answer of the real CLI 2.1.332 against tables. */
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

#include "core/clock.h"
#include "core/str.h"
#include "spending/cli_prices.h"

#define AT (clock_days(2026, 11, 30) * INT64_C(86400000) + 5)

static char *file(const char *name, size_t *n)
{
	const char *top = getenv("top_srcdir");
	char path[512], *bytes = malloc(1 << 18);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
	f = fopen(path, "re");
	assert_non_null(f);
	*n = fread(bytes, 1, 1 << 18, f);
	fclose(f);
	return bytes;
}

static void recorded(struct cli_prices *out)
{
	struct err e = { 0 };
	size_t n;
	char *bytes = file("tests/spending/list_models.jsonl", &n);

	if (cli_prices_parse(bytes, n, out, &e) < 0)
		fail_msg("%s", e.text);
	free(bytes);
}

static void the_answer_is_read(void **state)
{
	static const struct cli_prices_price want[] = {
		{ "claude-opus-5-5", 4000000, 20000000, 0, 0, 0 },
		{ "claude-fable-5-2", 8000000, 40000000, 0, 0, 0 },
		{ "claude-sonnet-5-5", 2000000, 10000000, 0, 0, 0 },
		{ "claude-haiku-5-5", 100000, 500000, 100000, 500000, 2500000 },
	};
	struct cli_prices l;
	size_t i;

	recorded(&l);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.unread, 0);
	for (i = 0; i < 4; i++) {
		assert_string_equal(l.rows[i].model, want[i].model);
		assert_int_equal(l.rows[i].input, want[i].input);
		assert_int_equal(l.rows[i].output, want[i].output);
		assert_int_equal(l.rows[i].prompt_max, want[i].prompt_max);
		assert_int_equal(l.rows[i].long_input, want[i].long_input);
		assert_int_equal(l.rows[i].long_output, want[i].long_output);
	}
}

/* A description, read or not. */
static void only_prices_are_read(void **state)
{
	static const struct { const char *text; bool read; } rows[] = {
		{ "$4/$20 per Mtok", true }, { "A · $0.1/$0.000001 per Mtok", true },
		{ "$1/$2 per Mtok ($3/$4 for prompts over 1M)", true },
		{ "", false }, { "4/20 per Mtok", false }, { "$4/20 per Mtok", false },
		{ "$4/$20 per Ktok", false }, { "$4/$20 per Mtok!", false },
		{ "$4/$ per Mtok", false }, { "$./$2 per Mtok", false },
		{ "$4./$20 per Mtok", false }, { "$4/$20.1234567 per Mtok", false },
		{ "$-4/$20 per Mtok", false }, { "$99999999999/$2 per Mtok", false },
		{ "$1/$2 per Mtok (half at night)", false },
		{ "$1/$2 per Mtok ($3/$4 for prompts over 100)", false },
		{ "$1/$2 per Mtok ($3/$4 for prompts over 0k)", false },
		{ "$1/$2 per Mtok ($3/$4 for prompts over 99999999999M)", false },
		{ "$1/$2 per Mtok ($3/$4 for prompts over 1k) ", false },
	};
	struct err e = { 0 };
	char line[600];
	struct cli_prices l;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "{\"type\":\"control_response\",\"response\":{"
			 "\"subtype\":\"success\",\"request_id\":\"list_models\",\"response\":{"
			 "\"models\":[{\"resolvedModel\":\"a[1m]\",\"description\":\"%s\"}]}}}\r\n",
			 rows[i].text);
		assert_int_equal(cli_prices_parse(line, strlen(line), &l, &e),
				 0);
		if (l.n != rows[i].read || l.unread != !rows[i].read)
			fail_msg("%s", rows[i].text);
		assert_true(!l.n || str_equal(l.rows[0].model, "a"));
	}
}

static void other_answers_are_none(void **state)
{
	static const char *const texts[] = {
		"", "\n", "x", "{}", "[]", "{\"type\":\"control_response\"}",
		"{\"type\":\"control_response\",\"response\":{\"subtype\":\"error\",\"request_id\":\"list_models\",\"error\":\"no\"}}",
		"{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"list_models\",\"response\":{\"models\":[]}}}",
		"{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"init\",\"response\":{\"models\":[{}]}}}",
	};
	struct cli_prices l;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = { 0 };

		assert_int_equal(cli_prices_parse(texts[i], strlen(texts[i]),
						  &l, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
	}
}

/* What is to be added for a model: "" when the table agrees. */
static void check(const struct cli_prices_price *l, const char *table, size_t n,
		  enum cli_prices_verdict want, const char *rows_want)
{
	auto_buf rows = BUF_INIT(4096);
	enum cli_prices_verdict verdict = 99;
	struct err e = { 0 };
	struct prices *p = prices_parse(NULL, "t", table, n, &e);

	if (!p || cli_prices_compare(l, p, AT, &verdict, &rows, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(&rows), rows_want);
	assert_int_equal(verdict, want);
	talloc_free(p);
}

static void our_table_agrees(void **state)
{
	struct cli_prices l;
	size_t i, n;
	char *table = file("conf/prices.list", &n);

	recorded(&l);
	for (i = 0; i < l.n; i++)
		check(&l.rows[i], table, n, CLI_PRICES_SAME, "");
	free(table);
}

#define M "m  2026-01-01  0.1 0.5  0.125 0.2 0.01"
#define ROWS "m  2026-11-30  0.1  0.5  0.125  0.2  0.01  100000\n" \
	"m-*  2026-11-30  0.1  0.5  0.125  0.2  0.01  100000\n" \
	"m/long  2026-11-30  0.5  2.5  0.625  1  0.05\n"

static void what_differs_is_named(void **state)
{
	static const struct cli_prices_price tiered = { "m", 100000, 500000, 100000, 500000, 2500000 };
	static const struct cli_prices_price flat = { "m", 4000000, 20000000, 0, 0, 0 };
	static const char flat_rows[] = "m  2026-11-30  4  20  5  8  0.4\n"
		"m-*  2026-11-30  4  20  5  8  0.4\n";
	static const struct {
		const struct cli_prices_price *l;
		const char *table;
		enum cli_prices_verdict verdict;
	} rows[] = {
		{ &flat, "m 2026-01-01 4 20 5 8 0.4\nm-* 2026-01-01 4 20 5 8 0.4\n", CLI_PRICES_SAME },
		{ &flat, "", CLI_PRICES_MISSING },
		{ &flat, "m 2026-01-01 4 20 5 8 0.4\n", CLI_PRICES_MISSING },
		{ &flat, "m-* 2026-01-01 4 20 5 8 0.4\n", CLI_PRICES_MISSING },
		{ &flat, "m 2026-12-01 4 20 5 8 0.4\nm-* 2026-01-01 4 20 5 8 0.4\n", CLI_PRICES_MISSING },
		{ &flat, "m* 2026-01-01 5 20 5 8 0.4\n", CLI_PRICES_DIFFERS },
		{ &flat, "m* 2026-01-01 4 20.000001 5 8 0.4\n", CLI_PRICES_DIFFERS },
		{ &flat, "m 2026-01-01 4 20 5 8 0.4\nm-* 2026-01-01 4 2 5 8 0.4\n", CLI_PRICES_DIFFERS },
		{ &flat, "m 2026-01-01 4 20 5 8 0.4 100000\nm-* 2026-01-01 4 20 5 8 0.4\nm/long 2026-01-01 8 40 1 1 1\n", CLI_PRICES_DIFFERS },
		{ &tiered, ROWS, CLI_PRICES_SAME },
		{ &tiered, M "\nm-* 2026-01-01 0.1 0.5 1 1 1\n", CLI_PRICES_DIFFERS },
		{ &tiered, M " 100000\nm-* 2026-01-01 0.1 0.5 1 1 1 100000\n", CLI_PRICES_DIFFERS },
		{ &tiered, M " 200000\nm-* 2026-01-01 0.1 0.5 1 1 1 200000\nm/long 2026-01-01 0.5 2.5 1 1 1\n", CLI_PRICES_DIFFERS },
		{ &tiered, M " 99999\nm-* 2026-01-01 0.1 0.5 1 1 1 99999\nm/long 2026-01-01 0.5 2.5 1 1 1\n", CLI_PRICES_DIFFERS },
		{ &tiered, M " 100000\nm-* 2026-01-01 0.1 0.5 1 1 1 100000\nm/long 2026-01-01 0.5 3 1 1 1\n", CLI_PRICES_DIFFERS },
		{ &tiered, M " 100000\nm-* 2026-01-01 0.1 0.5 1 1 1 100000\nm/long 2026-01-01 0.5 2.5 1 1 1\n", CLI_PRICES_SAME },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].l, rows[i].table, strlen(rows[i].table),
		      rows[i].verdict, rows[i].verdict == CLI_PRICES_SAME ? "" :
		      rows[i].l == &flat ? flat_rows : ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_read),
		cmocka_unit_test(only_prices_are_read),
		cmocka_unit_test(other_answers_are_none),
		cmocka_unit_test(our_table_agrees),
		cmocka_unit_test(what_differs_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
