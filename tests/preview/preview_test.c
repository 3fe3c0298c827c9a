/*
 * Previews of files, from hostile bytes to their HTML. Tests preview_type.c,
 * preview_text.c, picture_size.c, csv_table.c, notebook.c and json_tree.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <cmocka.h>

#include "core/str.h"
#include "html/template.h"
#include "preview/csv_table.h"
#include "preview/json_tree.h"
#include "preview/notebook.h"
#include "preview/picture_size.h"
#include "preview/preview.h"
#include "preview/preview_text.h"

static void *pool;
static struct i18n *texts;
static struct templates *templates;
static struct renderer *renderer;

static int start(void **state)
{
	const char *srcdir = getenv("top_srcdir");
	char dir[512];
	struct err e = { 0 };

	renderer_start();
	pool = talloc_new(NULL);
	renderer = renderer_new(pool);
	snprintf(dir, sizeof(dir), "%s/templates/locale", srcdir ? srcdir : ".");
	texts = i18n_load(pool, dir, &e);
	if (!texts)
		fail_msg("%s", e.text);
	snprintf(dir, sizeof(dir), "%s/templates", srcdir ? srcdir : ".");
	templates = templates_load(pool, dir, texts, &e);
	if (!templates)
		fail_msg("%s", e.text);
	return 0;
}

static int stop(void **state)
{
	talloc_free(pool);
	return 0;
}

/* The preview's HTML in a language. Gives (child of pool). */
static const char *draw_in(const char *language, const char *name,
			   const void *head, size_t n, int64_t size)
{
	struct preview_file f = { name, head, n, size, "/files/raw/x%0Ay" };
	struct preview_tools t = { i18n_find(texts, language), renderer, 60000 };
	auto_buf out = BUF_INIT(16 << 20);
	struct view *view = view_new(pool);
	struct err e = { 0 };

	preview_view(view, &f, &t);
	if (template_render(templates, "preview/preview", view, t.text, &out, &e) < 0)
		fail_msg("%s: %s", name, e.text);
	return talloc_strdup(pool, buf_text(&out));
}

static const char *draw(const char *name, const char *text)
{
	return draw_in("en", name, text, strlen(text), (int64_t)strlen(text));
}

/* As draw, without the colours of code. */
static const char *draw_plain(const char *name, const char *text)
{
	char *html = (char *)draw(name, text), *to = html, *from = html;

	while (*from) {
		if (str_starts(from, "<span") || str_starts(from, "</span"))
			from = strchr(from, '>') + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	return html;
}

#define has(html, what) do { \
	const char *html_ = (html); \
	if (!strstr(html_, (what))) \
		fail_msg("no \"%s\" in:\n%s", (what), html_); \
} while (0)
#define lacks(html, what) do { \
	const char *html_ = (html); \
	if (strstr(html_, (what))) \
		fail_msg("\"%s\" in:\n%s", (what), html_); \
} while (0)

static const char *kind(const char *name, const char *head, size_t n)
{
	return preview_type_find(name, head, n)->word;
}

#define KIND(name, bytes) kind(name, bytes, sizeof(bytes) - 1)

static void test_types_by_bytes_and_name(void **state)
{
	assert_string_equal(KIND("a.png", "\x89PNG\r\n\x1a\n...."), "picture");
	/* the bytes decide, not the name */
	assert_string_equal(KIND("a.png", "<script>alert(1)</script>"), "text");
	assert_string_equal(KIND("a.txt", "\xff\xd8\xff\xe0rest"), "picture");
	assert_string_equal(KIND("a.webp", "RIFF....WEBPVP8 "), "picture");
	assert_string_equal(KIND("a.wav", "RIFF....WAVEfmt "), "media");
	assert_string_equal(KIND("a.svg", "<?xml?><svg xmlns='x'/>"), "picture");
	assert_string_equal(KIND("a.html", "<svg></svg>"), "text");
	assert_string_equal(KIND("a.pdf", "%PDF-1.7"), "pdf");
	assert_string_equal(KIND("a.xlsx", "PK\x03\x04"), "archive");
	assert_string_equal(KIND("A.CSV", "a,b\n"), "table");
	assert_string_equal(KIND("a.tsv", "a\tb\n"), "table");
	assert_string_equal(KIND("README.md", "# x"), "markdown");
	assert_string_equal(KIND("a.ipynb", "{}"), "notebook");
	assert_string_equal(KIND("a.json", "{}"), "json");
	assert_string_equal(KIND("Makefile", "all:\n"), "text");
	assert_string_equal(preview_type_find("Makefile", "all:\n", 5)->language, "makefile");
	assert_string_equal(preview_type_find("x.makefile", "all:\n", 5)->language, "");
	assert_string_equal(KIND("", ""), "text");
	assert_string_equal(KIND("a.csv", "\0\0\0\1"), "none");
	assert_string_equal(preview_type_of_name("차트.PNG")->word, "picture");
	assert_string_equal(preview_type_of_name("x")->word, "none");
}

