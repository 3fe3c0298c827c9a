/*
 * The gateway's client of gongbang-ledger, instead of access to the store
 * (wire.h). Calls block until the answer, a deadline or a failure, so they are
 * made from jobs (store/jobs.h), one at a time. A broken connection is
 * reopened by the next call. A request without an answer fails with
 * ERR_UNAVAILABLE "error_busy"; it may have been carried out nevertheless, and
 * may be repeated.
 */
#ifndef LEDGER_CLIENT_H
#define LEDGER_CLIENT_H

#include "ledger/wire.h"
#include "store/budgets.h"

struct ledger_client;

/* path: the socket's, copied; deadline_ms: per request. Gives (child of ctx). */
struct ledger_client *ledger_client_new(const void *ctx, const char *path, int64_t deadline_ms);

struct ledger_installation {
	bool stopped;			/* the kill switch */
	struct budget budget;		/* the installation's */
};
int ledger_client_installation(struct ledger_client *c, struct ledger_installation *out, struct err *e) must_check;

/* As in struct user. */
struct ledger_account {
	bool disabled;
	char locale[CALL_MODEL_SIZE], timezone[CALL_MODEL_SIZE], budget_timezone[CALL_MODEL_SIZE];
	int64_t budget_timezone_until;
	struct budget budget;		/* the limits that apply */
};
/* ERR_MISSING: no such user. */
int ledger_client_account(struct ledger_client *c, const char *user_id,
			  struct ledger_account *out, struct err *e) must_check;

/* Which of n calls are in the ledger. */
int ledger_client_booked(struct ledger_client *c, const char (*ids)[ID_SIZE], size_t n,
			 bool *booked, struct err *e) must_check;

/* As usage_each, by model and, when asked, by quarter. */
int ledger_client_sums(struct ledger_client *c, const struct usage_filter *f, bool by_quarter,
		       int (*each)(void *data, const struct usage_sum *s, struct err *e),
		       void *data, struct err *e) must_check;

/*
 * As usage_add, for at most LEDGER_ROWS_MAX. ERR_INPUT: the ledger refuses one
 * of the rows; then none is booked.
 */
int ledger_client_add(struct ledger_client *c, const struct usage_call *calls, size_t n,
		      struct err *e) must_check;

#endif
