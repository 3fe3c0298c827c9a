/*
 * Runs of agents: a row for every planned moment and every run begun otherwise
 * (pages call them /executions). The row is the truth; what Redis carries only
 * says that there is something to do.
 */
#ifndef STORE_EXECUTIONS_H
#define STORE_EXECUTIONS_H

#include "core/id.h"
#include "store/agents.h"

/*
 * status and reason: a row of outcome_statuses and of outcome_reasons
 * (store/outcomes.h). failed: needs_input, no_result, model (is_error; detail:
 * its words), turns (max_turns), api (429, 529, 5xx, no answer), request
 * (refused as it is: 400, 404, 413...), access (no key, or a refused one),
 * output (an answer over the model's limit), no_model (the model was never
 * asked), contradicted (what Claude printed and how its process ended),
 * start (Claude or the workspace could not be started), died, container
 * (removed or stopped), removed (its log is gone) · missed: late (nobody was
 * there), window (too long ago for the policy) · refused: budget, stopped (the
 * kill switch), disabled (the account)
 */
struct execution {
	char id[ID_SIZE], agent_id[ID_SIZE], user_id[ID_SIZE];
	const char *agent_name;		/* as it is now */
	bool agent_deleted;
	int64_t version;		/* of the agent's definition */
	const char *trigger;		/* schedule, manual, test, hook */
	const char *status, *reason;
	const char *detail;		/* words from outside; hostile */
	int64_t planned_at, not_before, queued_at, started_at, ended_at;	/* UTC ms; 0 not yet */
	int64_t cancel_at;		/* somebody asked for its end */
	int64_t attempt;		/* tries begun */
	const char *payload;		/* JSON that came with a trigger; "" none; hostile */
	const char *prompt;		/* as Claude was given it; "" before */
	const char *result;		/* Claude's last words; markdown; hostile */
	int64_t turns, denials;
	const char *problems;		/* JSON list (store/outcomes.h); "" none */
	int64_t tokens;			/* of execution_each alone */
};

/* ERR_MISSING when there is none or it is not user_id's (NULL: anyone's). Gives (child of ctx). */
struct execution *execution_load(struct db *db, const void *ctx, const char *id,
				 const char *user_id, struct err *e) must_check;

/* Latest planned first. prompt and payload are "" here, result has its first 200 characters. */
struct execution_filter {
	const char *user_id, *agent_id;	/* NULL: of all */
	const char *status;		/* "" for all */
	int64_t from, to;		/* planned_at: from <= at < to; 0: no bound */
	int64_t before;			/* planned_at and id of the page before's last; 0, NULL */
	const char *before_id;
	int64_t limit;
};
int execution_each(struct db *db, const struct execution_filter *f,
		   int (*each)(void *data, const struct execution *x, struct err *e),
		   void *data, struct err *e) must_check;

/* The agent's run that finished before this one. ERR_MISSING. */
struct execution *execution_previous(struct db *db, const void *ctx, const struct execution *x, struct err *e) must_check;

struct attempt {
	char execution_id[ID_SIZE], conversation_id[ID_SIZE], user_id[ID_SIZE];
	int64_t attempt;
	int64_t started_at, deadline_at, ended_at;
	int64_t ended_offset;		/* of the session's log: what follows is no part of the run */
	const char *outcome, *reason, *detail;	/* outcome: as a status of a run's */
	bool again;			/* infrastructure failed: worth another try */
	const char *result;
	int64_t turns, denials;
};
int attempt_each(struct db *db, const char *execution_id,
		 int (*each)(void *data, const struct attempt *a, struct err *e),
		 void *data, struct err *e) must_check;

/* ---- beginning ---- */

/*
 * A run by hand, for a test or by a trigger, queued now. id: of a form that may
 * be sent twice (NULL: a new one); one that is known already changes nothing
 * (ERR_CONFLICT when it is another user's). ERR_LIMIT "error_runs_many" when
 * the agent has QUEUED_MAX waiting.
 */
