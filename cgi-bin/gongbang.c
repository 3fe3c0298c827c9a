/* gongbang: administration on the command line. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "command.h"
#include "core/str.h"
#include "http/client.h"
#include "kv/kv_login.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

/* value: how the help names it, or what it may be, parted by "|"; NULL for a flag. */
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
	[OPTION_CRON] = { "--cron", "LINE" },
	[OPTION_ZONE] = { "--zone", "ZONE" },
	[OPTION_FROM] = { "--from", "UNIX" },
	[OPTION_COUNT] = { "--count", "N" },
	[OPTION_USER] = { "--user", "LOGIN" },
	[OPTION_FILE] = { "--file", "FILE" },
	[OPTION_YES] = { "--yes", NULL },
};

static const struct command commands[] = {
	{ "user", "add", { "LOGIN" }, TAKES(ROLE) | TAKES(GENERATE),
	  "Make an account.", command_user_add },
	{ "user", "passwd", { "LOGIN" }, TAKES(GENERATE),
	  "Set an account's password and end its logins.",
	  command_user_passwd },
	{ "user", "disable", { "LOGIN" }, 0,
	  "Lock an account out, end its logins, stop its workspace.",
	  command_user_disable },
	{ "user", "enable", { "LOGIN" }, 0, "Let a disabled account in again.",
	  command_user_enable },
	{ "user", "remove", { "LOGIN" }, TAKES(YES),
	  "Remove an account with all that it has: files, records, container."
	  " Asks for the login again.", command_user_remove },
	{ "user", "list", { NULL }, TAKES(JSON), "List all accounts.",
	  command_user_list },
	{ "usage", "", { NULL }, TAKES(MONTH) | TAKES(JSON),
	  "What each account used in a month, and what it cost.",
	  command_usage },
	{ "budget", "show", { "[SUBJECT]" }, TAKES(JSON),
	  "The budgets: of SUBJECT, or every one that is set.",
	  command_budget_show },
	{ "budget", "set", { "SUBJECT" }, TAKES(DAY_TOKENS) | TAKES(DAY_USD) |
	  TAKES(MONTH_TOKENS) | TAKES(MONTH_USD),
	  "Set limits; the others stay as they hold now. 0 is no limit.",
	  command_budget_set },
	{ "budget", "clear", { "SUBJECT" }, 0,
	  "Take a budget away; an account has that of \"each\" then.",
	  command_budget_clear },
	{ "agent", "list", { NULL }, TAKES(USER), "An account's agents.",
	  command_agent_list },
	{ "agent", "export", { "[NAME]" }, TAKES(USER),
	  "Print an account's agent as JSON.", command_agent_export },
	{ "agent", "import", { NULL }, TAKES(USER) | TAKES(FILE),
	  "Read an agent from a file (- for standard input): a new one,"
	  " paused, or the next version of the one with its name.",
	  command_agent_import },
	{ "domain", "list", { "[LOGIN]" }, TAKES(STATE) | TAKES(JSON),
	  "The domains that accounts asked for, were granted, were blocked at.",
	  command_domain_list },
	{ "domain", "grant", { "LOGIN", "DOMAIN" }, TAKES(HTTP),
	  "Let an account's workspace reach a domain by https;"
	  " with --http by http, too.", command_domain_grant },
	{ "domain", "refuse", { "LOGIN", "DOMAIN" }, 0,
	  "Refuse what was asked for or blocked.", command_domain_refuse },
	{ "domain", "revoke", { "LOGIN", "DOMAIN" }, 0,
	  "Take a domain off an account's list.", command_domain_revoke },
	{ "schedule", "next", { NULL }, TAKES(CRON) | TAKES(ZONE) |
	  TAKES(FROM) | TAKES(COUNT),
	  "The next runs of a cron line: Unix seconds, local time.",
	  command_schedule_next },
	{ "stop-all", "", { NULL }, 0,
	  "The kill switch: refuse every call of the model at once.",
	  command_stop_all },
	{ "resume-all", "", { NULL }, 0, "Let calls of the model through again.",
	  command_resume_all },
	{ "doctor", "", { "[CHECK]" }, TAKES(JSON),
	  "Check that all is well, or one thing; say how to mend what is not.",
	  command_doctor },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help_command(FILE *out, const struct command *c)
{
	size_t i;

	fprintf(out, "  gongbang %s%s%s", c->noun, *c->verb ? " " : "",
		c->verb);
	for (i = 0; i < WORDS_MAX && c->words[i]; i++)
		fprintf(out, " %s", c->words[i]);
	for (i = 0; i < OPTIONS; i++) {
		if (c->options & 1u << i)
			fprintf(out, " [%s%s%s]", options[i].name,
				options[i].value ? " " : "",
				options[i].value ? options[i].value : "");
	}
	fprintf(out, "\n      %s\n", c->help);
}

static void help(FILE *out)
{
	size_t i;

	fputs("usage: gongbang [--settings FILE] COMMAND\n\n", out);
	for (i = 0; i < COMMANDS; i++)
		help_command(out, &commands[i]);
	fputs("  gongbang help\n      Print this.\n\n"
	      "A password is one line of standard input; on a terminal it is"
	      " asked for twice.\nWith --generate one is made and printed"
	      " instead.\nSUBJECT of a budget is a LOGIN, \"each\" (every"
	      " account without a budget of its\nown) or \"all\" (the"
	      " installation). An AMOUNT is in US dollars.\n"
	      "LINE is five fields in one argument, \"0 8 * * 1-5\", or"
	      " @hourly, @daily,\n@weekly, @monthly, @yearly; it must be given."
	      " ZONE is an IANA time zone\n(otherwise the setting"
	      " default_timezone), UNIX seconds since 1970 after which\nruns"
	      " are shown (otherwise now), N 1 to 10000 (otherwise 5). A run is"
	      " a line:\n\"1772953200 2026-03-08 03:00:00 -04:00 EDT\"; when"
	      " no more come, fewer lines.\n"
	      "The settings are those of --settings FILE or of"
	      " $GONGBANG_SETTINGS;\n--dump-settings explains them all.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", out);
}

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "gongbang: %s%s%s; see: gongbang help\n", what,
		*about ? ": " : "", about);
	return USAGE;
}

/* Whether value is one of "a|b|c"; a name without "|" takes anything. */
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

/* One option, and its value; returns how many words it took, 0 for a wrong one. */
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
			return complain("cannot use", *words);
	}
	if (given < WORDS_MAX && what->words[given] &&
	    *what->words[given] != '[')
		return complain("say which", what->words[given]);
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
	return complain("no such command", words[0]);
}

int main(int argc, char **argv)
{
	struct settings *settings = settings_main(&argc, &argv);
	void *ctx = talloc_new(NULL);
	struct call c = { .ctx = ctx, .settings = settings };
	struct err e = { 0 };
	int status;

	signal(SIGPIPE, SIG_IGN);
	client_start();
	if (kv_login_read(settings, "pages", &e) < 0)
		fprintf(stderr, "gongbang: %s\n", e.text);
	status = find_and_run(&c, argv);
	talloc_free(ctx);
	settings_free(settings);
	return status;
}
