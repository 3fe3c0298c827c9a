/* lib/shim/log_file.c: a session's log, its readers and its hole. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/log_file.h"
#include "shim/paths.h"

#define ID "01980000-0000-7000-8000-00000000000a"
#define BLOCK 4096

static char home[64];

static void shell(const char *command)
{
	char text[300];

	snprintf(text, sizeof(text), "cd '%s' && %s", home, command);
	assert_int_equal(system(text), 0);
}

static int make_home(void **state)
{
	struct err e = { 0 };

	snprintf(home, sizeof(home), "/tmp/gongbang-journal-XXXXXX");
	assert_non_null(mkdtemp(home));
	setenv("GONGBANG_SHIM_HOME", home, 1);
	return path_init(&e);
}

static int remove_home(void **state)
{
	shell("rm -rf \"$PWD\"");
	return 0;
}

static int clear(void **state)
{
	shell("rm -rf .gongbang");
	return 0;
}

static struct log_file *opened(bool create)
{
	struct err e = { 0 };
	struct log_file *j = log_file_open(ID, create, &e);

	if (!j)
		fail_msg("%s", e.text);
	return j;
}

/* Blocks of 'a', 'b', ... without a newline. */
static void append_blocks(struct log_file *j, size_t n)
{
	char block[BLOCK];
	size_t i;

	for (i = 0; i < n; i++) {
		memset(block, 'a' + (int)i, sizeof(block));
		assert_int_equal(log_file_append(j, block, BLOCK), BLOCK);
	}
}

static int wakes;

static void woken(struct log_file_reader *r)
{
	wakes++;
}

static void attach(struct log_file *j, struct log_file_reader *r, int64_t from)
{
	struct err e = { 0 };

	*r = (struct log_file_reader){ .woken = woken };
	assert_int_equal(log_file_attach(j, r, from, &e), 0);
}

