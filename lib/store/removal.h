/*
 * Takes an account out of the store: intent first, then its rows in steps, its
 * own row last. The process may die between any two steps; the next removal
 * of the account goes on.
 */
#ifndef STORE_REMOVAL_H
#define STORE_REMOVAL_H

#include "store/db.h"

/* Owns the ledger's rows of removed accounts; no account, user_each leaves it out. */
#define REMOVED_ID "00000000-0000-7000-8000-000000000000"

/*
 * Marks the account: disabled for good, its agents plan nothing, its runs are
 * cancelled, its secret addresses (hooks, calendar) are unknown. May be
 * repeated. ERR_MISSING when there is none.
 */
int removal_begin(struct db *db, const char *user_id, struct err *e) must_check;

/*
 * Takes away the account's rows, in many small transactions, and its own at
 * last. Of the ledger stay calls and sums, as REMOVED_ID's. Only when nothing
 * of the account runs any more; failed or killed, it may be repeated.
 * ERR_MISSING when removal_begin did not mark the account.
 */
int removal_rows(struct db *db, const char *user_id, struct err *e) must_check;

#endif
