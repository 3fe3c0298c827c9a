/*
 * How Claude is started next, depending on the results of earlier starts, and
 * the request to the shim.
 */
#ifndef SESSION_CLAUDE_START_H
#define SESSION_CLAUDE_START_H

#include "session/session.h"

struct claude_start;

struct claude_start *claude_start_new(struct session *s);

/*
 * Asks the shim to start it: claude_process_found, _not_started, _fail or
 * _unasked follows.
 */
void claude_start_ask(struct session *s);
/* The conversation has messages: the CLI has a transcript to resume. */
void claude_start_resume(struct session *s);
/*
 * Leaves out the user's settings from now on; or moves them aside at the next
 * start.
 */
void claude_start_choose(struct session *s, enum session_way way);
/* An earlier bridge started it, in the stored mode. */
void claude_start_adopted(struct session *s);
/* Claude answered: both flags may be tried again when they are refused. */
void claude_start_answered(struct session *s);
/* A turn ended: forgets the failures of earlier starts. */
void claude_start_worked(struct session *s);

/*
 * Returns true if its exit was the CLI's refusal of --session-id or --resume
 * and an alternative is left.
 */
bool claude_start_refused(struct session *s, const char *said);
/*
 * Keeps its last output before a failed start. Hostile; truncated, without
 * control bytes.
 */
void claude_start_keep_reason(struct session *s, const char *said);
/* "" nothing. Borrowed. */
const char *claude_start_reason(const struct session *s);
/* The folder of the last reset; "" none. Borrowed. */
const char *claude_start_aside(const struct session *s);
/* Started without the user's settings. */
bool claude_start_safe(const struct session *s);
/* Started so that it may be switched to skip all questions. */
bool claude_start_skips(const struct session *s);
/* True once for a process that started without the conversation's memory. */
bool claude_start_forgot(struct session *s);

#endif
