/*
 * What the gateway itself answers: errors in the Messages API's form, in
 * words, a row each. A refusal that only the gateway makes has an error type of
 * its own ("gongbang_budget"): the CLI repeats it as api_error_type, and a run's
 * outcome is decided by it (lib/session/run_outcome.c). What does not get better by trying again says so
 * (x-should-retry: false), and the CLI then shows the sentence at once.
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
	ERROR_REPLY_BUDGET_SMALL,	/* what is left is too little for it */
	ERROR_REPLY_RESERVED,	/* calls in flight may take the rest of it */
	ERROR_REPLY_HOSTED,		/* a tool of the service's that is not allowed */
	ERROR_REPLY_BUSY,		/* too many calls of the user in flight */
	ERROR_REPLY_OFTEN,		/* or in a minute */
	ERROR_REPLY_FULL,		/* the line, or its time is over */
	ERROR_REPLY_AWAY,		/* Redis or the store */
	ERROR_REPLY_KEYS_REST,
	ERROR_REPLY_KEYS_REFUSED,	/* all of them: the operator must see to it */
	ERROR_REPLY_KEY_REFUSED,	/* one; the next call has another */
	ERROR_REPLY_UNREACHED,
	ERROR_REPLY_UNTRUSTED,
	ERROR_REPLY_LATE,
	ERROR_REPLY_BROKEN,
	ERROR_REPLY_CLOSING,
	ERROR_REPLY_COUNT,
};

int error_reply_status(enum error_reply a);

/* Sends it. retry_s: after how long it may be tried again, 0 unsaid; sentence NULL: the row's own. */
void error_reply_send(struct inbound *c, const struct i18n_locale *l,
		      enum error_reply a,
		      int64_t retry_s, const char *sentence);

/* Which budget, how large, when it begins anew. Gives (child of ctx). */
char *error_reply_budget(const void *ctx, const struct i18n_locale *l,
			 const struct over_budget *over, const char *zone,
			 int64_t now_ms);

/* Fails with the name of a sentence that the catalogue lacks. */
int error_reply_check(const struct i18n *i, struct err *e) must_check;

#endif