static void decodes(const char *bytes, size_t n, const char *encoding, const char *text)
{
	auto_buf out = BUF_INIT(4096);
	const char *name = preview_text_decode(bytes, n, &out);

	if (!encoding) {
		assert_null(name);
		assert_int_equal(out.len, 0);
		return;
	}
	assert_non_null(name);
	assert_string_equal(name, encoding);
	assert_string_equal(buf_text(&out), text);
}

static void test_encodings(void **state)
{
	decodes("\xef\xbb\xbf" "a,b", 6, "UTF-8", "a,b");
	decodes("가나", 6, "UTF-8", "가나");
	decodes("가나", 5, "UTF-8", "가");	/* cut off */
	decodes("\xb0\xa1\xb3\xaa,1\n", 7, "CP949", "가나,1\n");
	decodes("\xb0\xa1\xb3", 3, "CP949", "가");
	decodes("\xff\xfe" "a\0\x00\xac", 6, "UTF-16LE", "a가");
	decodes("\xfe\xff\xac\0", 4, "UTF-16BE", "가");
	decodes("a\0b", 3, NULL, NULL);
	decodes("\x7f" "ELF\x02\x01\x01", 7, NULL, NULL);
	decodes("\xff\xff\xff\xff", 4, NULL, NULL);
}

static void size_is(const char *head, size_t n, uint32_t width, uint32_t height, bool shown)
{
	struct picture_size size;

	assert_true(picture_size_read(head, n, &size));
	assert_int_equal(size.width, width);
	assert_int_equal(size.height, height);
	assert_int_equal(picture_size_shown(&size), shown);
}

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
#define SIZE(bytes, w, h, shown) size_is(bytes, sizeof(bytes) - 1, w, h, shown)

static void test_sizes_of_pictures(void **state)
{
	static const char cut[] = PNG "\0\0\1";
	struct picture_size size;

	SIZE(PNG "\0\0\1\0\0\0\0\x80", 256, 128, true);
	/* image bombs: known before anything is decoded */
	SIZE(PNG "\0\0\xff\xff\0\0\xff\xff", 65535, 65535, false);
	SIZE(PNG "\xff\xff\xff\xff\0\0\0\1", 0xffffffff, 1, false);
	SIZE(PNG "\0\0\0\0\0\0\0\1", 0, 1, false);
	SIZE(PNG "\0\0\x40\0\0\0\x10\1", 16384, 4097, false);
	SIZE(PNG "\0\0\x40\1\0\0\0\1", 16385, 1, false);
	SIZE("GIF89a\x10\0\x20\0", 16, 32, true);
	SIZE("\xff\xd8\xff\xe0\0\4ab\xff\xff\xc0\0\x11\x08\0\x10\0\x20\3", 32, 16, true);
	SIZE("\xff\xd8\xff\xc4\0\2\xff\xd0\xff\xc2\0\x11\x08\0\x10\0\x20\3", 32, 16, true);
	SIZE("RIFF....WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0", 16, 32, true);
	SIZE("RIFF....WEBPVP8L\x0a\0\0\0\x2f\x0f\xc0\x07\0\0\0\0\0\0", 16, 32, true);
	SIZE("RIFF....WEBPVP8 \x0a\0\0\0\0\0\0\x9d\1\x2a\x10\0\x20\0", 16, 32, true);
	assert_false(picture_size_read(cut, sizeof(cut) - 1, &size));
	assert_false(picture_size_read("\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0\0", 13, &size));
	assert_false(picture_size_read("", 0, &size));
}

