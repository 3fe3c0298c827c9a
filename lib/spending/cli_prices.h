/*
 * The prices that Claude Code reports: its answer to the control request
 * list_models, whose descriptions end in "$4/$20 per Mtok" (input and output,
 * USD per million tokens) and for some in "($0.50/$2.50 for prompts over
 * 100k)"; compared with the price table (prices.h).
 */
#ifndef SPENDING_CLI_PRICES_H
#define SPENDING_CLI_PRICES_H

#include "core/buf.h"
#include "spending/prices.h"

#define CLI_PRICES_MODELS_MAX 32
#define CLI_PRICES_NAME_SIZE 65
#define CLI_PRICES_TEXT_MAX (1 << 20)	/* bytes of the answer */
#define CLI_PRICES_REQUEST "list_models"	/* the request's id */

struct cli_prices_price {
	char model[CLI_PRICES_NAME_SIZE];	/* as replies name it */
	int64_t input, output;		/* millionths of USD per million tokens */
	int64_t prompt_max;		/* tokens; 0: one price for prompts of any length */
	int64_t long_input, long_output;	/* above it */
};

struct cli_prices {
	struct cli_prices_price rows[CLI_PRICES_MODELS_MAX];	/* each model once */
	size_t n;
	size_t unread;		/* models whose name or price has an unknown form */
};

/*
 * Finds the answer to CLI_PRICES_REQUEST among the CLI's lines. ERR_INPUT when
 * there is none.
 */
int cli_prices_parse(const char *text, size_t n, struct cli_prices *out,
		     struct err *e) must_check;

enum cli_prices_verdict { CLI_PRICES_SAME, CLI_PRICES_MISSING, CLI_PRICES_DIFFERS };

/*
 * The table's price at that time (UTC ms) for calls whose replies name the
 * model, with or without a date. When it differs from the listed one, rows
 * gets the lines that correct it from that day on: cache writes and reads by
 * the usual factors of input.
 */
int cli_prices_compare(const struct cli_prices_price *l, const struct prices *p,
		       int64_t at,
		       enum cli_prices_verdict *verdict, struct buf *rows, struct err *e) must_check;

#endif
