/*
 * lib/emulator/control_sequence.c, lib/emulator/cursor.c, lib/emulator/escape_parser.c,
 * lib/emulator/glyph.c, lib/emulator/grid.c, lib/emulator/history.c, lib/emulator/modes.c,
 * lib/emulator/osc.c, lib/emulator/pen.c, lib/emulator/resize.c and lib/emulator/snapshot.c:
 * what a snapshot draws. tests/browser/terminal.test.js compares it with xterm.js.
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

#include "emulator/emulator.h"

/* A snapshot's beginning and end when nothing but the main screen was used. */
#define HEAD "\033c"
#define SAVED "\033[1;1H\0337\017\033(B\033)B\033*B\033+B"

static char replies[4096];

static void reply(void *data, const char *bytes, size_t n)
{
	strncat(replies, bytes, n);
}

static struct emulator *feed_new(int rows, int cols, const char *bytes)
{
	struct emulator *t = emulator_new(rows, cols, reply, NULL);

	replies[0] = '\0';
	emulator_feed(t, bytes, strlen(bytes));
	return t;
}

static char *snapshot(const struct emulator *t)
{
	struct buf out = BUF_INIT(EMULATOR_SNAPSHOT_MAX);

	emulator_snapshot(t, &out);
	assert_non_null(out.data);
	return out.data;
}

