/*
 * The renderer against the official test data of the Mustache specification.
 * Tests template.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "html/template.h"

#define PARTIALS_MAX 16

static void put(struct view *to, const char *name, struct json_object *value);

static void put_map(struct view *map, struct json_object *value)
{
	json_object_object_foreach(value, key, item) {
		put(map, key, item);
	}
}

static void put_list(struct view *list, struct json_object *value)
{
	size_t i, n = json_object_array_length(value);

	for (i = 0; i < n; i++)
		put(list, NULL, json_object_array_get_idx(value, i));
}

/* Into a map under name, or at the end of a list. */
static void put(struct view *to, const char *name, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
	case json_type_boolean:
		assert_non_null(name);
		view_flag(to, name, json_object_get_boolean(value));
		break;
	case json_type_object:
		put_map(name ? view_map(to, name) : view_append(to), value);
		break;
	case json_type_array:
		put_list(name ? view_list(to, name) : view_append_list(to),
			 value);
		break;
	default:
		if (name)
			view_text(to, name, json_object_get_string(value));
		else
			view_append_text(to, json_object_get_string(value));
	}
}

static const char *text(struct json_object *test, const char *name)
{
	return json_object_get_string(json_object_object_get(test, name));
}

static void run_case(struct json_object *test)
{
	struct view *root = view_new(NULL), *list = view_list(root, "root");
	struct json_object *given = json_object_object_get(test, "partials");
	const char *partials[2 * PARTIALS_MAX + 1] = { NULL };
	auto_buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };
	size_t n = 0;

	put(list, NULL, json_object_object_get(test, "data"));
	if (given) {
		json_object_object_foreach(given, key, value) {
			assert_true(n < PARTIALS_MAX);
			partials[2 * n] = key;
			partials[2 * n++ + 1] = json_object_get_string(value);
		}
	}
	if (template_render_text(text(test, "template"), partials,
				 view_item(list, 0), TEMPLATE_SPEC, &out,
				 &e) < 0)
		fail_msg("%s: %s", text(test, "name"), e.text);
	if (strcmp(buf_text(&out), text(test, "expected")) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", text(test, "name"),
			 buf_text(&out), text(test, "expected"));
	talloc_free(root);
}

static void run_file(void **state)
{
	struct json_object *root, *tests;
	const char *srcdir = getenv("top_srcdir");
	char path[1100];
	size_t i, n;

	snprintf(path, sizeof(path), "%s/tests/html/mustache/%s.json",
		 srcdir ? srcdir : ".", (const char *)*state);
	root = json_object_from_file(path);
	assert_non_null(root);
	tests = json_object_object_get(root, "tests");
	n = json_object_array_length(tests);
	assert_true(n > 0);
	for (i = 0; i < n; i++)
		run_case(json_object_array_get_idx(tests, i));
	print_message("%zu cases\n", n);
	json_object_put(root);
}

#define SPEC(file) { file, run_file, NULL, NULL, (void *)(uintptr_t)file }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPEC("comments"),      SPEC("delimiters"), SPEC("interpolation"),
		SPEC("inverted"),      SPEC("partials"),   SPEC("sections"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
