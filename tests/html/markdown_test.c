/*
 * lib/html/markdown: what is rendered, what is defused, what is refused. Tests
 * emphasis.c.
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

#include "core/str.h"
#include "html/emphasis.h"
#include "html/markdown.h"

#define LINK "<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href="

#define CODE(said, code) "<div class=\"code\"><div class=\"code-head\"><span class=\"code-name\">" said \
	"</span>" MARKDOWN_ACTS "</div><pre tabindex=\"0\"><code>" code "</code></pre></div>"

static int start(void **state)
{
	markdown_start();
	return 0;
}

static const char *render(const char *text)
{
	static struct buf out;
	struct err e = { 0 };
	bool late;

	buf_release(&out);
	buf_init(&out, 16 << 20);
	if (markdown_render(text, strlen(text), 0, &late, &out, &e) < 0)
		fail_msg("%s", e.text);
	return buf_text(&out);
}

static void markdown_becomes_html(void **state)
{
	static const struct { const char *text, *html; } rows[] = {
		{ "", "" },
		{ "a **b** ~~c~~ `d`",
		  "<p>a <strong>b</strong> <del>c</del> <code>d</code></p>\n" },
		{ "1~3 그리고 4~5", "<p>1~3 그리고 4~5</p>\n" },
		{ "```py\nprint(\"<\")\n```",
		  CODE("py", "print(&quot;&lt;&quot;)\n") "\n" },
		{ "- [ ] a\n- [x] b",
		  "<ul>\n<li><span class=\"task\">☐</span> a</li>\n"
		  "<li><span class=\"task\">☑</span> b</li>\n</ul>\n" },
		{ "#### a\n# b\n### c", "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n" },
		{ "|a|b|\n|-|-:|\n|1|2|",
		  "<table>\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n"
		  "</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n"
		  "<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n" },
		{ "\xff\xed\xa0\x80", "<p>\xef\xbf\xbd\xef\xbf\xbd</p>\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i == 7) {	/* how many U+FFFD is cmark's affair */
			assert_non_null(strstr(render(rows[i].text),
					       "\xef\xbf\xbd"));
			continue;
		}
		assert_string_equal(render(rows[i].text), rows[i].html);
	}
}

/* Each also within a line; in Latin text the specification's result stays. */
static void emphasis_goes_on_without_blanks(void **state)
{
	static const struct { const char *text, *html; } rows[] = {
		{ "**마크다운(Markdown)**을 쓰세요",
		  "<strong>마크다운(Markdown)</strong>을 쓰세요" },
		{ "**\"중요\"**합니다", "<strong>&quot;중요&quot;</strong>합니다" },
		{ "이것은**\"중요\"**합니다",
		  "이것은<strong>&quot;중요&quot;</strong>합니다" },
		{ "*강조!*는", "<em>강조!</em>는" },
		{ "***둘 다.***의", "<em><strong>둘 다.</strong></em>의" },
		{ "~~취소(옛말)~~를", "<del>취소(옛말)</del>를" },
		{ "~~**마크(x)**~~을", "<del><strong>마크(x)</strong></del>을" },
		{ "**~~마크(x)~~**을", "<strong><del>마크(x)</del></strong>을" },
		{ "**`코드`**를", "<strong><code>코드</code></strong>를" },
		{ "**이것은 *안쪽(a)*의 글.**입니다",
		  "<strong>이것은 <em>안쪽(a)</em>의 글.</strong>입니다" },
		{ "**100%**가", "<strong>100%</strong>가" },
		{ "**가?**와 **나…**와 **다」**와",
		  "<strong>가?</strong>와 <strong>나…</strong>와 <strong>다」</strong>와" },
		{ "**これは太字です。**次の文", "<strong>これは太字です。</strong>次の文" },
		{ "これは**「重要」**です", "これは<strong>「重要」</strong>です" },
		{ "**テスト（test）**は", "<strong>テスト（test）</strong>は" },
		{ "**Go（言語）**with", "<strong>Go（言語）</strong>with" },
		{ "**中文（括号）**之后", "<strong>中文（括号）</strong>之后" },
		{ "请看**“引用”**吧", "请看<strong>“引用”</strong>吧" },
		{ "**注意：**请", "<strong>注意：</strong>请" },
		{ "**ﾊﾝｶｸ｡**ﾃﾞｽ", "<strong>ﾊﾝｶｸ｡</strong>ﾃﾞｽ" },
		{ "**\xf0\xa0\xae\xb7(x)**\xf0\xa0\xae\xb7",
		  "<strong>\xf0\xa0\xae\xb7(x)</strong>\xf0\xa0\xae\xb7" },
		/* as before */
		{ "**(a)**b", "**(a)**b" }, { "a**\"b\"**c", "a**&quot;b&quot;**c" },
		{ "**중요 **하다", "**중요 **하다" }, { "\\**가)*나", "*<em>가)</em>나" },
		{ "파일_이름_은 가_b_", "파일_이름_은 가_b_" },
		{ "2 * 3 * 4 * 가", "2 * 3 * 4 * 가" },
		{ "`**가)**나`", "<code>**가)**나</code>" },
		{ "`가)**나", "`가)**나" },
		{ "[가](https://b.c/d)**나", LINK "\"https://b.c/d\">가</a>**나" },
		{ "[가](https://b.c/x)**나)", LINK "\"https://b.c/x\">가</a>**나)" },
		{ "<https://b.c/x)**나>", LINK
		  "\"https://b.c/x)**%EB%82%98\">https://b.c/x)**나</a>" },
		{ "**__가(x)__**를", "<strong><strong>가(x)</strong></strong>를" },
		{ "\xf0\x90\xa9\x90 **가)**나", "\xf0\x90\xa9\x90 <strong>가)</strong>나" },
	};
	char want[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(want, sizeof(want), "<p>%s</p>\n", rows[i].html);
		assert_string_equal(render(rows[i].text), want);
	}
	assert_string_equal(render("```가)**나\n가)**나\n```"),
			    CODE("가)**나", "가)**나\n") "\n");
}

