/* gongbang: administration on the command line. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "cli/command.h"
#include "core/str.h"
#include "http/http_client.h"
#include "kv/kv_login.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

/*
 * value: its name in the help, or the choices, separated by "|"; NULL for a
 * flag.
 */
static const struct {
	const char *name, *value;
} options[OPTIONS] = {
	[OPTION_ROLE] = { "--role", "admin|user" },
	[OPTION_GENERATE] = { "--generate", NULL },
	[OPTION_JSON] = { "--json", NULL },
	[OPTION_MONTH] = { "--month", "YYYY-MM" },
	[OPTION_DAY_TOKENS] = { "--day-tokens", "N" },
	[OPTION_DAY_USD] = { "--day-usd", "AMOUNT" },
	[OPTION_MONTH_TOKENS] = { "--month-tokens", "N" },
	[OPTION_MONTH_USD] = { "--month-usd", "AMOUNT" },
	[OPTION_HTTP] = { "--http", NULL },
	[OPTION_STATE] = { "--state", "asked|blocked|granted|refused" },
	[OPTION_CRON] = { "--cron", "EXPRESSION" },
	[OPTION_ZONE] = { "--zone", "ZONE" },
	[OPTION_FROM] = { "--from", "UNIX" },
	[OPTION_COUNT] = { "--count", "N" },
	[OPTION_USER] = { "--user", "USERNAME" },
	[OPTION_FILE] = { "--file", "FILE" },
	[OPTION_YES] = { "--yes", NULL },
};

static const struct command commands[] = {
	{ "user", "add", { "USERNAME" }, TAKES(ROLE) | TAKES(GENERATE),
	  "Create an account.", command_user_add },
	{ "user", "passwd", { "USERNAME" }, TAKES(GENERATE),
	  "Change an account's password and log it out everywhere.",
	  command_user_passwd },
	{ "user", "disable", { "USERNAME" }, 0,
	  "Disable an account: log it out and stop its workspace.",
	  command_user_disable },
	{ "user", "enable", { "USERNAME" }, 0, "Enable a disabled account.",
	  command_user_enable },
	{ "user", "remove", { "USERNAME" }, TAKES(YES),
	  "Remove an account with its files, conversations, agents and"
	  " workspace. Asks for the username to confirm.", command_user_remove },
	{ "user", "list", { NULL }, TAKES(JSON), "List all accounts.",
	  command_user_list },
	{ "usage", "", { NULL }, TAKES(MONTH) | TAKES(JSON),
	  "Show each account's tokens and cost in one month.",
	  command_usage },
	{ "budget", "show", { "[SUBJECT]" }, TAKES(JSON),
	  "Show the budget of SUBJECT, or all budgets.",
	  command_budget_show },
	{ "budget", "set", { "SUBJECT" }, TAKES(DAY_TOKENS) | TAKES(DAY_USD) |
	  TAKES(MONTH_TOKENS) | TAKES(MONTH_USD),
	  "Set limits; the others stay unchanged. 0 means no limit.",
	  command_budget_set },
	{ "budget", "clear", { "SUBJECT" }, 0,
	  "Remove the budget of SUBJECT; an account then has the default.",
	  command_budget_clear },
	{ "agent", "list", { NULL }, TAKES(USER), "List an account's agents.",
	  command_agent_list },
	{ "agent", "export", { "[NAME]" }, TAKES(USER),
	  "Print an account's agent as JSON.", command_agent_export },
	{ "agent", "import", { NULL }, TAKES(USER) | TAKES(FILE),
	  "Import an agent from a file (- for standard input): as a new"
	  " paused agent, or as the next version of the agent with its name.",
	  command_agent_import },
	{ "domain", "list", { "[USERNAME]" }, TAKES(STATE) | TAKES(JSON),
	  "List the domains that accounts requested or may reach, or that"
	  " were blocked.",
	  command_domain_list },
	{ "domain", "grant", { "USERNAME", "DOMAIN" }, TAKES(HTTP),
	  "Allow an account's workspace to reach a domain by https, with"
	  " --http also by http.", command_domain_grant },
	{ "domain", "refuse", { "USERNAME", "DOMAIN" }, 0,
	  "Deny a requested or blocked domain.", command_domain_refuse },
	{ "domain", "revoke", { "USERNAME", "DOMAIN" }, 0,
	  "Revoke a domain from an account.", command_domain_revoke },
	{ "schedule", "next", { NULL }, TAKES(CRON) | TAKES(ZONE) |
	  TAKES(FROM) | TAKES(COUNT),
	  "Print the next runs of a cron expression: Unix seconds, local time.",
	  command_schedule_next },
	{ "stop-all", "", { NULL }, 0,
	  "Kill switch: stop all model calls immediately.",
	  command_stop_all },
	{ "resume-all", "", { NULL }, 0, "Resume model calls.",
	  command_resume_all },
	{ "doctor", "", { "[CHECK]" }, TAKES(JSON),
	  "Check the server, or one part of it, and say how to fix problems.",
	  command_doctor },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Each command that takes one of these needs it. */
#define NEEDED (TAKES(USER) | TAKES(FILE) | TAKES(CRON))

static void help_command(FILE *out, const struct command *c)
{
	size_t i;

	fprintf(out, "  gongbang %s%s%s", c->noun, *c->verb ? " " : "",
		c->verb);
	for (i = 0; i < WORDS_MAX && c->words[i]; i++)
		fprintf(out, " %s", c->words[i]);
	for (i = 0; i < OPTIONS; i++) {
		bool needed = NEEDED & 1u << i;

		if (c->options & 1u << i)
			fprintf(out, " %s%s%s%s%s", needed ? "" : "[",
				options[i].name, options[i].value ? " " : "",
				options[i].value ? options[i].value : "",
				needed ? "" : "]");
	}
	fprintf(out, "\n      %s\n", c->help);
}

static void help(FILE *out)
{
	size_t i;

	fputs("usage: gongbang [--settings FILE] COMMAND\n\n", out);
	for (i = 0; i < COMMANDS; i++)
		help_command(out, &commands[i]);
	fputs("  gongbang help\n      Print this help.\n\n"
	      "Passwords are read from standard input as one line; a terminal"
	      " asks twice.\nWith --generate, a new password is created and"
	      " printed.\nA budget's SUBJECT is a USERNAME, \"each\" (the default"
	      " per user) or \"all\" (all\nusers together). AMOUNT is in US"
	      " dollars.\n"
	      "EXPRESSION is a cron expression in one argument, such as"
	      " \"0 8 * * 1-5\", or\n@hourly, @daily, @weekly, @monthly,"
	      " @yearly. ZONE is an IANA time zone\n(default: the setting"
	      " default_timezone). UNIX is seconds since 1970 (default:\nnow). N"
	      " is 1 to 10000 (default: 5). Each run is a line such as\n"
	      "\"1772953200 2026-03-08 03:00:00 -04:00 EDT\"; fewer lines mean"
	      " no further runs.\n"
	      "Settings come from --settings FILE or $GONGBANG_SETTINGS;"
	      " --dump-settings\nexplains them.\n"
	      "Exit status: 0 success, 1 failure, 2 wrong usage.\n", out);
}

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "gongbang: %s%s%s; see: gongbang help\n", what,
		*about ? ": " : "", about);
	return USAGE;
}

