/* Shared by message_queue.c, message_intake.c, message_queue_deadlines.c only. */
#ifndef SESSION_MESSAGE_QUEUE_INTERNAL_H
#define SESSION_MESSAGE_QUEUE_INTERNAL_H

#include <sys/queue.h>

#include "session/message_queue.h"
#include "session/session_internal.h"

struct queued {
	TAILQ_ENTRY(queued) next;
	struct message m;
	bool given;		/* written to this process's stdin */
	int tries;		/* processes that it was given to */
	bool now;		/* interrupts the turn; of a message that no bridge lost */
	char *line;		/* for Claude's stdin, of one with pictures; NULL: to be made */
	bool withdrawing;
	const char *why;	/* why it is withdrawn or held; NULL: it is not */
	int64_t asked_at;	/* clock_mono_ms of the withdrawal request */
};

TAILQ_HEAD(messages, queued);
struct marking;

struct message_queue {
	struct messages waiting;	/* for Claude */
	struct messages held;	/* withdrawn; the user sends or removes them */
	TAILQ_HEAD(, marking) marks;	/* changes of state that are being stored */
	int adding;		/* messages that are being stored */
	bool making;		/* a line is being made */
	size_t adding_bytes;
	int64_t silent_at;	/* clock_mono_ms since when Claude ignores a message; 0: it does not */
};

/* NULL if the list has no such id. */
struct queued *queued_find(const struct messages *list, const char *id);
/* Notifies pages of a changed queue. */
void message_queue_tell(struct session *s);

#endif
