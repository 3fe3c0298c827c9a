/* The secret URL of a user's calendar, stored as SHA-256 in hex. */
#ifndef STORE_FEEDS_H
#define STORE_FEEDS_H

#include "core/id.h"
#include "store/db.h"

/* "" removes it. */
int feed_set(struct db *db, const char *user_id, const char *hash, struct err *e) must_check;
int feed_exists(struct db *db, const char *user_id, bool *out, struct err *e) must_check;
/* ERR_MISSING if no account has it, or the account is disabled. */
int feed_user(struct db *db, const char *hash, char user_id[ID_SIZE], struct err *e) must_check;

#endif
