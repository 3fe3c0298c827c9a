/*
 * Token prices: a dated table in a file (conf/prices.list, which describes its
 * format), USD per million tokens with up to six decimals. A model is found by
 * its exact name or, in a row that ends in "*", by prefix (the longest wins);
 * of its rows the latest that began by the call's time applies.
 */
#ifndef SPENDING_PRICES_H
#define SPENDING_PRICES_H

#include "store/usage.h"

struct prices;

/* ERR_INPUT "FILE:LINE: ..." for a bad row. Gives (child of ctx). */
struct prices *prices_load(const void *ctx, const char *path, struct err *e) must_check;
/* From text; name is used in messages. Gives (child of ctx). */
struct prices *prices_parse(const void *ctx, const char *name, const char *text, size_t n, struct err *e) must_check;

/*
 * Millionths of a US dollar for tokens of a model at a time (UTC ms), rounded
 * to the nearest; -1 when the table has no price for it.
 */
int64_t prices_cost(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * Likewise, at the highest price of any row at that time, class by class: for
 * what is not known yet. Of models, or of hosted tools when it is one. 0
 * without a row.
 */
int64_t prices_dearest(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * What a budget of money counts: the cost, and for a model without a price the
 * highest one, otherwise such a model would have no limit.
 */
int64_t prices_counted(const struct prices *p, const char *model, const struct usage *u, int64_t at);

/*
 * The name under which a call is booked: a model that costs more above its
 * row's limit of prompt tokens is "MODEL/long", with a row of its own. A name
 * that is too long for the suffix stays as it is.
 */
#define PRICES_NAME_SIZE 129
void prices_name(const struct prices *p, const char *model, const struct usage *u, int64_t at, char out[PRICES_NAME_SIZE]);

/*
 * Prefix for the name of a hosted tool (web_search), which is booked like a
 * model: each use as one token of input, at USD per million uses.
 */
#define PRICES_TOOL "hosted-tool/"

/*
 * True when a row begins after from and before to (0: open-ended): a sum over
 * that period must be split by time.
 */
bool prices_change(const struct prices *p, int64_t from, int64_t to);

#endif
