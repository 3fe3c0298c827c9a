/*
 * May this call begin? Token, kill switch and budgets in one Lua script on
 * Redis: what the call may take at most is reserved before and settled after,
 * so calls at once cannot overshoot by more than what is in flight. Counters
 * (spent:<scope>:<period>) are the ledger's sums, rebuilt from it at start and
 * whenever Redis lost them (its epoch key is gone).
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include <uv.h>

#include "auth/gateway_token.h"
#include "kv/kv_async.h"
#include "spending/prices.h"
#include "spending/spent.h"
#include "store/jobs.h"

struct admission;

/* prices: borrowed until admission_set_prices or free. zone: the installation's. Gives (child of ctx). */
struct admission *admission_new(const void *ctx, uv_loop_t *loop, struct kv_async *kv,
				struct jobs *jobs, const struct prices *prices,
				const char *zone);
void admission_free(struct admission *a);	/* before kv and jobs */

/* Another table: costs are rebuilt. */
void admission_set_prices(struct admission *a, const struct prices *prices);

/* Counters anew from the ledger; calls wait meanwhile. By itself at start and after Redis lost them. */
void admission_rebuild(struct admission *a);

enum verdict {
	VERDICT_ADMITTED,
	VERDICT_NO_TOKEN,	/* unknown, ended, or good from another address only */
	VERDICT_STOPPED,	/* the kill switch */
	VERDICT_OVER_BUDGET,	/* see over */
	VERDICT_DISABLED,	/* the account */
	VERDICT_AWAY,		/* Redis or the store: e says which */
};

/* Which limit a call met. */
struct over_budget {
	enum { OVER_USER, OVER_ALL, OVER_RUN } scope;
	enum { OVER_DAY, OVER_MONTH, OVER_LIFE } period;
	bool money;
	int64_t limit, used;	/* tokens, or millionths of a US dollar */
	int64_t resets_at;	/* UTC ms; 0: never */
};

/* An admitted call; settle it exactly once. */
struct grant;

struct admission_answer {
	enum verdict verdict;
	struct gateway_token token;	/* valid but for NO_TOKEN and AWAY */
	const char *locale, *zone;	/* of the user, "" unknown; borrowed during the call */
	struct over_budget over;
	struct grant *grant;		/* ADMITTED: yours until grant_settle */
	const struct err *e;		/* AWAY */
};
typedef void admission_done(void *data, const struct admission_answer *a);

/*
 * token: as the client sent it, "" for none; address: the client's; bytes: of
 * the request's body (a token is about four), -1 unknown. done comes once,
 * within 2 s (a rebuild: 10 s), never from inside.
 */
void admission_ask(struct admission *a, const char *token, const char *address,
		   int64_t bytes, admission_done *done, void *data);
/* No done for that data any more; what it was granted meanwhile is given back. */
void admission_forget(struct admission *a, const void *data);

/* Gives back what was reserved and counts what was used. Frees g. Redis away: kept and sent when it is back (or rebuilt). */
void grant_settle(struct admission *a, struct grant *g, const char *model, const struct usage *used);

/* The kill switch as last seen (looked at each second while someone listens); told when it changes. */
void admission_on_stop(struct admission *a, void (*changed)(void *data, bool stopped), void *data);

#endif
