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

enum answer {
	ANSWER_NOT_FOUND,
	ANSWER_METHOD,
	ANSWER_REQUEST,		/* malformed */
	ANSWER_FIELDS,		/* too many header fields */
	ANSWER_TOO_LARGE,
	ANSWER_CROWDED,
	ANSWER_NO_TOKEN,
	ANSWER_STOPPED,
	ANSWER_DISABLED,
	ANSWER_BUDGET,
	ANSWER_BUDGET_SMALL,	/* what is left is too little for it */
	ANSWER_RESERVED,	/* calls in flight may take the rest of it */
	ANSWER_HOSTED,		/* a tool of the service's that is not allowed */
	ANSWER_BUSY,		/* too many calls of the user in flight */
	ANSWER_OFTEN,		/* or in a minute */
	ANSWER_FULL,		/* the line, or its time is over */
	ANSWER_AWAY,		/* Redis or the store */
	ANSWER_KEYS_REST,
	ANSWER_KEYS_REFUSED,	/* all of them: the operator must see to it */
	ANSWER_KEY_REFUSED,	/* one; the next call has another */
	ANSWER_UNREACHED,
	ANSWER_UNTRUSTED,
	ANSWER_LATE,
	ANSWER_BROKEN,
	ANSWER_CLOSING,
	ANSWER_COUNT,
};

int answer_status(enum answer a);

/* Sends it. retry_s: after how long it may be tried again, 0 unsaid; sentence NULL: the row's own. */
void answer_send(struct caller *c, const struct i18n_locale *l, enum answer a,
		 int64_t retry_s, const char *sentence);

/* Which budget, how large, when it begins anew. Gives (child of ctx). */
char *answer_budget(const void *ctx, const struct i18n_locale *l,
		    const struct over_budget *over, const char *zone,
		    int64_t now_ms);

/* Fails with the name of a sentence that the catalogue lacks. */
int answer_check(const struct i18n *i, struct err *e) must_check;

#endif
