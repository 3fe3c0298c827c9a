/*
 * lib/html/template: strict mode, loading a folder, limits. Tests
 * template_parse.c, template_run.c and view.c.
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
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "html/template.h"

static char folder[] = "/tmp/template_testXXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	remove(path);
}

static int make_folder(void **state)
{
	char path[256];

	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/pages", folder);
	return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
	drop("pages");
	return rmdir(folder);
}

/* Renders source strictly; gives the text, or the failure's. Static. */
static const char *strict(const char *source, const char *const *partials,
			  const struct view *view)
{
	static struct buf out;
	static struct err e;

	buf_release(&out);
	buf_init(&out, 1 << 20);
	if (template_render_text(source, partials, view, TEMPLATE_STRICT,
				 &out, &e) < 0) {
		buf_release(&out);
		return e.text;
	}
	return buf_text(&out);
}

static struct view *sample(void)
{
	struct view *v = view_new(NULL), *list, *item;

	view_text(v, "name", "<Kim & \"Lee\">'");
	view_text(v, "empty", "");
	view_html(v, "html", "<b>bold</b>");
	view_flag(v, "on", true);
	view_flag(v, "off", false);
	view_number(v, "n", -12);
	view_textf(v, "made", "%d-%s", 7, "x");
	list = view_list(v, "rows");
	item = view_append(list);
	view_text(item, "name", "one");
	view_append(list);
	view_text(view_map(v, "user"), "login", "kim");
	view_list(v, "none");
	list = view_list(v, "words");
	view_append_text(list, "a");
	view_append_text(list, "b");
	return v;
}

static void values_are_escaped(void **state)
{
	struct view *v = sample();

	assert_string_equal(strict("{{name}}", NULL, v),
		"&lt;Kim &amp; &quot;Lee&quot;&gt;&#39;");
	assert_string_equal(strict("{{html}}{{{html}}}{{&html}}", NULL, v),
		"&lt;b&gt;bold&lt;/b&gt;<b>bold</b><b>bold</b>");
	assert_string_equal(strict("{{n}} {{made}} {{user.login}}", NULL, v),
		"-12 7-x kim");
	talloc_free(v);
}

static void sections_walk_the_stack(void **state)
{
	struct view *v = sample();

	assert_string_equal(strict("{{#rows}}[{{name}}{{n}}]{{/rows}}", NULL, v),
		"[one-12][&lt;Kim &amp; &quot;Lee&quot;&gt;&#39;-12]");
	assert_string_equal(strict("{{#words}}{{.}},{{/words}}", NULL, v), "a,b,");
	assert_string_equal(strict("{{#on}}1{{/on}}{{#off}}2{{/off}}{{^off}}3{{/off}}"
		"{{#empty}}4{{/empty}}{{^none}}5{{/none}}{{#n}}6{{/n}}"
		"{{#user}}{{login}}{{/user}}", NULL, v), "1356kim");
	talloc_free(v);
}

static void a_name_set_twice_holds_the_second(void **state)
{
	struct view *v = sample();

	view_flag(v, "name", true);
	view_text(v, "name", "new");
	assert_string_equal(strict("{{name}}", NULL, v), "new");
	assert_string_equal(view_string(view_get(v, "name")), "new");
	assert_null(view_get(v, "nothing"));
	talloc_free(v);
}

static void strict_mode_refuses(void **state)
{
	static const struct { const char *source, *error; } rows[] = {
		{ "a\nb {{nmae}}", ".html:2: the view has no \"nmae\"" },
		{ "{{user.nmae}}", ".html:1: the view has no \"user.nmae\"" },
		{ "{{name.x}}", ".html:1: the view has no \"name.x\"" },
		{ "{{#x}}{{/x}}", ".html:1: the view has no \"x\"" },
		{ "{{^x}}{{/x}}", ".html:1: the view has no \"x\"" },
		{ "{{{name}}}", ".html:1: \"name\" is text, not html" },
		{ "{{&name}}", ".html:1: \"name\" is text, not html" },
		{ "{{on}}", ".html:1: \"on\" is not a text" },
		{ "{{rows}}", ".html:1: \"rows\" is not a text" },
		{ "{{>gone}}", ".html:1: no template \"gone\"" },
		{ "\n\n{{#on}}", ".html:3: \"on\" is never closed" },
		{ "{{#on}}\n{{/off}}", ".html:2: {{/off}} closes \"on\" of line 1" },
		{ "{{/on}}", ".html:1: nothing is open to close" },
		{ "{{on", ".html:1: tag without its \"}}\"" },
		{ "{{{html}}", ".html:1: tag without its \"}}}\"" },
		{ "{{}}", ".html:1: \"\" is not a name" },
		{ "{{a b}}", ".html:1: \"a b\" is not a name" },
		{ "{{a..b}}", ".html:1: \"a..b\" has an empty part" },
		{ "{{=a=}}", ".html:1: not two delimiters" },
		{ "{{{t.x}}}", ".html:1: t.x is a sentence: {{t.x}} only" },
	};
	struct view *v = sample();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(strict(rows[i].source, NULL, v),
				    rows[i].error);
	talloc_free(v);
}

