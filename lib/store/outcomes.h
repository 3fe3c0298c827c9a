/*
 * The table of every outcome of a run: lists, filters, charts, notifications, the
 * calendar and the API take their words from it, and it says how a run counts for
 * its agent.
 */
#ifndef STORE_OUTCOMES_H
#define STORE_OUTCOMES_H

#include <stddef.h>

enum outcome_class {
	OUTCOME_OPEN,		/* queued or running */
	OUTCOME_GOOD,
	OUTCOME_PROBLEMS,	/* finished, but incomplete; no failure of its agent */
	OUTCOME_BAD,
	OUTCOME_NONE,		/* never ran, or was cancelled; not counted */
};

struct outcome_status {
	const char *status;	/* words: run_status_<status> */
	enum outcome_class class;
	const char *state, *icon;	/* of its badge in pages */
	const char *event;	/* the notification event; "" if none */
};

extern const struct outcome_status outcome_statuses[];
extern const size_t outcome_statuses_count;

/* The row of a status; for an unknown one the last row, of class OUTCOME_NONE. */
const struct outcome_status *outcome_status_find(const char *status);

enum outcome_again {
	AGAIN_UNSAID,		/* nothing failed, or it is repeated anyway */
	AGAIN_HELPS,		/* running again may succeed */
	AGAIN_USELESS,		/* fails again until its reason is fixed */
};

struct outcome_reason {
	const char *status, *reason;	/* words: run_reason_<reason>, run_short_<reason> */
	enum outcome_again again;
};

extern const struct outcome_reason outcome_reasons[];
extern const size_t outcome_reasons_count;

enum outcome_again outcome_again(const char *status, const char *reason);

/*
 * What a finished run could not do. executions.problems is a JSON list of
 * {"code","what","title","count"}; what, title and count are optional.
 */
struct outcome_problem {
	const char *code;	/* words: run_problem_<code>, and run_problem_<code>_do: what to do */
	const char *what;	/* what "what" names: tool, domain, or "" */
};

extern const struct outcome_problem outcome_problems[];
extern const size_t outcome_problems_count;

/* NULL for an unknown code. */
const struct outcome_problem *outcome_problem_find(const char *code);

/* SQL: the status of a row of executions as shown to users. */
#define OUTCOME_STATUS(row) \
	"CASE WHEN " row ".status = 'success' AND " row ".problems <> ''" \
	" THEN 'problems' ELSE " row ".status END"

#endif
