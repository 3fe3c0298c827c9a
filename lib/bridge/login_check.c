/* Whether a socket's login still holds: asked again from time to time. */
#include "config.h"

#include <sodium.h>

#include "auth/login.h"
#include "bridge/bridge_internal.h"
#include "core/str.h"

/* While Redis is away nothing changes: live pages continue. */
static void checked(void *data, const char *value, const struct err *e)
{
	struct login_check *c = data;
	struct login login;

	c->asking = false;
	if (!e && (!value || !login_parse(value, &login) ||
		   !str_equal(login.user_id, c->user_id)))
		c->ended(c->owner);
}

void login_check_ask(struct bridge *b, struct login_check *c)
{
	char key[80] = "session:";

	if (c->asking)
		return;
	c->asking = true;
	sodium_bin2hex(key + 8, sizeof(key) - 8, c->key, sizeof(c->key));
	kv_async_get(b->kv, key, checked, c);
}

void login_check_forget(struct bridge *b, struct login_check *c)
{
	if (c->asking && b->kv)
		kv_async_forget(b->kv, c);
	c->asking = false;
}
