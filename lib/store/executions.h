/*
 * Runs of agents: one row per planned moment and per run started otherwise (pages:
 * /executions). The rows are authoritative; Redis only wakes the worker.
 */
#ifndef STORE_EXECUTIONS_H
#define STORE_EXECUTIONS_H

#include "core/id.h"
#include "store/agents.h"

/*
 * status and reason: from outcome_statuses and outcome_reasons (store/outcomes.h).
 * failed: needs_input, no_result, model (is_error; detail: its message), turns
 * (max_turns), api (429, 529, 5xx, no reply), request (rejected: 400, 404, 413...),
 * access (no key, or a rejected one), output (a reply over the model's limit),
 * no_model (the model was never called), contradicted (Claude's result and its exit
 * status disagree), start (Claude or the workspace did not start), died, container
 * (removed or stopped), removed (its log is gone) · missed: late (no worker was
 * running), window (too late for the policy) · refused: budget, stopped (the kill
 * switch), disabled (the account)
 */
struct execution {
	char id[ID_SIZE], agent_id[ID_SIZE], user_id[ID_SIZE];
	const char *agent_name;		/* current name */
	bool agent_deleted;
	int64_t version;		/* the definition's */
	const char *trigger;		/* schedule, manual, test, hook */
	const char *status, *reason;
	const char *detail;		/* untrusted text */
	int64_t planned_at, not_before, queued_at, started_at, ended_at;	/* UTC ms; 0: not yet */
	int64_t cancel_at;		/* when cancelling was requested; 0: it was not */
	int64_t attempt;		/* attempts started */
	const char *payload;		/* JSON of a trigger; "" if none; untrusted */
	const char *prompt;		/* as sent to Claude; "" before */
	const char *result;		/* Claude's last reply; markdown; untrusted */
	int64_t turns, denials;
	const char *problems;		/* JSON list (store/outcomes.h); "" if none */
	int64_t tokens;			/* set by execution_each only */
};

/* ERR_MISSING if it does not exist or is not user_id's (NULL: anyone's). Gives (child of ctx). */
struct execution *execution_load(struct db *db, const void *ctx, const char *id,
				 const char *user_id, struct err *e) must_check;

/* Lists the latest planned first, without prompt and payload (""), and with the first 200 characters of result. */
struct execution_filter {
	const char *user_id, *agent_id;	/* NULL: all */
	const char *status;		/* "" for all */
	int64_t from, to;		/* planned_at: from <= at < to; 0: no bound */
	int64_t before;			/* planned_at and id of the previous page's last row; else 0, NULL */
	const char *before_id;
	int64_t limit;
};
int execution_each(struct db *db, const struct execution_filter *f,
		   int (*each)(void *data, const struct execution *x, struct err *e),
		   void *data, struct err *e) must_check;

/* The agent's last successful run before this one. ERR_MISSING. */
struct execution *execution_previous(struct db *db, const void *ctx, const struct execution *x, struct err *e) must_check;

struct attempt {
	char execution_id[ID_SIZE], conversation_id[ID_SIZE], user_id[ID_SIZE];
	int64_t attempt;
	int64_t started_at, deadline_at, ended_at;
	int64_t ended_offset;		/* of the session's log: where the run ends */
	const char *outcome, *reason, *detail;	/* outcome: a run's status */
	bool again;			/* infrastructure failed: another attempt may succeed */
	const char *result;
	int64_t turns, denials;
};
int attempt_each(struct db *db, const char *execution_id,
		 int (*each)(void *data, const struct attempt *a, struct err *e),
		 void *data, struct err *e) must_check;

/* ---- starting ---- */

/*
 * Queues a run: manual, test or by a trigger. id: from a form that may be sent
 * twice (NULL: a new one); no effect if it exists (ERR_CONFLICT if it is another
 * user's). ERR_LIMIT "error_runs_many" if the agent has QUEUED_MAX queued runs.
 */
#define QUEUED_MAX 20
int execution_add(struct db *db, const struct agent *a, const char *trigger,
		  const char *payload, const char *id, int64_t now,
		  char out[ID_SIZE], struct err *e) must_check;

/*
 * Cancels a queued run at once, with reason; a running one when its session has
 * read the request. No effect on an ended run.
 */
