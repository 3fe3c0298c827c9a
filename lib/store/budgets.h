/* Budgets per calendar day and month, and the kill switch. */
#ifndef STORE_BUDGETS_H
#define STORE_BUDGETS_H

#include "store/db.h"

#define BUDGET_ALL "all"	/* the installation */
#define BUDGET_EACH "each"	/* default for users without an own budget */

/* 0: no limit. Costs in millionths of a US dollar. */
struct budget {
	int64_t day_tokens, day_cost;
	int64_t month_tokens, month_cost;
};

/* subject: a user's id, BUDGET_ALL or BUDGET_EACH. No row: all 0, *own false. */
int budget_load(struct db *db, const char *subject, struct budget *out, bool *own, struct err *e) must_check;
/* The user's own budget, else BUDGET_EACH's. */
int budget_of_user(struct db *db, const char *user_id, struct budget *out, struct err *e) must_check;
/* ERR_INPUT "error_budget" for a negative value. */
int budget_save(struct db *db, const char *subject, const struct budget *b, struct err *e) must_check;
/* Removes the row, if there is one. */
int budget_clear(struct db *db, const char *subject, struct err *e) must_check;

/* The kill switch: while it is on, the gateway refuses every call. */
struct stop_all {
	bool on;
	char by_login[40];
	int64_t at;		/* UTC ms */
};
int stop_all_load(struct db *db, struct stop_all *out, struct err *e) must_check;
/* by_login: the administrator. No effect if it is already in that state. */
int stop_all_set(struct db *db, bool on, const char *by_login, struct err *e) must_check;

#endif
