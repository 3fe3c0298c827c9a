/* Judges the result of a run by its codes, never by its wording. */
#ifndef SESSION_RUN_OUTCOME_H
#define SESSION_RUN_OUTCOME_H

#include "transcript/decoder.h"

struct outcome {
	const char *outcome, *reason;
	bool again;
	const char *part;	/* text of the turn's last part when we end it; NULL: it ends by itself */
};

/*
 * For a turn that nobody stopped. A success is only Claude's statement: its
 * process and the ledger must agree.
 */
struct outcome run_outcome_of(const struct turn_result *r);

/* A problem of a finished run: "cut", "refusal"; NULL if there is none. */
const char *run_outcome_problem(const struct turn_result *r);

#endif
