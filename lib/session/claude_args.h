/*
 * Claude's command line, in the format of the shim's POST /sessions/ID
 * (PROTOCOL.md, "Starting").
 */
#ifndef SESSION_CLAUDE_ARGS_H
#define SESSION_CLAUDE_ARGS_H

#include "core/buf.h"
#include "session/session.h"

/* Borrowed during the call. */
struct claude_args {
	const char *id;			/* the conversation's */
	int spare;			/* which alternative id the CLI gets; 0: the conversation's own */
	bool resume;			/* else a new transcript */
	const char *mode;		/* permission mode */
	const char *model;		/* "" for the CLI's default */
	const char *effort;		/* "" for the model's own */
	bool suggests;			/* the user's next message, after each turn */
	const char *token;		/* for the gateway; a secret */
	bool skips;			/* may be switched to skip all questions */
	bool safe;			/* without the user's settings */
	bool mend;			/* repairs the files that Claude reads at each start */
	const char *aside;		/* the folder that they are moved to; NULL: not moved */
	bool run;			/* of an agent */
	const struct session_rules *rules;	/* of the run; NULL none */
	const char *folder;		/* below the home, where it starts; "" or NULL: the home */
	const char *instructions;	/* of the project, added to the system prompt; "" or NULL none */
	int64_t log_from;		/* log offset to continue at if the shim has no log; 0: from the start */
};

int claude_args_add(const struct claude_args *a, struct buf *b, struct err *e) must_check;

#endif
