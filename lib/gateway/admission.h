/*
 * May this call begin? Token, kill switch and budgets in one Lua script on
 * Redis: what the call may take is reserved before, and settled after. Its
 * output is capped to what is left of the budgets, so all calls at once
 * overshoot a budget by the input of one of them at most.
 *
 * Counters (spent:<scope>:<period>:<its begin>) are the ledger's sums and what
 * the journal still holds; one is loaded when it is first needed. All are
 * dropped, so loaded anew, at start, when prices change, when Redis lost them
 * (its epoch is not ours) or may have (it answered with an error, or connects
 * again). The gateway reads accounts, budgets and the kill switch from gongbang-ledger, at
 * most a second old; while it does not answer, as they were last seen, but no
 * longer than ten minutes ago. One that was not read for a minute is waited for
 * nearly as long as the ask lasts.
 *
 * One gateway an installation: another one's epoch would drop our counters.
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

/* ledger: only jobs use it. prices: borrowed until admission_set_prices or free. zone: the installation's. Gives (child of ctx). */
struct admission *admission_new(const void *ctx, uv_loop_t *loop, struct kv_async *kv,
				struct jobs *jobs, struct ledger_client *ledger,
				const struct prices *prices, const char *zone);
/* No done is called. Before kv and jobs; then run the loop until its handles are closed. Grants go with it. */
void admission_free(struct admission *a);

/*
 * Its rows that are not in the ledger count too. journal_end and grant_book
 * of a call belong into one turn of the loop. Borrowed; NULL: the ledger alone.
 */
void admission_set_journal(struct admission *a, const struct journal *journal);

/* Another table: costs are rebuilt. */
void admission_set_prices(struct admission *a, const struct prices *prices);

/* Counters anew from the ledger; calls that need one wait meanwhile. By itself whenever it must be. */
void admission_rebuild(struct admission *a);

enum verdict {
	VERDICT_ADMITTED,
	VERDICT_NO_TOKEN,	/* unknown, ended, or good from another address only */
	VERDICT_STOPPED,	/* the kill switch */
	VERDICT_OVER_BUDGET,	/* see over */
	VERDICT_RESERVED,	/* not used up, but calls in flight may take the rest: see over */
	VERDICT_DISABLED,	/* the account, or it is gone */
	VERDICT_AWAY,		/* Redis or the ledger: e says which */
};

/* Which limit a call met. */
struct over_budget {
	enum { OVER_USER, OVER_ALL, OVER_RUN } scope;
	enum { OVER_DAY, OVER_MONTH, OVER_LIFE } period;
	bool money;
	int64_t limit, used;	/* tokens, or millionths of a US dollar; used: settled, so it may be below limit */
	int64_t resets_at;	/* UTC ms; 0: never */
};

/* An admitted call; settle it exactly once. */
struct grant;

struct admission_answer {
	enum verdict verdict;
	struct gateway_token token;	/* valid but for NO_TOKEN and AWAY */
	const char *locale, *zone;	/* of the user, "" unknown; borrowed during the call */
	int64_t at;			/* UTC ms: the call's begin, for its row */
	struct over_budget over;
	struct grant *grant;		/* ADMITTED: yours until grant_book */
	int64_t output;			/* ADMITTED: tokens of output that it may take, 1 or more of those it wants */
	const struct err *e;		/* AWAY */
};
typedef void admission_done(void *data, const struct admission_answer *a);

/* What a call may take, in tokens; all 0: nothing is reserved yet. */
struct call_need {
	int64_t input, output;
	const char *model;		/* "" unknown: it counts as the dearest */
};

/*
 * token: as the client sent it, "" for none; address: the client's. done comes
 * once, within 2 s (a rebuild: 10 s), never from inside.
 */
void admission_ask(struct admission *a, const char *token, const char *address,
		   const struct call_need *need, admission_done *done, void *data);
/*
 * Reserves that for a grant, in place of what it has: ADMITTED, OVER_BUDGET,
 * RESERVED or AWAY; the grant goes on to be yours. One at a time; done is not
 * called once the grant is settled.
 */
void grant_reserve(struct admission *a, struct grant *g, const struct call_need *need,
		   admission_done *done, void *data);
/* No done for that data any more; what it was granted meanwhile is given back. */
void admission_forget(struct admission *a, const void *data);

/* What a call used besides its tokens: counted when it is settled. */
void grant_charge(struct admission *a, struct grant *g, const char *model, const struct usage *used);

/* Gives back what was reserved and counts what was used. Frees g. Redis away: counters are loaded anew when it is back. */
void grant_book(struct admission *a, struct grant *g, const char *model,
		const struct usage *used);

/* The kill switch, looked at each second from now on; told when it changes, from off at first. changed NULL: nobody listens. */
void admission_on_stop(struct admission *a, void (*changed)(void *data, bool stopped), void *data);

#endif
