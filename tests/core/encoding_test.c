/* lib/core: published values, malformed escapes. Tests base64.c, hash.c and percent.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/percent.h"

/* Values from the authors' test_fnv.c. */
static void hashes_are_fnv_1a(void **state)
{
	(void)state;
	assert_int_equal(hash_text(""), 0x811c9dc5);
	assert_int_equal(hash_text("a"), 0xe40c292c);
	assert_int_equal(hash_text("foobar"), 0xbf9cf968);
	assert_int_equal(hash_64(HASH_64_OFFSET, "foobar", 6),
			 UINT64_C(0x85944171f73967e8));
	assert_int_equal(hash_64(hash_64(HASH_64_OFFSET, "foo", 3), "bar", 3),
			 UINT64_C(0x85944171f73967e8));
}

static void what_a_url_cannot_hold_is_escaped(void **state)
{
	static const struct { const char *text, *keep, *want; } rows[] = {
		{ "", "", "" }, { "aZ9-._~", "", "aZ9-._~" },
		{ "a b/c", "/", "a%20b/c" }, { "a/b%", "", "a%2Fb%25" },
		{ "\xea\xb0\x80\x01\x7f", "", "%EA%B0%80%01%7F" },
	};
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf b = BUF_INIT(32), full = BUF_INIT(1);
		struct err e = { 0 };

		assert_int_equal(percent_encode(out, rows[i].text, rows[i].keep),
				 strlen(rows[i].want));
		assert_string_equal(out, rows[i].want);
		assert_int_equal(buf_add_text(&b, "x", &e), 0);
		assert_int_equal(percent_add(&b, rows[i].text, rows[i].keep, &e), 0);
		assert_string_equal(buf_text(&b) + 1, rows[i].want);
		assert_int_equal(percent_add(&full, "a/", "", &e), -1);
		assert_int_equal(e.kind, ERR_LIMIT);
		assert_string_equal(buf_text(&full), "");
	}
}

static void escapes_are_decoded_or_refused(void **state)
{
	static const struct { const char *text; bool plus; const char *want; } rows[] = {
		{ "", false, "" }, { "a%20b+c", false, "a b+c" },
		{ "a%20b+c%2b", true, "a b c+" }, { "%ea%B0%80", false, "\xea\xb0\x80" },
		{ "%", false, NULL }, { "%2", false, NULL }, { "a%2g", false, NULL },
		{ "%%20", false, NULL }, { "%-1", false, NULL }, { "%0", false, NULL },
	};
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ptrdiff_t n = percent_decode(out, rows[i].text,
					     strlen(rows[i].text), rows[i].plus);

		assert_int_equal(n, rows[i].want ? (ptrdiff_t)strlen(rows[i].want) : -1);
		if (rows[i].want)
			assert_string_equal(out, rows[i].want);
	}
	assert_int_equal(percent_decode(out, "%00", 3, false), 1);
	assert_int_equal(percent_decode(out, "%20", 2, false), -1);
}

/* RFC 4648, section 10. */
static void base64_is_padded(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	auto_buf out = BUF_INIT(8);
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		assert_int_equal(base64_add(&out, rows[i][0], strlen(rows[i][0]), &e), 0);
		assert_string_equal(buf_text(&out), rows[i][1]);
	}
	assert_int_equal(base64_add(&out, "x", 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_padded),
		cmocka_unit_test(hashes_are_fnv_1a),
		cmocka_unit_test(what_a_url_cannot_hold_is_escaped),
		cmocka_unit_test(escapes_are_decoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
