/*
 * A session that belongs to a run of an agent (session->run). In a user's
 * conversation most of these functions do nothing.
 */
#ifndef SESSION_AGENT_RUN_H
#define SESSION_AGENT_RUN_H

#include "session/session.h"

struct agent_run;

/*
 * Applies the stored state, on each load. rules: owned from now on, NULL if no
 * attempt is in progress; bad: they cannot be enforced.
 */
void agent_run_load(struct session *s, const char *kind,
		    struct session_rules *rules,
		    bool disabled, int64_t denials, const struct err *bad);
void agent_run_step(struct session *s);
/* When agent_run_step is due; clock_mono_ms, 0: not by time. */
int64_t agent_run_due(const struct session *s);
/* An attempt is in progress. */
bool agent_run_open(const struct session *s);
/* Its process is ending by itself and must not be killed yet. */
bool agent_run_leaving(const struct session *s);
/* It belongs to a run whose outcome is not stored. */
bool agent_run_unwritten(const struct session *s);
/* The next recording writes its outcome. */
bool agent_run_writing(const struct session *s);
/* Its outcome is stored. */
bool agent_run_over(const struct session *s);
/* Nothing may be recorded now: the outcome must be in the same transaction. */
bool agent_run_frozen(const struct session *s);
/* The outcome to record; NULL if there is none. Gives (child of ctx). */
struct attempt_end *agent_run_end(const struct session *s, const void *ctx);
void agent_run_written(struct session *s);
/* Claude is being started for it: later files belong to the run. */
void agent_run_starts(struct session *s);
void agent_run_part(struct session *s, const struct part *p);
void agent_run_result(struct session *s, const struct turn_result *r);
void agent_run_turn_started(struct session *s);
void agent_run_turn_ended(struct session *s);
void agent_run_process_started(struct session *s, bool log_lost);
void agent_run_process_ended(struct session *s, const struct process_end *end);
/* Claude cannot be started. */
void agent_run_not_started(struct session *s, const struct err *e);
/* The workspace stopped or failed. */
void agent_run_workspace_lost(struct session *s);
void agent_run_log_lost(struct session *s);
void agent_run_link_lost(struct session *s);

#endif
