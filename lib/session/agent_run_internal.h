/*
 * Shared by agent_run.c, agent_run_deadlines.c, run_questions.c and run_files.c
 * only.
 */
#ifndef SESSION_AGENT_RUN_INTERNAL_H
#define SESSION_AGENT_RUN_INTERNAL_H

#include "session/agent_run.h"
#include "session/run_outcome.h"
#include "session/session_internal.h"

enum agent_run_stage {
	AGENT_RUN_OPEN,
	AGENT_RUN_ENDING,		/* its outcome is known; its process is being ended */
	AGENT_RUN_FILES,		/* its files are being read */
	AGENT_RUN_WRITING,		/* the next recording has the outcome */
	AGENT_RUN_OVER,		/* the outcome is stored */
};

struct agent_run {
	struct session_rules *rules;	/* NULL if it had ended before */
	enum agent_run_stage stage;
	bool leaving;		/* in ENDING: Claude reported success and is asked to exit */
	bool ended;		/* it has exited */
	bool contradicted;	/* its result and its exit disagree */
	bool began;		/* Claude has read the prompt */
	bool broken;		/* its turn ended without a result */
	char *question;		/* the one that waits; NULL none */
	int64_t turns, denials;
	int64_t since;		/* UTC ms: files written earlier are not Claude's */
	int64_t deadline, start_by, look_by;	/* clock_mono_ms */
	int64_t queued_at;	/* clock_mono_ms up to which its time in the start queue was added; 0: not queued */
	int64_t stage_until;	/* of ENDING and FILES */
	int64_t leave_until;	/* of leaving: TERM follows */
	struct attempt_end end;	/* owns its texts */
	struct files *files;
};

/* ---- agent_run.c ---- */

extern const struct outcome agent_run_timed_out, agent_run_failed_start,
	agent_run_no_result;

void agent_run_needs_input(struct session *s, const char *question);
/* Ends an open run with that outcome, and begins to end its process. */
void agent_run_decide(struct session *s, const struct outcome *o,
		      const char *detail);
/* The same with the outcome "cancelled", if that was requested. */
bool agent_run_cancelled(struct session *s);
/* Replaces the outcome; detail: n bytes, truncated. */
void agent_run_set_outcome(struct agent_run *r, const struct outcome *o,
			   const char *detail, size_t n);
/* After its process has ended: reads its files, then writes the outcome. */
void agent_run_read_files(struct session *s);
void agent_run_write(struct session *s);

/* ---- run_questions.c ---- */

/* Answers the open question, or ends the run. */
void agent_run_answer(struct session *s);

/* ---- run_files.c: what a run made or changed ---- */

#define RUN_FILES_MS 10000		/* maximum delay of an outcome */

/*
 * Reads the files changed since that time (UTC ms) over the link and stores
 * them; calls done once, unless cancelled. NULL without a link.
 */
struct files *run_files_new(struct session *s, const char *execution_id,
			    int64_t since,
			    void (*done)(struct session *s));
/* Stores the bytes read so far. */
void run_files_cancel(struct files *f);

#endif
