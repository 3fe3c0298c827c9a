/* Shared by claude_process.c, claude_process_end.c and claude_deadlines.c only. */
#ifndef SESSION_CLAUDE_PROCESS_INTERNAL_H
#define SESSION_CLAUDE_PROCESS_INTERNAL_H

#include "core/err.h"
#include "session/claude_process.h"

struct claude_process {
	enum claude_state state;
	int64_t since;		/* clock_mono_ms at which the state began */
	int64_t late_at;	/* clock_mono_ms; the state's deadline; 0 it has none */
	struct err error;	/* why it FAILED */
	bool wanted;
	const char *left;	/* session_leave's key: nothing may be started; NULL otherwise */
	bool fell;		/* it was wanted, and ended by itself; none was started since */
	bool renewed;		/* answered before, and its next process is for another mode */
	int pages;		/* that look at the conversation */
	unsigned stops;		/* interrupts so far: their numbers */
	bool background;	/* sub-agents work between turns */
	int failures;		/* starts in a row that came to nothing */
	int64_t retry_at;	/* clock_mono_ms of the next try; 0: at once */
	int64_t needed_at;	/* clock_mono_ms since when it is waited for; 0 it is not */
	int64_t idle_at;	/* clock_mono_ms since when it has nothing to do; 0 it has */
	int64_t stop_at;	/* clock_mono_ms when stop was pressed, until the turn ends */
	struct start *line;	/* from IN_LINE to WAKING: its turn; else NULL */
};

/* The one place where a state changes; what the table does not have is reported. */
void claude_process_event(struct session *s, enum claude_event event);
/* Ends the tools that a stopped turn left. */
void claude_process_end_tools(struct session *s);

#endif
