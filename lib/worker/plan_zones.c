/* Recomputes agents' next runs: a new tzdata may move them. */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"

struct renewal {
	struct planner *planner;
	void *ctx;
	int64_t now, moved;
	size_t n;
	struct {
		struct due_agent agent;
		int64_t next;
	} rows[PLAN_RENEW_MAX];
};

/* A schedule that cannot be computed stays: plan_due reports it when it is due. */
static int replan(void *data, const struct due_agent *a, struct err *e)
{
	struct renewal *r = data;
	struct err ignored = { 0 };
	struct definition *d = definition_parse(r->ctx, a->definition,
						strlen(a->definition), &ignored);
	struct plan_rule *rule = d ? plan_rule_find(r->planner->cache, r->ctx,
						    &d->schedule, &ignored) :
				     NULL;

	(void)e;
	r->rows[r->n].agent = *a;
	r->rows[r->n].next = rule ? plan_rule_next(rule, r->now) : 0;
	r->n++;
	talloc_free(d);
	return 0;
}

static int renew(struct renewal *r, const char *after, struct err *e)
{
	struct db *db = r->planner->db;
	bool claimed;
	size_t i;

	if (planned_each(db, r->now, after, PLAN_RENEW_MAX, replan, r, e) < 0)
		return -1;
	for (i = 0; i < r->n; i++) {
		if (!r->rows[i].next ||
		    r->rows[i].next == r->rows[i].agent.next_run_at)
			continue;
		if (due_claim(db, &r->rows[i].agent, r->rows[i].next, &claimed,
			      e) < 0)
			return -1;
		r->moved += claimed;
	}
	return 0;
}

int plan_renew(struct planner *p, int64_t now, char after[ID_SIZE],
	       int64_t *moved, struct err *e)
{
	struct renewal *r = alloc_checked(talloc_zero(NULL, struct renewal));
	int rc;

	plan_cache_trim(p->cache);
	r->planner = p;
	r->ctx = r;
	r->now = now;
	rc = db_begin(p->db, e);
	if (rc == 0)
		rc = db_end(p->db, renew(r, after, e), e);
	if (rc == 0) {
		*moved += r->moved;
		after[0] = '\0';
		if (r->n == PLAN_RENEW_MAX)
			memcpy(after, r->rows[r->n - 1].agent.id, ID_SIZE);
	}
	talloc_free(r);
	return rc;
}
