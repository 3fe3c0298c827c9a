/*
 * The protocol between the gateway and gongbang-ledger, over a Unix socket. A
 * request is a line and its rows, ended by an empty line; so is its reply,
 * which begins with "ok" or with "error KIND KEY|- TEXT". A connection's
 * requests are answered in order, and all of them are idempotent.
 *
 *   installation                      STOPPED BUDGET
 *   account USER                      DISABLED LOCALE ZONE ZONE-BEFORE UNTIL BUDGET
 *   booked, a call's id a row         0 or 1 for each, in one word
 *   sums USER|- SUBJECT|- FROM TO quarter|all
 *                                     rows: TIME MODEL and five classes of tokens
 *   add, a call a row (call_line.h)   nothing
 *
 * BUDGET is four numbers, as in struct budget; times are UTC ms, UNTIL and TO
 * 0 for none; texts are escaped as in call_line.h. There is no other request:
 * rows are added to the ledger, never changed.
 */
#ifndef LEDGER_WIRE_H
#define LEDGER_WIRE_H

#include "ledger/call_line.h"

#define LEDGER_ROWS_MAX 256	/* per request */
#define LEDGER_REQUEST_MAX ((LEDGER_ROWS_MAX + 2) * CALL_LINE_MAX)	/* bytes */
#define LEDGER_REPLY_MAX (16 << 20)	/* bytes */
#define LEDGER_NUMBER_MAX INT64_C(1000000000000000)	/* per budget or time */
#define LEDGER_WORDS_MAX 10	/* per line */

/*
 * The line at *at, its LF replaced by a NUL; *at moves behind it. NULL: no
 * line is left.
 */
char *wire_line(char **at);

/*
 * Splits it at single spaces, in place. Returns the number of words; if there
 * are more than LEDGER_WORDS_MAX, one more than that.
 */
size_t wire_split(char *line, char *words[LEDGER_WORDS_MAX]);

/* 0 to max. */
bool wire_number(const char *word, int64_t max, int64_t *out) must_check;

#endif
