/*
 * The states of Claude's process and the events that change them, as one table,
 * shown in STATES.md.
 */
#ifndef SESSION_CLAUDE_STATES_H
#define SESSION_CLAUDE_STATES_H

#include <stdbool.h>
#include <stddef.h>

enum claude_state {
	CLAUDE_NONE,		/* not wanted, or ended */
	CLAUDE_NO_PLACE,	/* waits until another process yields its place */
	CLAUDE_QUEUED,		/* waits for its turn in the start queue */
	CLAUDE_TOKEN,		/* its token is being stored and made valid */
	CLAUDE_STARTING,	/* the shim was asked to start it */
	CLAUDE_WAKING,		/* runs, but has not answered `initialize` */
	CLAUDE_READY,
	CLAUDE_ENDING,
	CLAUDE_FAILED,		/* until it is requested again */
	CLAUDE_STATES,
};

enum claude_event {
	CLAUDE_ALLOWED, CLAUDE_REFUSED,		/* the bridge gave it a place */
	CLAUDE_UNWANTED,			/* no longer needed */
	CLAUDE_TURN_CAME,			/* in the start queue */
	CLAUDE_TOKEN_GOOD, CLAUDE_TOKEN_FAILED,
	CLAUDE_NOT_STARTED,			/* the shim refused, or cannot be asked */
	CLAUDE_FOUND, CLAUDE_FOREIGN,		/* runs, with our token; with another one */
	CLAUDE_ANSWERED,			/* answered `initialize` */
	CLAUDE_ASKED_TO_END, CLAUDE_REMOVED,	/* by stdin; by the shim */
	CLAUDE_ENDED,
	CLAUDE_UNKNOWN,				/* the link failed, or it did not end in time */
	CLAUDE_GIVEN_UP,			/* too many failed starts */
	CLAUDE_ASKED_FOR,			/* by the user */
	CLAUDE_EVENTS,
};

struct claude_transition {
	unsigned from;		/* 1u << enum claude_state, of one or several */
	enum claude_event event;
	enum claude_state to;
	const char *does;
};

/* NULL if the event may not occur in that state. */
const struct claude_transition *claude_transition_find(enum claude_state state,
						       enum claude_event event);
/* A row of the table, from 0; NULL after the last. */
const struct claude_transition *claude_transition_row(size_t row);

const char *claude_state_name(enum claude_state state);
const char *claude_event_name(enum claude_event event);

#endif