static void test_picture_is_img_only(void **state)
{
	static const char png[] = PNG "\0\0\1\0\0\0\0\x80", bomb[] = PNG "\0\0\xff\xff\0\0\xff\xff";
	const char *html = draw_in("en", "a\n\"><b>.png", png, sizeof(png) - 1, 999);

	has(html, "<img src=\"/files/raw/x%0Ay\" alt=\"a\\x0a&quot;&gt;&lt;b&gt;.png\" width=\"256\" height=\"128\"");
	html = draw_in("en", "a.png", bomb, sizeof(bomb) - 1, 999);
	lacks(html, "<img");
	has(html, "65,535");
	html = draw("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>");
	has(html, "<img src=");
	lacks(html, "script");
}

static const struct csv_table *csv(const char *text)
{
	return csv_table_parse(pool, text, strlen(text), 0, true);
}

static void test_csv(void **state)
{
	const struct csv_table *t = csv("name,\"price, won\"\r\n\"a \"\"b\"\"\n2\",\"1,200\"\nc\n");
	char many[4096] = "", *to = many, wide[400] = "";
	int i;

	assert_int_equal(t->rows, 3);
	assert_int_equal(t->columns, 2);
	assert_string_equal(t->cells[0][1], "price, won");
	assert_string_equal(t->cells[1][0], "a \"b\"\n2");
	assert_string_equal(t->cells[1][1], "1,200");
	assert_null(t->cells[2][1]);
	assert_true(t->number[1]);
	assert_false(t->number[0]);
	assert_false(t->more_rows);
	assert_int_equal(csv("a;b,c;d\n1;2;3\n")->columns, 3);
	assert_int_equal(csv("a\tb\n1\t2\n")->columns, 2);
	assert_int_equal(csv("\"never closed,\n1\n")->rows, 1);
	assert_int_equal(csv("")->rows, 0);
	assert_false(csv("d\n2026-11-30\n")->number[0]);
	for (i = 0; i < 30; i++)
		to += sprintf(to, "%d\n", i);
	t = csv(many);
	assert_int_equal(t->rows, CSV_ROWS);
	assert_true(t->more_rows);
	memset(wide, ',', sizeof(wide) - 1);
	t = csv(wide);
	assert_int_equal(t->columns, CSV_COLUMNS);
	assert_true(t->more_columns);
	/* the line that was cut off is not shown */
	t = csv_table_parse(pool, "a,b\n1,2\n3", 9, 0, false);
	assert_int_equal(t->rows, 2);
	assert_true(t->more_rows);
	memset(many, 'x', 1000);
	many[1000] = '\0';
	assert_string_equal(csv(many)->cells[0][0] + CSV_CELL_MAX - 1, "…");
}

static void test_csv_drawn(void **state)
{
	const char *html = draw("a.csv", "이름,값\n<script>,1\n=cmd,2\n");

	has(html, "<th scope=\"col\" dir=\"auto\">이름</th>");
	has(html, "<th scope=\"col\" class=\"num\" dir=\"auto\">값</th>");
	has(html, "<td dir=\"auto\">&lt;script&gt;</td>");
	/* a gigabyte of which only the beginning was read */
	html = draw_in("ko", "a.csv", "a,b\n1,2\n3", 9, (int64_t)1 << 30);
	has(html, "표시한 행: 1개");
	html = draw_in("en", "a.csv", "\xb0\xa1,\xb3\xaa\n1,2\n", 10, 10);
	has(html, "가</th>");
}

static const char book[] =
	"{\"metadata\":{\"language_info\":{\"name\":\"python\"}},\"cells\":["
	"{\"cell_type\":\"markdown\",\"source\":[\"# Title\\n\",\"<b>x</b> [l](javascript:x)\"]},"
	"{\"cell_type\":\"code\",\"execution_count\":3,\"source\":\"print('<i>')\",\"outputs\":["
	"{\"output_type\":\"stream\",\"text\":[\"\\u001b[31mred\\u001b[0m\\n\"]},"
	"{\"output_type\":\"display_data\",\"data\":{\"image/png\":\"%s\",\"text/plain\":\"<Figure>\"}},"
	"{\"output_type\":\"execute_result\",\"data\":{\"text/html\":\"<script>x</script>\"}},"
	"{\"output_type\":\"error\",\"ename\":\"E\",\"evalue\":\"v\",\"traceback\":[\"\\u001b[0;31mboom\",\"<u>\"]}]},"
	"{\"cell_type\":\"other\",\"source\":7}]}";

