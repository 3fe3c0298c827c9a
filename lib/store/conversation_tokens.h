/*
 * By which hash the gateway token of a conversation's Claude is known: written
 * before the token is used, so that who comes later can make it good or end it.
 */
#ifndef STORE_CONVERSATION_TOKENS_H
#define STORE_CONVERSATION_TOKENS_H

#include "core/id.h"
#include "store/db.h"

/* "" when there is none. Of a deleted conversation too, until it is purged. */
int conversation_token_load(struct db *db, const char *id, char hash[TOKEN_SIZE], struct err *e) must_check;
/* ERR_MISSING when there is no such conversation, or it is deleted. */
int conversation_token_set(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* Only while it is that one: a newer one stays. */
int conversation_token_clear(struct db *db, const char *id, const char *hash, struct err *e) must_check;
/* Of all conversations of an account. */
int conversation_tokens_clear(struct db *db, const char *user_id, struct err *e) must_check;

#endif
