/*
 * Claude's process: if it is wanted, its state, its start, its end. States
 * change only by the table of claude_states.h; an event without a row is
 * reported as the failure "claude_state".
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
/* A user or a run waits for it. */
bool claude_process_needed(const struct session *s);
/* Its start takes long enough that the user must be informed. */
bool claude_process_slow(const struct session *s);
/* Stop was pressed, and the turn has not ended yet. */
bool claude_process_stopping(const struct session *s);
/* Sub-agents work between turns. */
bool claude_process_in_background(const struct session *s);
/* Why it is FAILED. Borrowed. */
const struct err *claude_process_error(const struct session *s);
/* Failed starts in a row. */
int claude_process_failures(const struct session *s);
/* Its ticket in the start queue; NULL if it has none. Borrowed. */
struct start *claude_process_ticket(const struct session *s);
/* The priority of its start. */
enum start_class claude_process_class(const struct session *s);
/* clock_mono_ms at which its state began. */
int64_t claude_process_since(const struct session *s);

/* ---- what is wanted of it ---- */

void claude_process_want(struct session *s);
/* Starts no more processes; a running one continues. */
void claude_process_unwant(struct session *s);
/*
 * A new request: resets the count of failures. Returns true if it was FAILED.
 */
bool claude_process_ask(struct session *s);
/*
 * A start is needed: its waiting time in the start queue counts from the first
 * such call.
 */
void claude_process_count_wait(struct session *s);
/*
 * The number of open pages changed. Returns true if it grew, so that a released
 * process may start again.
 */
bool claude_process_watch(struct session *s, int pages);
bool claude_process_watched(const struct session *s);
/* Gives up waiting for a place, a turn or a token. */
void claude_process_give_up(struct session *s);
/* Asks Claude to exit, by its stdin; then the shim ends it. */
void claude_process_end(struct session *s);
/* Ends it at once: TERM, then KILL after `grace` seconds. */
void claude_process_remove(struct session *s, int grace);
/* The same; also deletes the session's files in the shim and the CLI. */
void claude_process_purge(struct session *s);
/*
 * Interrupts the current turn, which must then end within a deadline. Returns
 * the interrupt's number.
 */
unsigned claude_process_stop(struct session *s);
/* Takes the next step towards the wanted state. */
void claude_process_step(struct session *s);
/* When claude_process_step is due, clock_mono_ms; 0: not by time. */
int64_t claude_process_due(const struct session *s);

/* ---- what others learn of it ---- */

/* The link failed. */
void claude_process_link_lost(struct session *s);
/* The process runs, with our token. */
void claude_process_found(struct session *s);
/* A process without our token runs: ends it, then asks the shim again. */
void claude_process_foreign(struct session *s);
/* The process does not run, though no exit line was read yet. */
void claude_process_lost(struct session *s);
/* The log's exit line was read. */
void claude_process_ended(struct session *s, const char *stderr_tail);
/* It answered `initialize`. */
void claude_process_answered(struct session *s);
void claude_process_turn_started(struct session *s);
void claude_process_turn_ended(struct session *s);
void claude_process_background(struct session *s, bool works);
/*
 * Its token is valid, or failed for the reason e and is retried at `again`
 * (clock_mono_ms).
 */
void claude_process_token_good(struct session *s);
void claude_process_token_failed(struct session *s, int64_t again);
/* A start failed: retries, or gives up after the last attempt. */
void claude_process_not_started(struct session *s, const struct err *why);
/* The shim could not be asked to start it, because the link is failing. */
void claude_process_unasked(struct session *s);
/* It cannot be started. */
void claude_process_fail(struct session *s, const struct err *e);

#endif
