/* Shared by claude_process.c, claude_process_end.c and claude_deadlines.c only. */
#ifndef SESSION_CLAUDE_PROCESS_INTERNAL_H
#define SESSION_CLAUDE_PROCESS_INTERNAL_H

#include "core/err.h"
#include "session/claude_process.h"

struct claude_process {
	enum claude_state state;
	int64_t since;		/* clock_mono_ms at which the state began */
	int64_t late_at;	/* clock_mono_ms; the state's deadline; 0 none */
	struct err error;	/* why it FAILED */
	bool wanted;
	const char *left;	/* session_leave's key: nothing may be started; NULL otherwise */
	bool fell;		/* a wanted process exited by itself, and none was started since */
	bool renewed;		/* it was answered before, and restarts only to change the mode */
	int pages;		/* open pages of the conversation */
	unsigned stops;		/* interrupts so far, used as their numbers */
	bool background;	/* sub-agents work between turns */
	int failures;		/* failed starts in a row */
	int64_t retry_at;	/* clock_mono_ms of the next attempt; 0: at once */
	int64_t needed_at;	/* clock_mono_ms since when a start is needed; 0: it is not */
	int64_t idle_at;	/* clock_mono_ms since when it is idle; 0: it is busy */
	int64_t stop_at;	/* clock_mono_ms when stop was pressed, until the turn ends */
	struct start *ticket;	/* its ticket, from QUEUED to WAKING; else NULL */
};

/* The only function that changes a state; reports an event without a row. */
void claude_process_event(struct session *s, enum claude_event event);
/* Ends the tools that a stopped turn left running. */
void claude_process_end_tools(struct session *s);

#endif
