/* gongbang: administration on the command line. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

#include "command.h"
#include "core/str.h"
#include "http/client.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const struct command commands[] = {
	{ "user", "add", "LOGIN [--role admin|user] [--generate]",
	  "Make an account.",
	  TAKES_LOGIN | TAKES_ROLE | TAKES_GENERATE, command_user_add },
	{ "user", "passwd", "LOGIN [--generate]",
	  "Set an account's password and end its logins.",
	  TAKES_LOGIN | TAKES_GENERATE, command_user_passwd },
	{ "user", "disable", "LOGIN",
	  "Lock an account out, end its logins, stop its workspace.",
	  TAKES_LOGIN, command_user_disable },
	{ "user", "enable", "LOGIN", "Let a disabled account in again.",
	  TAKES_LOGIN, command_user_enable },
	{ "user", "list", "[--json]", "List all accounts.",
	  TAKES_JSON, command_user_list },
	{ "doctor", "", "[--json]",
	  "Check that all is well, and say how to mend what is not.",
	  TAKES_JSON, command_doctor },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *out)
{
	size_t i;

	fputs("usage: gongbang [--settings FILE] COMMAND\n\n", out);
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  gongbang %s%s%s %s\n      %s\n",
			commands[i].noun, *commands[i].verb ? " " : "",
			commands[i].verb, commands[i].arguments,
			commands[i].help);
	fputs("  gongbang help\n      Print this.\n\n"
	      "A password is one line of standard input; on a terminal it is"
	      " asked for twice.\nWith --generate one is made and printed"
	      " instead.\nThe settings are those of --settings FILE or of"
	      " $GONGBANG_SETTINGS;\n--dump-settings explains them all.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", out);
}

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "gongbang: %s%s%s; see: gongbang help\n", what,
		*about ? ": " : "", about);
	return USAGE;
}

/* One option, and its value; returns how many words it took, 0 for a wrong one. */
static int take_option(struct call *c, unsigned takes, char **word)
{
	if (str_equal(word[0], "--generate") && (takes & TAKES_GENERATE)) {
		c->generate = true;
		return 1;
	}
	if (str_equal(word[0], "--json") && (takes & TAKES_JSON)) {
		c->json = true;
		return 1;
	}
	if (str_equal(word[0], "--role") && (takes & TAKES_ROLE) && word[1] &&
	    (str_equal(word[1], "admin") || str_equal(word[1], "user"))) {
		c->admin = str_equal(word[1], "admin");
		return 2;
	}
	return 0;
}

static int run(const struct command *what, struct call *c, char **words)
{
	struct err e = { 0 };
	int n;

	for (; *words; words += n) {
		n = 1;
		if (str_starts(*words, "-"))
			n = take_option(c, what->takes, words);
		else if ((what->takes & TAKES_LOGIN) && !c->login)
			c->login = *words;
		else
			n = 0;
		if (!n)
			return complain("cannot use", *words);
	}
	if ((what->takes & TAKES_LOGIN) && !c->login)
		return complain("say which LOGIN", "");
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
		if (!str_equal(words[0], commands[i].noun))
			continue;
		if (!*commands[i].verb)
			return run(&commands[i], c, words + 1);
		if (words[1] && str_equal(words[1], commands[i].verb))
			return run(&commands[i], c, words + 2);
	}
	return complain("no such command", words[0]);
}

int main(int argc, char **argv)
{
	struct settings *settings = settings_main(&argc, &argv);
	void *ctx = talloc_new(NULL);
	struct call c = { .ctx = ctx, .settings = settings };
	int status;

	signal(SIGPIPE, SIG_IGN);
	client_start();
	status = find_and_run(&c, argv);
	talloc_free(ctx);
	settings_free(settings);
	return status;
}