/* So cmark gets the same bytes, and no example of the specification can end otherwise. */
static void other_scripts_are_left_alone(void **state)
{
	static const char *const pieces[] = { "*", "**", "~~", "_", " ", "\n", "a",
		"(", ")", "\"", ".", "`", "[", "]", "\\", "é", "я", "“", "…", "🙂", "<", "\u00a0" };
	const unsigned n = sizeof(pieces) / sizeof(pieces[0]);
	unsigned seed = 20261130, i, k;
	char text[400];
	const char *mark;

	for (i = 0; i < 50000; i++) {
		auto_buf out = BUF_INIT(4000);
		struct err e = { 0 };
		size_t len = 0;

		for (k = 0; k < 30; k++) {
			seed = seed * 1103515245 + 12345;
			len += (size_t)sprintf(text + len, "%s", pieces[(seed >> 16) % n]);
		}
		assert_int_equal(emphasis_mark(text, len, &out, &mark, &e), 0);
		assert_string_equal(buf_text(&out), text);
	}
}

static void long_lists_say_how_wide_they_are(void **state)
{
	auto_buf text = BUF_INIT(20000);
	struct err e = { 0 };
	int i;

	assert_string_equal(render("997. a\n1. b\n1. c"), "<ol class=\"digits-3\" start=\"997\">\n"
			    "<li>a</li>\n<li>b</li>\n<li>c</li>\n</ol>\n");
	assert_string_equal(render("- x\n  1. y\n     12345. z\n\n\n999. a\n1. b"),
		"<ul>\n<li>x\n<ol>\n<li>y\n12345. z</li>\n</ol>\n</li>\n</ul>\n"
		"<ol class=\"digits-4\" start=\"999\">\n<li>a</li>\n<li>b</li>\n</ol>\n");
	for (i = 0; i < 1000; i++)
		assert_int_equal(buf_add_text(&text, "1. x <ol\n", &e), 0);
	assert_true(str_starts(render(buf_text(&text)), "<ol class=\"digits-4\">\n<li>x &lt;ol"));
}

static void links_open_apart_and_images_are_links(void **state)
{
	assert_string_equal(render("[a](https://b.c/?x=1&y='2')"),
		"<p>" LINK "\"https://b.c/?x=1&amp;y=&#x27;2&#x27;\">a</a></p>\n");
	assert_string_equal(render("see www.a.org"),
		"<p>see " LINK "\"http://www.a.org\">www.a.org</a></p>\n");
	assert_string_equal(render("![alt *x*](http://b/c.png \"t\")"),
		"<p>" LINK "\"http://b/c.png\">alt <em>x</em></a></p>\n");
	assert_string_equal(render("![](http://b/c.png)"),
		"<p>" LINK "\"http://b/c.png\">http://b/c.png</a></p>\n");
	assert_string_equal(render("[![i](http://i/)](http://l/) z"),
		"<p>" LINK "\"http://l/\">i</a> z</p>\n");
	assert_string_equal(render("[a](prices.csv) [prices.csv](prices.csv)"),
		"<p>a <code>prices.csv</code> prices.csv</p>\n");
	assert_string_equal(render("[a](http://b/\"><i>)"),
		"<p>" LINK "\"http://b/%22%3E%3Ci%3E\">a</a></p>\n");
}

