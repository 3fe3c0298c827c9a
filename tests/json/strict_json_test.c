/* lib/json/strict_json.c: valid JSON, and its limits. Tests also field.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "json/strict_json.h"

static const struct strict_json_limits strict = {
	.bytes = 100, .depth = 4, .containers = 3, .elements = 4,
};
static const struct strict_json_limits loose = {
	.bytes = 100, .depth = 4, .containers = 3, .elements = 4, .loose = true,
};

static bool taken(const char *text, size_t n,
		  const struct strict_json_limits *limits)
{
	auto_strict_json *o = strict_json_parse(text, n, limits);

	return o != NULL;
}

static void one_value_is_taken(void **state)
{
	static const struct { const char *text; bool strict, loose; } rows[] = {
		{ "{}", true, true }, { " [1, \"a\"] ", true, true },
		{ "12", true, true }, { "\"\uac00\"", true, true },
		{ "{} {}", false, false }, { "{", false, false },
		{ "", false, false }, { "{'a':1}", false, false },
		{ "[1,]", false, false }, { "nul", false, false },
		{ "[NaN]", false, true }, { "[1e999]", false, true },
		{ "[\"\\u0000\"]", false, true },
		{ "{\"a\\u0000b\":1}", false, true },
		{ "[\"\\\\u0000\"]", true, true },
		{ "[\"\xff\"]", false, true },
		{ "[\"\xed\xa0\x80\"]", false, true },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].text;

		if (taken(text, strlen(text), &strict) != rows[i].strict ||
		    taken(text, strlen(text), &loose) != rows[i].loose)
			fail_msg("%s", text);
	}
	assert_false(taken("[1]\0", 4, &loose));
}

static void each_limit_holds(void **state)
{
	static const struct { const char *within, *past; } rows[] = {
		{ "[[[1]]]", "[[[[1]]]]" },	/* containers and depth */
		{ "[{},{}]", "[{},{},{}]" },
		{ "[1,2,3,4,5]", "[1,2,3,4,5,6]" },
	};
	struct strict_json_limits deep = strict;
	char text[128] = "\"";
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(taken(rows[i].within, strlen(rows[i].within), &strict));
		assert_false(taken(rows[i].past, strlen(rows[i].past), &strict));
	}
	deep.containers = 100;
	assert_true(taken("[[[1]]]", 7, &deep));
	assert_false(taken("[[[[[1]]]]]", 11, &deep));
	memset(text + 1, 'x', 98);
	strcpy(text + 99, "\"");
	assert_true(taken(text, 100, &strict));
	strcpy(text + 99, "x\"");
	assert_false(taken(text, 101, &strict));
}

static void null_is_valid_and_members_are_named_once(void **state)
{
	static const char twice[] = "{\"a\":1,\"a\":2}", once[] = "{\"a\":\":\"}";
	auto_strict_json *o = strict_json_parse(twice, sizeof(twice) - 1,
						&strict);
	auto_strict_json *fine = strict_json_parse(once, sizeof(once) - 1,
						   &strict);

	assert_true(strict_json_valid(" null\n", 6, &strict));
	assert_false(strict_json_valid("nul", 3, &strict));
	assert_true(strict_json_repeats(o, twice, sizeof(twice) - 1));
	assert_false(strict_json_repeats(fine, once, sizeof(once) - 1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_is_taken),
		cmocka_unit_test(each_limit_holds),
		cmocka_unit_test(null_is_valid_and_members_are_named_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