int execution_cancel(struct db *db, const char *id, const char *reason, int64_t now, struct err *e) must_check;

/* ---- for the bridge, which runs the session ---- */

/* The rules of an attempt's session. Gives (child of ctx); NULL and ERR_MISSING if the conversation is not an open attempt. */
struct run_rules {
	char execution_id[ID_SIZE], agent_id[ID_SIZE];
	int64_t attempt;
	const char *definition;		/* of the run's version: policy, tools, limits */
	int64_t deadline_at;		/* UTC ms */
	int64_t cancel_at;
	const char *cancel_reason;	/* from execution_cancel */
};
struct run_rules *run_rules_load(struct db *db, const void *ctx, const char *conversation_id, struct err *e) must_check;

/*
 * The end of an attempt; the caller caps texts (result 1 MiB, detail 4 KiB). Only
 * the first call has an effect. In the caller's transaction or its own.
 */
struct attempt_end {
	const char *conversation_id;
	const char *outcome, *reason, *detail, *result;
	const char *problems;		/* words: cut, refusal, exit; NULL: none */
	bool again;
	int64_t offset, turns, denials, at;
};
int attempt_end(struct db *db, const struct attempt_end *end, struct err *e) must_check;

/* Open attempts, for a new bridge to resume. */
int attempt_each_open(struct db *db,
		      int (*each)(void *data, const struct attempt *a, struct err *e),
		      void *data, struct err *e) must_check;

/*
 * Turns the run's session into a conversation that the user continues.
 * ERR_CONFLICT "error_run_goes_on" while it runs, "error_run_session_gone" if it
 * was continued before and that conversation was deleted.
 */
int attempt_continue(struct db *db, const char *execution_id, const char *user_id, char conversation_id[ID_SIZE], struct err *e) must_check;

/* Finds the run of which a conversation is, or was before it was continued, an attempt. ERR_MISSING. */
int attempt_find(struct db *db, const char *conversation_id, char execution_id[ID_SIZE], struct err *e) must_check;

/*
 * For the purge of a conversation, in its transaction. *kept: it contains a run's
 * transcript, so only what followed the run's end was removed.
 */
int attempt_keep(struct db *db, const char *conversation_id, bool *kept, struct err *e) must_check;

/* Domains that were blocked while the session ran a tool; each once, for runs only. */
int attempt_block_note(struct db *db, const char *conversation_id, const char *domain, struct err *e) must_check;
int attempt_block_each(struct db *db, const char *conversation_id,
		   int (*each)(void *data, const char *domain, struct err *e),
		   void *data, struct err *e) must_check;

/* ---- files ---- */

enum file_owner {
	FILE_MEANWHILE = -1,	/* not the run's */
	FILE_UNDECIDED = 0,	/* the worker decides by the calls' times */
	FILE_OWN = 1,
};

struct execution_file {
	const char *path;		/* below /workspace; untrusted */
	int64_t size;
	bool made;			/* created, else changed */
	enum file_owner owner;		/* when it is added */
	bool own;			/* by the run itself, else changed meanwhile */
	bool kept;			/* its content is stored */
	int64_t changed_at;		/* UTC ms; 0: unknown */
	const void *content;		/* size bytes, if loaded and kept */
};
/* Adds or replaces by path. */
int execution_file_add(struct db *db, const char *execution_id, const struct execution_file *f, struct err *e) must_check;
/*
 * *left: bytes of files that may be kept below account_max, beside the account's
 * records and the files of its other runs; negative: none.
 */
int execution_files_room(struct db *db, const char *user_id, int64_t account_max,
			 int64_t *left, struct err *e) must_check;
/* Marks it as the run's own, unless that was decided. */
int execution_file_claim(struct db *db, const char *execution_id, const char *path, struct err *e) must_check;
/* The run's own first, then by path; without content. */
int execution_file_each(struct db *db, const char *execution_id,
			int (*each)(void *data, const struct execution_file *f, struct err *e),
			void *data, struct err *e) must_check;
/* With content. Gives (child of ctx); ERR_MISSING. */
struct execution_file *execution_file_load(struct db *db, const void *ctx, const char *execution_id, const char *path, struct err *e) must_check;

#endif
