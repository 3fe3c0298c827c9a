/* The command line: one table of commands, one of options; one file a noun. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/settings.h"
#include "store/users.h"

#define WORDS_MAX 2

enum option {
	OPTION_ROLE,
	OPTION_GENERATE,
	OPTION_JSON,
	OPTION_MONTH,
	OPTION_DAY_TOKENS,
	OPTION_DAY_USD,
	OPTION_MONTH_TOKENS,
	OPTION_MONTH_USD,
	OPTION_HTTP,
	OPTION_STATE,
	OPTION_CRON,
	OPTION_ZONE,
	OPTION_FROM,
	OPTION_COUNT,
	OPTION_USER,
	OPTION_FILE,
	OPTION_YES,
	OPTIONS,
};

#define TAKES(name) (1u << OPTION_##name)

/* One call of a command; everything of it is a child of ctx. */
struct call {
	const void *ctx;
	const struct settings *settings;
	const char *words[WORDS_MAX];	/* in the order of the command's row */
	const char *options[OPTIONS];	/* its value, "" of a flag; NULL: not given */
};

struct command {
	const char *noun;
	const char *verb;		/* "" when the noun says it all */
	const char *words[WORDS_MAX];	/* what must follow; in brackets: what may */
	unsigned options;		/* TAKES() of those it takes */
	const char *help;
	/* Prints its result; -1: e says what failed and what to do. */
	int (*run)(const struct call *c, struct err *e);
};

/* Gives (child of c->ctx). */
struct db *command_store(const struct call *c, struct err *e) must_check;

/* The account of a login; its error says how to list them. Gives (child of c->ctx). */
struct user *command_user(const struct call *c, struct db *db,
			  const char *login, struct err *e) must_check;

/* Tells the bridge by a POST; when it is away: a warning, and what follows from it. */
void command_tell_bridge(const struct call *c, const char *path, const char *else_what);

/* Ends the account's logins and tokens; done begins the error's text: what holds all the same. */
int command_end_logins(const struct call *c, struct db *db, const struct user *u,
		       const char *done, struct err *e) must_check;

/* That budgets, or the switch that stops all, are others than before. */
void command_tell_spending(const struct call *c);

/* Who says so: the system's account that runs this, "root (shell)". size: 40. */
void command_by(char out[40]);

int command_user_add(const struct call *c, struct err *e) must_check;
int command_user_passwd(const struct call *c, struct err *e) must_check;
int command_user_disable(const struct call *c, struct err *e) must_check;
int command_user_enable(const struct call *c, struct err *e) must_check;
int command_user_remove(const struct call *c, struct err *e) must_check;
int command_user_list(const struct call *c, struct err *e) must_check;
int command_usage(const struct call *c, struct err *e) must_check;
int command_budget_show(const struct call *c, struct err *e) must_check;
int command_budget_set(const struct call *c, struct err *e) must_check;
int command_budget_clear(const struct call *c, struct err *e) must_check;
int command_agent_list(const struct call *c, struct err *e) must_check;
int command_agent_export(const struct call *c, struct err *e) must_check;
int command_agent_import(const struct call *c, struct err *e) must_check;
int command_domain_list(const struct call *c, struct err *e) must_check;
int command_domain_grant(const struct call *c, struct err *e) must_check;
int command_domain_refuse(const struct call *c, struct err *e) must_check;
int command_domain_revoke(const struct call *c, struct err *e) must_check;
int command_schedule_next(const struct call *c, struct err *e) must_check;
int command_stop_all(const struct call *c, struct err *e) must_check;
int command_resume_all(const struct call *c, struct err *e) must_check;
int command_doctor(const struct call *c, struct err *e) must_check;

#endif
