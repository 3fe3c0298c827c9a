/* lib/schedule/ics.c: the calendar for other programs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "schedule/ics.h"

#define NOW INT64_C(1795414019000)	/* 2026-11-23 06:06:59 UTC */

static char *formatted(const struct ics_event *events, size_t n)
{
	struct ics *c = ics_new(NULL, "공방", NOW);
	auto_buf out = BUF_INIT(1 << 20);
	struct err e = { 0 };
	char *text;
	size_t i;

	for (i = 0; i < n; i++)
		ics_add(c, &events[i]);
	assert_int_equal(ics_format(c, &out, &e), 0);
	text = strdup(buf_text(&out));
	talloc_free(c);
	assert_non_null(text);
	return text;
}

static void an_event_is_as_the_rfc_has_it(void **state)
{
	const struct ics_event event = {
		.uid = "a-1@gongbang", .summary = "Weekly; a, b\\c\nd",
		.url = "https://example.org/base/agents/1",
		.start = NOW, .end = NOW + 90000, .tentative = true,
	};
	char *text = formatted(&event, 1);

	(void)state;
	assert_true(str_starts(text, "BEGIN:VCALENDAR\r\n"));
	assert_non_null(strstr(text, "\r\nVERSION:2.0\r\n"));
	assert_non_null(strstr(text, "\r\nPRODID:"));
	assert_non_null(strstr(text, "\r\nX-WR-CALNAME:공방\r\n"));
	assert_non_null(strstr(text, "\r\nUID:a-1@gongbang\r\n"));
	assert_non_null(strstr(text, "\r\nDTSTAMP:20261123T060659Z\r\n"));
	assert_non_null(strstr(text, "\r\nDTSTART:20261123T060659Z\r\n"));
	assert_non_null(strstr(text, "\r\nDTEND:20261123T060829Z\r\n"));
	assert_non_null(strstr(text, "\r\nSUMMARY:Weekly\\; a\\, b\\\\c\\nd\r\n"));
	assert_non_null(strstr(text, "\r\nSTATUS:TENTATIVE\r\n"));
	assert_non_null(strstr(text, "\r\nURL:https://example.org/base/"));
	assert_non_null(strstr(text, "END:VEVENT\r\nEND:VCALENDAR\r\n"));
	free(text);
}

/* Every line ends with CRLF, has 75 bytes at most, and cuts no character. */
static void lines_are_folded(void **state)
{
	char summary[3 * 201 + 8] = "";
	struct ics_event event = { .uid = "u", .summary = summary, .url = "",
				   .start = NOW };
	char *text, *line, *end;
	int shift, i;

	(void)state;
	for (shift = 0; shift < 6; shift++) {
		memset(summary, 'x', (size_t)shift);
		summary[shift] = '\0';
		for (i = 0; i < 200; i++)
			strcat(summary, "공");
		text = formatted(&event, 1);
		for (line = text; *line; line = end + 2) {
			end = strstr(line, "\r\n");
			assert_non_null(end);
			assert_true(end - line <= 75);
			assert_true(utf8_valid(line, (size_t)(end - line)));
		}
		free(text);
	}
}

static void hostile_texts_stay_texts(void **state)
{
	const struct ics_event event = {
		.uid = "x\r\nBEGIN:VALARM", .start = NOW,
		.summary = "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:b\x01\x1b[31m",
		.url = "https://example.org/\r\nATTACH:file:///etc/passwd",
	};
	char *text = formatted(&event, 1);
	icalcomponent *c;

	(void)state;
	assert_null(strstr(text, "\nBEGIN:VALARM"));
	assert_null(strstr(text, "\nATTACH"));
	assert_null(strstr(text, "\nSUMMARY:b"));
	assert_null(strchr(text, 0x1b));
	assert_null(strchr(text, 0x01));
	c = icalparser_parse_string(text);
	assert_non_null(c);
	assert_int_equal(icalcomponent_count_components(c,
			 ICAL_VEVENT_COMPONENT), 1);
	assert_int_equal(icalcomponent_count_errors(c), 0);
	icalcomponent_free(c);
	free(text);
}

static void the_end_is_after_the_start(void **state)
{
	const struct ics_event event = { .uid = "u", .summary = "", .url = "",
					 .start = NOW, .end = 0 };
	char *text = formatted(&event, 1);

	(void)state;
	assert_non_null(strstr(text, "DTEND:20261123T060759Z"));
	assert_non_null(strstr(text, "STATUS:CONFIRMED"));
	assert_null(strstr(text, "URL"));
	free(text);
}

static void its_cap_is_an_error(void **state)
{
	struct ics *c = ics_new(NULL, "x", NOW);
	auto_buf out = BUF_INIT(40);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(ics_format(c, &out, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	talloc_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_as_the_rfc_has_it),
		cmocka_unit_test(lines_are_folded),
		cmocka_unit_test(hostile_texts_stay_texts),
		cmocka_unit_test(the_end_is_after_the_start),
		cmocka_unit_test(its_cap_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
