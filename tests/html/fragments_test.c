#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <talloc.h>

#include "html/fragments.h"

static void kept_until_another_takes_the_place(void **state)
{
	struct fragments *f = fragments_new(NULL, 4);
	char key[16], html[16];
	const char *found;
	int i, there = 0;

	(void)state;
	assert_null(fragments_find(f, "a", 1));
	fragments_keep(f, "a", 1, "<b>");
	assert_string_equal(fragments_find(f, "a", 1), "<b>");
	assert_null(fragments_find(f, "ab", 2));
	assert_null(fragments_find(f, "b", 1));
	fragments_keep(f, "a", 1, "");
	assert_string_equal(fragments_find(f, "a", 1), "");
	for (i = 0; i < 1000; i++) {
		int n = snprintf(key, sizeof(key), "k%d", i);

		snprintf(html, sizeof(html), "<%d>", i);
		fragments_keep(f, key, (size_t)n, html);
		assert_string_equal(fragments_find(f, key, (size_t)n), html);
	}
	for (i = 0; i < 1000; i++) {
		int n = snprintf(key, sizeof(key), "k%d", i);

		snprintf(html, sizeof(html), "<%d>", i);
		found = fragments_find(f, key, (size_t)n);
		if (!found)
			continue;
		assert_string_equal(found, html);
		there++;
	}
	assert_in_range(there, 1, 4);
	talloc_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_until_another_takes_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