static void what_is_appended_is_read(void **state)
{
	struct log_file *j = opened(true);
	struct log_file_reader r;
	struct err e = { 0 };
	char out[16] = "";

	assert_true(log_file_at_line_start(j));
	attach(j, &r, 0);
	assert_int_equal(log_file_read(&r, out, sizeof(out)), 0);
	wakes = 0;
	assert_int_equal(log_file_append(j, "one\ntwo", 7), 7);
	assert_int_equal(wakes, 1);
	assert_false(log_file_at_line_start(j));
	assert_int_equal(log_file_read(&r, out, 4), 4);
	assert_memory_equal(out, "one\n", 4);
	assert_int_equal(log_file_read(&r, out, sizeof(out)), 3);
	assert_memory_equal(out, "two", 3);
	assert_int_equal(log_file_attach(j, &r, 8, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_ptr_equal(opened(false), j);	/* one object a log */
	log_file_close(j);
	log_file_close(j);			/* the reader holds it open */
	assert_int_equal(log_file_read(&r, out, sizeof(out)), 0);
	log_file_detach(&r);
	j = opened(false);
	assert_int_equal(log_file_size(j), 7);
	assert_false(log_file_at_line_start(j));
	log_file_close(j);
}

/* Nobody ever reads the zeros of what was given back. */
static void a_reader_before_the_hole_gets_its_end(void **state)
{
	struct log_file *j = opened(true);
	struct log_file_reader before, behind, r;
	struct err e = { 0 };
	char out[2 * BLOCK];

	append_blocks(j, 4);
	attach(j, &before, BLOCK);
	attach(j, &behind, 2 * BLOCK + 5);
	assert_int_equal(log_file_trim(j, 2 * BLOCK + 5, &e), 0);
	assert_int_equal(log_file_first(j), 2 * BLOCK + 5);
	assert_int_equal(log_file_size(j), 4 * BLOCK);
	assert_int_equal(log_file_read(&before, out, sizeof(out)), -1);
	assert_int_equal(log_file_read(&behind, out, 1), 1);
	assert_int_equal(out[0], 'c');
	assert_int_equal(log_file_attach(j, &r, 2 * BLOCK + 4, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	log_file_detach(&before);
	log_file_detach(&behind);
	log_file_close(j);
	j = opened(false);			/* the next process 1 knows it too */
	assert_int_equal(log_file_first(j), 2 * BLOCK + 5);
	log_file_close(j);
}

static void a_trim_gives_back_whole_blocks(void **state)
{
	struct log_file *j = opened(true);
	struct err e = { 0 };
	char path[160], out[2 * BLOCK];
	int fd;

	append_blocks(j, 3);
	assert_int_equal(log_file_trim(j, BLOCK + 1, &e), 0);
	assert_int_equal(log_file_trim(j, 5, &e), 0);	/* never back */
	assert_int_equal(log_file_first(j), BLOCK + 1);
	assert_int_equal(log_file_trim(j, 3 * BLOCK + 1, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(log_file_first(j), BLOCK + 1);
	snprintf(path, sizeof(path), "%s/.gongbang/sessions/" ID "/log", home);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, out, sizeof(out)), sizeof(out));
	assert_int_equal(out[0], 0);
	assert_int_equal(out[BLOCK - 1], 0);
	assert_int_equal(out[BLOCK], 'b');	/* its block is not whole */
	close(fd);
	log_file_close(j);
}

static void a_lost_log_goes_on_at_its_offset(void **state)
{
	struct log_file *j = opened(true);
	struct log_file_reader r;
	struct err e = { 0 };
	char out[8];

	assert_int_equal(log_file_append(j, "old", 3), 3);
	attach(j, &r, 0);
	assert_int_equal(log_file_skip(j, 2, &e), 0);	/* it is longer */
	assert_int_equal(log_file_first(j), 0);
	assert_int_equal(log_file_skip(j, 1000000, &e), 0);
	assert_int_equal(log_file_first(j), 1000000);
	assert_true(log_file_at_line_start(j));
	assert_int_equal(log_file_read(&r, out, sizeof(out)), -1);
	log_file_detach(&r);
	attach(j, &r, 1000000);
	assert_int_equal(log_file_append(j, "new", 3), 3);
	assert_int_equal(log_file_read(&r, out, sizeof(out)), 3);
	assert_memory_equal(out, "new", 3);
	log_file_detach(&r);
	log_file_close(j);
}

/* What `first` says is believed only within the log. */
static void a_forged_first_is_not_believed(void **state)
{
	static const char *const bad[] = { "-5", "99999999", "7x", "" };
	struct log_file *j = opened(true);
	char command[120];
	size_t i;

	append_blocks(j, 1);
	log_file_close(j);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(command, sizeof(command), "printf '%%s' '%s' "
			 ">.gongbang/sessions/" ID "/first", bad[i]);
		shell(command);
		j = opened(false);
		assert_int_equal(log_file_first(j), 0);
		log_file_close(j);
	}
}

static void a_dropped_log_ends_after_its_last_byte(void **state)
{
	struct log_file *j = opened(true), *other;
	struct log_file_reader r;
	struct err e = { 0 };
	char out[8];

	assert_int_equal(log_file_append(j, "last", 4), 4);
	attach(j, &r, 0);
	wakes = 0;
	log_file_drop(j);
	assert_int_equal(wakes, 1);
	assert_int_equal(path_purge(ID, &e), 0);
	other = opened(true);			/* a new one of that name */
	assert_ptr_not_equal(other, j);
	assert_int_equal(log_file_size(other), 0);
	assert_int_equal(log_file_read(&r, out, sizeof(out)), 4);
	assert_int_equal(log_file_read(&r, out, sizeof(out)), -1);
	log_file_detach(&r);
	log_file_close(other);
	log_file_close(j);
}

static char listed[200];

static void list_one(void *data, const char *id, bool marked, int64_t size)
{
	snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed),
		 "%s %d %d,", id, marked, (int)size);
}

static void marks_and_sizes_are_listed(void **state)
{
	struct err e = { 0 };
	struct log_file *j;

	listed[0] = '\0';
	assert_int_equal(log_file_list(list_one, NULL, &e), 0);	/* none yet */
	j = opened(true);
	assert_int_equal(log_file_append(j, "abc", 3), 3);
	assert_int_equal(log_file_mark(j, true, &e), 0);
	shell("mkdir .gongbang/sessions/other && touch .gongbang/sessions/other/log");
	assert_int_equal(log_file_list(list_one, NULL, &e), 0);
	assert_string_equal(listed, ID " 1 3,");
	assert_int_equal(log_file_mark(j, false, &e), 0);
	assert_int_equal(log_file_mark(j, false, &e), 0);
	listed[0] = '\0';
	assert_int_equal(log_file_list(list_one, NULL, &e), 0);
	assert_string_equal(listed, ID " 0 3,");
	log_file_close(j);
}

#define CASE(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_appended_is_read),
		CASE(a_reader_before_the_hole_gets_its_end),
		CASE(a_trim_gives_back_whole_blocks),
		CASE(a_lost_log_goes_on_at_its_offset),
		CASE(a_forged_first_is_not_believed),
		CASE(a_dropped_log_ends_after_its_last_byte),
		CASE(marks_and_sizes_are_listed),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
