#include "config.h"
#include "spending/user_spending.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "spending/budget_zone.h"

struct loading {
	struct user_spending *all;
	const struct user_budget_use **by_id;
	const struct prices *prices;
	const char *zone;
	int64_t now, from;
};

static int add_user(void *data, const struct user *u, struct err *e)
{
	struct loading *l = data;
	struct user_spending *all = l->all;
	struct budget_zone zone;
	struct user_budget_use *s;

	(void)e;
	all->list = alloc_checked(talloc_realloc(all, all->list,
						 struct user_budget_use,
						 (unsigned)all->n + 1));
	s = &all->list[all->n++];
	memset(s, 0, sizeof(*s));
	memcpy(s->id, u->id, sizeof(s->id));
	s->login = db_own(all, u->login);
	s->display_name = db_own(all, u->display_name);
	s->admin = u->admin;
	s->disabled = u->disabled_at != 0;
	budget_zone_of(u, l->zone, &zone);
	budget_zone_period(&zone, l->now, &s->use.period);
	if (s->use.period.month_from < l->from)
		l->from = s->use.period.month_from;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct user_budget_use *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static int compare_key(const void *key, const void *b)
{
	const struct user_budget_use *const *y = b;

	return strcmp(key, (*y)->id);
}

static int add_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct loading *l = data;
	const struct user_budget_use **found;
	struct budget_use *to;

	(void)e;
	found = bsearch(s->user_id, l->by_id, l->all->n, sizeof(*l->by_id),
			compare_key);
	if (!found)
		return 0;	/* an account created since the list was read */
	to = &l->all->list[*found - l->all->list].use;
	if (s->quarter < to->period.month_from ||
	    s->quarter >= to->period.month_to)
		return 0;
	spent_add(&to->month, l->prices, s, s->quarter);
	if (s->quarter >= to->period.day_from && s->quarter < to->period.day_to)
		spent_add(&to->day, l->prices, s, s->quarter);
	return 0;
}

static int load_budgets(struct loading *l, struct db *db, struct err *e)
{
	struct budget each;
	bool own;
	size_t i;

	if (budget_load(db, BUDGET_EACH, &each, &own, e) < 0)
		return -1;
	for (i = 0; i < l->all->n; i++) {
		struct user_budget_use *s = &l->all->list[i];

		if (budget_load(db, s->id, &s->use.budget, &s->own, e) < 0)
			return -1;
		if (!s->own)
			s->use.budget = each;
	}
	return 0;
}

struct user_spending *user_spending_load(const void *ctx, struct db *db,
					 const struct prices *p,
					 const char *default_zone, int64_t now_ms,
					 struct err *e)
{
	struct user_spending *all = talloc_zero(ctx, struct user_spending);
	struct loading l = { .all = all, .prices = p, .zone = default_zone,
			     .now = now_ms, .from = now_ms };
	struct usage_filter filter = { .from = 0 };
	size_t i;

	if (!all)
		err_abort("out of memory");
	if (user_each(db, add_user, &l, e) < 0 || load_budgets(&l, db, e) < 0)
		goto failed;
	l.by_id = alloc_checked(talloc_array(all,
					     const struct user_budget_use *,
					     (unsigned)all->n));
	for (i = 0; i < all->n; i++)
		l.by_id[i] = &all->list[i];
	if (all->n)
		qsort(l.by_id, all->n, sizeof(*l.by_id), compare_ids);
	filter.from = l.from;
	if (usage_each(db, &filter, USAGE_BY_QUARTER | USAGE_BY_USER, add_sum,
		       &l, e) < 0)
		goto failed;
	return all;
failed:
	talloc_free(all);
	return NULL;
}
