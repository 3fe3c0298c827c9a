/*
 * lib/agent/definition.c: which definitions are valid, and their JSON. Tests
 * also definition_json.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/str.h"

#define HEAD "{\"gongbang_agent\":1,\"name\":\"A\",\"prompt\":\"p\""

static struct definition *make(void)
{
	struct definition *d = definition_new(NULL, "Asia/Seoul");

	d->name = "Weekly stocks";
	d->prompt = "Fetch \"them\"\nby {{date}} \xec\xa3\xbc\xec\x8b\x9d </script>";
	return d;
}

static void check_fails(const struct definition *d, enum err_kind kind,
			const char *key, const char *field)
{
	const char *at = "";
	struct err e = { 0 };

	assert_int_equal(definition_check(d, &at, &e), -1);
	assert_string_equal(e.key, key);
	assert_int_equal(e.kind, kind);
	assert_string_equal(at, field);
	assert_true(str_starts(e.text, field));
	assert_int_equal(e.text[strlen(field)], ':');
}

static void check_passes(const struct definition *d)
{
	struct err e = { 0 };

	if (definition_check(d, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void presets_pass(void **state)
{
	struct definition *d = make();

	check_passes(d);
	assert_int_equal(d->timeout_minutes, 30);
	assert_int_equal(d->max_turns, 50);
	assert_int_equal(d->retries, 2);
	assert_int_equal(d->window_minutes, 60);
	assert_int_equal(d->failures_max, 5);
	assert_int_equal(d->overlap, OVERLAP_SKIP);
	assert_int_equal(d->missed, MISSED_SKIP);
	assert_int_equal(d->policy, POLICY_EVERYTHING);
	talloc_free(d);
}

static void a_name_is_a_line_of_text(void **state)
{
	static const char *const bad[] = { "", "   ", "a\nb", "a\x7f",
		"a\xc2\x85z", "a\xff", "a\tb" };
	struct definition *d = make();
	char longest[3 * (AGENT_NAME_MAX + 1) + 1] = "";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d->name = bad[i];
		check_fails(d, ERR_INPUT, "error_agent_name", "name");
	}
	for (i = 0; i < AGENT_NAME_MAX; i++)
		strcat(longest, "\xea\xb3\xb5");
	d->name = longest;
	check_passes(d);
	strcat(longest, "x");
	check_fails(d, ERR_INPUT, "error_agent_name", "name");
	d->name = "<script>alert(1)</script> {{name}} \xc2\xa0";
	check_passes(d);
	talloc_free(d);
}

static void a_prompt_of_a_megabyte_is_too_long(void **state)
{
	struct definition *d = make();
	char *text = malloc((1 << 20) + 1);

	memset(text, 'x', 1 << 20);
	text[1 << 20] = '\0';
	d->prompt = text;
	check_fails(d, ERR_LIMIT, "error_agent_prompt_long", "prompt");
	text[AGENT_PROMPT_MAX + 1] = '\0';
	check_fails(d, ERR_LIMIT, "error_agent_prompt_long", "prompt");
	text[AGENT_PROMPT_MAX] = '\0';
	check_passes(d);
	d->prompt = " \n\t";
	check_fails(d, ERR_INPUT, "error_agent_prompt", "prompt");
	d->prompt = "\xc3(";
	check_fails(d, ERR_INPUT, "error_agent_prompt", "prompt");
	free(text);
	talloc_free(d);
}

static void nothing_reads_as_an_option(void **state)
{
	static const char *const bad[] = { "", "-", "--mcp-config", "-Read",
		"Read\n--x", "Read Write", "Read,Write", "Bash(a,b)", "Bash(",
		"Bash()", "Bash(a)b", "Bash(a)(b)", "(a)", "1Read", "Bash(a\n)",
		"\xea\xb3\xb5", " Read", "Read ", "Bash(\xff)" };
	static const char *const good[] = { "Read", "Bash(git log:*)",
		"mcp__server__tool", "Edit(/workspace/**)", "Bash(\xea\xb3\xb5 -x)" };
	const char *tools[AGENT_TOOLS_MAX + 1];
	struct definition *d = make();
	char longest[AGENT_TOOL_SIZE + 2];
	size_t i;

	d->tools = tools;
	d->ntools = 2;
	tools[0] = "Read";
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tools[1] = bad[i];
		check_fails(d, ERR_INPUT, "error_agent_tools", "tools");
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tools[1] = good[i];
		check_passes(d);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	tools[1] = longest;
	check_fails(d, ERR_INPUT, "error_agent_tools", "tools");
	longest[AGENT_TOOL_SIZE] = '\0';
	check_passes(d);
	for (i = 0; i <= AGENT_TOOLS_MAX; i++)
		tools[i] = "Read";
	d->ntools = AGENT_TOOLS_MAX;
	check_passes(d);
	d->ntools++;
	check_fails(d, ERR_LIMIT, "error_agent_tools_many", "tools");
	d->ntools = 0;
	d->model = "--dangerously";
	check_fails(d, ERR_INPUT, "error_model", "model");
	d->model = "a b";
	check_fails(d, ERR_INPUT, "error_model", "model");
	d->model = "claude-sonnet-4-5@20250929[1m]";
	check_passes(d);
	talloc_free(d);
}

static void numbers_have_ranges(void **state)
{
	struct definition *d = make();
	struct { int64_t *at; int64_t min, max; const char *field; } rows[] = {
		{ &d->timeout_minutes, 1, 1440, "timeout" },
		{ &d->max_turns, 0, 1000, "max_turns" },
		{ &d->budget_tokens, 0, INT64_C(1000000000000), "budget_tokens" },
		{ &d->retries, 0, 10, "retries" },
		{ &d->window_minutes, 1, 10080, "window" },
		{ &d->jitter_minutes, 0, 60, "jitter" },
		{ &d->failures_max, 0, 100, "failures_max" },
	};
	char key[64];
	size_t i;
	int64_t preset;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		preset = *rows[i].at;
		snprintf(key, sizeof(key), "error_agent_%s", rows[i].field);
		*rows[i].at = rows[i].min - 1;
		check_fails(d, ERR_INPUT, key, rows[i].field);
		*rows[i].at = rows[i].max + 1;
		check_fails(d, ERR_INPUT, key, rows[i].field);
		*rows[i].at = rows[i].min;
		check_passes(d);
		*rows[i].at = rows[i].max;
		check_passes(d);
		*rows[i].at = preset;
	}
	talloc_free(d);
}

static void a_schedule_is_one_that_comes(void **state)
{
	struct definition *d = make();

	d->schedule.frequency = FREQUENCY_CRON;
	d->schedule.cron = "0 8 * * 1";
	check_passes(d);
	d->schedule.cron = "0 0 30 2 *";
	check_fails(d, ERR_INPUT, "error_schedule_never", "cron");
	d->schedule.cron = "99 * * * *";
	check_fails(d, ERR_INPUT, "error_schedule_cron", "cron");
	d->schedule.cron = "0 8 * * 1\n";
	check_fails(d, ERR_INPUT, "error_schedule_cron", "cron");
	d->schedule.frequency = FREQUENCY_DAILY;
	d->schedule.cron = "";
	d->schedule.time = "24:00";
	check_fails(d, ERR_INPUT, "error_schedule_time", "time");
	d->schedule.time = "08:00";
	check_passes(d);
	d->schedule.timezone = "Mars/Base";
	check_fails(d, ERR_INPUT, "error_schedule_zone", "timezone");
	d->schedule.frequency = FREQUENCY_NONE;
	check_fails(d, ERR_INPUT, "error_schedule_zone", "timezone");
	talloc_free(d);
}

static void format(const struct definition *d, struct buf *out)
{
	struct err e = { 0 };

	if (definition_format(d, out, &e) < 0)
		fail_msg("%s", e.text);
}

static void what_is_written_is_read(void **state)
{
	const char *tools[] = { "Read", "Bash(git log:*)" };
	struct definition *d = make(), *back;
	auto_buf one = BUF_INIT(DEFINITION_JSON_MAX);
	auto_buf two = BUF_INIT(DEFINITION_JSON_MAX);
	struct err e = { 0 };

	d->schedule.frequency = FREQUENCY_WEEKLY;
	d->schedule.days = "mo,we";
	d->schedule.time = "08:00";
	d->tools = tools;
	d->ntools = 2;
	d->policy = POLICY_LISTED;
	d->overlap = OVERLAP_CANCEL;
	d->missed = MISSED_RUN;
	d->failures_max = 0;
	format(d, &one);
	back = definition_parse(NULL, one.data, one.len, &e);
	if (!back)
		fail_msg("%s", e.text);
	assert_string_equal(back->prompt, d->prompt);
	assert_string_equal(back->schedule.days, "mo,we");
	assert_string_equal(back->tools[1], tools[1]);
	assert_int_equal(back->overlap, OVERLAP_CANCEL);
	assert_int_equal(back->failures_max, 0);
	format(back, &two);
	assert_string_equal(buf_text(&one), buf_text(&two));
	talloc_free(back);
	talloc_free(d);
}

/* The largest prompt in its worst spelling stays one that can be read. */
static void the_largest_prompt_is_written_and_read(void **state)
{
	struct definition *d = make(), *back;
	char *text = malloc(AGENT_PROMPT_MAX + 1);
	auto_buf out = BUF_INIT(DEFINITION_JSON_MAX);
	struct err e = { 0 };

	memset(text, '\x01', AGENT_PROMPT_MAX);
	text[AGENT_PROMPT_MAX] = '\0';
	d->prompt = text;
	check_passes(d);
	format(d, &out);
	back = definition_parse(NULL, out.data, out.len, &e);
	assert_non_null(back);
	assert_string_equal(back->prompt, text);
	talloc_free(back);
	talloc_free(d);
	free(text);
}