static void nesting_is_bounded(void **state)
{
	static const char *const loop[] = { "a", "{{>a}}", NULL };
	static const char *const twice[] = { "a", "{{#on}}{{>b}}{{>b}}{{/on}}",
					     "b", "{{#on}}{{>a}}{{>a}}{{/on}}",
					     NULL };
	static const char *const wide[] = { "a", "\t\t{{>a}}", NULL };
	struct view *v = sample();
	char deep[64 * 7 + 1] = "";
	int i;

	assert_non_null(strstr(strict("{{>a}}", loop, v), "partials deep"));
	assert_non_null(strstr(strict("{{>a}}", twice, v), "deep"));
	assert_non_null(strstr(strict("{{>a}}", wide, v), "deep"));
	for (i = 0; i < 64; i++)
		strcat(deep, "{{#on}}");
	assert_non_null(strstr(strict(deep, NULL, v), "sections deep"));
	talloc_free(v);
}

static void work_is_bounded(void **state)
{
	struct view *v = view_new(NULL), *list = view_list(v, "l");
	int i;

	for (i = 0; i < 200; i++)
		view_append_text(list, "x");
	assert_non_null(strstr(strict(
		"{{#l}}{{#l}}{{#l}}{{.}}{{/l}}{{/l}}{{/l}}", NULL, v), "nodes"));
	talloc_free(v);
}

static void a_folder_is_loaded_whole(void **state)
{
	struct view *v = sample();
	struct templates *t;
	struct err e = { 0 };
	auto_buf out = BUF_INIT(1000);

	put("row.html", "<li>{{name}}</li>\n");
	put("pages/list.html", "<ul>\n\t{{> row}}\n</ul>{{t.hello}}\n");
	put("pages/notes.txt", "{{not a template");
	t = templates_load(NULL, folder, NULL, &e);
	assert_non_null(t);
	assert_int_equal(template_render(t, "pages/list", v, NULL, &out, &e), 0);
	assert_string_equal(buf_text(&out), "<ul>\n\t<li>&lt;Kim &amp; "
		"&quot;Lee&quot;&gt;&#39;</li>\n</ul>hello\n");
	assert_int_equal(template_render(t, "pages/lost", v, NULL, &out, &e), -1);
	assert_string_equal(e.text, "no template \"pages/lost\"");
	talloc_free(t);

	put("pages/list.html", "\n\n{{> rwo}}");
	assert_null(templates_load(NULL, folder, NULL, &e));
	assert_string_equal(e.text, "pages/list.html:3: no template \"rwo\"");
	put("pages/list.html", "\n{{#rows}}");
	assert_null(templates_load(NULL, folder, NULL, &e));
	assert_string_equal(e.text,
		"pages/list.html:2: \"rows\" is never closed");
	put("pages/list.html", "\xff");
	assert_null(templates_load(NULL, folder, NULL, &e));
	drop("row.html");
	drop("pages/list.html");
	drop("pages/notes.txt");
	assert_null(templates_load(NULL, "/nonexistent", NULL, &e));
	talloc_free(v);
}

static void output_stops_at_its_cap(void **state)
{
	struct view *v = sample();
	struct err e = { 0 };
	auto_buf out = BUF_INIT(4);

	assert_int_equal(template_render_text("12345", NULL, v,
					      TEMPLATE_STRICT, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	talloc_free(v);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(sections_walk_the_stack),
		cmocka_unit_test(a_name_set_twice_holds_the_second),
		cmocka_unit_test(strict_mode_refuses),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(a_folder_is_loaded_whole),
		cmocka_unit_test(output_stops_at_its_cap),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
