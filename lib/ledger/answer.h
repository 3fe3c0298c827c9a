/*
 * gongbang-ledger's answer to a request (wire.h), which is hostile until
 * validated.
 */
#ifndef LEDGER_ANSWER_H
#define LEDGER_ANSWER_H

#include "core/buf.h"
#include "store/db.h"

/* Rows of calls that began or ended outside of this window are refused. */
#define LEDGER_PAST_MS (INT64_C(400) * 86400000)	/* a journal may wait this long */
#define LEDGER_AHEAD_MS INT64_C(86400000)		/* a clock may be set back this far */

/*
 * request: n bytes and a NUL, without its empty line; overwritten. Failures
 * are written into the reply: ERR_INPUT for a malformed request or row; then
 * no row is booked. reply: empty, cap LEDGER_REPLY_MAX.
 */
void ledger_answer(struct db *db, char *request, size_t n, struct buf *reply);

#endif
