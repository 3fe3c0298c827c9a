/* The states of Claude's process and all that may change them: one table, shown in STATES.md. */
#ifndef SESSION_CLAUDE_STATES_H
#define SESSION_CLAUDE_STATES_H

#include <stdbool.h>
#include <stddef.h>

enum claude_state {
	CLAUDE_NONE,		/* not wanted, or ended */
	CLAUDE_NO_PLACE,	/* waits until another one gives way */
	CLAUDE_IN_LINE,		/* waits for its turn to start */
	CLAUDE_TOKEN,		/* its token is being stored and made good */
	CLAUDE_STARTING,	/* the shim was asked to start it */
	CLAUDE_WAKING,		/* runs; `initialize` is not answered */
	CLAUDE_READY,
	CLAUDE_ENDING,
	CLAUDE_FAILED,		/* until somebody asks for it again */
	CLAUDE_STATES,
};

enum claude_event {
	CLAUDE_ALLOWED, CLAUDE_REFUSED,		/* a place, by the bridge */
	CLAUDE_UNWANTED,			/* nobody waits for it any more */
	CLAUDE_TURN_CAME,			/* in the start line */
	CLAUDE_TOKEN_GOOD, CLAUDE_TOKEN_FAILED,
	CLAUDE_NOT_STARTED,			/* the shim could not, or cannot be asked */
	CLAUDE_FOUND, CLAUDE_FOREIGN,		/* one runs: with our token, with another one */
	CLAUDE_ANSWERED,			/* `initialize` */
	CLAUDE_ASKED_TO_END, CLAUDE_REMOVED,	/* by its input, by the shim */
	CLAUDE_ENDED,
	CLAUDE_UNKNOWN,				/* the link is lost, or it did not end in time */
	CLAUDE_GIVEN_UP,			/* too many starts came to nothing */
	CLAUDE_ASKED_FOR,			/* by a person */
	CLAUDE_EVENTS,
};

struct claude_transition {
	unsigned from;		/* 1u << enum claude_state, of one or several */
	enum claude_event event;
	enum claude_state to;
	const char *does;
};

/* NULL: the event is none that may come in that state. */
const struct claude_transition *claude_transition_find(enum claude_state state,
						       enum claude_event event);
/* A row of the table, from 0; NULL past the last. */
const struct claude_transition *claude_transition_row(size_t row);

const char *claude_state_name(enum claude_state state);
const char *claude_event_name(enum claude_event event);

#endif