static void nothing_dangerous_comes_through(void **state)
{
	static const char *const texts[] = {
		"<script>alert(1)</script>", "a <b onclick=x>b</b>",
		"[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))",
		"[a](&#106;avascript:alert(1))", "[a](data:text/html,x)",
		"[a](java\nscript:alert(1))", "<javascript:alert(1)>",
		"![a](javascript:alert(1))", "[a](file:///etc/passwd)",
		"<img src=x onerror=y>", "<!-- x --><iframe src=x>",
		"```<script>\n<script>\n```", "[x]: javascript:a\n\n[x]",
		"|<script>|\n|-|\n|<style>|", "# <svg onload=x>",
	};
	static const char *const bad[] = { "<script", "<b", "href=\"j",
		"href=\"J", "href=\"d", "href=\"f", "<img", "<iframe",
		"<style", "<svg", "<input", "<!--" };
	size_t i, k;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *html = render(texts[i]);

		for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
			if (strstr(html, bad[k]))
				fail_msg("%s: %s", texts[i], html);
		}
	}
	assert_string_equal(render("<div>\nx"),
			    CODE("", "&lt;div&gt;\nx\n") "\n");
	assert_string_equal(render("a <b>c"), "<p>a &lt;b&gt;c</p>\n");
}

static void a_large_fenced_text_is_not_abuse(void **state)
{
	size_t n = 500000, at = 0;
	char *text = malloc(n + 16);

	assert_non_null(text);
	at += (size_t)sprintf(text, "```\n");
	while (at < n)
		text[at++] = '[';
	strcpy(text + at, "\n```\n");
	assert_non_null(strstr(render(text), "<pre tabindex=\"0\"><code>["));
	free(text);
}

static const char *coloured(const char *text, int ms, bool *late)
{
	static struct buf out;
	struct err e = { 0 };

	buf_release(&out);
	buf_init(&out, 1 << 20);
	if (markdown_render(text, strlen(text), ms, late, &out, &e) < 0)
		fail_msg("%s", e.text);
	return buf_text(&out);
}

/* The marks of emphasis are not in what is coloured. */
static void code_is_coloured_while_there_is_time(void **state)
{
	static const char text[] = "**가)**나\n\n```Python title=x\nx = \"**가)**나\"\n```\n";
	bool late = true;

	assert_non_null(strstr(coloured(text, 60000, &late),
			       "<span class=\"code-name\">Python</span>" MARKDOWN_ACTS "</div>"
			       "<pre tabindex=\"0\"><code>x <span class=\"hl-opt\">=</span> "
			       "<span class=\"hl-str\">&quot;**가)**나&quot;</span>\n</code></pre></div>"));
	assert_false(late);
	assert_null(strstr(coloured(text, 0, &late), "hl-"));
	assert_false(late);
	coloured("```py\nx = 1\n```\n\n```py\nx = 2\n```", 1, &late);
	assert_true(late);
	assert_non_null(strstr(coloured("```sh\nls\n```", 0, &late), MARKDOWN_ACTS_SHELL));
	assert_non_null(strstr(coloured("```\"><script>\nls\n```", 60000, &late),
			       "<span class=\"code-name\">&quot;&gt;&lt;script&gt;</span>"));
}

static void too_much_is_refused(void **state)
{
	size_t n = (1 << 20) + 1;
	char *text = calloc(1, n + 1);
	struct err e = { 0 };
	auto_buf out = BUF_INIT(10);
	bool late;

	assert_non_null(text);
	memset(text, 'a', n);
	assert_int_equal(markdown_render(text, n, 0, &late, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(markdown_render(text, 20, 0, &late, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	memset(text, '|', n);	/* more memory than it may take */
	e = (struct err){ 0 };
	assert_int_equal(markdown_render(text, n - 1, 0, &late, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(out.len, 0);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_becomes_html),
		cmocka_unit_test(emphasis_goes_on_without_blanks),
		cmocka_unit_test(other_scripts_are_left_alone),
		cmocka_unit_test(long_lists_say_how_wide_they_are),
		cmocka_unit_test(links_open_apart_and_images_are_links),
		cmocka_unit_test(nothing_dangerous_comes_through),
		cmocka_unit_test(a_large_fenced_text_is_not_abuse),
		cmocka_unit_test(code_is_coloured_while_there_is_time),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