static void a_short_file_gets_the_presets(void **state)
{
	struct err e = { 0 };
	struct definition *d = definition_parse(NULL, HEAD "}",
						strlen(HEAD "}"), &e);

	assert_non_null(d);
	assert_int_equal(d->schedule.frequency, FREQUENCY_NONE);
	assert_string_equal(d->schedule.timezone, "UTC");
	assert_int_equal(d->timeout_minutes, 30);
	assert_int_equal(d->ntools, 0);
	talloc_free(d);
}

static void parse_fails(const char *json, enum err_kind kind, const char *key,
			const char *member)
{
	struct err e = { 0 };

	assert_null(definition_parse(NULL, json, strlen(json), &e));
	if (!str_equal(e.key, key))
		fail_msg("%s: %s: %s", json, e.key, e.text);
	assert_int_equal(e.kind, kind);
	if (!str_starts(e.text, member) || e.text[strlen(member)] != ':')
		fail_msg("%s: %s", json, e.text);
}

static void reading_is_strict(void **state)
{
	static const struct { const char *json, *key, *member; } rows[] = {
		{ "", "error_agent_json", "(file)" },
		{ "[]", "error_agent_json", "(file)" },
		{ HEAD, "error_agent_json", "(file)" },
		{ HEAD "} x", "error_agent_json", "(file)" },
		{ HEAD ",\"max_turns\":NaN}", "error_agent_json", "(file)" },
		{ "{\"gongbang_agent\":1,\"name\":\"A\\u0000b\",\"prompt\":\"p\"}",
		  "error_agent_json", "(file)" },
		{ "{\"gongbang_agent\":1,\"name\\u0000\":\"A\",\"prompt\":\"p\"}",
		  "error_agent_json", "(file)" },
		{ "{\"name\":\"A\",\"prompt\":\"p\"}",
		  "error_agent_json_kind", "gongbang_agent" },
		{ "{\"gongbang_agent\":\"1\"}",
		  "error_agent_json_kind", "gongbang_agent" },
		{ "{\"gongbang_agent\":0}",
		  "error_agent_json_kind", "gongbang_agent" },
		{ "{\"gongbang_agent\":2,\"new\":1}",
		  "error_agent_json_newer", "gongbang_agent" },
		{ HEAD ",\"nam\":1}", "error_agent_json_unknown", "nam" },
		{ HEAD ",\"schedule\":{\"timezone\":\"UTC\",\"cro\":\"\"}}",
		  "error_agent_json_unknown", "schedule.cro" },
		{ HEAD ",\"name\":\"B\"}", "error_agent_json_twice", "(file)" },
		{ HEAD ",\"schedule\":{\"timezone\":\"UTC\",\"timezone\":\"UTC\"}}",
		  "error_agent_json_twice", "(file)" },
		{ HEAD ",\"model\":null}", "error_agent_json_type", "model" },
		{ HEAD ",\"retries\":\"2\"}", "error_agent_json_type", "retries" },
		{ HEAD ",\"retries\":2.5}", "error_agent_json_type", "retries" },
		{ HEAD ",\"tools\":\"Read\"}", "error_agent_json_type", "tools" },
		{ HEAD ",\"tools\":[1]}", "error_agent_json_type", "tools" },
		{ HEAD ",\"schedule\":\"daily\"}", "error_agent_json_type", "schedule" },
		{ HEAD ",\"schedule\":{}}", "error_schedule_zone", "schedule.timezone" },
		{ HEAD ",\"schedule\":{\"timezone\":\"UTC\",\"frequency\":\"often\"}}",
		  "error_agent_frequency", "schedule.frequency" },
		{ HEAD ",\"schedule\":{\"timezone\":\"UTC\",\"frequency\":\"daily\","
		  "\"time\":\"8\"}}", "error_schedule_time", "schedule.time" },
		{ HEAD ",\"policy\":\"all\"}", "error_agent_policy", "policy" },
		{ HEAD ",\"overlap\":\"Skip\"}", "error_agent_overlap", "overlap" },
		{ HEAD ",\"missed\":\"\"}", "error_agent_missed", "missed" },
		{ HEAD ",\"timeout_minutes\":0}", "error_agent_timeout", "timeout_minutes" },
		{ HEAD ",\"retries\":99999999999999999999}", "error_agent_retries", "retries" },
		{ "{\"gongbang_agent\":1,\"prompt\":\"p\"}", "error_agent_name", "name" },
		{ "{\"gongbang_agent\":1,\"name\":\"A\"}", "error_agent_prompt", "prompt" },
		{ "{\"gongbang_agent\":1,\"name\":\"a\\nb\",\"prompt\":\"p\"}",
		  "error_agent_name", "name" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		parse_fails(rows[i].json, ERR_INPUT, rows[i].key, rows[i].member);
}

static void what_is_too_large_is_refused(void **state)
{
	char *json = malloc(DEFINITION_JSON_MAX + 2);
	char deep[200];
	struct err e = { 0 };

	memset(json, ' ', DEFINITION_JSON_MAX + 1);
	json[DEFINITION_JSON_MAX + 1] = '\0';
	memcpy(json, HEAD "}", strlen(HEAD "}"));
	parse_fails(json, ERR_LIMIT, "error_agent_json_long", "(file)");
	free(json);
	memset(deep, '[', sizeof(deep));
	assert_null(definition_parse(NULL, deep, sizeof(deep), &e));
	assert_string_equal(e.key, "error_agent_json");
}

/* An unknown member's name is shown: cut, whatever it holds. */
static void a_long_member_is_named_in_part(void **state)
{
	char json[1000] = HEAD ",\"";
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < 100; i++)
		strcat(json, "\xea\xb3\xb5");
	strcat(json, "\":1}");
	assert_null(definition_parse(NULL, json, strlen(json), &e));
	assert_true(utf8_valid(e.text, strlen(e.text)));
	assert_non_null(strstr(e.text, ": unknown member"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_pass),
		cmocka_unit_test(a_name_is_a_line_of_text),
		cmocka_unit_test(a_prompt_of_a_megabyte_is_too_long),
		cmocka_unit_test(nothing_reads_as_an_option),
		cmocka_unit_test(numbers_have_ranges),
		cmocka_unit_test(a_schedule_is_one_that_comes),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_largest_prompt_is_written_and_read),
		cmocka_unit_test(a_short_file_gets_the_presets),
		cmocka_unit_test(reading_is_strict),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(a_long_member_is_named_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
