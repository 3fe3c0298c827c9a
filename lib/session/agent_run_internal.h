/* A session that is a run of an agent; nobody but the files of a session includes it. */
#ifndef SESSION_AGENT_RUN_INTERNAL_H
#define SESSION_AGENT_RUN_INTERNAL_H

#include "session/run_outcome.h"
#include "session/session_internal.h"

enum agent_run_stage {
	AGENT_RUN_OPEN,
	AGENT_RUN_ENDING,		/* its outcome is known; its process is being ended */
	AGENT_RUN_FILES,		/* what it made is being read */
	AGENT_RUN_WRITING,		/* with the next recording */
	AGENT_RUN_OVER,		/* in the store */
};

struct agent_run {
	struct session_rules *rules;	/* NULL when it was over already */
	enum agent_run_stage stage;
	bool leaving;		/* in ENDING: it says it is done, and its process is asked to end */
	bool ended;		/* and did */
	bool contradicted;	/* what it printed and how it ended do not agree */
	bool began;		/* Claude has heard what to do */
	bool broken;		/* its turn ended without a result */
	bool asked;		/* a question that has no part */
	char *question;		/* the one that waits; NULL none */
	int64_t turns, denials;
	int64_t since;		/* UTC ms: what was written earlier is not Claude's */
	int64_t deadline, start_by, look_by;	/* clock_mono_ms */
	int64_t line_at;	/* clock_mono_ms up to which its waiting in line is allowed for; 0 it does not */
	int64_t stage_until;	/* of ENDING and FILES */
	int64_t leave_until;	/* of leaving: then it is made to */
	struct attempt_end end;	/* texts are its children */
	struct files *files;
};

/* ---- agent_run.c, run_questions.c ---- */

/* The store's word on it, at first and again. rules: taken, NULL when none goes on; bad: they cannot be kept. */
void agent_run_load(struct session *s, const char *kind,
		    struct session_rules *rules,
		    bool disabled, int64_t denials, const struct err *bad);
void agent_run_step(struct session *s);
/* When agent_run_step has something to do; clock_mono_ms, 0 never. */
int64_t agent_run_due(const struct session *s);
/* It is one that goes on. */
bool agent_run_open(const struct session *s);
/* Its process ends by itself: nobody is to kill it yet. */
bool agent_run_leaving(const struct session *s);
/* It has a run, whose outcome is not in the store. */
bool agent_run_unwritten(const struct session *s);
/* Nothing may be recorded now: the outcome comes in the same transaction. */
bool agent_run_frozen(const struct session *s);
/* Its outcome, for a recording; NULL when there is none to write. Gives (child of ctx). */
struct attempt_end *agent_run_end(const struct session *s, const void *ctx);
void agent_run_written(struct session *s);
void agent_run_part(struct session *s, const struct part *p);
/* Answers what waits, or ends the run. */
void agent_run_answer(struct session *s);
void agent_run_needs_input(struct session *s, const char *question);
void agent_run_asked(struct session *s, const char *request_id,
		     const char *subtype);
void agent_run_result(struct session *s, const struct turn_result *r);
void agent_run_turn_ended(struct session *s);
void agent_run_process_started(struct session *s, bool log_lost);
void agent_run_process_ended(struct session *s, const struct process_end *end);
/* Claude cannot be started. */
void agent_run_not_started(struct session *s, const struct err *e);
/* The workspace stopped or failed. */
void agent_run_workspace_lost(struct session *s);
void agent_run_log_lost(struct session *s);
void agent_run_link_lost(struct session *s);

/* ---- run_files.c: what a run made or changed ---- */

#define RUN_FILES_MS 10000		/* so long an outcome waits for them */

/*
 * Those since that time (UTC ms), read over the link and given to the store;
 * done once, unless it is cancelled. NULL: there is no link.
 */
struct files *run_files_new(struct session *s, const char *execution_id,
			    int64_t since,
			    void (*done)(struct session *s));
/* What was read so far is given to the store. */
void run_files_cancel(struct files *f);

#endif
