/* lib/egress/helper_protocol.c: the questions on egress_socket. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "egress/helper_protocol.h"

static void good(void **state)
{
	char line[] = "17 172.30.0.2 CONNECT example.org 443";
	struct egress_question q;

	assert_true(helper_line_parse(line, &q));
	assert_int_equal(q.number, 17);
	assert_string_equal(q.address, "172.30.0.2");
	assert_string_equal(q.method, "CONNECT");
	assert_string_equal(q.host, "example.org");
	assert_int_equal(q.port, 443);
}

static void bad(void **state)
{
	static const char *const lines[] = {
		"", " ", "x", "1", "1 ", "1 a", "1 a b", "1 a b c", "1 a b c ",
		"1 a b c d", "1 a b c -1", "1 a b c 65536", "1 a b c 443 ",
		"1 a b c 443 x", "1  a b c 443", "-1 a b c 443", "+1 a b c 443",
		"1 a b c\t 443", "1 a b \xc3\xbc 443", "1 a b c 443\r",
		"99999999999999999999 a b c 443",
	};
	struct egress_question q;
	char line[80];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s", lines[i]);
		if (helper_line_parse(line, &q))
			fail_msg("taken: %s", lines[i]);
	}
}

static void reasons(void **state)
{
	int i;

	for (i = EGRESS_REASON_LISTED; i <= EGRESS_REASON_MALFORMED; i++)
		assert_true(strlen(egress_reason((enum egress_reason)i)) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
