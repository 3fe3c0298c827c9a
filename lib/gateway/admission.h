/*
 * Decides whether a call may begin: one Lua script on Redis checks the token,
 * the kill switch and the budgets, and reserves what the call may use; the
 * reservation is booked afterwards. A call's output is capped to what the
 * budgets have left, so concurrent calls overshoot a budget by at most the
 * input of one call.
 *
 * Counters (spent:<scope>:<period>:<start of the period>) hold the ledger's
 * sums plus what the journal has not moved yet; each is loaded on first use.
 * All are dropped and reloaded at start, when prices change, when Redis lost
 * them (its epoch differs from ours) or may have (it returned an error or
 * reconnected). The gateway reads accounts, budgets and the kill switch from
 * gongbang-ledger, at most a second old; while the ledger does not answer, the
 * last values are used for up to ten minutes. A value that was not read for a
 * minute is waited for, nearly as long as the ask may last.
 *
 * One gateway per installation: a second one's epoch would drop our counters.
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include <uv.h>

#include "auth/gateway_token.h"
#include "gateway/journal.h"
#include "kv/kv_async.h"
#include "ledger/client.h"
#include "spending/prices.h"
#include "store/jobs.h"

struct admission;

/*
 * ledger: used by jobs only. prices: borrowed until admission_set_prices or
 * free. zone: the installation's. Gives (child of ctx).
 */
struct admission *admission_new(const void *ctx, uv_loop_t *loop, struct kv_async *kv,
				struct jobs *jobs, struct ledger_client *ledger,
				const struct prices *prices, const char *zone);
/*
 * Calls no done. Free it before kv and jobs; then run the loop until its
 * handles are closed. Frees its grants.
 */
void admission_free(struct admission *a);

/*
 * Counts the journal's rows that are not in the ledger yet. A call's
 * journal_end and grant_book belong in the same loop iteration. Borrowed;
 * NULL: the ledger alone.
 */
void admission_set_journal(struct admission *a, const struct journal *journal);

/* Replaces the price table; costs are recomputed. */
void admission_set_prices(struct admission *a, const struct prices *prices);

/*
 * Reloads the counters from the ledger; calls that need one wait meanwhile.
 * Also happens automatically whenever it is necessary.
 */
void admission_rebuild(struct admission *a);

enum verdict {
	VERDICT_ADMITTED,
	VERDICT_NO_TOKEN,	/* unknown, revoked, or bound to another address */
	VERDICT_STOPPED,	/* the kill switch */
	VERDICT_OVER_BUDGET,	/* see over_budget */
	VERDICT_RESERVED,	/* not used up, but calls in flight may take the rest: see
				 * over_budget */
	VERDICT_DISABLED,	/* the account is disabled or removed */
	VERDICT_AWAY,		/* Redis or the ledger is away: e says which */
};

/* The limit that a call met. */
struct over_budget {
	enum { OVER_USER, OVER_ALL, OVER_RUN } scope;
	enum { OVER_DAY, OVER_MONTH, OVER_LIFE } period;
	bool money;
	int64_t limit, used;	/* tokens, or millionths of a US dollar; used: booked, so it may be
				 * below limit */
	int64_t resets_at;	/* UTC ms; 0: never */
};

/* An admitted call; book it exactly once. */
struct grant;

struct admission_answer {
	enum verdict verdict;
	struct gateway_token token;	/* valid except for NO_TOKEN and AWAY */
	const char *locale, *zone;	/* the user's language, "" unknown; borrowed during the
					 * call */
	int64_t at;			/* UTC ms: when the call began, for its row */
	struct over_budget over;
	struct grant *grant;		/* ADMITTED: the caller's until grant_book */
	int64_t output;			/* ADMITTED: output tokens it may take, from 1 up to the
					 * number asked for */
	const struct err *e;		/* AWAY */
};
typedef void admission_done(void *data, const struct admission_answer *a);

/* What a call may use, in tokens; all 0: nothing is reserved yet. */
struct call_estimate {
	int64_t input, output;
	const char *model;		/* "" unknown: priced as the most expensive model */
};

/*
 * token: as the client sent it, "" for none; address: the client's. done is
 * called once, within 2 s (10 s during a rebuild), never from inside.
 */
void admission_ask(struct admission *a, const char *token, const char *address,
		   const struct call_estimate *estimate, admission_done *done, void *data);
/*
 * Replaces a grant's reservation: ADMITTED, OVER_BUDGET, RESERVED or AWAY; the
 * caller still owns the grant. One at a time; done is not called once the
 * grant is booked.
 */
void grant_reserve(struct admission *a, struct grant *g, const struct call_estimate *estimate,
		   admission_done *done, void *data);
/*
 * Calls no done for that data any more; anything granted meanwhile is given
 * back.
 */
void admission_forget(struct admission *a, const void *data);

/* Uses of the call besides its tokens; counted when the grant is booked. */
void grant_charge(struct admission *a, struct grant *g, const char *model, const struct usage *used);

/*
 * Releases the reservation and counts what was used. Frees g. If Redis is
 * away, the counters are reloaded when it is back.
 */
void grant_book(struct admission *a, struct grant *g, const char *model,
		const struct usage *used);

/*
 * Watches the kill switch from now on: polls every second and reports changes,
 * starting from "off". changed NULL: stops watching.
 */
void admission_on_stop(struct admission *a, void (*changed)(void *data, bool stopped), void *data);

#endif
