/*
 * The ledger of model calls: one row per call, with the five token classes of the
 * Messages API. Costs are computed on demand (spending/prices.h). An interrupted
 * call has the reported tokens or, if that is more, an estimate from its length,
 * because the service bills what it received and wrote (gateway/usage_reader.h).
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "core/id.h"
#include "store/db.h"

struct usage {
	int64_t input, output;		/* all in tokens */
	int64_t cache_write_5m, cache_write_1h, cache_read;
};

/* The sum of all five classes, which token budgets count. */
static inline int64_t usage_tokens(const struct usage *u)
{
	return u->input + u->output + u->cache_write_5m + u->cache_write_1h +
	       u->cache_read;
}

/* The tokens of the request. */
static inline int64_t usage_prompt(const struct usage *u)
{
	return usage_tokens(u) - u->output;
}

struct usage_call {
	char id[ID_SIZE];
	char user_id[ID_SIZE];
	const char *kind;		/* workspace, conversation, run */
	char subject_id[ID_SIZE];	/* the conversation or run; the user's id for a workspace */
	const char *model;		/* as named in the reply; "" if it names none */
	struct usage usage;
	const char *outcome;		/* complete, interrupted (estimated), failed (nothing to count), unmetered (a reply without usage) */
	int64_t status;			/* the upstream's HTTP status; 0 if there was none */
	int64_t at, ended_at;		/* UTC ms */
};

/*
 * Adds calls in one transaction. Ignores a known id; a call of an unknown user is
 * booked for REMOVED_ID.
 */
int usage_add(struct db *db, const struct usage_call *calls, size_t n, struct err *e) must_check;

/* Whether the user ever called a model. */
int usage_any(struct db *db, const char *user_id, bool *any, struct err *e) must_check;

struct usage_filter {
	const char *user_id;		/* NULL: all */
	const char *subject_id;		/* NULL: all */
	int64_t from, to;		/* UTC ms of the call's start: from <= at < to; to 0: no end */
};

/* Grouping of sums, in addition to the model. */
enum {
	USAGE_BY_QUARTER = 1,	/* quarter-hours, because days of every zone begin on one */
	USAGE_BY_USER = 2,
	USAGE_BY_SUBJECT = 4,	/* and its kind */
	USAGE_BY_DAY = 8,	/* UTC days; not together with USAGE_BY_QUARTER */
	USAGE_BY_AGENT = 16,	/* with USAGE_BY_SUBJECT: a run's subject is its agent */
	USAGE_NAMES = 32,	/* with both: the subjects' names */
};

enum usage_subject { SUBJECT_MISSING, SUBJECT_EXISTS, SUBJECT_DELETED };

struct usage_sum {
	const char *model;
	int64_t quarter;		/* UTC ms of the quarter's or day's start; 0 if not grouped */
	const char *user_id, *kind, *subject_id;	/* "" if not grouped */
	const char *name;		/* a conversation's title, an agent's name; "" without USAGE_NAMES */
	enum usage_subject subject;	/* an agent may be deleted, a conversation is then missing */
	struct usage usage;
	int64_t calls;
	int64_t unmetered;		/* calls whose reply had no usage */
};

/* Ordered by quarter, user, subject, model. Texts are borrowed during the call. */
int usage_each(struct db *db, const struct usage_filter *f, unsigned by,
	       int (*each)(void *data, const struct usage_sum *s, struct err *e),
	       void *data, struct err *e) must_check;

#endif
