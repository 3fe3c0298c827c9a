/* lib/http/multipart.c: forms with files, as browsers send them, and malformed ones. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#include "http/multipart.h"

#define TYPE "multipart/form-data; boundary=----x"
#define PART(head, body) "------x\r\nContent-Disposition: form-data; " head "\r\n\r\n" body "\r\n"

static struct multipart *parse(const char *body, size_t n, struct err *e)
{
	*e = (struct err){ 0 };
	return multipart_parse(NULL, TYPE, body, n, e);
}

static void texts_and_files_are_told_apart(void **state)
{
	static const char body[] = PART("name=\"text\"", "두\r\n줄")
		PART("name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png", "\x89\0\r\n--\xff")
		PART("name=\"none\"; filename=\"\"", "") "------x--\r\n";
	struct err e;
	struct multipart *m = parse(body, sizeof(body) - 1, &e);

	(void)state;
	assert_non_null(m);
	assert_string_equal(form_text(m->form, "text"), "두\n줄");
	assert_int_equal(m->nfiles, 1);
	assert_string_equal(m->files[0].field, "file");
	assert_string_equal(m->files[0].name, "a b.png");
	assert_int_equal(m->files[0].n, 7);
	assert_memory_equal(m->files[0].bytes, "\x89\0\r\n--\xff", 7);
	talloc_free(m);
}

static void malformed_bodies_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "------x", "------x\r\n", "------y--\r\n",
		"------x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb",
		"------x\r\nno headers\r\n------x--\r\n",
		PART("filename=\"a\"", "b") "------x--\r\n",
		PART("name=\"a\"", "\xff") "------x--\r\n",
		PART("name=\"\xff\"", "b") "------x--\r\n",
		PART("name=\"a\"", "b"),
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(parse(bad[i], strlen(bad[i]), &e));
		assert_string_equal(e.key, "error_form");
	}
	assert_null(multipart_parse(NULL, "multipart/form-data", "", 0, &e));
	assert_true(multipart_type("Multipart/Form-Data; boundary=a"));
	assert_false(multipart_type("multipart/form-dataset"));
	assert_false(multipart_type("text/plain"));
}

static void files_are_counted(void **state)
{
	char *body = talloc_strdup(NULL, "");
	struct err e;
	int i;

	(void)state;
	for (i = 0; i <= MULTIPART_FILES_MAX; i++)
		body = talloc_asprintf_append(body, "%s", PART("name=\"f\"; filename=\"x\"", "y"));
	body = talloc_asprintf_append(body, "------x--\r\n");
	assert_null(parse(body, strlen(body), &e));
	assert_string_equal(e.key, "error_pictures_many");
	talloc_free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_files_are_told_apart),
		cmocka_unit_test(malformed_bodies_are_refused),
		cmocka_unit_test(files_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
