/*
 * Every outcome of a run, a row each: the one table from which lists, filters,
 * charts, notices, the calendar and the API take their words, and by which a
 * run counts for its agent.
 */
#ifndef STORE_OUTCOMES_H
#define STORE_OUTCOMES_H

#include <stddef.h>

enum outcome_class {
	OUTCOME_OPEN,		/* waits or runs */
	OUTCOME_GOOD,
	OUTCOME_PROBLEMS,	/* finished, but not all was done: no failure to its agent */
	OUTCOME_BAD,
	OUTCOME_NONE,		/* never ran, or was ended by somebody: counts for nothing */
};

struct outcome_status {
	const char *status;	/* words: run_status_<status>, run_said_<status> */
	enum outcome_class class;
	const char *state, *icon;	/* of its mark in pages */
	const char *event;	/* that its agent's notices tell; "" none */
};

extern const struct outcome_status outcome_statuses[];
extern const size_t outcome_statuses_count;

/* The row of a status; the last one, of class OUTCOME_NONE, for an unknown one. */
const struct outcome_status *outcome_status_find(const char *status);

enum outcome_again {
	AGAIN_UNSAID,		/* nothing failed, or it comes by itself */
	AGAIN_HELPS,		/* the same run may well go through */
	AGAIN_USELESS,		/* not before what the reason names has changed */
};

struct outcome_reason {
	const char *status, *reason;	/* words: run_reason_<reason>, run_short_<reason> */
	enum outcome_again again;
};

extern const struct outcome_reason outcome_reasons[];
extern const size_t outcome_reasons_count;

enum outcome_again outcome_again(const char *status, const char *reason);

/*
 * What a run that finished could not do. executions.problems is a JSON list of
 * {"code","what","title","count"}: what, title and count where there are some.
 */
struct outcome_problem {
	const char *code;	/* words: run_problem_<code>, and run_problem_<code>_do: what to do */
	const char *what;	/* what "what" names: tool, domain, "" nothing */
};

extern const struct outcome_problem outcome_problems[];
extern const size_t outcome_problems_count;

/* NULL for an unknown code. */
const struct outcome_problem *outcome_problem_find(const char *code);

/* SQL: the status of a row of executions as everybody is told it. */
#define OUTCOME_STATUS(row) \
	"CASE WHEN " row ".status = 'success' AND " row ".problems <> ''" \
	" THEN 'problems' ELSE " row ".status END"

#endif
