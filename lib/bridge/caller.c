#include "config.h"
#include "bridge/caller.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "http/cookie.h"
#include "http/origin.h"

int caller_status(const struct err *e)
{
	switch (e->kind) {
	case ERR_INPUT:
		return 400;
	case ERR_AUTH:
		return 401;
	case ERR_MISSING:
	case ERR_DENIED:
		return 404;
	default:
		return 503;
	}
}

bool caller_from_here(const struct bridge *b, const struct exchange *x,
		      bool origin_needed)
{
	const char *host = exchange_header(x, "Host");
	const char *origin = exchange_header(x, "Origin");
	const char *proto = exchange_header(x, "X-Forwarded-Proto");

	if (!host || !origin_host_known(host, settings_text(b->settings,
							    SET_SERVER_NAMES)))
		return false;
	if (!origin && !origin_needed)
		return true;
	return origin_ours(origin, host, proto && str_equal(proto, "https"));
}

static int look_work(void *data, struct db *db, struct err *e)
{
	struct caller *c = data;

	c->user = user_load(db, c->owner, c->login.user_id, e);
	if (!c->user)
		return e->kind == ERR_MISSING ?
		       err_set(e, ERR_AUTH, "no such account") : -1;
	if (c->user->disabled_at || !login_holds(&c->login, c->user))
		return err_set(e, ERR_AUTH, "disabled, or another password");
	return c->look ? c->look(c->owner, db, e) : 0;
}

static void looked(void *data, const struct err *e)
{
	struct caller *c = data;

	c->done(c->owner, e);
}

static void found(void *data, const char *value, const struct err *e)
{
	struct caller *c = data;
	struct err none = { 0 };

	if (!e && (!value || !login_parse(value, &c->login))) {
		err_set(&none, ERR_AUTH, "no such login");
		e = &none;
	}
	if (e)
		c->done(c->owner, e);
	else
		jobs_add(c->bridge->jobs, look_work, looked, c);
}

int caller_find(struct caller *c, struct bridge *b, const struct exchange *x)
{
	const char *header = exchange_header(x, "Cookie");
	char *token = header ? cookie_find(x, header, LOGIN_COOKIE) : NULL;

	if (!token || !token_valid(token) ||
	    !str_copy(c->token, sizeof(c->token), token))
		return 401;
	c->bridge = b;
	login_key(token, c->key);
	kv_async_get(b->kv, c->key, found, c);
	return 0;
}
