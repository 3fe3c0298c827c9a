/* Budgets: the installation's, the preset for users, and single users'. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/amount.h"
#include "spending/user_spending.h"

/* The owner of the budget that a page edits. */
struct subject {
	const char *name;	/* in the URL and in the store */
	const char *title;
	struct user *user;	/* NULL: not a single user's */
};

/* The form's fields, in the order of struct budget. */
static const struct {
	const char *name, *label;
	bool money;
} fields[] = {
	{ "day_tokens", "budget_day_tokens", false },
	{ "day_cost", "budget_day_cost", true },
	{ "month_tokens", "budget_month_tokens", false },
	{ "month_cost", "budget_month_cost", true },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static int64_t *limit_of(struct budget *b, size_t field)
{
	int64_t *limits[] = { &b->day_tokens, &b->day_cost,
			      &b->month_tokens, &b->month_cost };

	return limits[field];
}

static int find_subject(struct request *r, struct subject *s, struct err *e)
{
	const char *name = request_arg(r, "subject");

	memset(s, 0, sizeof(*s));
	s->name = name;
	if (str_equal(name, BUDGET_ALL) || str_equal(name, BUDGET_EACH)) {
		s->title = page_text(r, str_equal(name, BUDGET_ALL) ?
				     "budget_all" : "budget_each");
		return 0;
	}
	if (!id_valid(name))
		return err_set(e, ERR_MISSING, "no such budget");
	s->user = user_load(context_of(r)->db, r, name, e);
	if (!s->user)
		return -1;
	s->title = s->user->login;
	return 0;
}

/* The fields' values: those just sent, or the current limits. */
static void add_fields(struct request *r, struct view *view, struct budget *b,
		       const struct form *sent, const char *wrong)
{
	struct view *list = view_list(view, "fields");
	char text[AMOUNT_SIZE];
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		struct view *field = view_append(list);
		int64_t n = *limit_of(b, i);

		text[0] = '\0';
		if (n && fields[i].money)
			amount_plain(text, n);
		else if (n)
			amount_tokens(text, n);
		view_text(field, "name", fields[i].name);
		view_text(field, "label", page_text(r, fields[i].label));
		view_text(field, "value", sent ?
			  form_text(sent, fields[i].name) : text);
		view_flag(field, "money", fields[i].money);
		view_flag(field, "wrong", str_equal(wrong, fields[i].name));
	}
}

/* The current use, by one user or all; the preset has none. */
static int add_use(struct request *r, struct view *view,
		   const struct subject *s, struct budget *b, struct err *e)
{
	int64_t now = clock_now_ms();
	struct budget_use use;
	bool away;

	view_list(view, "cards");
	if (str_equal(s->name, BUDGET_EACH)) {
		usage_footnote(view, 0);
		return 0;
	}
	if (usage_budget_use(r, usage_prices(r, &away), s->user, now, &use, e) < 0)
		return -1;
	*b = use.budget;
	usage_cards(r, view, usage_budget_zone(r, s->user, now), &use, now);
	usage_footnote(view, use.month.unpriced);
	return 0;
}

static int show(struct request *r, struct response *out,
		const struct subject *s, const struct form *sent,
		const char *problem, const char *wrong, struct err *e)
{
	struct view *view = page_view(r, "budgets");
	struct budget b;
	bool own;

	page_admin_nav(r, view);
	if (budget_load(context_of(r)->db, s->name, &b, &own, e) < 0 ||
	    add_use(r, view, s, &b, e) < 0)
		return -1;
	view_text(view, "subject", s->name);
	view_text(view, "subject_title", s->title);
	view_flag(view, "one_user", s->user != NULL);
	view_flag(view, "own", own);
	view_text(view, "about", page_text(r, s->user ?
		  (own ? "budget_about_own" : "budget_about_preset") :
		  str_equal(s->name, BUDGET_ALL) ? "budget_about_all" :
						   "budget_about_each"));
	view_text(view, "problem", problem);
	add_fields(r, view, &b, sent, wrong);
	return page_render(r, out, "pages/budget", view, e);
}

int page_budget(struct request *r, struct response *out, struct err *e)
{
	struct subject s;

	if (find_subject(r, &s, e) < 0)
		return -1;
	return show(r, out, &s, NULL, "", "", e);
}

