/* Titles that conversations get from their first message. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <talloc.h>

#include "transcript/message_title.h"

static const struct {
	const char *message, *title;
} rows[] = {
	{ "hello", "hello" },
	{ "", "" },
	{ " \n\t\n", "" },
	{ "\n\n  second line\nthird", "second line" },
	{ "run: python3 --version", "python3 --version" },
	{ "실행: ls", "ls" },
	{ "## **Weekly** prices", "Weekly prices" },
	{ "> - [ ] `fix` the [login page](https://example.org/a)", "fix the login page" },
	{ "1. first thing", "first thing" },
	{ "2026. what a year", "2026. what a year" },
	{ "/plan tidy up", "tidy up" },
	{ "/compact", "/compact" },
	{ "/etc/hosts is wrong", "/etc/hosts is wrong" },
	{ "$ make check", "make check" },
	{ "#hashtag stays", "#hashtag stays" },
	{ "my_snake_case and a*b", "my_snake_case and a*b" },
	{ "array[0] = x", "array[0] = x" },
	{ "```python\nprint(1)\n```\nwhat is that?", "print(1)" },
	{ "---", "---" },
	{ "please compare the two files in my folder", "please compare the two…" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaa…" },
	{ "이번 주 주식 가격을 가져와서 그래프로 그려 주세요", "이번 주 주식 가격을 가져와서 그래프로…" },
	{ "이번 주 주식 가격을 가져와서 그림으로그려주세요", "이번 주 주식 가격을 가져와서…" },
	{ "exactly twenty-four signs", "exactly twenty-four…" },
	{ "exactly twenty-four char", "exactly twenty-four char" },
	{ "[not closed](", "[not closed](" },
	{ "\x1b[31mred", "[31mred" },
};

static void titles_are_words(void **state)
{
	char *title;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		title = message_title(NULL, rows[i].message, 24);
		assert_string_equal(title, rows[i].title);
		talloc_free(title);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(titles_are_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
