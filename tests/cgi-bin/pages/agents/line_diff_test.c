/*
 * cgi-bin/pages/agents/line_diff.c and lib/transcript/text_diff.c: the removed and added lines turn the old
 * text into the new one.
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

#include "pages/agents/line_diff.h"

static struct i18n *texts;
static struct context context;
static struct request *request;

static int load(void **state)
{
	const char *srcdir = getenv("top_srcdir");
	struct err e = { 0 };
	char path[1024];

	snprintf(path, sizeof(path), "%s/templates/locale",
		 srcdir ? srcdir : ".");
	texts = i18n_load(NULL, path, &e);
	if (!texts)
		return -1;
	context.text = i18n_find(texts, "en");
	request = talloc_zero(texts, struct request);
	request->state = &context;
	return 0;
}

static int unload(void **state)
{
	return talloc_free(texts);
}

static bool is(const struct view *line, const char *kind)
{
	return view_truthy(view_get(line, kind));
}

/* "@4 =c -d +e ...": the line where each hunk begins, and its lines. */
static const char *shown(const struct view *view)
{
	static char out[8192];
	const struct view *hunks = view_get(view_get(view, "diff"), "hunks");
	const struct view *hunk, *line;
	size_t i, j, n = 0;

	out[0] = '\0';
	for (i = 0; (hunk = view_item(hunks, i)); i++) {
		const char *at = view_string(view_get(hunk, "line"));

		n += snprintf(out + n, sizeof(out) - n, "@%s", at + 5);
		for (j = 0; (line = view_item(view_get(hunk, "lines"), j)); j++)
			n += snprintf(out + n, sizeof(out) - n, " %c%s",
				      is(line, "added") ? '+' :
				      is(line, "removed") ? '-' : '=',
				      view_string(view_get(line, "text")));
		n += snprintf(out + n, sizeof(out) - n, ";");
	}
	return out;
}

static void compares(const char *before, const char *after, const char *want)
{
	struct view *view = view_new(NULL);

	line_diff_view(request, view, before, after);
	assert_string_equal(shown(view), want);
	assert_int_equal(view_truthy(view_get(view_get(view, "diff"), "same")),
			 !*want);
	talloc_free(view);
}

static void test_shown(void **state)
{
	compares("", "", "");
	compares("a\nb\n", "a\nb\n", "");
	compares("a\nb", "a\nb\n", "");
	compares("", "a\n", "@1 +a;");
	compares("a\n", "", "@1 -a;");
	compares("a\nb\nc\n", "a\nx\nc\n", "@1 =a -b +x =c;");
	compares("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nx\n",
		 "@6 =6 =7 =8 -9 +x;");
	compares("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
		 "@1 -1 +x =2 =3 =4;@6 =6 =7 =8 -9 +y;");
	compares("1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
		 "@1 -1 +x =2 =3 =4 =5 =6 =7 -8 +y;");
	/* the fewest: b and c stay */
	compares("a\nb\nc\n", "b\nc\nd\n", "@1 -a =b =c +d;");
	compares("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
		 "@1 -a -b =c +b =a =b -b =a +c;");
}

static void test_words(void **state)
{
	struct view *view = view_new(NULL);

	line_diff_view(request, view, "a\nb\nc\n", "a\nx\n");
	assert_string_equal(view_string(view_get(view_get(view, "diff"),
						 "summary")),
			    "1 line added, 2 lines removed.");
	talloc_free(view);
}

/* Lines of a few letters; seeded, so a failure comes again. */
static char *some_text(unsigned *seed, char *out, int lines)
{
	char *to = out;

	while (lines-- > 0) {
		*seed = *seed * 1103515245 + 12345;
		*to++ = 'a' + (*seed >> 16) % 4;
		*to++ = '\n';
	}
	*to = '\0';
	return out;
}

/* The length of the longest common subsequence, by the table. */
static int common(const char *a, const char *b)
{
	static int t[64][64];
	int n = (int)strlen(a) / 2, m = (int)strlen(b) / 2, i, j;

	for (i = 0; i <= n; i++) {
		for (j = 0; j <= m; j++) {
			if (!i || !j)
				t[i][j] = 0;
			else if (a[2 * i - 2] == b[2 * j - 2])
				t[i][j] = t[i - 1][j - 1] + 1;
			else
				t[i][j] = t[i - 1][j] > t[i][j - 1] ?
					  t[i - 1][j] : t[i][j - 1];
		}
	}
	return t[n][m];
}

static void test_fewest(void **state)
{
	char a[128], b[128], want[64];
	unsigned seed = 7;
	int i;

	for (i = 0; i < 3000; i++) {
		struct view *view = view_new(NULL);
		const char *summary;
		int kept, n = i % 30, m = (i / 30) % 30;

		some_text(&seed, a, n);
		some_text(&seed, b, m);
		kept = common(a, b);
		line_diff_view(request, view, a, b);
		summary = view_string(view_get(view_get(view, "diff"),
					       "summary"));
		snprintf(want, sizeof(want), "%d line%s added, %d line%s "
			 "removed.", m - kept, m - kept == 1 ? "" : "s",
			 n - kept, n - kept == 1 ? "" : "s");
		assert_string_equal(summary, want);
		talloc_free(view);
	}
}

/* So many changes, so many lines: all of it goes and comes, and the end is said. */
static void test_large(void **state)
{
	struct view *view = view_new(NULL);
	char *a = talloc_array(view, char, 1 << 20), *to = a;
	char *b = talloc_array(view, char, 1 << 20), *into = b;
	const struct view *diff;
	int i;

	for (i = 0; i < 20000; i++) {
		to += sprintf(to, "old %d\n", i);
		into += sprintf(into, "new %d\n", i * 7);
	}
	line_diff_view(request, view, a, b);
	diff = view_get(view, "diff");
	assert_true(view_truthy(view_get(diff, "cut")));
	assert_false(view_truthy(view_get(diff, "same")));
	assert_string_equal(view_string(view_get(diff, "summary")),
			    "10,000 lines added, 10,000 lines removed.");
	memset(a, '\n', (1 << 20) - 1);
	a[(1 << 20) - 1] = '\0';
	line_diff_view(request, view, a, a + 5);
	assert_true(view_truthy(view_get(view_get(view, "diff"), "cut")));
	talloc_free(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_fewest),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