/* 256 x 128, and 65535 x 65535: only their heads. */
#define SMALL "iVBORw0KGgoAAAANSUhEUgAAAQAAAACA"
#define BOMB "iVBORw0KGgoAAAANSUhEUgAA//8AAP//"

static void test_notebook(void **state)
{
	const char *html = draw("a.ipynb", talloc_asprintf(pool, book, SMALL));

	has(html, "<h2>Title</h2>");
	has(html, "[3]");
	has(html, "print(&#39;&lt;i&gt;&#39;)");
	has(html, ">red\n<");
	has(html, "src=\"data:image/png;base64," SMALL "\"");
	has(html, "boom\n&lt;u&gt;");
	lacks(html, "<script");
	lacks(html, "<b>x");
	lacks(html, "javascript:x\"");
	lacks(html, "&lt;Figure&gt;");
	/* a bomb, no picture at all, an attribute's end: its text instead */
	html = draw("a.ipynb", talloc_asprintf(pool, book, BOMB));
	lacks(html, "<img");
	has(html, "&lt;Figure&gt;");
	lacks(draw("a.ipynb", talloc_asprintf(pool, book, "AAAA")), "<img");
	lacks(draw("a.ipynb", talloc_asprintf(pool, book, SMALL "' onload=x")), "<img");
	has(draw_plain("a.ipynb", "{\"cells\":[{\"cell_type\":"), "cell_type");
	has(draw_plain("a.ipynb", "[]"), "[]");
}

static void test_json(void **state)
{
	char deep[200], wide[20000] = "[0", *to = wide + 2;
	struct json_tree *t;
	const char *html = draw("a.json", "{\"a\":[1,\"<b>\",null,true],\"가\":{\"b\":1.50}}");
	int i;

	has(html, "<b>a</b> <span class=\"muted\">4 elements</span>");
	has(html, "<code data-type=\"text\">&quot;&lt;b&gt;&quot;</code>");
	has(html, "<b>가</b> <span class=\"muted\">1 field</span>");
	has(html, "1.50");
	has(draw("a.json", "null"), "data-type=\"null\"");
	has(draw_plain("a.json", "{broken"), "{broken");
	memset(deep, '[', 60);
	memset(deep + 60, ']', 60);
	deep[120] = '\0';
	t = json_tree_parse(pool, deep, 120);
	assert_non_null(t);
	assert_true(t->n < 60);
	for (i = 0; i < 5000; i++)
		to += sprintf(to, ",%d", i % 10);
	sprintf(to, "]");
	t = json_tree_parse(pool, wide, strlen(wide));
	assert_true(t->more);
	assert_int_equal(t->rows[t->n - 1].kind, JSON_ROW_CLOSES);
	assert_null(json_tree_parse(pool, "{\"a\":1,}", 8));
}

static void test_words(void **state)
{
	const char *html = draw("a.md", "# Head\n![p](http://evil/x.png) [up](../../etc)\n<script>x</script>");

	has(html, "<h2>Head</h2>");
	lacks(html, "<img");
	lacks(html, "<script");
	lacks(html, "href=\"../");
	/* coloured or not: as text, whatever fence is in it */
	html = draw_plain("a.py", "print('<b>')\n```\n# x\n````\n<i>");
	has(html, "data-language=\"python\"");
	has(html, "&lt;b&gt;");
	has(html, "````");
	has(html, "&lt;i&gt;");
	lacks(html, "<h2>");
	has(draw_in("en", "a.log", "abc", 3, 3 << 20), "The first 3 B of 3 MB");
	has(draw("a.txt", ""), "This file is empty.");
	has(draw("a.zip", "PK\x03\x04"), "icon-archive");
	has(draw_in("ko", "a.bin", "\0\1", 2, 2), "미리 볼 수 없는 형식");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_by_bytes_and_name),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_sizes_of_pictures),
		cmocka_unit_test(test_picture_is_img_only),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_drawn),
		cmocka_unit_test(test_notebook),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("preview", tests, start, stop);
}
