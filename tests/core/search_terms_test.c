#include "config.h"
#include "core/search_terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

static void a_text_becomes_words_and_pairs(void **state)
{
	static const struct {
		const char *text, *terms;
	} rows[] = {
		{ "", "" },
		{ "Hello, World!", "hello world " },
		{ "snake_case and e-mail", "snake case and e mail" },
		{ "결제", "결제 " },
		{ "결제가 안 됩니다", "결제 제가 됩니 니다 " },
		{ "물", "" },
		{ "API를 v2로", "api v2 " },
		{ "東京タワー", "東京 京タ タワ ワー " },
		{ "Café ÉCOLE straße", "cafe ecole strasse" },
		/* the same, decomposed: as macOS names files */
		{ "\u1100\u1167\u11af\u110c\u1166", "결제 " },
		{ "Cafe\u0301", "cafe" },
		{ "ＡＢＣ１２", "abc12" },
		{ "㈜한국 ﾊﾞｽ", "한국 ハス " },
		{ "\"a\" OR b* NEAR(c) ^d -e terms:f", "a or b near c d e terms f" },
		{ "👍🏽 ok \u200b\u2028", "ok " },
		{ "привет Ελλάδα", "привет ελλαδα" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf out = BUF_INIT(1000);
		struct err e = { 0 };

		assert_int_equal(search_terms_add(&out, rows[i].text, &e), 0);
		if (strcmp(buf_text(&out), rows[i].terms) != 0)
			fail_msg("%s: \"%s\"", rows[i].text, buf_text(&out));
	}
}

static void a_long_word_is_cut(void **state)
{
	auto_buf out = BUF_INIT(1000);
	char text[301];
	struct err e = { 0 };
	struct search_query *q;

	(void)state;
	memset(text, 'x', 300);
	text[300] = '\0';
	assert_int_equal(search_terms_add(&out, text, &e), 0);
	assert_int_equal(out.len, SEARCH_TERM_MAX);
	q = search_query_new(NULL, text);
	assert_int_equal(q->nterms, 1);
	assert_true(q->terms[0].prefix);
	assert_true(strlen(q->terms[0].text) <= SEARCH_TERM_MAX);
	assert_memory_equal(q->terms[0].text, text, strlen(q->terms[0].text));
	talloc_free(q);
}

static void expect_query(const char *text, const char *want)
{
	auto_buf out = BUF_INIT(10000);
	struct search_query *q = search_query_new(NULL, text);
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < q->nterms; i++)
		assert_int_equal(buf_addf(&out, &e, "%s%s ", q->terms[i].text,
					  q->terms[i].prefix ? "*" : ""), 0);
	assert_string_equal(buf_text(&out), want);
	talloc_free(q);
}

static void a_query_becomes_terms(void **state)
{
	struct search_query *q;

	(void)state;
	expect_query("", "");
	expect_query("* \" ' ( ) : ^ - NOT", "not* ");
	expect_query("go Invoice", "go invoice* ");
	expect_query("결제 결제", "결제 ");
	expect_query("신용카드", "신용 용카 카드 ");
	expect_query("물", "");
	q = search_query_new(NULL, "물 결제");
	assert_int_equal(q->nunits, 2);
	assert_false(q->cut);
	talloc_free(q);
}

static void ten_kilobytes_are_cut(void **state)
{
	char text[10241];
	struct search_query *q;
	size_t i;

	(void)state;
	for (i = 0; i < 10240; i++)
		text[i] = i % 3 == 2 ? ' ' : (char)('a' + i % 26);
	text[10240] = '\0';
	q = search_query_new(NULL, text);
	assert_true(q->cut);
	assert_int_equal(q->nunits, SEARCH_UNITS_MAX);
	talloc_free(q);
	for (i = 0; i + 3 <= 10239; i += 3)
		memcpy(text + i, i % 2 ? "결" : "제", 3);
	text[10239] = '\0';
	q = search_query_new(NULL, text);
	assert_int_equal(q->nterms, 2);
	assert_int_equal(q->nunits, 1);
	talloc_free(q);
}

static void expect_marks(const char *query, const char *text, const char *want)
{
	struct search_query *q = search_query_new(NULL, query);
	struct search_mark marks[SEARCH_MARKS_MAX];
	auto_buf out = BUF_INIT(1000);
	struct err e = { 0 };
	size_t n, i;
	bool all = search_query_find(q, text, marks, &n);

	for (i = 0; i < n; i++)
		assert_int_equal(buf_addf(&out, &e, "[%.*s]",
					  (int)(marks[i].to - marks[i].from),
					  text + marks[i].from), 0);
	assert_int_equal(buf_add_text(&out, all ? "" : " not all", &e), 0);
	if (strcmp(buf_text(&out), want) != 0)
		fail_msg("%s in %s: %s", query, text, buf_text(&out));
	talloc_free(q);
}

static void marks_are_where_it_is(void **state)
{
	(void)state;
	expect_marks("결제", "어제 결제를 했고 재결제는", "[결제][결제]");
	/* all pairs are there, the word is not */
	expect_marks("가나다", "가나 나다", " not all");
	expect_marks("invo", "Invoices, reinvoice", "[Invo]");
	expect_marks("in", "in inner", "[in]");
	expect_marks("cafe", "das Café", "[Café]");
	expect_marks("strasse", "Hauptstraße, Straße 1", "[Straße]");
	expect_marks("물 결제", "물과 결제", "[물][결제]");
	expect_marks("물 결제", "결제", "[결제] not all");
	expect_marks("", "text", " not all");
	expect_marks("ab", "", " not all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_becomes_words_and_pairs),
		cmocka_unit_test(a_long_word_is_cut),
		cmocka_unit_test(a_query_becomes_terms),
		cmocka_unit_test(ten_kilobytes_are_cut),
		cmocka_unit_test(marks_are_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
