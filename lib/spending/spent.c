#include "config.h"
#include "spending/spent.h"

#include <limits.h>

struct adding {
	const struct prices *prices;
	int64_t at;		/* for sums that have no time of their own */
	struct spent spent;
};

void spent_add(struct spent *to, const struct prices *p,
	       const struct usage_sum *s, int64_t at)
{
	int64_t tokens = usage_tokens(&s->usage), cost;

	to->tokens += tokens;
	to->calls += s->calls;
	if (!tokens)
		return;
	if (s->quarter)
		at = s->quarter;
	cost = prices_cost(p, s->model, &s->usage, at);
	if (cost < 0)
		to->unpriced += tokens;
	else
		to->cost += cost;
	to->counted += cost < 0 ? prices_dearest(p, s->model, &s->usage, at) : cost;
}

static int add_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct adding *a = data;

	spent_add(&a->spent, a->prices, s, a->at);
	return 0;
}

int spent_load(struct db *db, const struct prices *p,
	       const struct usage_filter *f, struct spent *out, struct err *e)
{
	struct adding a = { .prices = p, .at = f->from };
	unsigned by = prices_change(p, f->from, f->to) ? USAGE_BY_QUARTER : 0;

	if (usage_each(db, f, by, add_sum, &a, e) < 0)
		return -1;
	*out = a.spent;
	return 0;
}

static int load_budget(struct db *db, const char *user_id, struct budget *out,
		       struct err *e)
{
	bool own;

	if (user_id)
		return budget_of_user(db, user_id, out, e);
	return budget_load(db, BUDGET_ALL, out, &own, e);
}

int budget_use_load(struct db *db, const struct prices *p, const char *user_id,
		    const struct period *period, struct budget_use *out,
		    struct err *e)
{
	struct usage_filter f = { .user_id = user_id };
	struct budget_use s = { .period = *period };

	f.from = s.period.day_from;
	f.to = s.period.day_to;
	if (load_budget(db, user_id, &s.budget, e) < 0 ||
	    spent_load(db, p, &f, &s.day, e) < 0)
		return -1;
	f.from = s.period.month_from;
	f.to = s.period.month_to;
	if (spent_load(db, p, &f, &s.month, e) < 0)
		return -1;
	*out = s;
	return 0;
}

static int percent(int64_t used, int64_t limit)
{
	__int128 n;

	if (limit <= 0)
		return 0;
	n = (__int128)used * 100 / limit;
	return n > INT_MAX ? INT_MAX : (int)n;
}

int budget_use_percent(const struct budget_use *s)
{
	const int all[] = {
		percent(s->day.tokens, s->budget.day_tokens),
		percent(s->day.counted, s->budget.day_cost),
		percent(s->month.tokens, s->budget.month_tokens),
		percent(s->month.counted, s->budget.month_cost),
	};
	int most = 0;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (most < all[i])
			most = all[i];
	}
	return most;
}

static bool used_up(const struct spent *s, int64_t tokens, int64_t cost)
{
	return percent(s->tokens, tokens) >= 100 ||
	       percent(s->counted, cost) >= 100;
}

int64_t budget_use_resets_at(const struct budget_use *s)
{
	const struct budget *b = &s->budget;

	if (used_up(&s->month, b->month_tokens, b->month_cost))
		return s->period.month_to;
	if (used_up(&s->day, b->day_tokens, b->day_cost))
		return s->period.day_to;
	return 0;
}
