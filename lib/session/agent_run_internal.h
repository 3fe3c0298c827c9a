/* What the files of a run share: agent_run.c, agent_run_deadlines.c, run_questions.c, run_files.c. */
#ifndef SESSION_AGENT_RUN_INTERNAL_H
#define SESSION_AGENT_RUN_INTERNAL_H

#include "session/agent_run.h"
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

/* ---- agent_run.c ---- */

extern const struct outcome agent_run_timed_out, agent_run_failed_start,
	agent_run_no_result;

void agent_run_needs_input(struct session *s, const char *question);
/* Ends an open run with that outcome, and begins to end its process. */
void agent_run_decide(struct session *s, const struct outcome *o,
		      const char *detail);
/* The same, with the outcome "cancelled", if it was asked for. */
bool agent_run_cancelled(struct session *s);
/* Replaces the outcome; detail: n bytes, shortened. */
void agent_run_set_outcome(struct agent_run *r, const struct outcome *o,
			   const char *detail, size_t n);
/* Its process has ended: reads the files it made, then writes the outcome. */
void agent_run_read_files(struct session *s);
void agent_run_write(struct session *s);

/* ---- run_questions.c ---- */

/* Answers what waits, or ends the run. */
void agent_run_answer(struct session *s);

/* ---- run_files.c: what a run made or changed ---- */

#define RUN_FILES_MS 10000		/* so long an outcome waits for them */

/*
 * Those since that time (UTC ms), read over the link and given to the store;
 * done once, unless it is cancelled. NULL: there is no link.
 */
struct files *run_files_new(struct session *s, const char *execution_id,
			    int64_t since,
			    void (*done)(struct session *s));
/* Gives the store the bytes that were read so far. */
void run_files_cancel(struct files *f);

#endif
