/*
 * lib/core: errors, buffers, strings, ids, settings. Tests err.c, buf.c,
 * str.c, unicode.c, id.c, id_new.c, digest.c, address.c, settings.c and
 * clock.c.
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
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "core/address.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/id.h"
#include "core/settings.h"
#include "core/str.h"
#include "core/unicode.h"

static void err_reads_outermost_first(void **state)
{
	struct err e = { 0 };

	assert_int_equal(err_tell(&e, ERR_LIMIT, "error_x", "too %s", "big"), -1);
	assert_int_equal(err_wrap(&e, "read form"), -1);
	assert_string_equal(e.text, "read form: too big");
	assert_string_equal(e.key, "error_x");
	assert_int_equal(e.kind, ERR_LIMIT);
}

static void buf_refuses_past_its_cap(void **state)
{
	auto_buf b = BUF_INIT(8);
	struct err e = { 0 };

	assert_int_equal(buf_add_text(&b, "12345", &e), 0);
	assert_int_equal(buf_addf(&b, &e, "%d", 678), 0);
	assert_int_equal(buf_add(&b, "9", 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(buf_text(&b), "12345678");
	buf_drop(&b, 5);
	assert_string_equal(buf_text(&b), "678");
}

static void utf8_is_checked_and_mended(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "plain", "plain" },
		{ "공방", "공방" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a\xff" "b", "a\xef\xbf\xbd" "b" },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\033[31mred\033[0m \033]0;t\a!", "red !" },
		{ "\033[31", "" },
		{ "\033", "" },
		{ "\033[1\033[2mx", "x" },
	};
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf out = BUF_INIT(256);

		assert_int_equal(utf8_scrub(&out, rows[i].in,
					    strlen(rows[i].in), true, &e), 0);
		assert_string_equal(buf_text(&out), rows[i].out);
		assert_true(utf8_valid(buf_text(&out), out.len));
	}
	assert_false(utf8_valid("a\0b", 3));
	assert_int_equal(utf8_prefix("공방", 6, 4), 3);
	assert_int_equal(utf8_count("공방!", 7), 3);
}

static void numbers_are_whole_and_in_range(void **state)
{
	static const char *const bad[] = { "", "-", "1x", " 1", "+1", "11",
					   "99999999999999999999", "0x1" };
	struct err e = { 0 };
	int64_t n = 0;
	size_t i;

	assert_int_equal(str_parse_number("-3", -5, 10, &n, &e), 0);
	assert_int_equal(n, -3);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_parse_number(bad[i], -5, 10, &n, &e), -1);
	assert_int_equal(n, -3);
}

static void ids_are_ordered_uuids(void **state)
{
	char a[ID_SIZE], b[ID_SIZE], token[TOKEN_SIZE];

	id_new(a);
	usleep(2000);
	id_new(b);
	assert_true(id_valid(a));
	assert_int_equal(a[14], '7');
	assert_true(strcmp(a, b) < 0);
	assert_false(id_valid("0190f5c2-7a1b-7c3d-8e4f-0123456789AB"));
	assert_false(id_valid("../../etc/passwd"));
	token_new(token);
	assert_true(token_valid(token));
}

static void hash_vectors(void **state)
{
	char hex[65], many[1000];

	digest_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	digest_hex("", 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
				 "27ae41e4649b934ca495991b7852b855");
	digest_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		   56, hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039"
				 "a33ce45964ff2167f6ecedd419db06c1");
	memset(many, 'a', sizeof(many));
	digest_hex(many, sizeof(many), hex);
	assert_string_equal(hex, "41edece42d63e8d9bf515a9ba6932e1c"
				 "20cbc9f5a5d134645adb5db1b9737ea3");
}

/* Writes text to a file, loads it, and gives the failure's text. */
static const char *load(struct settings *s, const char *text)
{
	static struct err e;
	char path[] = "/tmp/settings_testXXXXXX";
	int fd = mkstemp(path), failed;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	memset(&e, 0, sizeof(e));
	failed = settings_load(s, path, &e);
	unlink(path);
	if (!failed)
		return "";
	return strchr(e.text, ':');	/* behind the random name */
}

static void settings_refuse_typos_with_their_line(void **state)
{
	struct settings *s = settings_new();

	assert_int_equal(settings_number(s, SET_WORKSPACE_MEMORY), 1024);
	assert_string_equal(load(s, "# ours\nworkspace_memory = 512\n"
				    "model_demo = yes\nbase_path = /g\n"), "");
	assert_int_equal(settings_number(s, SET_WORKSPACE_MEMORY), 512);
	assert_true(settings_flag(s, SET_MODEL_DEMO));
	assert_string_equal(settings_text(s, SET_BASE_PATH), "/g");
	assert_string_equal(load(s, "\nworkspace_memry = 1\n"),
			    ":2: workspace_memry: no such setting");
	assert_string_equal(load(s, "workspace_memory = 1x\n"),
		":1: workspace_memory = 1x: not a whole number");
	assert_string_equal(load(s, "workspace_memory = 1\n"),
		":1: workspace_memory = 1: not from 256 to 1048576");
	assert_string_equal(load(s, "model_demo = maybe\n"),
			    ":1: model_demo: yes or no, not maybe");
	assert_string_equal(load(s, "[s]\ndebug = yes\n"),
			    ":2: sections are not used");
	assert_string_equal(load(s, "nonsense\n"), ":1: not \"name = value\"");
	settings_free(s);
}

