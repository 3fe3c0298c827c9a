/*
 * What the planner (worker/plan.h) reads and writes. Each is a statement or
 * two within the caller's transaction; every change names the state that it
 * was decided on, so of two workers one changes nothing.
 */
#ifndef STORE_PLANNING_H
#define STORE_PLANNING_H

#include "core/id.h"
#include "store/executions.h"
#include "store/outcomes.h"

struct due_agent {
	char id[ID_SIZE], user_id[ID_SIZE];
	int64_t version;
	bool paused, deleted;
	int64_t next_run_at;	/* passed */
	int64_t resumed_at;	/* what was planned for then or before never runs */
	int64_t updated_at;
	int64_t edited_at;	/* that version holds since */
	const char *definition;	/* borrowed during the call */
};
/* Those with next_run_at <= now, oldest first. */
int due_each(struct db *db, int64_t now, int limit,
	     int (*each)(void *data, const struct due_agent *a, struct err *e),
	     void *data, struct err *e) must_check;
/* Active ones with next_run_at > now, by id behind after. */
int planned_each(struct db *db, int64_t now, const char *after, int limit,
		 int (*each)(void *data, const struct due_agent *a, struct err *e),
		 void *data, struct err *e) must_check;
/* When the next one is due; 0 for none. */
int due_next(struct db *db, int64_t *at, struct err *e) must_check;
/* next_run_at moves on to next; *claimed false: another worker was first, or somebody changed, paused or deleted it meanwhile. */
int due_claim(struct db *db, const struct due_agent *a, int64_t next, bool *claimed, struct err *e) must_check;

/* A planned moment's row. */
struct slot {
	const char *agent_id, *user_id;
	int64_t version, planned_at, not_before;
	const char *status, *reason, *detail;
	int64_t now;
};
/* *made false: that moment has its row. */
int slot_add(struct db *db, const struct slot *s, char id[ID_SIZE], bool *made, struct err *e) must_check;

/* An agent's runs that wait and that go on (between two tries, too), tests aside. */
int open_count(struct db *db, const char *agent_id, int64_t *waiting, int64_t *running, struct err *e) must_check;
/* Cancels them; each: conversations of the tries that are asked to end. */
int open_cancel(struct db *db, const char *agent_id, const char *reason, int64_t now,
		int (*each)(void *data, const char *conversation_id, struct err *e),
		void *data, struct err *e) must_check;

int running_count(struct db *db, int64_t *all, struct err *e) must_check;
/* The run whose turn it is, "" for none: of the user with the fewest that go on, of those the one whose last began longest ago, the oldest. */
int queue_first(struct db *db, int64_t now, int64_t per_user, char id[ID_SIZE], struct err *e) must_check;
/* One that waits: its place (1 is next; 0: it does not wait) and what of its user's and agent's goes on. */
struct queue_place {
	int64_t position, not_before, running, running_user, running_agent;
};
int queue_place(struct db *db, const char *id, int64_t now, struct queue_place *out, struct err *e) must_check;
/* A queued one runs: its next try. *begun false: it is not queued any more. */
struct beginning {
	const char *execution_id, *conversation_id, *prompt;
	int64_t now, deadline_at;
};
int run_begin(struct db *db, const struct beginning *b, bool *begun, struct err *e) must_check;
/* A queued one ends without a try. */
int run_refuse(struct db *db, const char *execution_id, const char *status, const char *reason, const char *detail, int64_t now, struct err *e) must_check;

/* A running one whose try has ended. */
struct ended_run {
	char id[ID_SIZE], agent_id[ID_SIZE], user_id[ID_SIZE];
	char conversation_id[ID_SIZE];	/* of its last try, as what follows */
	int64_t version, attempt, cancel_at, began_at, ended_at;
	int64_t offset;			/* of its log: what follows is no part of it */
	bool test, again;
	const char *outcome, *reason, *cancel_reason;
	const char *problems;		/* words; "" none */
};
int ended_each(struct db *db, int limit,
	       int (*each)(void *data, const struct ended_run *r, struct err *e),
	       void *data, struct err *e) must_check;
/* Whether the ledger has a call of its last try that came to an answer. */
int run_reached_model(struct db *db, const struct ended_run *r, bool *reached, struct err *e) must_check;
/*
 * The calls of tools in the user's other conversations that went on within
 * from..to (UTC ms): data as a part's; ended_at 0: it goes on.
 */
struct tool_call {
	const char *data;
	int64_t began_at, ended_at;
};
int tool_call_each_other(struct db *db, const struct ended_run *r, int64_t from, int64_t to,
			 int (*each)(void *data, const struct tool_call *c, struct err *e),
			 void *data, struct err *e) must_check;
/*
 * Its end, with what its tries brought. problems: executions.problems. The last
 * try gets that outcome and reason, too. *booked false: another worker did.
 */
int run_end(struct db *db, const struct ended_run *r, const char *status, const char *reason, const char *problems, bool *booked, struct err *e) must_check;
/* Or its next try. */
int run_again(struct db *db, const struct ended_run *r, int64_t not_before, bool *booked, struct err *e) must_check;
/* A run's end counts for its agent. failures: in a row, from now on. */
int agent_count_end(struct db *db, const struct ended_run *r, enum outcome_class as, int64_t failures, struct err *e) must_check;

/* The agent's run that finished before a run, tests aside: its begin and its result (gives, child of ctx); 0 and "" for none. */
int last_success(struct db *db, const void *ctx, const char *agent_id, int64_t before, int64_t *at, const char **result, struct err *e) must_check;

/* Of runs that ended before: contents of files, so many rows. *dropped: how many. */
int execution_files_drop(struct db *db, int64_t before, int64_t limit, int64_t *dropped, struct err *e) must_check;

#endif
