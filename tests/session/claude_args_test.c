/* lib/session/claude_args.c: the command line of Claude's process. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/str.h"
#include "session/claude_args.h"

#define ID "11111111-1111-4111-8111-11111111111e"

static struct buf out;
static struct claude_args args;

static int setup(void **state)
{
	buf_init(&out, 64 << 10);
	args = (struct claude_args){
		.id = ID, .mode = "plan", .model = "", .effort = "",
		.token = "secret",
	};
	return 0;
}

static int teardown(void **state)
{
	buf_release(&out);
	return 0;
}

/* The nth line from 0; NULL past the last. */
static const char *line(int n)
{
	size_t at = 0;

	while (at < out.len && n--)
		at += strlen(out.data + at) + 1;
	return at < out.len ? out.data + at : NULL;
}

static void format(void)
{
	struct err e = { 0 };

	buf_clear(&out);
	assert_int_equal(claude_args_add(&args, &out, &e), 0);
}

/* Where a line is; -1: there is none such. */
static int find(const char *text)
{
	int i;

	for (i = 0; line(i); i++) {
		if (str_equal(line(i), text))
			return i;
	}
	return -1;
}

/* Where one begins so. */
static int find_start(const char *text)
{
	int i;

	for (i = 0; line(i); i++) {
		if (str_starts(line(i), text))
			return i;
	}
	return -1;
}

static void assert_follows(const char *first, const char *second)
{
	format();
	assert_true(find(first) >= 0);
	assert_string_equal(line(find(first) + 1), second);
}

static void a_new_conversation(void **state)
{
	format();
	assert_string_equal(line(0), "arg=/usr/local/bin/claude");
	assert_follows("arg=--session-id", "arg=" ID);
	assert_follows("arg=--permission-mode", "arg=plan");
	assert_true(find("env=ANTHROPIC_AUTH_TOKEN=secret") > 0);
	assert_int_equal(find("arg=--resume"), -1);
	assert_int_equal(find("arg=--model"), -1);
	assert_int_equal(find("arg=--safe-mode"), -1);
	assert_int_equal(find("arg=--allow-dangerously-skip-permissions"), -1);
	assert_int_equal(find_start("from="), -1);
}

static void what_is_chosen_is_passed_on(void **state)
{
	args.model = "opus";
	args.safe = args.skips = true;
	args.log_from = 4096;
	assert_follows("arg=--model", "arg=opus");
	assert_true(find("arg=--safe-mode") > 0);
	assert_true(find("arg=--allow-dangerously-skip-permissions") > 0);
	assert_true(find("from=4096") > 0);
}

static void a_project_has_a_folder_and_instructions(void **state)
{
	format();
	assert_int_equal(find_start("cwd="), -1);
	assert_int_equal(find_start("arg=--append-system-prompt"), -1);
	args.folder = "shop/orders";
	args.instructions = "--resume\nBe brief.";
	format();
	assert_true(find("cwd=shop/orders") > 0);
	assert_true(find("arg=--append-system-prompt=--resume\nBe brief.") > 0);
}

static void a_resumed_transcript_is_mended_first(void **state)
{
	args.resume = true;
	assert_follows("arg=/usr/local/bin/gongbang-mend",
		       "arg=/usr/local/bin/claude");
	assert_follows("arg=--resume", "arg=" ID);
	assert_int_equal(find("arg=--session-id"), -1);
	args.mend = true;
	assert_follows("arg=/usr/local/bin/gongbang-mend", "arg=--settings");
	args.aside = "old-settings";
	assert_follows("arg=/usr/local/bin/gongbang-mend", "arg=--aside");
	assert_follows("arg=--aside", "arg=old-settings");
	assert_int_equal(find("arg=--settings"), -1);
}

/* The last digit moves on, and begins again after f. */
static void a_spare_id_is_beside_the_conversations(void **state)
{
	args.spare = 1;
	assert_follows("arg=--session-id",
		       "arg=11111111-1111-4111-8111-11111111111f");
	args.spare = 2;
	assert_follows("arg=--session-id",
		       "arg=11111111-1111-4111-8111-111111111110");
}

static void a_run_may_use_what_is_listed_alone(void **state)
{
	const char *tools[] = { "Bash(git log:*)", "Read" };
	struct session_rules rules = {
		.tools = tools, .ntools = 2, .max_turns = 7,
	};

	args.run = true;
	args.rules = &rules;
	format();
	assert_true(find("arg=--max-turns=7") > 0);
	assert_true(find("arg=--allowedTools=Bash(git log:*)") > 0);
	assert_true(find("arg=--allowedTools=Read") > 0);
	assert_true(find("arg=--setting-sources=") > 0);
	assert_true(find("arg=--strict-mcp-config") > 0);
	assert_true(find("home=own") > 0);
	/* What the CLI would allow by itself, those listed aside. */
	assert_true(find("arg=--settings={\"permissions\":{\"ask\":"
			 "[\"Agent\",\"Glob\",\"Grep\",\"Task\"]}}") > 0);
	assert_true(find("env=CLAUDE_CODE_DISABLE_BACKGROUND_TASKS=1") > 0);
}

/* A server's tool needs the server, so its configuration is read. */
static void a_listed_server_is_configured(void **state)
{
	const char *tools[] = { "mcp__files__read" };
	struct session_rules rules = { .tools = tools, .ntools = 1 };

	args.run = true;
	args.rules = &rules;
	format();
	assert_int_equal(find("arg=--strict-mcp-config"), -1);
	assert_true(find("home=servers") > 0);
	assert_int_equal(find_start("arg=--max-turns"), -1);
}

static void a_run_that_may_do_everything(void **state)
{
	const char *tools[] = { "Read" };
	struct session_rules rules = {
		.everything = true, .tools = tools, .ntools = 1,
	};

	args.run = true;
	args.rules = &rules;
	format();
	assert_int_equal(find_start("arg=--allowedTools"), -1);
	assert_int_equal(find_start("arg=--settings"), -1);
	assert_int_equal(find_start("home="), -1);
	assert_true(find("arg=--disallowedTools=SendMessage,ListAgents") > 0);
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct err e = { 0 };
	struct buf small;

	buf_init(&small, 100);
	assert_int_equal(claude_args_add(&args, &small, &e), -1);
	buf_release(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_conversation),
		TEST(what_is_chosen_is_passed_on),
		TEST(a_project_has_a_folder_and_instructions),
		TEST(a_resumed_transcript_is_mended_first),
		TEST(a_spare_id_is_beside_the_conversations),
		TEST(a_run_may_use_what_is_listed_alone),
		TEST(a_listed_server_is_configured),
		TEST(a_run_that_may_do_everything),
		TEST(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
