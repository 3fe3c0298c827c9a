/* The command line: one table of commands, one of options; one file per noun. */
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

/* One invocation of a command; its data are children of ctx. */
struct call {
	const void *ctx;
	const struct settings *settings;
	const char *words[WORDS_MAX];	/* in the order of the command's row */
	const char *options[OPTIONS];	/* its value, "" for a flag; NULL: not given */
};

struct command {
	const char *noun;
	const char *verb;		/* "" when the noun is enough */
	const char *words[WORDS_MAX];	/* required arguments; optional ones in brackets */
	unsigned options;		/* TAKES() of its options */
	const char *help;
	/* Prints its result; -1: e says what failed and what to do. */
	int (*run)(const struct call *c, struct err *e);
};

/* Gives (child of c->ctx). */
struct db *command_store(const struct call *c, struct err *e) must_check;

/*
 * The account with a login; the error says how to list them. Gives (child of
 * c->ctx).
 */
struct user *command_user(const struct call *c, struct db *db,
			  const char *login, struct err *e) must_check;

/* POSTs to the bridge; when it is away: prints a warning with the consequence. */
void command_tell_bridge(const struct call *c, const char *path, const char *else_what);

/*
 * Ends the account's logins and revokes its tokens; done is the first part of
 * an error's text: what was changed nevertheless.
 */
int command_end_logins(const struct call *c, struct db *db, const struct user *u,
		       const char *done, struct err *e) must_check;

/* Announces that budgets or the kill switch changed. */
void command_tell_spending(const struct call *c);

/* The system account that runs the command, "root (shell)". size: 40. */
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
