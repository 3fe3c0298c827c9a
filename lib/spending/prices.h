/*
 * What tokens cost: a dated table in a file (conf/prices.list, which says its
 * form), USD a million tokens with up to six decimals. A model is found by its
 * exact name or, in a row that ends in "*", by how it begins (the longest
 * wins); of its rows the latest that began by the call's time counts.
 */
#ifndef SPENDING_PRICES_H
#define SPENDING_PRICES_H

#include "store/usage.h"

struct prices;

/* ERR_INPUT "FILE:LINE: ..." for a bad row. Gives (child of ctx). */
struct prices *prices_load(const void *ctx, const char *path, struct err *e) must_check;
/* From text; name stands in messages. Gives (child of ctx). */
struct prices *prices_parse(const void *ctx, const char *name, const char *text, size_t n, struct err *e) must_check;

/*
 * Millionths of a US dollar for tokens of a model at a time (UTC ms), rounded
 * to the nearest; -1 when the table has no price for it.
 */
int64_t prices_cost(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * As that, at the dearest price of any row of that time, a class each: for what
 * is not known yet. Of models, or of hosted tools when it is one. 0 without a row.
 */
int64_t prices_dearest(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * What a budget of money counts: the cost, and for a model without a price
 * that of the dearest, else such a model would have no limit at all.
 */
int64_t prices_counted(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * The name by which a call is booked: a model that costs more for prompts of
 * more tokens than its row says is "MODEL/long", a row of its own. A model's
 * name that is too long for that stays as it is.
 */
#define PRICES_NAME_SIZE 129
void prices_name(const struct prices *p, const char *model, const struct usage *u, int64_t at, char out[PRICES_NAME_SIZE]);

/*
 * Before the name of a hosted tool (web_search), which is booked as a model is:
 * each use as one token of input, at USD a million uses.
 */
#define PRICES_TOOL "hosted-tool/"

/* True when a row begins after from and before to (0: ever): a sum over that time must be by time. */
bool prices_change(const struct prices *p, int64_t from, int64_t to);

/* The latest begin of any row (UTC ms): how old the table is. */
int64_t prices_date(const struct prices *p);

#endif
