/*
 * The gateway token of Claude's process: a new one per start. Its hash is
 * stored before its use, so that a later bridge can make it valid again or
 * revoke it; its text exists only in that process.
 */
#ifndef SESSION_CLAUDE_TOKEN_H
#define SESSION_CLAUDE_TOKEN_H

#include "core/id.h"
#include "session/session.h"

struct claude_token;

struct claude_token *claude_token_new(struct session *s);

/* The token hash of a process that an earlier bridge started; "" none. */
void claude_token_load(struct session *s, const char hash[TOKEN_SIZE]);
/*
 * Makes a token, stores it and makes it valid: claude_process_token_good or
 * _failed follows.
 */
void claude_token_begin(struct session *s);
/* The conversation is stored now: stores the hash too. */
void claude_token_keep(struct session *s);
/* Claude runs with it. */
void claude_token_found(struct session *s);
/* Revokes it. */
void claude_token_over(struct session *s);
/* Resets the count of failures. */
void claude_token_try_again(struct session *s);

/* Claude has a token, or one is being made for it. */
bool claude_token_exists(const struct session *s);
/* Until claude_process_token_good returns; else "". A secret. Borrowed. */
const char *claude_token_text(const struct session *s);
/* The error of the last attempt; kind ERR_NONE on success. Borrowed. */
const struct err *claude_token_error(const struct session *s);

#endif
