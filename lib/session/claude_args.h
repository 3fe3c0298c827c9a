/* The command line of Claude's process, as the shim's POST /sessions/ID takes it (PROTOCOL.md, "Starting"). */
#ifndef SESSION_CLAUDE_ARGS_H
#define SESSION_CLAUDE_ARGS_H

#include "core/buf.h"
#include "session/session.h"

/* Borrowed during the call. */
struct claude_args {
	const char *id;			/* the conversation's */
	int spare;			/* which id beside it the CLI is given; 0: itself */
	bool resume;			/* else it is a new one */
	const char *mode;		/* permission mode */
	const char *model;		/* "" the CLI's own choice */
	const char *token;		/* for the gateway; a secret */
	bool skips;			/* it may be set to skip all questions */
	bool safe;			/* without the user's settings */
	bool mend;			/* what Claude reads each time is mended first */
	const char *aside;		/* or moved to that folder; NULL not */
	bool run;			/* of an agent */
	const struct session_rules *rules;	/* of the run; NULL none */
	int64_t log_from;		/* offset at which its log continues if the shim has none; 0: at its beginning */
};

int claude_args_add(const struct claude_args *a, struct buf *b, struct err *e) must_check;

#endif
