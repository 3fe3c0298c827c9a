/* Who may do what: one table. */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include <stdbool.h>

#include "store/users.h"

enum policy {
	POLICY_CONVERSATION_READ,	/* see, search, export */
	POLICY_CONVERSATION_EDIT,	/* write in, rename, delete */
	POLICY_WORKSPACE_USE,		/* start, stop, talk in */
	POLICY_ACCOUNT_EDIT,		/* preferences, own password */
	POLICY_USERS_MANAGE,		/* make, disable, list accounts */
	POLICY_COUNT,
};

/* owner_id: whose the thing is; NULL when it is nobody's. A disabled account may nothing. */
bool policy_may(const struct user *u, enum policy what, const char *owner_id);

/* ERR_DENIED when not. */
int policy_check(const struct user *u, enum policy what, const char *owner_id,
		 struct err *e) must_check;

#endif
