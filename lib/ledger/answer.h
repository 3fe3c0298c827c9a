/* What gongbang-ledger answers a request (wire.h), which is hostile until proved. */
#ifndef LEDGER_ANSWER_H
#define LEDGER_ANSWER_H

#include "core/buf.h"
#include "store/db.h"

/* Rows of calls that began or ended earlier or later than this are refused. */
#define LEDGER_PAST_MS (INT64_C(400) * 86400000)	/* a journal may wait that long */
#define LEDGER_AHEAD_MS INT64_C(86400000)		/* a clock may be set back that far */

/*
 * request: n bytes and a NUL, without its empty line; written over. What
 * cannot be done is said in the reply: ERR_INPUT for a request or row that is
 * wrong, of which no row is booked then. reply: empty, cap LEDGER_REPLY_MAX.
 */
void ledger_answer(struct db *db, char *request, size_t n, struct buf *reply);

#endif
