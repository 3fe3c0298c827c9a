/* The command line: one table of commands, one file a noun. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/settings.h"

/* What a command takes besides its name. */
enum {
	TAKES_LOGIN = 1,
	TAKES_ROLE = 2,
	TAKES_GENERATE = 4,
	TAKES_JSON = 8,
};

/* One call of a command; everything of it is a child of ctx. */
struct call {
	const void *ctx;
	const struct settings *settings;
	const char *login;
	bool admin, generate, json;
};

struct command {
	const char *noun, *verb;	/* verb "": the noun alone */
	const char *arguments;	/* for the help */
	const char *help;
	unsigned takes;
	/* Prints its result; -1: e says what failed and what to do. */
	int (*run)(const struct call *c, struct err *e);
};

int command_user_add(const struct call *c, struct err *e) must_check;
int command_user_passwd(const struct call *c, struct err *e) must_check;
int command_user_disable(const struct call *c, struct err *e) must_check;
int command_user_enable(const struct call *c, struct err *e) must_check;
int command_user_list(const struct call *c, struct err *e) must_check;
int command_doctor(const struct call *c, struct err *e) must_check;

#endif
