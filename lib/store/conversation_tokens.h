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

/* One token of an account, or (hash "") all that it has. */
struct token_ending {
	char id[ID_SIZE], user_id[ID_SIZE], hash[TOKEN_SIZE];
};

/*
 * Before they are ended in Redis: their conversations have none from now on,
 * and the ending is kept until token_ending_done. Sets its id.
 */
int token_ending_add(struct db *db, struct token_ending *t, struct err *e) must_check;
/* Those that are not done, oldest first. */
int token_ending_each(struct db *db,
		      int (*each)(void *data, const struct token_ending *t, struct err *e),
		      void *data, struct err *e) must_check;
/* Redis has taken them away. It need not be there. */
int token_ending_done(struct db *db, const char *id, struct err *e) must_check;

#endif
