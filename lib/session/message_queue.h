/*
 * A person's messages until Claude has read them: stored first, then given to
 * its input, followed until their echo; or held, for their person to send again.
 */
#ifndef SESSION_MESSAGE_QUEUE_H
#define SESSION_MESSAGE_QUEUE_H

#include "session/session.h"

struct message_queue;

struct message_queue *message_queue_new(struct session *s);

/* As the store has it. Copied. */
void message_queue_load(struct session *s, const struct message *m);
/* No message waits for Claude. */
bool message_queue_empty(const struct session *s);
/* Messages are on their way to the store. */
bool message_queue_adding(const struct session *s);
/* The text of one that waits for Claude; NULL: none of that id. Borrowed. */
const char *message_queue_text(const struct session *s, const char *id);

/* Gives Claude what it has not been given. */
void message_queue_send(struct session *s);
/* Its input has it. */
void message_queue_written(struct session *s, const char *id);
/* How long Claude may say nothing. */
int64_t message_queue_silent_ms(const struct session *s);
/* Claude speaks of what it was given. */
void message_queue_heard(struct session *s);
/* Claude has read it, at `at` of the log. */
void message_queue_echoed(struct session *s, const char *id, int64_t at);
/* Claude will not see it: it is held for its person. */
void message_queue_withdrawn(struct session *s, const char *id);
void message_queue_cancel_failed(struct session *s, const char *id);
/* Holds all that waits, for its person. */
void message_queue_hold_all(struct session *s);
/* The process is gone: messages that were given to it must be given again. */
void message_queue_forget_given(struct session *s);

/* A process that says nothing of what it was given, or of a withdrawal, is ended. now: clock_mono_ms. */
void message_queue_check(struct session *s, int64_t now);
/* When message_queue_check may have something to do, clock_mono_ms; 0: not by itself. */
int64_t message_queue_due(const struct session *s);

#endif
