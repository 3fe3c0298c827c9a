/* lib/schedule/cron.c: valid and invalid cron lines. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/str.h"
#include "schedule/cron.h"

#define BIT(n) (UINT64_C(1) << (n))

static struct cron parsed(const char *line)
{
	struct err e = { 0 };
	struct cron c;

	if (cron_parse(line, &c, &e) < 0)
		fail_msg("%s: %s", line, e.text);
	return c;
}

static void fields_are_sets(void **state)
{
	struct cron c = parsed("0,30 8-17/3 1-3,31 jan,JUN-Aug Mon-FRI");

	(void)state;
	assert_true(c.minutes == (BIT(0) | BIT(30)));
	assert_int_equal(c.hours, BIT(8) | BIT(11) | BIT(14) | BIT(17));
	assert_int_equal(c.days, BIT(1) | BIT(2) | BIT(3) | BIT(31));
	assert_int_equal(c.months, BIT(1) | BIT(6) | BIT(7) | BIT(8));
	assert_int_equal(c.weekdays, 0x3e);
	c = parsed("\t */20\t*  * * *  ");
	assert_true(c.minutes == (BIT(0) | BIT(20) | BIT(40)));
	assert_int_equal(c.hours, CRON_HOURS);
	assert_int_equal(c.days, CRON_DAYS);
	assert_int_equal(c.months, CRON_MONTHS);
	assert_int_equal(c.weekdays, CRON_WEEKDAYS);
	assert_true(parsed("0-59 * * * *").minutes == (UINT64_C(1) << 60) - 1);
	assert_true(parsed("59-59/90 * * * *").minutes == BIT(59));
	assert_true(parsed("007 * * * *").minutes == BIT(7));
}

static void sunday_is_0_and_7(void **state)
{
	(void)state;
	assert_int_equal(parsed("0 0 * * 0").weekdays, 1);
	assert_int_equal(parsed("0 0 * * 7").weekdays, 1);
	assert_int_equal(parsed("0 0 * * sun").weekdays, 1);
	assert_int_equal(parsed("0 0 * * 5-7").weekdays, 0x61);
	assert_int_equal(parsed("0 0 * * */7").weekdays, 1);
	assert_int_equal(parsed("0 0 * * */2").weekdays, 0x55);
	assert_int_equal(parsed("0 0 * * 1-7").weekdays, CRON_WEEKDAYS);
}

/* As Vixie's: a field is a star by its first byte. */
static void stars_are_noted(void **state)
{
	static const struct {
		const char *line;
		bool wild, either;
	} cases[] = {
		{ "0 0 1 * 1", false, true }, { "0 0 1-31 * 0-6", false, true },
		{ "0 0 * * 1", false, false }, { "0 0 1 * *", false, false },
		{ "0 0 */2 * 1", false, false }, { "0 0 1 * */2", false, false },
		{ "* 0 1 * *", true, false }, { "0 * 1 * 1", true, true },
		{ "*/5 0 1 * 1", true, true }, { "0 */2 1 * 1", true, true },
		{ "0-59/5 1-23/2 * * *", false, false },
		{ "0 0,*/12 * * *", false, false }, { "*,5 0 * * *", true, false },
		{ "@hourly", true, false }, { "@daily", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cron c = parsed(cases[i].line);

		if (c.wild != cases[i].wild || c.either != cases[i].either)
			fail_msg("%s: %d %d", cases[i].line, c.wild, c.either);
	}
}

static void words_are_lines(void **state)
{
	static const char *const words[][2] = {
		{ "@hourly", "0 * * * *" }, { "@daily", "0 0 * * *" },
		{ "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
		{ "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
		{ " @Annually ", "0 0 1 1 *" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct cron a, b;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		a = parsed(words[i][0]);
		b = parsed(words[i][1]);
		assert_true(a.minutes == b.minutes && a.hours == b.hours &&
			    a.days == b.days && a.months == b.months &&
			    a.weekdays == b.weekdays && a.wild == b.wild);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "minute is missing" }, { "   ", "minute is missing" },
		{ "0", "hour is missing" }, { "0 0 1 1", "week is missing" },
		{ "0 0 1 1 1 1", "more than five" },
		{ "60 0 * * *", "minute must be 0 to 59" },
		{ "0 24 * * *", "hour must be 0 to 23" },
		{ "0 0 0 * *", "day of the month must be 1 to 31" },
		{ "0 0 32 * *", "day of the month must" },
		{ "0 0 * 0 *", "month must be 1 to 12" },
		{ "0 0 * 13 *", "month must" },
		{ "0 0 * * 8", "day of the week must be 0 to 7" },
		{ "-1 * * * *", "minute must" }, { "1- * * * *", "minute must" },
		{ "5-1 * * * *", "minute must" }, { "1, * * * *", "minute must" },
		{ ",1 * * * *", "minute must" }, { "*/0 * * * *", "minute must" },
		{ "*/ * * * *", "minute must" }, { "*/-1 * * * *", "minute must" },
		{ "5/10 * * * *", "minute must" }, { "1-5-9 * * * *", "minute" },
		{ "1-5/2/2 * * * *", "minute" }, { "** * * * *", "minute" },
		{ "1.5 * * * *", "minute" }, { "0x1 * * * *", "minute" },
		{ "+1 * * * *", "minute" }, { "99999999999 * * * *", "minute" },
		{ "*/99999 * * * *", "minute" }, { "jan * * * *", "minute" },
		{ "0 0 * foo *", "month must" }, { "0 0 * janu *", "month must" },
		{ "0 0 * ja *", "month must" }, { "0 0 L * *", "day of the month" },
		{ "0 0 ? * *", "day of the month" }, { "0 0 * * 5#2", "week" },
		{ "0 0 * * sat-sun", "week" }, { "0 0 * * mon/2", "week" },
		{ "0~30 * * * *", "minute" }, { "@reboot", "@hourly" },
		{ "@", "@hourly" }, { "@daily x", "@hourly" },
		{ "@dailyx", "@hourly" }, { "0 0 * * *\n", "week" },
		{ "0 0 * * * echo", "more than five" },
		{ "\xea\xb0\x80 * * * *", "minute" },
	};
	struct err e;
	struct cron c;
	char large[2000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&e, 0, sizeof(e));
		if (cron_parse(wrong[i][0], &c, &e) == 0)
			fail_msg("taken: %s", wrong[i][0]);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.key, "error_schedule_cron");
		if (!strstr(e.text, wrong[i][1]))
			fail_msg("%s: %s", wrong[i][0], e.text);
	}
	memset(large, ' ', sizeof(large));
	memcpy(large + 1990, "* * * * *", 10);
	memset(&e, 0, sizeof(e));
	assert_int_equal(cron_parse(large, &c, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_sets),
		cmocka_unit_test(sunday_is_0_and_7),
		cmocka_unit_test(stars_are_noted),
		cmocka_unit_test(words_are_lines),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
