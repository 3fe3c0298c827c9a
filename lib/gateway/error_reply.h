/*
 * The gateway's own answers: errors in the Messages API's form, one table row
 * each. Refusals that only the gateway makes have an error type of their own
 * ("gongbang_budget"): the CLI repeats it as api_error_type, and
 * lib/session/run_outcome.c derives a run's outcome from it. Errors that a
 * retry cannot fix say so (x-should-retry: false); the CLI then shows the
 * sentence at once.
 */
#ifndef GATEWAY_ERROR_REPLY_H
#define GATEWAY_ERROR_REPLY_H

#include <stdint.h>

#include "gateway/admission.h"
#include "gateway/listener.h"
#include "i18n/i18n.h"

enum error_reply {
	ERROR_REPLY_NOT_FOUND,
	ERROR_REPLY_METHOD,
	ERROR_REPLY_REQUEST,		/* malformed */
	ERROR_REPLY_FIELDS,		/* too many header fields */
	ERROR_REPLY_TOO_LARGE,
	ERROR_REPLY_CROWDED,
	ERROR_REPLY_NO_TOKEN,
	ERROR_REPLY_STOPPED,
	ERROR_REPLY_DISABLED,
	ERROR_REPLY_BUDGET,
	ERROR_REPLY_BUDGET_SMALL,	/* too little is left for it */
	ERROR_REPLY_RESERVED,	/* calls in flight may take the rest of it */
	ERROR_REPLY_HOSTED,		/* a hosted tool that is not allowed */
	ERROR_REPLY_BUSY,		/* too many calls in flight for this user */
	ERROR_REPLY_OFTEN,		/* or per minute */
	ERROR_REPLY_FULL,		/* the queue is full, or the wait took too long */
	ERROR_REPLY_AWAY,		/* Redis or the store is away */
	ERROR_REPLY_KEYS_REST,
	ERROR_REPLY_KEYS_REFUSED,	/* all keys were refused: the administrator must replace
					 * them */
	ERROR_REPLY_KEY_REFUSED,	/* one key was refused; the next call uses another */
	ERROR_REPLY_UNREACHED,
	ERROR_REPLY_UNTRUSTED,
	ERROR_REPLY_LATE,
	ERROR_REPLY_BROKEN,
	ERROR_REPLY_CLOSING,
	ERROR_REPLY_COUNT,
};

int error_reply_status(enum error_reply a);

/*
 * Sends it. retry_s: when a retry makes sense, 0: not said; sentence NULL: the
 * row's own.
 */
void error_reply_send(struct inbound *c, const struct i18n_locale *l,
		      enum error_reply a,
		      int64_t retry_s, const char *sentence);

/* The budget, its size and when it resets. Gives (child of ctx). */
char *error_reply_budget(const void *ctx, const struct i18n_locale *l,
			 const struct over_budget *over, const char *zone,
			 int64_t now_ms);

/* Fails with the name of a sentence that is missing from the catalogue. */
int error_reply_check(const struct i18n *i, struct err *e) must_check;

#endif
