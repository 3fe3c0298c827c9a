/* How a run's result is judged: by codes, never by what its words say. */
#ifndef SESSION_RUN_OUTCOME_H
#define SESSION_RUN_OUTCOME_H

#include "transcript/decoder.h"

struct outcome {
	const char *outcome, *reason;
	bool again;
	const char *part;	/* what the turn's last part says, when we end it; NULL: it ends by itself */
};

/* Of a turn that nobody stopped. A success is Claude's word only: its process and the ledger have to agree. */
struct outcome run_outcome_of(const struct turn_result *r);

/* A detail of a run that finished: "cut", "refusal"; NULL if there is none. */
const char *run_outcome_problem(const struct turn_result *r);

#endif
