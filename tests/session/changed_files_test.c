#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "session/changed_files.h"

static char heard[16384];
static int count;

static void each(void *data, const struct change *c)
{
	size_t n = strlen(heard);

	count++;
	if (n < sizeof(heard) / 2)
		snprintf(heard + n, sizeof(heard) - n, "[%s %lld %s %s]",
			 c->made ? "made" : "changed", (long long)c->size,
			 c->path, c->name);
}

static void read_text(const char *text)
{
	heard[0] = '\0';
	count = 0;
	changed_files_each(text, strlen(text), false, each, NULL);
}

static void lines_are_files(void **state)
{
	read_text("made 12 a.txt\nchanged 0 dir/b%20c\nmade 7 %EA%B0%80\n");
	assert_string_equal(heard, "[made 12 a.txt a.txt]"
			    "[changed 0 dir/b c dir%2Fb%20c]"
			    "[made 7 \xea\xb0\x80 %EA%B0%80]");
}

static enum change_whose whose;
static char version[CHANGED_FILES_VERSION + 1];

static void note(void *data, const struct change *c)
{
	count++;
	whose = c->whose;
	memcpy(version, c->version, sizeof(version));
}

static int read_whose(const char *text)
{
	count = 0;
	changed_files_each(text, strlen(text), true, note, NULL);
	return count;
}

static void lines_say_whose_a_file_is(void **state)
{
	assert_int_equal(read_whose("made own 0123456789abcdef 1 2 a\n"), 1);
	assert_int_equal(whose, CHANGE_OWN);
	assert_string_equal(version, "0123456789abcdef");
	assert_int_equal(read_whose("made none 0123456789abcdef 1 2 a\n"), 1);
	assert_int_equal(whose, CHANGE_OTHERS);
	assert_int_equal(read_whose("changed unknown 0123456789abcdef 1 2 a\n"), 1);
	assert_int_equal(whose, CHANGE_UNKNOWN);
	assert_int_equal(read_whose("made 1 2 own\n"), 1);
	assert_int_equal(whose, CHANGE_UNTOLD);
	assert_string_equal(version, "");
	assert_int_equal(read_whose("made own 0123456789abcdeg 1 2 a\n"), 0);
	assert_int_equal(read_whose("made own 0123 1 2 a\n"), 0);
	assert_int_equal(read_whose("made mine 0123456789abcdef 1 2 a\n"), 0);
}

static void what_is_hostile_is_left_out(void **state)
{
	static const char *const lines[] = {
		"made 1 ../etc/passwd\n", "made 1 a/../b\n", "made 1 /etc/passwd\n",
		"made 1 a//b\n", "made 1 ./a\n", "made 1 a/.\n", "made 1 %2E%2E\n",
		"made 1 a%00b\n", "made 1 a%0Ab\n", "made 1 a%7Fb\n",
		"made 1 %FF%FE\n", "made 1 a%2\n", "made 1 a%zz\n", "made 1 a%\n",
		"made -1 a\n", "made 99999999999999999999 a\n", "made a\n",
		"made  1 a\n", "made 1 \n", "making 1 a\n", "made 1\n", "\n",
		"made 1 \x1b[31m\n", "made 1 a/\n", "made 1 cut",
		"made 1 %c0%af\n",
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		read_text(lines[i]);
		if (count)
			fail_msg("%s gave %s", lines[i], heard);
	}
}

static void there_is_a_limit(void **state)
{
	static char text[CHANGED_FILES_MAX * 3 * 12], path[CHANGED_FILES_PATH_MAX + 20];
	size_t i;

	for (i = 0; i < CHANGED_FILES_MAX * 3; i++)
		strcat(text, "made 1 a\n");
	read_text(text);
	assert_int_equal(count, CHANGED_FILES_MAX);
	memset(path, 'x', sizeof(path));
	memcpy(path, "made 1 ", 7);
	path[7 + CHANGED_FILES_PATH_MAX] = '\n';
	path[8 + CHANGED_FILES_PATH_MAX] = '\0';
	read_text(path);
	assert_int_equal(count, 1);
	memcpy(path + 7 + CHANGED_FILES_PATH_MAX, "x\n", 3);
	read_text(path);
	assert_int_equal(count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_files),
		cmocka_unit_test(lines_say_whose_a_file_is),
		cmocka_unit_test(what_is_hostile_is_left_out),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