/* *wrong: the invalid field. */
static int read_form(const struct request *r, struct budget *b,
		     const char **wrong, struct err *e)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		const char *text = form_text(r->form, fields[i].name);

		*wrong = fields[i].name;
		if ((fields[i].money ? amount_parse_usd : amount_parse_tokens)
		    (text, limit_of(b, i), e) < 0)
			return -1;
	}
	return 0;
}

int page_budget_save(struct request *r, struct response *out, struct err *e)
{
	struct budget b = { .day_tokens = 0 };
	const char *wrong = "";
	struct err why = { 0 };
	struct subject s;

	if (find_subject(r, &s, e) < 0)
		return -1;
	if (read_form(r, &b, &wrong, &why) == 0 &&
	    budget_save(context_of(r)->db, s.name, &b, &why) == 0) {
		log_event(LOG_INFO, "budget_set", "subject", s.name, "by",
			  context_of(r)->user->login, "request", r->id, NULL);
		bridge_tell(r, "/spending/reload");
		return response_redirect(out, e, "/admin/budgets?saved=1");
	}
	if (why.kind != ERR_INPUT) {
		*e = why;
		return -1;
	}
	out->status = 400;
	return show(r, out, &s, r->form, page_sentence(r, &why), wrong, e);
}

int page_budget_clear(struct request *r, struct response *out, struct err *e)
{
	struct subject s;

	if (find_subject(r, &s, e) < 0 ||
	    budget_clear(context_of(r)->db, s.name, e) < 0)
		return -1;
	log_event(LOG_INFO, "budget_cleared", "subject", s.name, "by",
		  context_of(r)->user->login, "request", r->id, NULL);
	bridge_tell(r, "/spending/reload");
	return response_redirect(out, e, "/admin/budgets?saved=1");
}

static void add_row(struct request *r, struct view *list, const char *name,
		    const char *title, const struct budget_use *s, bool used,
		    bool own)
{
	struct view *row = view_append(list);
	const struct budget *b = &s->budget;

	view_textf(row, "href", "%s/admin/budgets/%s",
		   context_of(r)->app->base_path, name);
	view_text(row, "title", title);
	view_text(row, "name", name);
	view_text(row, "day_limit", usage_limit(r, b->day_tokens, b->day_cost));
	view_text(row, "month_limit", usage_limit(r, b->month_tokens,
						  b->month_cost));
	view_flag(row, "used", used);
	view_flag(row, "own", own);
	usage_spent(r, view_map(row, "day"), &s->day);
	usage_spent(r, view_map(row, "month"), &s->month);
	usage_percent(r, row, s);
}

static int add_shared(struct request *r, struct view *view,
		      const struct prices *p, int64_t now, struct err *e)
{
	struct view *list = view_list(view, "shared");
	struct db *db = context_of(r)->db;
	struct budget_use all, each = { .day = { 0 } };
	bool own;

	if (usage_budget_use(r, p, NULL, now, &all, e) < 0 ||
	    budget_load(db, BUDGET_EACH, &each.budget, &own, e) < 0)
		return -1;
	usage_footnote(view, all.month.unpriced);
	add_row(r, list, BUDGET_ALL, page_text(r, "budget_all"), &all, true,
		false);
	add_row(r, list, BUDGET_EACH, page_text(r, "budget_each"), &each,
		false, false);
	return 0;
}

int page_admin_budgets(struct request *r, struct response *out, struct err *e)
{
	struct view *view = page_view(r, "budgets"), *list;
	int64_t now = clock_now_ms();
	struct user_spending *all;
	bool away;
	struct prices *p = usage_prices(r, &away);
	size_t i;

	page_admin_nav(r, view);
	view_flag(view, "saved", str_equal(form_text(r->args, "saved"), "1"));
	view_flag(view, "prices_away", away);
	if (add_shared(r, view, p, now, e) < 0)
		return -1;
	all = user_spending_load(r, context_of(r)->db, p, usage_zone(r), now,
				 e);
	if (!all)
		return -1;
	list = view_list(view, "users");
	for (i = 0; i < all->n; i++) {
		const struct user_budget_use *s = &all->list[i];

		add_row(r, list, s->id, s->login, &s->use, true, s->own);
	}
	return page_render(r, out, "pages/budgets", view, e);
}
