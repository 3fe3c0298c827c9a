#include "config.h"
#include "session/claude_states.h"

#define IN(state) (1u << CLAUDE_##state)
#define ANY ((1u << CLAUDE_STATES) - 1)

static const char *const state_names[CLAUDE_STATES] = {
	[CLAUDE_NONE] = "none", [CLAUDE_NO_PLACE] = "no place",
	[CLAUDE_QUEUED] = "queued", [CLAUDE_TOKEN] = "token",
	[CLAUDE_STARTING] = "starting", [CLAUDE_WAKING] = "waking",
	[CLAUDE_READY] = "ready", [CLAUDE_ENDING] = "ending",
	[CLAUDE_FAILED] = "failed",
};

static const char *const event_names[CLAUDE_EVENTS] = {
	[CLAUDE_ALLOWED] = "allowed", [CLAUDE_REFUSED] = "refused",
	[CLAUDE_UNWANTED] = "unwanted", [CLAUDE_TURN_CAME] = "turn came",
	[CLAUDE_TOKEN_GOOD] = "token good",
	[CLAUDE_TOKEN_FAILED] = "token failed",
	[CLAUDE_NOT_STARTED] = "not started", [CLAUDE_FOUND] = "found",
	[CLAUDE_FOREIGN] = "foreign", [CLAUDE_ANSWERED] = "answered",
	[CLAUDE_ASKED_TO_END] = "asked to end", [CLAUDE_REMOVED] = "removed",
	[CLAUDE_ENDED] = "ended", [CLAUDE_UNKNOWN] = "unknown",
	[CLAUDE_GIVEN_UP] = "given up", [CLAUDE_ASKED_FOR] = "asked for",
};

static const struct claude_transition transitions[] = {
	{ IN(NONE) | IN(NO_PLACE), CLAUDE_ALLOWED, CLAUDE_QUEUED,
	  "joins the start queue" },
	{ IN(NONE) | IN(NO_PLACE), CLAUDE_REFUSED, CLAUDE_NO_PLACE,
	  "asks for a place again in a second, or when it is woken" },
	{ IN(NO_PLACE) | IN(QUEUED) | IN(TOKEN), CLAUDE_UNWANTED, CLAUDE_NONE,
	  "leaves the queue; its token is revoked" },
	{ IN(QUEUED), CLAUDE_TURN_CAME, CLAUDE_TOKEN,
	  "makes a token, has it stored and made valid" },
	{ IN(TOKEN), CLAUDE_TOKEN_GOOD, CLAUDE_STARTING,
	  "asks the shim to start it" },
	{ IN(TOKEN), CLAUDE_TOKEN_FAILED, CLAUDE_NONE,
	  "leaves the queue; tries again later" },
	{ IN(STARTING) | IN(WAKING), CLAUDE_NOT_STARTED, CLAUDE_NONE,
	  "leaves the queue; tries again later" },
	{ ANY, CLAUDE_FOUND, CLAUDE_WAKING,
	  "sends `initialize`" },
	{ ANY, CLAUDE_FOREIGN, CLAUDE_NONE,
	  "ends the process whose token is not ours; asks the shim again" },
	{ IN(WAKING), CLAUDE_ANSWERED, CLAUDE_READY,
	  "leaves the queue; takes messages" },
	{ IN(WAKING) | IN(READY), CLAUDE_ASKED_TO_END, CLAUDE_ENDING,
	  "writes `end_session` to its input" },
	{ ANY, CLAUDE_REMOVED, CLAUDE_ENDING,
	  "asks the shim to end it" },
	{ IN(WAKING) | IN(READY) | IN(ENDING), CLAUDE_ENDED, CLAUDE_NONE,
	  "revokes its token; its messages wait for the next process" },
	{ ANY & ~IN(FAILED), CLAUDE_UNKNOWN, CLAUDE_NONE,
	  "asks the shim what runs; its messages wait" },
	{ IN(NONE) | IN(NO_PLACE) | IN(STARTING) | IN(WAKING) | IN(ENDING),
	  CLAUDE_GIVEN_UP, CLAUDE_FAILED,
	  "shows why" },
	{ IN(FAILED), CLAUDE_ASKED_FOR, CLAUDE_NONE,
	  "starts it once more" },
};

const struct claude_transition *claude_transition_row(size_t row)
{
	return row < sizeof(transitions) / sizeof(transitions[0]) ?
	       &transitions[row] : NULL;
}

const struct claude_transition *claude_transition_find(enum claude_state state,
						       enum claude_event event)
{
	const struct claude_transition *t;
	size_t i;

	for (i = 0; (t = claude_transition_row(i)); i++) {
		if (t->event == event && (t->from & 1u << state))
			return t;
	}
	return NULL;
}

const char *claude_state_name(enum claude_state state)
{
	return state_names[state];
}

const char *claude_event_name(enum claude_event event)
{
	return event_names[event];
}
