/* Shared by message_queue.c, message_intake.c, message_queue_deadlines.c only. */
#ifndef SESSION_MESSAGE_QUEUE_INTERNAL_H
#define SESSION_MESSAGE_QUEUE_INTERNAL_H

#include <sys/queue.h>

#include "session/message_queue.h"
#include "session/session_internal.h"

struct queued {
	TAILQ_ENTRY(queued) next;
	struct message m;
	bool given;		/* to this process's input */
	int tries;		/* processes that it was given to */
	bool withdrawing;
	const char *why;	/* it is withdrawn, or held; NULL: nobody asked */
	int64_t asked_at;	/* clock_mono_ms of withdrawing */
};

TAILQ_HEAD(messages, queued);

struct message_queue {
	struct messages waiting;	/* for Claude */
	struct messages held;	/* withdrawn; their person sends or removes them */
	int adding;		/* messages on their way to the store */
	size_t adding_bytes;
	int64_t silent_at;	/* clock_mono_ms since when nothing is heard of what was given; 0 none is */
};

/* NULL: none of that id. */
struct queued *queued_find(const struct messages *list, const char *id);
/* Tells the pages that the queue changed. */
void message_queue_tell(struct session *s);

#endif
