/*
 * What the planner (worker/plan.h) reads and writes: one or two statements each, in
 * the caller's transaction. Every change is conditional on the state it was decided
 * on, so of two workers only one has an effect.
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
	int64_t next_run_at;	/* in the past */
	int64_t resumed_at;	/* moments planned until then never run */
	int64_t updated_at;
	int64_t edited_at;	/* when that version became current */
	const char *definition;	/* borrowed during the call */
};
/* Agents with next_run_at <= now, oldest first. */
int due_each(struct db *db, int64_t now, int limit,
	     int (*each)(void *data, const struct due_agent *a, struct err *e),
	     void *data, struct err *e) must_check;
/* Active agents with next_run_at > now, by id, beginning after `after`. */
int planned_each(struct db *db, int64_t now, const char *after, int limit,
		 int (*each)(void *data, const struct due_agent *a, struct err *e),
		 void *data, struct err *e) must_check;
/* When the next agent is due; 0: none is. */
int due_next(struct db *db, int64_t *at, struct err *e) must_check;
/* Moves next_run_at to next. *claimed false: another worker was first, or the agent was changed, paused or deleted meanwhile. */
int due_claim(struct db *db, const struct due_agent *a, int64_t next, bool *claimed, struct err *e) must_check;

/* A planned moment's row. */
struct slot {
	const char *agent_id, *user_id;
	int64_t version, planned_at, not_before;
	const char *status, *reason, *detail;
	int64_t now;
};
/* *made false: that moment already has a row. */
int slot_add(struct db *db, const struct slot *s, char id[ID_SIZE], bool *made, struct err *e) must_check;

/* Counts an agent's queued and running runs (also between two attempts), without tests. */
int open_count(struct db *db, const char *agent_id, int64_t *waiting, int64_t *running, struct err *e) must_check;
/* Cancels these; calls each for the conversations of attempts that are asked to end. */
int open_cancel(struct db *db, const char *agent_id, const char *reason, int64_t now,
		int (*each)(void *data, const char *conversation_id, struct err *e),
		void *data, struct err *e) must_check;

int running_count(struct db *db, int64_t *all, struct err *e) must_check;
/* The next run, "" for none: of the user with the fewest running ones, among those the one whose last start is longest ago; then the oldest. */
int queue_first(struct db *db, int64_t now, int64_t per_user, char id[ID_SIZE], struct err *e) must_check;
/* A queued run's position (1: next; 0: not queued), and what is running, also of its user and agent. */
struct queue_place {
	int64_t position, not_before, running, running_user, running_agent;
};
int queue_place(struct db *db, const char *id, int64_t now, struct queue_place *out, struct err *e) must_check;
/* Starts the next attempt of a queued run. *begun false: it is no longer queued. */
struct beginning {
	const char *execution_id, *conversation_id, *prompt;
	int64_t now, deadline_at;
};
int run_begin(struct db *db, const struct beginning *b, bool *begun, struct err *e) must_check;
/* Ends a queued run without an attempt. */
int run_refuse(struct db *db, const char *execution_id, const char *status, const char *reason, const char *detail, int64_t now, struct err *e) must_check;

/* A running run whose attempt has ended. */
struct ended_run {
	char id[ID_SIZE], agent_id[ID_SIZE], user_id[ID_SIZE];
	char conversation_id[ID_SIZE];	/* the last attempt's, as the next fields */
	int64_t version, attempt, cancel_at, began_at, ended_at;
	int64_t offset;			/* where the attempt ends in the log */
	bool test, again;
	const char *outcome, *reason, *cancel_reason;
	const char *problems;		/* words; "" if none */
};
int ended_each(struct db *db, int limit,
	       int (*each)(void *data, const struct ended_run *r, struct err *e),
	       void *data, struct err *e) must_check;
/* True if the ledger has an answered call of its last attempt. */
int run_reached_model(struct db *db, const struct ended_run *r, bool *reached, struct err *e) must_check;
/*
 * Tool calls of the user's other conversations within from..to (UTC ms). data: the
 * part's; ended_at 0: still running.
 */
struct tool_call {
	const char *data;
	int64_t began_at, ended_at;
};
int tool_call_each_other(struct db *db, const struct ended_run *r, int64_t from, int64_t to,
			 int (*each)(void *data, const struct tool_call *c, struct err *e),
			 void *data, struct err *e) must_check;
/*
 * Ends a run with its attempts' results. problems: executions.problems. The last
 * attempt gets that outcome and reason too. *booked false: another worker did it.
 */
int run_end(struct db *db, const struct ended_run *r, const char *status, const char *reason, const char *problems, bool *booked, struct err *e) must_check;
/* Queues its next attempt instead. */
int run_again(struct db *db, const struct ended_run *r, int64_t not_before, bool *booked, struct err *e) must_check;
/* Counts a run's end for its agent. failures: the new number in a row. */
int agent_count_end(struct db *db, const struct ended_run *r, enum outcome_class as, int64_t failures, struct err *e) must_check;

/* The agent's last successful run before `before`, without tests: its start and its result (gives, child of ctx); 0 and "" if none. */
int last_success(struct db *db, const void *ctx, const char *agent_id, int64_t before, int64_t *at, const char **result, struct err *e) must_check;

/* Drops the file contents of runs that ended before, at most limit rows. *dropped: how many. */
int execution_files_drop(struct db *db, int64_t before, int64_t limit, int64_t *dropped, struct err *e) must_check;

#endif
