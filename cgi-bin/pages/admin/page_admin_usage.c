/* Everybody's usage: the installation's days and models, and each user. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/user_spending.h"
#include "store/removal.h"

static const struct tally *tally_of(const struct report *r, const char *id)
{
	static const struct tally none;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (str_equal(r->lines[i].user_id, id))
			return &r->lines[i].tally;
	}
	return &none;
}

static void add_user(struct request *r, struct view *list,
		     const struct user_budget_use *s, const struct report *report)
{
	struct view *row = view_append(list);

	view_textf(row, "href", "%s/admin/usage/%s",
		   context_of(r)->app->base_path, s->id);
	view_text(row, "login", s->login);
	view_text(row, "display_name", s->display_name);
	view_flag(row, "disabled", s->disabled);
	usage_spent(r, view_map(row, "day"), &s->use.day);
	usage_spent(r, view_map(row, "month_spent"), &s->use.month);
	usage_tally(r, view_map(row, "sum"), tally_of(report, s->id));
	usage_percent(r, row, &s->use);
}

/* Usage of removed accounts; with it the rows add up. */
static void add_removed(struct request *r, struct view *view,
			const struct report *report)
{
	const struct tally *t = tally_of(report, REMOVED_ID);
	struct view *list = view_list(view, "removed");

	if (t->calls)
		usage_tally(r, view_map(view_append(list), "sum"), t);
}

static int add_users(struct request *r, struct view *view,
		     const struct prices *p, const struct report *report,
		     int64_t now, struct err *e)
{
	struct user_spending *all = user_spending_load(r, context_of(r)->db, p,
						       usage_zone(r), now, e);
	struct view *list = view_list(view, "users");
	size_t i;

	if (!all)
		return -1;
	for (i = 0; i < all->n; i++)
		add_user(r, list, &all->list[i], report);
	add_removed(r, view, report);
	return 0;
}

static int fill(struct request *r, struct view *view,
		const struct report_month *m, int64_t now, struct err *e)
{
	struct db *db = context_of(r)->db;
	struct report *users, *models;
	bool away;
	struct prices *p = usage_prices(r, &away);

	users = report_load(r, db, p, NULL, m, REPORT_BY_USER, e);
	if (!users || add_users(r, view, p, users, now, e) < 0)
		return -1;
	models = report_load(r, db, p, NULL, m, REPORT_BY_MODEL, e);
	if (!models)
		return -1;
	view_flag(view, "prices_away", away);
	usage_days(r, view, m, models, now);
	usage_models(r, view, models);
	return 0;
}

int page_admin_usage(struct request *r, struct response *out, struct err *e)
{
	const char *zone = usage_zone(r);
	struct view *view = page_view(r, "admin_usage");
	int64_t now = clock_now_ms();
	struct report_month month;

	if (usage_month(r, zone, now, &month, e) < 0)
		return -1;
	page_admin_nav(r, view);
	usage_frame(r, view, "/admin/usage", "/admin/usage.csv", zone, &month,
		    0, now);
	if (fill(r, view, &month, now, e) < 0)
		return -1;
	return page_render(r, out, "pages/admin_usage", view, e);
}
