/* A user's usage: against the budget, by day, model, conversation, run. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"

#define SUBJECTS_SHOWN 50

/* Whose usage it is, and the way back: an administrator sees no titles. */
struct showing {
	struct request *r;
	const struct user *whose;
	bool own;
	const struct report_month *month;
	int64_t now;
};

/* What it is, with the first digits of its id: when it has no name to show. */
static const char *nameless(const struct showing *s,
			    const struct report_line *l)
{
	return i18n_fill(s->r, context_of(s->r)->text,
			 str_equal(l->kind, "run") ? "usage_run" :
			 "usage_conversation",
			 talloc_strndup(s->r, l->subject_id, 8), NULL);
}

static const char *title_of(const struct showing *s,
			    const struct report_line *l)
{
	bool run = str_equal(l->kind, "run");

	if (str_equal(l->kind, "workspace"))
		return page_text(s->r, "usage_terminal");
	if (!s->own || (run && l->subject == SUBJECT_MISSING))
		return nameless(s, l);
	if (!run)
		return usage_title(s->r, l);
	return l->subject == SUBJECT_DELETED ?
	       i18n_fill(s->r, context_of(s->r)->text, "run_agent_gone",
			 l->name, NULL) : l->name;
}

static void add_title(const struct showing *s, struct view *row,
		      const struct report_line *l)
{
	view_text(row, "title", title_of(s, l));
	view_text(row, "href", "");
	if (s->own && l->subject == SUBJECT_EXISTS)
		view_textf(row, "href", "%s/%s/%s",
			   context_of(s->r)->app->base_path,
			   str_equal(l->kind, "run") ? "agents" : "workspace",
			   l->subject_id);
}

/* The first SUBJECTS_SHOWN lines that are runs, or all others; the rest combined. */
static void add_subjects(const struct showing *s, struct view *view,
			 const char *name, const struct report *report,
			 bool runs)
{
	struct view *list = view_list(view_map(view, name), "lines"), *row;
	struct tally rest = { .cost = 0 };
	int64_t shown = 0, more = 0;
	size_t i;

	for (i = 0; i < report->n; i++) {
		const struct report_line *l = &report->lines[i];

		if (str_equal(l->kind, "run") != runs)
			continue;
		if (shown++ >= SUBJECTS_SHOWN) {
			tally_add(&rest, &l->tally);
			more++;
			continue;
		}
		row = view_append(list);
		add_title(s, row, l);
		usage_tally(s->r, row, &l->tally);
	}
	view_flag(view, runs ? "has_runs" : "has_subjects", shown > 0);
	if (!more)
		return;
	row = view_append(list);
	view_text(row, "href", "");
	view_text(row, "title", i18n_count(s->r, context_of(s->r)->text,
					   "usage_more", more));
	usage_tally(s->r, row, &rest);
}

/* The budget use, from data already loaded: the ledger is read once. */
static int budget_use_of(const struct showing *s, const struct report *report,
			 struct budget_use *out, struct err *e)
{
	int i;

	*out = (struct budget_use){ .month = usage_spent_of(&report->all) };
	period_at(usage_zone_of(s->r, s->whose), s->now, &out->period);
	for (i = 0; i < s->month->ndays; i++) {
		if (s->month->days[i].from == out->period.day_from)
			out->day = usage_spent_of(&report->days[i]);
	}
	return budget_of_user(context_of(s->r)->db, s->whose->id, &out->budget,
			      e);
}

/*
 * Unless the zone was changed this month or the last: then the budget's days
 * differ.
 */
static int add_cards(const struct showing *s, struct view *view,
		     const struct prices *p, const struct report *report,
		     struct err *e)
{
	const struct user *u = s->whose;
	struct budget_use now;

	view_list(view, "cards");
	view_text(view, "budget_zone_words",
		  usage_budget_zone_words(s->r, u, s->now));
	if (s->now < s->month->from || s->now >= s->month->to)
		return 0;
	if ((u->budget_timezone_until < s->month->from ?
	     budget_use_of(s, report, &now, e) :
	     usage_budget_use(s->r, p, u, s->now, &now, e)) < 0)
		return -1;
	usage_cards(s->r, view, usage_budget_zone(s->r, u, s->now), &now,
		    s->now);
	return 0;
}

/*
 * A user within budget is still refused when the installation's is used up.
 * Other users' spending is private; the page only says that it is so.
 */
static int add_all(const struct showing *s, struct view *view,
		   const struct prices *p, struct err *e)
{
	struct db *db = context_of(s->r)->db;
	struct budget_use all = { .day = { 0 } };
	bool limited;

	view_flag(view, "all_used_up", false);
	if (budget_load(db, BUDGET_ALL, &all.budget, &limited, e) < 0)
		return -1;
	if (!limited || !s->own)
		return 0;
	if (usage_budget_use(s->r, p, NULL, s->now, &all, e) < 0)
		return -1;
	view_flag(view, "all_used_up", budget_use_percent(&all) >= 100);
	return 0;
}

static int fill(const struct showing *s, struct view *view, struct err *e)
{
	struct request *r = s->r;
	struct db *db = context_of(r)->db;
	const char *id = s->whose->id;
	struct report *models, *subjects;
	bool away;
	struct prices *p = usage_prices(r, &away);

	models = report_load(r, db, p, id, s->month, REPORT_BY_MODEL, e);
	if (!models)
		return -1;
	subjects = report_load(r, db, p, id, s->month, REPORT_BY_SUBJECT, e);
	if (!subjects || add_cards(s, view, p, models, e) < 0 ||
	    add_all(s, view, p, e) < 0)
		return -1;
	view_flag(view, "prices_away", away);
	usage_days(r, view, s->month, models, s->now);
	usage_models(r, view, models);
	add_subjects(s, view, "subjects", subjects, false);
	add_subjects(s, view, "runs", subjects, true);
	return 0;
}

static int show(struct request *r, struct response *out,
		const struct user *whose, const char *path, const char *csv,
		struct err *e)
{
	const char *zone = usage_zone_of(r, whose);
	struct report_month month;
	const struct showing s = {
		.r = r, .whose = whose, .month = &month,
		.own = str_equal(whose->id, context_of(r)->user->id),
		.now = clock_now_ms(),
	};
	struct view *view = page_view(r, "usage");

	if (usage_month(r, zone, s.now, &month, e) < 0)
		return -1;
	view_flag(view, "own", s.own);
	view_text(view, "whose", whose->login);
	page_admin_nav(r, view);
	usage_frame(r, view, path, csv, zone, &month, whose->created_at, s.now);
	if (fill(&s, view, e) < 0)
		return -1;
	return page_render(r, out, "pages/usage", view, e);
}

int page_usage(struct request *r, struct response *out, struct err *e)
{
	return show(r, out, context_of(r)->user, "/usage", "/usage.csv", e);
}

int page_admin_usage_user(struct request *r, struct response *out,
			  struct err *e)
{
	const char *id = request_arg(r, "id");
	struct user *u = user_load(context_of(r)->db, r, id, e);

	if (!u)
		return -1;
	return show(r, out, u, talloc_asprintf(r, "/admin/usage/%s", id),
		    talloc_asprintf(r, "/admin/usage/%s/usage.csv", id), e);
}
