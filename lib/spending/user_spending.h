/* What every user spent today and this month, with one reading of the ledger. */
#ifndef SPENDING_USER_SPENDING_H
#define SPENDING_USER_SPENDING_H

#include "spending/spent.h"
#include "store/users.h"

struct user_budget_use {
	char id[ID_SIZE];
	const char *login, *display_name;
	bool admin, disabled;
	bool own;		/* has a budget of their own */
	struct budget_use use;
};

/* A talloc object; by login. */
struct user_spending {
	struct user_budget_use *list;
	size_t n;
};

/* default_zone: for users who chose none. Gives (child of ctx). */
struct user_spending *user_spending_load(const void *ctx, struct db *db,
					 const struct prices *p, const char *default_zone,
					 int64_t now_ms, struct err *e) must_check;

#endif
