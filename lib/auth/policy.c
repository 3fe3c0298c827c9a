#include "config.h"
#include "auth/policy.h"

#include "core/str.h"

enum { OWNER = 1, ADMIN = 2 };

/*
 * An administrator keeps accounts, and reads nobody's conversations: what
 * people talk about with Claude is theirs.
 */
static const struct {
	const char *name;
	unsigned who;
} rows[POLICY_COUNT] = {
	[POLICY_CONVERSATION_READ] = { "read the conversation", OWNER },
	[POLICY_CONVERSATION_EDIT] = { "edit the conversation", OWNER },
	[POLICY_WORKSPACE_USE] = { "use the workspace", OWNER },
	[POLICY_ACCOUNT_EDIT] = { "edit the account", OWNER },
	[POLICY_USERS_MANAGE] = { "manage accounts", ADMIN },
};

bool policy_may(const struct user *u, enum policy what, const char *owner_id)
{
	unsigned who = rows[what].who;

	if (u->disabled_at)
		return false;
	if ((who & OWNER) && owner_id && str_equal(u->id, owner_id))
		return true;
	return (who & ADMIN) && u->admin;
}

int policy_check(const struct user *u, enum policy what, const char *owner_id,
		 struct err *e)
{
	if (policy_may(u, what, owner_id))
		return 0;
	return err_set(e, ERR_DENIED, "%s may not %s", u->login,
		       rows[what].name);
}
