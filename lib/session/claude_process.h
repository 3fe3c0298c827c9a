/*
 * Claude's process: whether it is wanted, in which state it is, when it is
 * started, how it is known to live, when it is ended. Its states change by the
 * table of claude_states.h alone; what is not in it changes nothing and is reported
 * as the failure "claude_state".
 */
#ifndef SESSION_CLAUDE_PROCESS_H
#define SESSION_CLAUDE_PROCESS_H

#include "session/claude_states.h"
#include "session/session.h"

struct claude_process;

struct claude_process *claude_process_new(struct session *s);

/* ---- its states ---- */

enum claude_state claude_process_state(const struct session *s);
/* NONE or FAILED. */
bool claude_process_down(const struct session *s);
/* WAKING or READY, and linked. */
bool claude_process_takes_input(const struct session *s);
/* Somebody waits for it. */
bool claude_process_needed(const struct session *s);
/* Its start takes longer than a person is left without a word. */
bool claude_process_slow(const struct session *s);
/* Stop was pressed, and the turn has not ended yet. */
bool claude_process_stopping(const struct session *s);
/* Sub-agents work between turns. */
bool claude_process_in_background(const struct session *s);
/* Why it is FAILED. Borrowed. */
const struct err *claude_process_error(const struct session *s);
/* Starts in a row that came to nothing. */
int claude_process_failures(const struct session *s);
/* Its ticket in the start queue; NULL if it has none. Borrowed. */
struct start *claude_process_line(const struct session *s);
/* How urgent its start is. */
enum start_class claude_process_class(const struct session *s);
/* clock_mono_ms at which its state began. */
int64_t claude_process_since(const struct session *s);

/* ---- what is wanted of it ---- */

void claude_process_want(struct session *s);
/* Starts no more processes; a running one continues. */
void claude_process_unwant(struct session *s);
/* Somebody asks for it again: resets the count of failures. Returns true if it was FAILED. */
bool claude_process_ask(struct session *s);
/* It is waited for: its place in the start line counts from the first such call. */
void claude_process_count_wait(struct session *s);
/* So many pages look at the conversation. true: more than before, so one that was left may be started again. */
bool claude_process_watch(struct session *s, int pages);
bool claude_process_watched(const struct session *s);
/* Not what waits for a place, its turn or its token. */
void claude_process_give_up(struct session *s);
/* Asks it to end, by its input; after that the shim ends it. */
void claude_process_end(struct session *s);
/* At once: TERM, and KILL after so many seconds. */
void claude_process_remove(struct session *s, int grace);
/* That, with all that the shim and Claude have of the session. */
void claude_process_purge(struct session *s);
/* Interrupts a turn in progress, which its process must end in time. Returns the interrupt's number. */
unsigned claude_process_stop(struct session *s);
/* Takes the next step towards the wanted state. */
void claude_process_step(struct session *s);
/* When claude_process_step may have something to do; clock_mono_ms, 0: not by itself. */
int64_t claude_process_due(const struct session *s);

/* ---- what others learn of it ---- */

/* The link is gone. */
void claude_process_link_lost(struct session *s);
/* One runs that has our token. */
void claude_process_found(struct session *s);
/* One runs that has no token of ours: it is ended, then looked at again. */
void claude_process_foreign(struct session *s);
/* It does not run, though no exit line was read yet. */
void claude_process_lost(struct session *s);
/* The log's exit line. */
void claude_process_ended(struct session *s, const char *stderr_tail);
/* It answered `initialize`. */
void claude_process_answered(struct session *s);
void claude_process_turn_started(struct session *s);
void claude_process_turn_ended(struct session *s);
void claude_process_background(struct session *s, bool works);
/* Its token is good, or is not: e says why, the next try is at `again` (clock_mono_ms). */
void claude_process_token_good(struct session *s);
void claude_process_token_failed(struct session *s, int64_t again);
/* Its start came to nothing: another one follows, or that was the last. */
void claude_process_not_started(struct session *s, const struct err *why);
/* The shim could not be asked to start it: the link is going. */
void claude_process_unasked(struct session *s);
/* It cannot be started. */
void claude_process_fail(struct session *s, const struct err *e);

#endif
