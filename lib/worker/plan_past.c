/* Occurrences from a time when an earlier version of the agent applied. */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <string.h>

#include <talloc.h>

struct held {
	int64_t since;			/* UTC ms */
	struct plan_rule *rule;		/* NULL: it cannot be computed */
};

struct plan_past {
	struct planner *planner;
	int64_t from;			/* the first occurrence that is due */
	struct held *list;		/* latest first */
	size_t n;
};

static int add(void *data, const struct agent_version *v, struct err *e)
{
	struct plan_past *p = data;
	struct err bad = { 0 };
	struct definition *d;
	struct held *h;

	(void)e;
	if (p->n && p->list[p->n - 1].since <= p->from)
		return 0;		/* earlier versions applied before it */
	p->list = alloc_checked(talloc_realloc(p, p->list, struct held,
					       p->n + 1));
	h = &p->list[p->n++];
	*h = (struct held){ .since = v->created_at };
	d = definition_parse(p, v->definition, strlen(v->definition), &bad);
	if (d)
		h->rule = plan_rule_find(p->planner->cache, p, &d->schedule,
					 &bad);
	talloc_free(d);
	return 0;
}

struct plan_past *plan_past_load(struct planner *p, const void *ctx,
				 const struct due_agent *a, struct err *e)
{
	struct plan_past *past =
		alloc_checked(talloc_zero(ctx, struct plan_past));

	past->planner = p;
	past->from = a->next_run_at;
	if (agent_version_each(p->db, a->id, add, past, e) == 0)
		return past;
	talloc_free(past);
	return NULL;
}

int64_t plan_past_next(const struct plan_past *past, int64_t slot)
{
	size_t i = 0;
	int64_t after = slot, next;

	while (i + 1 < past->n && past->list[i].since > slot)
		i++;
	for (;;) {
		const struct held *h = &past->list[i];

		next = h->rule ? plan_rule_next(h->rule, after) : 0;
		if (i == 0 || (next && next <= past->list[i - 1].since))
			return next;
		after = past->list[--i].since;
	}
}
