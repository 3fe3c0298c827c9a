/*
 * Removes an account from the store: first marks it, then removes its rows in
 * steps, the account's own row last. After a crash between two steps, removing the
 * account again continues.
 */
#ifndef STORE_REMOVAL_H
#define STORE_REMOVAL_H

#include "store/db.h"

/* Owner of the ledger rows of removed accounts; not an account, user_each skips it. */
#define REMOVED_ID "00000000-0000-7000-8000-000000000000"

/*
 * Marks the account: disables it for good, stops its agents' planning, cancels its
 * runs, removes its secret URLs (triggers, calendar). May be repeated. ERR_MISSING
 * if it does not exist.
 */
int removal_begin(struct db *db, const char *user_id, struct err *e) must_check;

/*
 * Removes the account's rows in many small transactions, its own row last. Ledger
 * calls and sums stay, under REMOVED_ID. Call it only when nothing of the account
 * runs any more; may be repeated after a failure. ERR_MISSING if removal_begin did
 * not mark the account.
 */
int removal_rows(struct db *db, const char *user_id, struct err *e) must_check;

#endif
