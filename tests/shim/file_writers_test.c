/* lib/shim/file_writers.c: to which session a file belongs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "shim/file_writers.h"

#define A "01980000-0000-7000-8000-00000000000a"
#define B "01980000-0000-7000-8000-00000000000b"
#define C "01980000-0000-7000-8000-00000000000c"

static void is(const char *session, const char *path, int64_t changed,
	       int64_t since, const char *word)
{
	assert_string_equal(file_writer_words[file_writers_find(session, path,
								changed, since)],
			    word);
}

static void the_last_before_its_last_change_has_it(void **state)
{
	file_writers_note(A, 1000, "f");
	file_writers_note(B, 5000, "f");
	is(A, "f", 1000, 0, "own");	/* B only opened it */
	is(B, "f", 1000, 0, "other");
	is(A, "f", 5003, 0, "other");
	is(B, "f", 5003, 0, "own");
	is(B, "f", 4992, 0, "own");	/* a file's time lags by a tick */
	is(A, "f", 500, 0, "none");	/* before both */
	is(A, "g", 1000, 0, "none");
	is(C, "f", 1000, 0, "other");
	/* Opened before the time asked about: by itself or by somebody else. */
	is(A, "f", 4000, 3000, "unknown");
}

static void of_two_at_one_moment_none_has_it(void **state)
{
	file_writers_note(A, 1000, "tie");
	file_writers_note(B, 1005, "tie");
	is(A, "tie", 1005, 0, "unknown");
	is(B, "tie", 1005, 0, "unknown");
	is(C, "tie", 1005, 0, "other");
	is(B, "tie", 3000, 0, "own");	/* no longer at that moment */
}

static int seen;

static bool count(void *data, const char *path)
{
	assert_true(strncmp(path, "to/", 3) == 0);
	seen++;
	return true;
}

static void a_moved_folder_takes_its_files_along(void **state)
{
	file_writers_note(C, 1000, "from/x");
	file_writers_note(C, 1001, "from/d/y");
	file_writers_note(A, 1002, "fromage");
	file_writers_note(A, 900, "to/x");
	file_writers_move("from", "to");
	is(C, "to/x", 1000, 0, "own");
	is(C, "to/d/y", 1001, 0, "own");
	is(C, "from/x", 1000, 0, "none");
	is(A, "fromage", 1002, 0, "own");
	file_writers_each(C, 0, 2000, count, NULL);
	assert_int_equal(seen, 2);
	file_writers_each(C, 1100, 2000, count, NULL);
	file_writers_each(C, 0, 900, count, NULL);
	assert_int_equal(seen, 2);
}

static void of_many_the_oldest_are_forgotten(void **state)
{
	char path[40];
	int i;

	for (i = 0; i < FILE_WRITERS_MAX + 10; i++) {
		snprintf(path, sizeof(path), "many/%d", i);
		file_writers_note(A, 10000 + i, path);
	}
	is(A, "many/3", 10003, 0, "unknown");
	is(A, "many/5000", 15000, 0, "own");
	is(A, "never", 10004, 0, "unknown");	/* it may be one of those */
	is(A, "never", 900000, 0, "none");
	file_writers_miss();
	is(A, "never", 900000, 0, "unknown");
	is(A, "many/5000", 15000, 0, "own");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_before_its_last_change_has_it),
		cmocka_unit_test(of_two_at_one_moment_none_has_it),
		cmocka_unit_test(a_moved_folder_takes_its_files_along),
		cmocka_unit_test(of_many_the_oldest_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
