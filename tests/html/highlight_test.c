/* lib/html/highlight: the real program's colours, its limits, and what is not taken from it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "html/highlight.h"

#define PATIENT_MS 60000

static void languages_have_many_names(void **state)
{
	assert_string_equal(highlight_language("py"), "python");
	assert_string_equal(highlight_language("Python"), "python");
	assert_string_equal(highlight_language("sh"), "sh");
	assert_string_equal(highlight_language("TypeScript"), "ts");
	assert_string_equal(highlight_language("yml"), "yaml");
	assert_null(highlight_language(""));
	assert_null(highlight_language("../../etc/passwd"));
	assert_null(highlight_language("a language of a very long name"));
}

static void code_has_colours(void **state)
{
	static const struct { const char *said, *code, *html; } rows[] = {
		{ "py", "def f():  # x\n\treturn \"<\"\n",
		  "<span class=\"hl-kwa\">def</span> <span class=\"hl-kwd\">f</span><span class=\"hl-opt\">():</span>  "
		  "<span class=\"hl-slc\"># x</span>\n\t<span class=\"hl-kwa\">return</span> "
		  "<span class=\"hl-str\">&quot;&lt;&quot;</span>\n" },
		{ "yaml", "a: 1 # c", "<span class=\"hl-kwa\">a:</span> <span class=\"hl-num\">1</span> "
		  "<span class=\"hl-slc\"># c</span>" },
		{ "c", "한글 /* 주석 */\n\n\n", "한글 <span class=\"hl-com\">/* 주석 */</span>\n\n\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf out = BUF_INIT(1 << 20);

		assert_int_equal(highlight_code(highlight_language(rows[i].said), rows[i].code,
						PATIENT_MS, &out), HIGHLIGHTED);
		assert_string_equal(buf_text(&out), rows[i].html);
	}
}

/* Every name in the table is one that the program knows. */
static void every_language_is_known(void **state)
{
	static const char *const said[] = { "awk", "bash", "bat", "c++", "conf", "cs", "css",
		"dart", "diff", "docker", "go", "haskell", "html", "ini", "java", "js", "json",
		"jsx", "julia", "kotlin", "latex", "lua", "make", "md", "nginx", "perl", "php",
		"ps1", "python", "r", "rb", "rust", "scala", "scss", "sql", "swift", "ts", "xml",
		"yaml" };
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		auto_buf out = BUF_INIT(1 << 20);

		assert_non_null(highlight_language(said[i]));
		if (highlight_code(highlight_language(said[i]), "x \"y\"", PATIENT_MS, &out) !=
		    HIGHLIGHTED)
			fail_msg("%s", said[i]);
	}
}

static void limits_leave_it_plain(void **state)
{
	auto_buf out = BUF_INIT(4 << 20);
	char *code = calloc(1, HIGHLIGHT_CODE_MAX + 2);
	struct err e = { 0 };

	assert_non_null(code);
	assert_int_equal(buf_add_text(&out, "before", &e), 0);
	memset(code, 'x', HIGHLIGHT_CODE_MAX + 1);
	assert_int_equal(highlight_code("python", code, PATIENT_MS, &out), HIGHLIGHT_PLAIN);
	assert_int_equal(highlight_code("python", "", PATIENT_MS, &out), HIGHLIGHT_PLAIN);
	assert_int_equal(highlight_code("no such language", "x", PATIENT_MS, &out), HIGHLIGHT_PLAIN);
	assert_int_equal(highlight_code("python", "x = 1", 0, &out), HIGHLIGHT_LATE);
	assert_string_equal(buf_text(&out), "before");
	free(code);
}

static void only_the_code_itself_is_taken(void **state)
{
	static const struct { const char *code, *html, *taken; } rows[] = {
		{ "a<b", "a&lt;<span class=\"hl kwa\">b</span>\n", "a&lt;<span class=\"hl-kwa\">b</span>" },
		{ "a\n", "a\n", "a\n" },
		{ "", "", "" },
		{ "a", "b", NULL }, { "a", "", NULL }, { "a", "ab", NULL }, { "ab", "a", NULL },
		{ "a", "<script>a", NULL }, { "a", "<span class=\"x\">a</span>", NULL },
		{ "a", "<span class=\"hl kwa\" onclick=\"x\">a</span>", NULL },
		{ "a", "<span class=\"hl kwa\">a", NULL }, { "a", "a</span>", NULL },
		{ "a", "<span class=\"hl toolong\">a</span>", NULL },
		{ "<b>", "<b>", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf out = BUF_INIT(1 << 20);
		struct err e = { 0 };

		if (highlight_take(rows[i].code, rows[i].html, &out, &e) < 0)
			assert_null(rows[i].taken);
		else if (!rows[i].taken)
			fail_msg("%s as %s", rows[i].code, rows[i].html);
		else
			assert_string_equal(buf_text(&out), rows[i].taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(languages_have_many_names),
		cmocka_unit_test(code_has_colours),
		cmocka_unit_test(every_language_is_known),
		cmocka_unit_test(limits_leave_it_plain),
		cmocka_unit_test(only_the_code_itself_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
