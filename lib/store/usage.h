/*
 * The ledger of the model service: one row a call, in the five raw classes of
 * tokens that the Messages API counts. Costs are computed when they are asked
 * (spending/prices.h). An interrupted call's tokens are an estimate: what was
 * reported of it, or what its length tells when that is more, for the service
 * bills what it was sent and wrote (gateway/usage_reader.h).
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "core/id.h"
#include "store/db.h"

struct usage {
	int64_t input, output;		/* tokens, as all of these */
	int64_t cache_write_5m, cache_write_1h, cache_read;
};

/* All five classes together: what budgets of tokens count. */
static inline int64_t usage_tokens(const struct usage *u)
{
	return u->input + u->output + u->cache_write_5m + u->cache_write_1h +
	       u->cache_read;
}

/* Those of the request. */
static inline int64_t usage_prompt(const struct usage *u)
{
	return usage_tokens(u) - u->output;
}

struct usage_call {
	char id[ID_SIZE];
	char user_id[ID_SIZE];
	const char *kind;		/* workspace, conversation, run */
	char subject_id[ID_SIZE];	/* the conversation or run; the user's id for a workspace */
	const char *model;		/* as the reply named it; "" when it named none */
	struct usage usage;
	const char *outcome;		/* complete, interrupted (estimated), failed (no reply to count), unmetered (a reply without usage) */
	int64_t status;			/* HTTP's, of the upstream; 0 when none came */
	int64_t at, ended_at;		/* UTC ms */
};

/*
 * One transaction. A call whose id is known already is left as it is; one of a
 * user who does not exist counts as a removed account's (REMOVED_ID).
 */
int usage_add(struct db *db, const struct usage_call *calls, size_t n, struct err *e) must_check;

struct usage_filter {
	const char *user_id;		/* NULL: of all */
	const char *subject_id;		/* NULL: of all */
	int64_t from, to;		/* UTC ms of the call's begin: from <= at < to; to 0: no end */
};

/* What a sum is of, besides the model (always). */
enum {
	USAGE_BY_QUARTER = 1,	/* of an hour: every zone's days begin with one */
	USAGE_BY_USER = 2,
	USAGE_BY_SUBJECT = 4,	/* and kind */
	USAGE_BY_DAY = 8,	/* of UTC; unless by quarter, too */
	USAGE_BY_AGENT = 16,	/* with by subject: that of a run is its agent */
};

struct usage_sum {
	const char *model;
	int64_t quarter;		/* UTC ms of its (or the day's) begin; 0 when not asked */
	const char *user_id, *kind, *subject_id;	/* "" when not asked */
	struct usage usage;
	int64_t calls;
	int64_t unmetered;		/* of the calls: replies without usage */
};

/* Ordered by quarter, user, subject, model. Texts are borrowed during the call. */
int usage_each(struct db *db, const struct usage_filter *f, unsigned by,
	       int (*each)(void *data, const struct usage_sum *s, struct err *e),
	       void *data, struct err *e) must_check;

#endif