static void dates(void **state)
{
	static const int64_t moments[] = { 0, -1, 86399, 951782400, 951868799,
		951868800, 4107542400, -2203891200, -62135596800, 253402300799,
		1795413985 };
	struct clock_date d;
	struct tm want;
	char iso[CLOCK_ISO_SIZE];
	int64_t at;
	size_t i;

	(void)state;
	for (at = -100000; at < 100000; at++) {
		time_t seconds = at * 86399 + 12345;

		assert_non_null(gmtime_r(&seconds, &want));
		clock_date(seconds, &d);
		assert_int_equal(d.year, want.tm_year + 1900);
		assert_int_equal(d.month, want.tm_mon + 1);
		assert_int_equal(d.day, want.tm_mday);
		assert_int_equal(d.weekday, want.tm_wday);
		assert_int_equal(d.hour, want.tm_hour);
		assert_int_equal(d.minute, want.tm_min);
		assert_int_equal(d.second, want.tm_sec);
		assert_int_equal(clock_days(d.year, d.month, d.day) * 86400 +
				 d.hour * 3600 + d.minute * 60 + d.second,
				 seconds);
	}
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		time_t seconds = moments[i];
		char text[40];

		gmtime_r(&seconds, &want);
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			 want.tm_year + 1900, want.tm_mon + 1, want.tm_mday,
			 want.tm_hour, want.tm_min, want.tm_sec);
		clock_iso(moments[i] * 1000, iso);
		assert_string_equal(iso, text);
		clock_iso(moments[i] * 1000 + 999, iso);
		assert_string_equal(iso, text);
	}
	clock_iso(INT64_MAX, iso);
	clock_iso(INT64_MIN, iso);
}

static void addresses_are_read_and_written(void **state)
{
	static const char *const bad[] = { "", "4100", "a:1", "127.0.0.1:", "127.0.0.1:65536",
					   "::1:80", "[::1]", "1.2.3:4", "[::1:5" };
	struct sockaddr_storage at;
	char text[ADDRESS_SIZE];
	struct err e = { 0 };
	socklen_t len;
	size_t i;

	assert_int_equal(address_parse("127.0.0.1:4100", &at, &len, &e), 0);
	address_format((struct sockaddr *)&at, text);
	assert_string_equal(text, "127.0.0.1");
	assert_int_equal(address_port(&at), 4100);
	assert_int_equal(address_parse("[::1]:0", &at, &len, &e), 0);
	address_format((struct sockaddr *)&at, text);
	assert_string_equal(text, "::1");
	assert_int_equal(address_parse("[::ffff:10.0.0.7]:9", &at, &len, &e), 0);
	address_format((struct sockaddr *)&at, text);
	assert_string_equal(text, "10.0.0.7");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(address_parse(bad[i], &at, &len, &e), -1);
}

static void names_can_be_seen(void **state)
{
	static const char *const bad[] = {
		"", " ", "\xe2\x80\x8b", "\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf",
		"\xe3\x85\xa4" /* Hangul filler */, "\xe2\xa0\x80", "\xc2\xad",
		"\xe1\x85\x9f\xe1\x85\xa0", "\xc2\xa0\xe3\x80\x80", "\xcd\x8f",
		"a\tb", "a\nb", "a\x1b[31m", "a\xc2\x85", "a\xe2\x80\xa8z",
		"gnp.exe\xe2\x80\xaetxt", "\xe2\x81\xa6x\xe2\x81\xa9", "a\xff",
		"123456",
	};
	static const char *const good[] = {
		"a", "공방", "a b", "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
		"\xd7\xa9\xd7\x9c", "e\xcc\x81", "12345",
	};
	static const char *const rows[][2] = {
		{ "  two \t\n words ", "two words" }, { "\xe2\x80\x8b", "" },
		{ "\xe3\x85\xa4 \xc2\xa0", "" }, { "abcdefgh", "abcde" },
		{ "ab \xe2\x80\xae" "cd", "ab cd" }, { "abcd efgh", "abcd" },
		{ "공방의 첫 대화", "공방의 첫" }, { "a\xff" "b", "a b" }, { "", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (unicode_name_valid(bad[i], 5))
			fail_msg("row %zu is taken", i);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!unicode_name_valid(good[i], 5))
			fail_msg("%s is refused", good[i]);
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *name = unicode_name(NULL, rows[i][0], 5);

		if (i == 0) {
			talloc_free(name);
			name = unicode_name(NULL, rows[i][0], 50);
		}
		assert_string_equal(name, rows[i][1]);
		assert_true(!*name || unicode_name_valid(name, 50));
		talloc_free(name);
	}
}

static void names_of_files_mislead_no_one(void **state)
{
	static const char *const rows[][2] = {
		{ "보고서 (1).pdf", "보고서 (1).pdf" }, { "", "" },
		{ "\xe1\x84\x80\xe1\x85\xa1", "\xe1\x84\x80\xe1\x85\xa1" },	/* NFD */
		{ "a\nb\t", "a\\x0ab\\x09" }, { "a\xff" "b\xec\x97", "a\\xffb\\xec\\x97" },
		{ "exe.\xe2\x80\xae" "gpj", "exe.\\u202egpj" },
		{ "\xe2\x80\x8b", "\\u200b" }, { "\xf3\xa0\x80\x81", "\\U0e0001" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *name = unicode_escape(NULL, rows[i][0]);

		assert_string_equal(name, rows[i][1]);
		talloc_free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_can_be_seen),
		cmocka_unit_test(names_of_files_mislead_no_one),
		cmocka_unit_test(err_reads_outermost_first),
		cmocka_unit_test(buf_refuses_past_its_cap),
		cmocka_unit_test(utf8_is_checked_and_mended),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(ids_are_ordered_uuids),
		cmocka_unit_test(hash_vectors),
		cmocka_unit_test(settings_refuse_typos_with_their_line),
		cmocka_unit_test(dates),
		cmocka_unit_test(addresses_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
