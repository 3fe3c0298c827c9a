/*
 * A user's messages until Claude has read them: stored, written to its stdin,
 * followed until their echo; or held until the user sends them again.
 */
#ifndef SESSION_MESSAGE_QUEUE_H
#define SESSION_MESSAGE_QUEUE_H

#include "session/session.h"

struct message_queue;

struct message_queue *message_queue_new(struct session *s);

/* Adds a message as the store had it, unless it is here or has changed since. Copied. */
void message_queue_load(struct session *s, const struct message *m);
/* No message waits for Claude. */
bool message_queue_empty(const struct session *s);
/* Messages are being stored. */
bool message_queue_adding(const struct session *s);
/*
 * The text of a message that waits for Claude; NULL if there is none. Borrowed.
 */
const char *message_queue_text(const struct session *s, const char *id);

/* Writes the messages that Claude has not been given. */
void message_queue_send(struct session *s);
/* The message was written to Claude's stdin. */
void message_queue_written(struct session *s, const char *id);
/* How long Claude may say nothing. */
int64_t message_queue_silent_ms(const struct session *s);
/* Claude speaks of what it was given. */
void message_queue_heard(struct session *s);
/* Claude has read it; `at`: offset of its echo in the log. */
void message_queue_echoed(struct session *s, const char *id, int64_t at);
/* Claude will not read it: holds it for the user. */
void message_queue_withdrawn(struct session *s, const char *id);
void message_queue_cancel_failed(struct session *s, const char *id);
/* Holds all waiting messages for the user. */
void message_queue_hold_all(struct session *s);
/* The process ended: messages given to it must be given again. */
void message_queue_forget_given(struct session *s);

/* Ends a process that ignores a message or a withdrawal. now: clock_mono_ms. */
void message_queue_check(struct session *s, int64_t now);
/* When message_queue_check is due, clock_mono_ms; 0: not by time. */
int64_t message_queue_due(const struct session *s);

#endif
