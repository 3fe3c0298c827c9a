/* lib/shim/file_place.c and file_type.c: names for what is taken, types of first bytes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/str.h"
#include "shim/file_place.h"
#include "shim/file_type.h"

static void taken_names_get_a_number_before_their_ending(void **state)
{
	static const struct { const char *name; unsigned i; const char *out; } rows[] = {
		{ "report.pdf", 1, "report (1).pdf" }, { "report.pdf", 12, "report (12).pdf" },
		{ "a.tar.gz", 1, "a (1).tar.gz" }, { ".tar.gz", 1, ".tar (1).gz" },
		{ "Makefile", 2, "Makefile (2)" }, { ".bashrc", 1, ".bashrc (1)" },
		{ "a.", 1, "a. (1)" }, { "a (1).txt", 1, "a (1) (1).txt" },
		{ "한글.hwp", 1, "한글 (1).hwp" },
	};
	char out[WORKSPACE_FILES_NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		file_place_name(rows[i].name, rows[i].i, out);
		assert_string_equal(out, rows[i].out);
	}
}

static void long_names_stay_within_255_bytes(void **state)
{
	char name[WORKSPACE_FILES_NAME_SIZE], out[WORKSPACE_FILES_NAME_SIZE];
	size_t i;

	for (i = 0; i + 3 < sizeof(name) - 4; i += 3)
		memcpy(name + i, "가", 3);
	strcpy(name + i, ".txt");
	file_place_name(name, 100, out);
	assert_true(strlen(out) <= 255 && strlen(out) > 250);
	assert_true(utf8_valid(out, strlen(out)));
	assert_non_null(strstr(out, " (100).txt"));
	/* An ending as long as a name. */
	memset(name, 'x', 254);
	name[1] = '.';
	name[254] = '\0';
	file_place_name(name, 1, out);
	assert_non_null(strstr(out, " (1)"));
	assert_true(strlen(out) <= 255);
}

static void types_are_those_of_the_first_bytes(void **state)
{
	static const struct { const char *bytes; size_t n; const char *path, *type; } rows[] = {
		{ "\x89PNG\r\n\x1a\n...", 11, "a.txt", "png" },
		{ "\xff\xd8\xff\xe0", 4, "a", "jpeg" }, { "GIF89a", 6, "a", "gif" },
		{ "RIFF....WEBP", 12, "a", "webp" }, { "....ftypavif", 12, "a", "avif" },
		{ "%PDF-1.7", 8, "a.html", "pdf" }, { "PK\x03\x04", 4, "a", "zip" },
		{ "<svg>", 5, "a.SVG", "svg" }, { "<svg>", 5, "a.svg.txt", "text" },
		{ "<html>", 6, "a.png", "text" }, { "", 0, "a.png", "text" },
		{ "\x89PN", 3, "a.png", "binary" }, { "a\0b", 3, "a.svg", "binary" },
		{ "한글", 6, "a", "text" }, { "한\xea\xb8", 5, "a", "binary" },
	};
	char cut[513];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(file_type_of_bytes(rows[i].bytes, rows[i].n, rows[i].path),
				    rows[i].type);
	/* A character that the first 512 bytes cut in two is no reason for "binary". */
	memset(cut, 'a', sizeof(cut));
	memcpy(cut + 510, "한", 3);
	assert_string_equal(file_type_of_bytes(cut, sizeof(cut), "a"), "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_names_get_a_number_before_their_ending),
		cmocka_unit_test(long_names_stay_within_255_bytes),
		cmocka_unit_test(types_are_those_of_the_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
