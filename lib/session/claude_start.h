/* How Claude is started next, by what came of earlier starts; and asking the shim for it. */
#ifndef SESSION_CLAUDE_START_H
#define SESSION_CLAUDE_START_H

#include "session/session.h"

struct claude_start;

struct claude_start *claude_start_new(struct session *s);

/* Asks the shim to start it: claude_process_found, _not_started, _fail or _unasked follows. */
void claude_start_ask(struct session *s);
/* Something was said in it: the CLI has a transcript to resume. */
void claude_start_resume(struct session *s);
/* The user's settings: left out from now on, or moved aside by the next start. */
void claude_start_choose(struct session *s, enum session_way way);
/* An earlier bridge started it, for the mode that the store has. */
void claude_start_adopted(struct session *s);
/* It answered: both flags may be tried again when they are refused. */
void claude_start_answered(struct session *s);
/* A turn of it ended: what earlier starts said is history. */
void claude_start_worked(struct session *s);

/* It ended at once, saying so: the CLI refused --session-id or --resume, and another way is left. */
bool claude_start_refused(struct session *s, const char *said);
/* Its last words, before a start came to nothing. Hostile; kept short, without control bytes. */
void claude_start_keep_reason(struct session *s, const char *said);
/* "" nothing. Borrowed. */
const char *claude_start_reason(const struct session *s);
/* The folder of the last reset; "" none. Borrowed. */
const char *claude_start_aside(const struct session *s);
/* Without the user's settings. */
bool claude_start_safe(const struct session *s);
/* It was started so that it may skip all questions. */
bool claude_start_skips(const struct session *s);
/* Once for a process that began without what was said before. */
bool claude_start_forgot(struct session *s);

#endif
