/*
 * Parses and formats amounts as people write them: tokens, and US dollars
 * stored as millionths.
 */
#ifndef SPENDING_AMOUNT_H
#define SPENDING_AMOUNT_H

#include <stdint.h>

#include "core/err.h"

#define AMOUNT_MAX INT64_C(1000000000000000)	/* tokens, or millionths of a dollar */
#define AMOUNT_SIZE 40

/*
 * "500,000": whole and not negative; commas separate thousands or are absent
 * ("1,5" is invalid, so that a decimal comma is not read as 15). "" is 0.
 * ERR_INPUT "error_amount_tokens".
 */
int amount_parse_tokens(const char *text, int64_t *out, struct err *e) must_check;

/* "1,204.50", with or without "$", at most six decimals. ERR_INPUT "error_amount_usd". */
int amount_parse_usd(const char *text, int64_t *out, struct err *e) must_check;

/* "1,204". */
void amount_tokens(char out[AMOUNT_SIZE], int64_t n);

/* "950", "12.3 k", "1.2M", "3.4 G": for a scale, not for a total. */
void amount_short(char out[AMOUNT_SIZE], int64_t n);

/* "$1,204.50"; less than a cent with four decimals, "$0.0042", or all it has. */
void amount_usd(char out[AMOUNT_SIZE], int64_t cost);

/*
 * For a spreadsheet or a form's field, "1204.5": no sign, no commas, no
 * needless zeros.
 */
void amount_plain(char out[AMOUNT_SIZE], int64_t cost);

#endif
