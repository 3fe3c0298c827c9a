/* GET /healthz -- one line per part; 503 when a part that pages need is away. */
#include "config.h"
#include <talloc.h>

#include "auth/gateway_token.h"
#include "core/log.h"
#include "pages/pages.h"

static int see_row(void *data, const struct db_row *row, struct err *e)
{
	(void)row;
	(void)e;
	*(bool *)data = true;
	return 0;
}

static int check_store(struct request *r, struct err *e)
{
	struct db *db = page_worker_db(context_of(r)->worker, e);
	bool seen = false;

	if (!db || db_query(db, e, see_row, &seen, "SELECT 1", "") < 0)
		return -1;
	return seen ? 0 : err_set(e, ERR_UNAVAILABLE, "no row");
}

static int check_redis(struct request *r, struct err *e)
{
	char *value;

	return kv_get(context_of(r)->kv, r, "healthz", &value, e);
}

static int check_bridge(struct request *r, struct err *e)
{
	return bridge_check(r, e);
}

/* Calls are still served, but are not in the ledger yet. */
static int check_ledger(struct request *r, struct err *e)
{
	char *why;

	if (kv_get(context_of(r)->kv, r, GATEWAY_LEDGER_KEY, &why, e) < 0)
		return -1;
	return why ? err_set(e, ERR_UNAVAILABLE, "%s", why) : 0;
}

static const struct {
	const char *name;
	int (*check)(struct request *r, struct err *e);
	bool works;	/* pages are served without it: no 503 */
} parts[] = {
	{ "store", check_store },
	{ "redis", check_redis },
	{ "bridge", check_bridge },
	{ "ledger", check_ledger, .works = true },
};

int page_health(struct request *r, struct response *out, struct err *e)
{
	size_t i;

	out->type = "text/plain; charset=utf-8";
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct err why = { 0 };
		int bad = parts[i].check(r, &why);

		if (bad) {
			if (!parts[i].works)
				out->status = 503;
			log_failure("unhealthy", &why, "part", parts[i].name,
				    "request", r->id, NULL);
		}
		if (buf_addf(&out->body, e, "%s %s\n", parts[i].name,
			     bad ? "away" : "ok") < 0)
			return -1;
	}
	return 0;
}