/* It draws itself: what it makes of a fresh terminal has the same snapshot. */
static void check_replay(const struct emulator *t)
{
	struct emulator *again = emulator_new(emulator_rows(t), emulator_cols(t),
					      reply, NULL);
	char *first = snapshot(t), *second;

	emulator_feed(again, first, strlen(first));
	second = snapshot(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	emulator_free(again);
}

/* Three rows of ten columns, fed at once and byte by byte. */
static void expect(const char *bytes, const char *wanted)
{
	struct emulator *t = feed_new(3, 10, bytes), *slow;
	char *got = snapshot(t);
	size_t i;

	assert_string_equal(got, wanted);
	free(got);
	check_replay(t);
	emulator_free(t);
	slow = feed_new(3, 10, "");
	for (i = 0; i < strlen(bytes); i++) {
		emulator_feed(slow, bytes + i, 1);
		check_replay(slow);
	}
	got = snapshot(slow);
	assert_string_equal(got, wanted);
	free(got);
	emulator_free(slow);
}

static void text_wraps_and_scrolls(void **state)
{
	expect("hello\r\nyou", HEAD "hello\r\nyou\r\n" SAVED "\033[2;4H");
	expect("0123456789ab", HEAD "0123456789ab\r\n" SAVED "\033[2;3H");
	/* A cursor that waits in the last column. */
	expect("0123456789", HEAD "0123456789\r\n\r\n" SAVED "\033[1;10H9");
	expect("1\r\n2\r\n3\r\n4", HEAD "1\r\n2\r\n3\r\n4" SAVED "\033[3;2H");
	/* A line that was cut from the one above is not joined to it. */
	expect("0123456789ab\033[1;1H\033[J\nx",
	       HEAD "\r\nx\r\n" SAVED "\033[2;2H");
}

static void wide_and_combining_characters(void **state)
{
	expect("한글", HEAD "한글\r\n\r\n" SAVED "\033[1;5H");
	expect("012345678한", HEAD "012345678한\r\n" SAVED "\033[2;3H");
	expect("한\033[2Gx", HEAD "\033[1Cx\r\n\r\n" SAVED "\033[1;3H");
	expect("e\xcc\x81z", HEAD "e\xcc\x81z\r\n\r\n" SAVED "\033[1;3H");
	expect("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
	       HEAD "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\r\n\r\n" SAVED
	       "\033[1;3H");
	expect("👨‍👩‍👧.", HEAD "👨‍👩‍👧.\r\n\r\n" SAVED "\033[1;4H");
	/* A mark without a letter stays without one. */
	expect("a\033[m\xcc\x81", HEAD "a\017\xcc\x81\r\n\r\n" SAVED "\033[1;3H");
	expect("\xff\xc3(\xed\xa0\x80",
	       HEAD "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\r\n\r\n" SAVED
	       "\033[1;5H");
}

static void colours_and_attributes(void **state)
{
	expect("\033[1;31mx\033[0;38;5;200;48;2;1;2;3my\033[m.",
	       HEAD "\033[0;1;31mx\033[0;38;5;200;48;2;1;2;3my\033[0m.\r\n\r\n"
	       SAVED "\033[1;4H");
	expect("\033[4:3;38:2::9:8:7mx", HEAD "\033[0;4:3;38;2;9;8;7mx\033[0m"
	       "\r\n\r\n" SAVED "\033[1;2H\033[0;4:3;38;2;9;8;7m");
	expect("\033[44m\033[2K", HEAD "\033[0;44m\033[10X\033[10C\033[0m\r\n\r\n"
	       SAVED "\033[1;1H\033[0;44m");
	expect("\033[38;5m\033[38:5mx", HEAD "x\r\n\r\n" SAVED "\033[1;2H");
}

static void the_alternate_screen(void **state)
{
	expect("shell\033[?1049h\033[2;2Hvi\033[?25l\033[?2004h\033[?1002h\033[?1006h",
	       HEAD "shell\r\n\r\n\033[1;6H\0337\017\033(B\033)B\033*B\033+B"
	       "\033[?47h\033[2;1H\033[1Cvi" SAVED "\033[2;4H"
	       "\033[?25l\033[?2004h\033[?1002h\033[?1006h");
	expect("shell\033[?1049hvi\033[?1049l!", HEAD "shell!\r\n\r\n"
	       "\033[1;6H\0337\017\033(B\033)B\033*B\033+B\033[1;7H");
}

static void regions_modes_and_tabs(void **state)
{
	expect("a\r\nb\r\nc\033[1;2r\033[2;1H\n", HEAD "a\r\nb\r\n\r\nc" SAVED
	       "\033[1;2r\033[2;1H");
	expect("\033[2;3r\033[?6h\033[2;2H", HEAD "\r\n\r\n" SAVED
	       "\033[2;3r\033[?6h\033[2;2H");
	expect("\033[4h\033[?1h\033=\033[5 q", HEAD "\r\n\r\n" SAVED
	       "\033[1;1H\033[?1h\033[?66h\033[5 q\033[4h");
	expect("\033[3g\033[4G\033H", HEAD "\r\n\r\n" SAVED
	       "\033[3g\033[1;4H\033H\033[1;4H");
	expect("\033(0lqk\033(B", HEAD "┌─┐\r\n\r\n" SAVED "\033[1;4H");
	expect("\033)0\016", HEAD "\r\n\r\n" SAVED "\033[1;1H\033)0\016");
	expect("abc\033[!p\033[1;2H\033[P\033[@", HEAD "a\033[1Cc\r\n\r\n" SAVED
	       "\033[1;2H");
}

static void a_cut_sequence_goes_on(void **state)
{
	expect("a\033[3", HEAD "a\r\n\r\n" SAVED "\033[1;2H\033[3");
	expect("a\xed\x95", HEAD "a\r\n\r\n" SAVED "\033[1;2H\xed\x95");
	expect("a\033]2;half", HEAD "a\r\n\r\n" SAVED "\033[1;2H\033]2;half");
	expect("\033Pq#0\030b", HEAD "b\r\n\r\n" SAVED "\033[1;2H");
}

static void titles_folders_and_links(void **state)
{
	struct emulator *t;

	expect("\033]8;id=1;http://a/b\033\\x\033]8;;\033\\",
	       HEAD "\033]8;;http://a/b\033\\x\033]8;;\033\\\r\n\r\n" SAVED
	       "\033[1;2H");
	expect("\033]8;;a\001b\033\\x", HEAD "\033]8;;ab\033\\x\033]8;;\033\\\r\n\r\n"
	       SAVED "\033[1;2H\033]8;;ab\033\\");
	expect("\033]52;c;aGk=\033\\\033]4;1;red\a", HEAD "\r\n\r\n" SAVED "\033[1;1H");
	t = feed_new(3, 10, "\033]0;a\xff" "b\xe2\x80\xa8\a\033]7;file://h/a%20b\033\\");
	assert_string_equal(emulator_title(t), "a\xef\xbf\xbd" "b\xe2\x80\xa8");
	assert_string_equal(emulator_folder(t), "/a b");
	emulator_feed(t, "\033]7;http://h/c\a\033]7;file://h/%zz\a", 31);
	assert_string_equal(emulator_folder(t), "/a b");
	emulator_free(t);
}

static void questions_are_answered(void **state)
{
	struct emulator *t = feed_new(3, 10, "\033[2;3H\033[6n\033[c\033[>c"
				      "\033[?2004$p\033[?2004h\033[?2004$p"
				      "\033[4$p\033[?9999$p\033[18t\033[5n");

	assert_string_equal(replies, "\033[2;3R\033[?1;2c\033[>0;276;0c"
			    "\033[?2004;2$y\033[?2004;1$y\033[4;2$y"
			    "\033[?9999;0$y\033[8;3;10t\033[0n");
	emulator_free(t);
}

static void expect_resized(const char *bytes, int rows, int cols,
			   const char *wanted)
{
	struct emulator *t = feed_new(3, 10, bytes);
	char *got;

	emulator_resize(t, rows, cols);
	got = snapshot(t);
	assert_string_equal(got, wanted);
	free(got);
	check_replay(t);
	emulator_free(t);
}

static void a_resize_breaks_lines_anew(void **state)
{
	expect_resized("0123456789ab", 3, 5, HEAD "0123456789ab" SAVED "\033[3;3H");
	expect_resized("0123456789ab", 3, 20, HEAD "0123456789ab\r\n\r\n" SAVED
		       "\033[1;13H");
	/* Lines come back from the scrollback, and the prompt stays at the bottom. */
	expect_resized("1\r\n2\r\n3\r\n4\r\n5", 4, 10,
		       HEAD "1\r\n2\r\n3\r\n4\r\n5" SAVED "\033[4;2H");
	expect_resized("1\r\n2\r\n3\r\n4\r\n5", 2, 10,
		       HEAD "1\r\n2\r\n3\r\n4\r\n5" SAVED "\033[2;2H");
	/* After a clear it stays at the top. */
	expect_resized("1\r\n2\r\n3\r\n4\033[H\033[2J$", 4, 10,
		       HEAD "1\r\n$\r\n\r\n\r\n" SAVED "\033[1;2H");
	expect_resized("sh\033[?1049h\033[2;9Hxy", 2, 9,
		       HEAD "sh\r\n\033[1;3H\0337\017\033(B\033)B\033*B\033+B"
		       "\033[?47h\033[2;1H\033[8Cx" SAVED "\033[2;9H");
	expect_resized("x", 0, 0, HEAD "x" SAVED "\033[1;2H");
}

static void sizes_are_capped(void **state)
{
	struct emulator *t = emulator_new(0, 0, reply, NULL);
	int i;

	assert_int_equal(emulator_rows(t), 1);
	assert_int_equal(emulator_cols(t), EMULATOR_COLS_MIN);
	emulator_feed(t, "한x\r\n", 7);
	for (i = 0; i < 50; i++) {
		emulator_resize(t, i % 2 ? 100000 : 0, i % 3 ? 100000 : 0);
		emulator_feed(t, "0123456789 한글\r\n", 19);
	}
	emulator_resize(t, 100000, 100000);
	assert_int_equal(emulator_rows(t), EMULATOR_ROWS_MAX);
	assert_int_equal(emulator_cols(t), EMULATOR_COLS_MAX);
	check_replay(t);
	emulator_free(t);
}

static void floods_stay_small(void **state)
{
	struct emulator *t = feed_new(24, 80, "");
	char line[200], *got;
	int i;

	for (i = 0; i < 100000; i++) {
		int n = snprintf(line, sizeof(line),
				 "\033]8;;http://h/%d\a%d\033]8;;\a e\xcc%c\033]52;c;%0100d\a\r\n",
				 i, i, 0x80 + i % 48, i);

		emulator_feed(t, line, (size_t)n);
	}
	for (i = 0; i < 100000; i++)
		emulator_feed(t, "\033]2;endless", 11);
	got = snapshot(t);
	assert_in_range(strlen(got), 5000 * 10, EMULATOR_HISTORY_MAX + (1 << 20));
	/* The newest lines are the ones that are kept. */
	assert_non_null(strstr(got, "/99999\033\\99999"));
	assert_non_null(strstr(got, "/95000\033\\95000"));
	assert_null(strstr(got, "/94900\033\\"));
	free(got);
	emulator_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_wraps_and_scrolls),
		cmocka_unit_test(wide_and_combining_characters),
		cmocka_unit_test(colours_and_attributes),
		cmocka_unit_test(the_alternate_screen),
		cmocka_unit_test(regions_modes_and_tabs),
		cmocka_unit_test(a_cut_sequence_goes_on),
		cmocka_unit_test(titles_folders_and_links),
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(a_resize_breaks_lines_anew),
		cmocka_unit_test(sizes_are_capped),
		cmocka_unit_test(floods_stay_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
