/* How much may be spent, per calendar day and month; and the switch that stops all spending. */
#ifndef STORE_BUDGETS_H
#define STORE_BUDGETS_H

#include "store/db.h"

#define BUDGET_ALL "all"	/* the installation */
#define BUDGET_EACH "each"	/* every user without a budget of their own */

/* 0: no limit. Costs in millionths of a US dollar. */
struct budget {
	int64_t day_tokens, day_cost;
	int64_t month_tokens, month_cost;
};

/* subject: a user's id or one of the two names above. No row: all 0, *own false. */
int budget_load(struct db *db, const char *subject, struct budget *out, bool *own, struct err *e) must_check;
/* The user's own, else that of BUDGET_EACH. */
int budget_of_user(struct db *db, const char *user_id, struct budget *out, struct err *e) must_check;
/* ERR_INPUT "error_budget" for a negative value. */
int budget_save(struct db *db, const char *subject, const struct budget *b, struct err *e) must_check;
/* Back to "no row"; it need not be there. */
int budget_clear(struct db *db, const char *subject, struct err *e) must_check;

/* The kill switch: while on, the gateway refuses every call. */
struct stop_all {
	bool on;
	char by_login[40];
	int64_t at;		/* UTC ms */
};
int stop_all_load(struct db *db, struct stop_all *out, struct err *e) must_check;
/* by_login: who says so. Setting what is set changes nothing. */
int stop_all_set(struct db *db, bool on, const char *by_login, struct err *e) must_check;

#endif
