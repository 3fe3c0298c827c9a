/*
 * The hash of the gateway token of a conversation's Claude process, written before
 * the token is used, so that a later bridge can register or revoke it; and the
 * queue of revocations.
 */
#ifndef STORE_CONVERSATION_TOKENS_H
#define STORE_CONVERSATION_TOKENS_H

#include "core/id.h"
#include "store/db.h"

/* "" if there is none. Works for deleted conversations until they are purged. */
int conversation_token_load(struct db *db, const char *id, char hash[TOKEN_SIZE], struct err *e) must_check;
/* ERR_MISSING if the conversation does not exist or is deleted. */
int conversation_token_set(struct db *db, const char *id, const char *hash, struct err *e) must_check;

/* A revocation: of one token, or (hash "") of all of an account's. */
struct token_ending {
	char id[ID_SIZE], user_id[ID_SIZE], hash[TOKEN_SIZE];
};

/*
 * Call it before revoking in Redis: clears the hash of the conversations and keeps
 * the revocation until token_ending_done. Sets its id.
 */
int token_ending_add(struct db *db, struct token_ending *t, struct err *e) must_check;
/* Pending revocations, oldest first. */
int token_ending_each(struct db *db,
		      int (*each)(void *data, const struct token_ending *t, struct err *e),
		      void *data, struct err *e) must_check;
/* Redis has revoked the token. Ignores an unknown id. */
int token_ending_done(struct db *db, const char *id, struct err *e) must_check;

#endif