#define QUEUED_MAX 20
int execution_add(struct db *db, const struct agent *a, const char *trigger,
		  const char *payload, const char *id, int64_t now,
		  char out[ID_SIZE], struct err *e) must_check;

/*
 * Asks for the end: a queued one is cancelled at once (reason), a running one
 * when whoever runs it has read it. Nothing when it has ended.
 */
int execution_cancel(struct db *db, const char *id, const char *reason, int64_t now, struct err *e) must_check;

/* ---- what the session's owner (the bridge) reads and writes ---- */

/* What an attempt's session must keep to. Gives (child of ctx); NULL and ERR_MISSING for a conversation that is no open attempt. */
struct run_rules {
	char execution_id[ID_SIZE], agent_id[ID_SIZE];
	int64_t attempt;
	const char *definition;		/* of its version: policy, tools, limits */
	int64_t deadline_at;		/* UTC ms */
	int64_t cancel_at;
	const char *cancel_reason;	/* as execution_cancel's */
};
struct run_rules *run_rules_load(struct db *db, const void *ctx, const char *conversation_id, struct err *e) must_check;

/*
 * How an attempt ended; texts are capped by the caller (result 1 MiB, detail
 * 4 KiB). The first one holds: later ones change nothing. Within a transaction
 * of the caller's, or of its own.
 */
struct attempt_end {
	const char *conversation_id;
	const char *outcome, *reason, *detail, *result;
	const char *problems;		/* words: cut, refusal, exit; NULL none */
	bool again;
	int64_t offset, turns, denials, at;
};
int attempt_end(struct db *db, const struct attempt_end *end, struct err *e) must_check;

/* Conversations of attempts that go on: what a new bridge takes up. */
int attempt_each_open(struct db *db,
		      int (*each)(void *data, const struct attempt *a, struct err *e),
		      void *data, struct err *e) must_check;

/*
 * The run's session becomes a conversation of its user's, who goes on in it.
 * ERR_CONFLICT "error_run_goes_on" while it runs, "error_run_session_gone"
 * when it was continued before and that conversation was deleted.
 */
int attempt_continue(struct db *db, const char *execution_id, const char *user_id, char conversation_id[ID_SIZE], struct err *e) must_check;

/* The run that a conversation is (or, continued, was) an attempt of. ERR_MISSING. */
int attempt_find(struct db *db, const char *conversation_id, char execution_id[ID_SIZE], struct err *e) must_check;

/*
 * For the purge of a conversation, within its transaction. *kept: a run's
 * transcript is in it, so only what followed the run's end was taken away.
 */
int attempt_keep(struct db *db, const char *conversation_id, bool *kept, struct err *e) must_check;

/* Domains that were blocked while a tool of that session ran. Each is noted once; of none but a run's. */
int attempt_block_note(struct db *db, const char *conversation_id, const char *domain, struct err *e) must_check;
int attempt_block_each(struct db *db, const char *conversation_id,
		   int (*each)(void *data, const char *domain, struct err *e),
		   void *data, struct err *e) must_check;

/* ---- files ---- */

struct execution_file {
	const char *path;		/* below /workspace; hostile */
	int64_t size;
	bool made;			/* else changed */
	bool own;			/* the run did it; else it changed meanwhile */
	bool kept;			/* its content is here */
	int64_t changed_at;		/* UTC ms; 0 unknown */
	const void *content;		/* size bytes, when loaded and kept */
};
/* Replaces by path; own is left to execution_file_claim. */
int execution_file_add(struct db *db, const char *execution_id, const struct execution_file *f, struct err *e) must_check;
/* From now on it is the run's own. */
int execution_file_claim(struct db *db, const char *execution_id, const char *path, struct err *e) must_check;
/* By path, its own first, without content. */
int execution_file_each(struct db *db, const char *execution_id,
			int (*each)(void *data, const struct execution_file *f, struct err *e),
			void *data, struct err *e) must_check;
/* With content. Gives (child of ctx); ERR_MISSING. */
struct execution_file *execution_file_load(struct db *db, const void *ctx, const char *execution_id, const char *path, struct err *e) must_check;

#endif
