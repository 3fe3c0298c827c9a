/* lib/html/ansi: colours become classes, everything else of a terminal goes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "html/ansi.h"

#define RED "<span class=\"ansi-2\">"
#define END "</span>"

static void assert_rows(const char *const (*rows)[2], size_t n)
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		auto_buf out = BUF_INIT(1 << 20);

		assert_int_equal(ansi_render(rows[i][0], strlen(rows[i][0]), &out, &e), 0);
		assert_string_equal(buf_text(&out), rows[i][1]);
	}
}

#define ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void colours_become_classes(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "a\033[31mb\033[0mc", "a" RED "b" END "c" },
		{ "\033[31ma", RED "a" END },
		{ "\033[31m\033[mplain", "plain" },
		{ "\033[1;4;31;42mx", "<span class=\"ansi-2 ansibg-3 ansi-bold ansi-underline\">x" END },
		{ "\033[1mx\033[22my", "<span class=\"ansi-bold\">x" END "y" },
		{ "\033[3;7;9mx\033[23;27my", "<span class=\"ansi-italic ansi-inverse ansi-strike\">x" END
		  "<span class=\"ansi-strike\">y" END },
		{ "\033[91mx\033[39my", RED "x" END "y" },
		{ "\033[107mx\033[49my", "<span class=\"ansibg-8\">x" END "y" },
		{ "\033[38;5;196mx", RED "x" END },
		{ "\033[38;5;9mx", RED "x" END },
		{ "\033[38;5;255mx", "<span class=\"ansi-8\">x" END },
		{ "\033[38;2;255;40;40mx", RED "x" END },
		{ "\033[38:2:255:40:40mx", RED "x" END },
		{ "\033[48;2;0;0;0mx", "<span class=\"ansibg-1\">x" END },
		{ "\033[38;5;300;31mx", RED "x" END },
		{ "\033[38;5mx", "x" },
		{ "\033[99999999999999mx", "x" },
		{ "\033[?31mx", "x" },
	};

	ROWS(rows);
}

static void nothing_else_of_a_terminal_stays(void **state)
{
	static const char *const rows[][2] = {
		{ "\033[2J\033[Hx\033[1;1f", "x" },
		{ "\033]0;title\ax\033]8;;http://a/\033\\link\033]8;;\033\\", "xlink" },
		{ "\033]52;c;aGk=\ax", "x" },
		{ "\033P1$r0m\033\\x", "x" },
		{ "\033(Bx\033=\033>\0337y", "xy" },
		{ "a\bb\a\v\fc\177d", "abcd" },
		{ "\xc2\x9b" "31mx\xc2\x85y", "31mxy" },
		{ "\xc2\xa0\xc3\xa9\xea\xb0\x80", "\xc2\xa0\xc3\xa9\xea\xb0\x80" },
		{ "x\033", "x" }, { "x\033[", "x" }, { "x\033[31", "x" }, { "x\033]0;", "x0;" },
		{ "<b title=\"'\">&amp;", "&lt;b title=&quot;&#39;&quot;&gt;&amp;amp;" },
		{ "\033[31m<script>", RED "&lt;script&gt;" END },
	};

	ROWS(rows);
}

static void what_was_written_over_goes(void **state)
{
	static const char *const rows[][2] = {
		{ "a\r\nb\r\n", "a\nb\n" },
		{ "10%\r50%\r100%\ndone\n", "100%\ndone\n" },
		{ "10%\r50%\r", "50%" },
		{ "\033[31m10%\r20%\n", RED "20%\n" END },
		{ "\r\r\r\n", "\n" },
		{ "a\n\rb", "a\nb" },
	};

	ROWS(rows);
}

static void a_full_buffer_is_an_error(void **state)
{
	auto_buf out = BUF_INIT(20);
	struct err e = { 0 };

	assert_int_equal(ansi_render("\033[31m<<<<<<<<", 13, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_become_classes),
		cmocka_unit_test(nothing_else_of_a_terminal_stays),
		cmocka_unit_test(what_was_written_over_goes),
		cmocka_unit_test(a_full_buffer_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