/* Whether value is one of "a|b|c"; a name without "|" accepts anything. */
static bool may_be(const char *choices, const char *value)
{
	size_t n = strlen(value);

	if (!strchr(choices, '|'))
		return true;
	for (; choices; choices = strchr(choices, '|')) {
		choices += *choices == '|';
		if (n == strcspn(choices, "|") &&
		    strncmp(choices, value, n) == 0)
			return true;
	}
	return false;
}

/*
 * One option and its value; returns the number of words it used, 0 for a wrong
 * one.
 */
static int take_option(struct call *c, unsigned takes, char **word)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		if (!(takes & 1u << i) || !str_equal(word[0], options[i].name))
			continue;
		if (!options[i].value) {
			c->options[i] = "";
			return 1;
		}
		if (!word[1] || !may_be(options[i].value, word[1]))
			return 0;
		c->options[i] = word[1];
		return 2;
	}
	return 0;
}

static int run(const struct command *what, struct call *c, char **words)
{
	struct err e = { 0 };
	size_t given = 0;
	int n;

	for (; *words; words += n) {
		n = 1;
		if (str_starts(*words, "-"))
			n = take_option(c, what->options, words);
		else if (given < WORDS_MAX && what->words[given])
			c->words[given++] = *words;
		else
			n = 0;
		if (!n)
			return complain("unexpected argument", *words);
	}
	if (given < WORDS_MAX && what->words[given] &&
	    *what->words[given] != '[')
		return complain("missing", what->words[given]);
	if (what->run(c, &e) < 0) {
		fprintf(stderr, "gongbang: %s\n", e.text);
		return FAILED;
	}
	if (fflush(stdout) != 0) {
		perror("gongbang: standard output");
		return FAILED;
	}
	return DONE;
}

static int find_and_run(struct call *c, char **words)
{
	size_t i;

	if (!words[0]) {
		help(stderr);
		return USAGE;
	}
	if (str_equal(words[0], "help") || str_equal(words[0], "--help") ||
	    str_equal(words[0], "-h")) {
		help(stdout);
		return DONE;
	}
	for (i = 0; i < COMMANDS; i++) {
		const struct command *what = &commands[i];

		if (!str_equal(words[0], what->noun))
			continue;
		if (!*what->verb)
			return run(what, c, words + 1);
		if (words[1] && str_equal(words[1], what->verb))
			return run(what, c, words + 2);
	}
	return complain("unknown command", words[0]);
}

int main(int argc, char **argv)
{
	struct settings *settings = settings_main(&argc, &argv);
	void *ctx = talloc_new(NULL);
	struct call c = { .ctx = ctx, .settings = settings };
	struct err e = { 0 };
	int status;

	signal(SIGPIPE, SIG_IGN);
	http_client_start();
	if (kv_login_read(settings, "pages", &e) < 0)
		fprintf(stderr, "gongbang: %s\n", e.text);
	status = find_and_run(&c, argv);
	talloc_free(ctx);
	settings_free(settings);
	return status;
}
