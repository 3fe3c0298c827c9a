/*
 * The gateway token of Claude's process: a new one each start, stored by its
 * hash before it is used, so that a bridge that comes later can make it good
 * again or end it. Its text is nowhere but in that process.
 */
#ifndef SESSION_CLAUDE_TOKEN_H
#define SESSION_CLAUDE_TOKEN_H

#include "core/id.h"
#include "session/session.h"

struct claude_token;

struct claude_token *claude_token_new(struct session *s);

/* The hash of the one that a Claude of an earlier bridge has; "" none. */
void claude_token_load(struct session *s, const char hash[TOKEN_SIZE]);
/* Makes one, has it stored and made good: claude_process_token_good or _failed follows. */
void claude_token_begin(struct session *s);
/* The conversation is in the store now: so is the hash. */
void claude_token_keep(struct session *s);
/* Claude runs and has it. */
void claude_token_found(struct session *s);
/* Nobody has it any more. */
void claude_token_over(struct session *s);
/* Failures before count no more. */
void claude_token_try_again(struct session *s);

/* Claude has a token, or one is being made for it. */
bool claude_token_exists(const struct session *s);
/* Until claude_process_token_good returns; else "". A secret. Borrowed. */
const char *claude_token_text(const struct session *s);
/* Of the last try; kind ERR_NONE: it went well. Borrowed. */
const struct err *claude_token_error(const struct session *s);

#endif
