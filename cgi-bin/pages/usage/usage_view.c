#include "config.h"
#include "spending/budget_zone.h"
#include "pages/usage/usage_view.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "spending/amount.h"

#define PERCENT_SHOWN 999	/* over this a meter says "over" */

struct prices *usage_prices(struct request *r, bool *away)
{
	const char *path = settings_text(context_of(r)->app->settings,
					 SET_PRICES);
	struct err e = { 0 };
	struct prices *p = prices_load(r, path, &e);

	*away = !p;
	if (p)
		return p;
	log_failure("prices_unreadable", &e, "request", r->id, NULL);
	p = prices_parse(r, "none", "", 0, &e);
	if (!p)
		err_abort(e.text);
	return p;
}

const char *usage_number(const struct request *r, int64_t n)
{
	return i18n_number(r, n);
}

const char *usage_title(const struct request *r, const struct report_line *l)
{
	if (l->subject == SUBJECT_MISSING)
		return page_text(r, "usage_deleted");
	return *l->name ? l->name : page_text(r, "conversation_untitled");
}

const char *usage_cost(const struct request *r, int64_t cost, int64_t unpriced)
{
	char usd[AMOUNT_SIZE];

	if (unpriced && !cost)
		return page_text(r, "usage_price_unknown");
	amount_usd(usd, cost);
	if (!unpriced)
		return talloc_strdup(r, usd);
	return i18n_fill(r, context_of(r)->text, "usage_price_partly", usd,
			 NULL);
}

void usage_footnote(struct view *view, int64_t unpriced)
{
	view_flag(view, "any_unpriced", unpriced > 0);
}

static const char *month_word(const struct request *r, int number)
{
	return page_text(r, talloc_asprintf(r, "month_%d", number));
}

static const char *plain(const struct request *r, int64_t n)
{
	return talloc_asprintf(r, "%lld", (long long)n);
}

const char *usage_month_words(const struct request *r,
			      const struct report_month *m)
{
	return i18n_fill(r, context_of(r)->text, "usage_month_of_year",
			 month_word(r, m->number), plain(r, m->year), NULL);
}

const char *usage_day_words(const struct request *r,
			    const struct report_month *m, int day)
{
	const char *weekday = talloc_asprintf(r, "weekday_%d",
					      m->days[day].weekday);

	return i18n_fill(r, context_of(r)->text, "usage_day_of_month",
			 page_text(r, weekday), plain(r, m->days[day].number),
			 month_word(r, m->number), NULL);
}

const char *usage_zone(const struct request *r)
{
	return settings_text(context_of(r)->app->settings,
			     SET_DEFAULT_TIMEZONE);
}

const char *usage_zone_of(const struct request *r, const struct user *u)
{
	return *u->timezone ? u->timezone : usage_zone(r);
}

int usage_budget_use(const struct request *r, const struct prices *p,
		     const struct user *u, int64_t now_ms, struct budget_use *out,
		     struct err *e)
{
	struct budget_zone zone;
	struct period period;

	budget_zone_of(u, usage_zone(r), &zone);
	budget_zone_period(&zone, now_ms, &period);
	return budget_use_load(context_of(r)->db, p, u ? u->id : NULL, &period,
			       out,
			       e);
}

const char *usage_budget_zone(const struct request *r, const struct user *u,
			      int64_t now_ms)
{
	struct budget_zone zone;

	budget_zone_of(u, usage_zone(r), &zone);
	return talloc_strdup(r, budget_zone_name(&zone, now_ms));
}

const char *usage_budget_zone_words(const struct request *r,
				    const struct user *u, int64_t now_ms)
{
	const struct i18n_locale *text = context_of(r)->text;
	const char *name = usage_budget_zone(r, u, now_ms);

	if (str_equal(name, usage_zone_of(r, u)))
		return "";
	return i18n_fill(r, text, "budget_zone", name,
			 i18n_time(r, text, u->budget_timezone_until,
				   context_of(r)->zone), NULL);
}

int usage_month(const struct request *r, const char *zone, int64_t now_ms,
		struct report_month *out, struct err *e)
{
	return report_month_at(zone, form_text(r->args, "month"), now_ms, out,
			       e);
}

/* Tokens without any price show no cost; a star refers to the footnote. */
void usage_spent(const struct request *r, struct view *row,
		 const struct spent *s)
{
	const struct i18n_locale *text = context_of(r)->text;
	bool known = s->cost || !s->unpriced;
	char usd[AMOUNT_SIZE];

	amount_usd(usd, s->cost);
	view_text(row, "tokens", usage_number(r, s->tokens));
	view_text(row, "tokens_words", i18n_count(r, text, "usage_tokens",
						  s->tokens));
	view_text(row, "calls_words", i18n_count(r, text, "usage_calls_count",
						 s->calls));
	view_flag(row, "cost_known", known);
	view_textf(row, "cost", "%s%s", known ? usd : "–",
		   s->unpriced ? "*" : "");
}

struct spent usage_spent_of(const struct tally *t)
{
	return (struct spent){
		.tokens = tally_tokens(t), .cost = t->cost,
		.unpriced = t->unpriced, .counted = t->counted,
		.calls = t->calls,
	};
}

void usage_tally(const struct request *r, struct view *row,
		 const struct tally *t)
{
	const struct context *v = context_of(r);
	const struct usage *u = &t->usage;
	const struct spent s = usage_spent_of(t);

	usage_spent(r, row, &s);
	view_text(row, "calls", usage_number(r, t->calls));
	view_text(row, "input", usage_number(r, u->input));
	view_text(row, "output", usage_number(r, u->output));
	view_text(row, "cache", usage_number(r, u->cache_read +
					     u->cache_write_5m +
					     u->cache_write_1h));
	view_text(row, "unmetered", t->unmetered ?
		  i18n_count(r, v->text, "usage_unmetered", t->unmetered) : "");
}

/* path?month=M, and the chart's choice. */
static void add_link(struct request *r, struct view *view, const char *name,
		     const char *path, const char *month, const char *show)
{
	view_textf(view, name, "%s%s?month=%s%s", context_of(r)->app->base_path,
		   path, month, str_equal(show, "cost") ? "&show=cost" : "");
}

static void add_step(struct request *r, struct view *view, const char *name,
		     const char *path, const char *zone,
		     const struct report_month *m, int by, int64_t limit)
{
	struct report_month other;
	struct err e = { 0 };
	struct view *step;
	char month[8];

	report_month_step(m->month, by, month);
	if (report_month_at(zone, month, 0, &other, &e) < 0 ||
	    (by < 0 ? other.to <= limit : other.from > limit)) {
		view_flag(view, name, false);
		return;
	}
	step = view_map(view, name);
	view_text(step, "words", usage_month_words(r, &other));
	add_link(r, step, "href", path, month, form_text(r->args, "show"));
}

void usage_frame(struct request *r, struct view *view, const char *path,
		 const char *csv, const char *zone,
		 const struct report_month *m, int64_t since_ms, int64_t now_ms)
{
	const char *show = form_text(r->args, "show");
	bool cost = str_equal(show, "cost");

	view_text(view, "month", m->month);
	view_text(view, "month_words", usage_month_words(r, m));
	view_flag(view, "month_now", m->from <= now_ms && now_ms < m->to);
	add_step(r, view, "month_before", path, zone, m, -1, since_ms);
	add_step(r, view, "month_after", path, zone, m, 1, now_ms);
	view_textf(view, "csv_href", "%s%s?month=%s",
		   context_of(r)->app->base_path, csv, m->month);
	view_flag(view, "show_cost", cost);
	add_link(r, view, "show_href", path, m->month, cost ? "" : "cost");
	view_text(view, "zone_words", i18n_fill(r, context_of(r)->text,
						"usage_zone", zone, NULL));
}

/* A call that failed before the service named its model costs nothing. */
static const char *unnamed(const struct request *r, const struct tally *t)
{
	return page_text(r, tally_tokens(t) || t->unmetered ?
			 "usage_model_unnamed" : "usage_failed");
}

void usage_models(struct request *r, struct view *view,
		  const struct report *report)
{
	struct view *list = view_list(view, "models");
	size_t i;

	for (i = 0; i < report->n; i++) {
		const char *model = report->lines[i].model;
		struct view *row = view_append(list);

		if (str_starts(model, PRICES_TOOL))
			model = i18n_fill(r, context_of(r)->text,
					  "usage_hosted_tool",
					  model + strlen(PRICES_TOOL), NULL);
		view_text(row, "model", *model ? model :
			  unnamed(r, &report->lines[i].tally));
		usage_tally(r, row, &report->lines[i].tally);
	}
	usage_tally(r, view_map(view, "all"), &report->all);
	usage_footnote(view, report->all.unpriced);
}

static int percent_of(int64_t used, int64_t limit)
{
	__int128 n = (__int128)used * 100 / limit;

	return n > PERCENT_SHOWN ? PERCENT_SHOWN : (int)n;
}

static const char *amount(const struct request *r, int64_t n, bool money)
{
	char text[AMOUNT_SIZE];

	if (!money)
		return i18n_count(r, context_of(r)->text, "usage_tokens", n);
	amount_usd(text, n);
	return talloc_strdup(r, text);
}

void usage_meter(struct request *r, struct view *list, const char *label_key,
		 int64_t used, int64_t limit, bool money)
{
	struct view *row;
	const char *state = "ok", *word = "";
	int percent;

	if (!limit)
		return;
	percent = percent_of(used, limit);
	if (used >= limit) {
		state = "hard";
		word = "budget_hard";
	} else if (percent >= BUDGET_SOFT_PERCENT) {
		state = "soft";
		word = "budget_soft";
	}
	row = view_append(list);
	view_text(row, "label", page_text(r, label_key));
	view_text(row, "words", i18n_fill(r, context_of(r)->text, "budget_used",
			money ? amount(r, used, true) : usage_number(r, used),
			money ? amount(r, limit, true) : usage_number(r, limit),
			NULL));
	view_number(row, "percent", percent);
	view_number(row, "filled", percent > 100 ? 100 : percent);
	view_text(row, "state", state);
	view_text(row, "state_word", *word ? page_text(r, word) : "");
}

static void add_card(struct request *r, struct view *list, const char *title,
		     const struct spent *s, int64_t tokens, int64_t cost,
		     int64_t until, const char *zone, int64_t now_ms)
{
	const struct i18n_locale *text = context_of(r)->text;
	struct view *card = view_append(list), *meters;

	view_text(card, "title", page_text(r, title));
	view_text(card, "name", title);
	usage_spent(r, card, s);
	meters = view_list(card, "meters");
	usage_meter(r, meters, "tokens", s->tokens, tokens, false);
	usage_meter(r, meters, "cost", s->counted, cost, true);
	view_flag(card, "limited", tokens || cost);
	view_text(card, "resets", i18n_fill(r, text, "budget_resets",
			i18n_duration(r, text, until - now_ms),
			i18n_time(r, text, until, zone), NULL));
}

void usage_cards(struct request *r, struct view *view, const char *zone,
		 const struct budget_use *s, int64_t now_ms)
{
	struct view *list = view_list(view, "cards");

	add_card(r, list, "usage_today", &s->day, s->budget.day_tokens,
		 s->budget.day_cost, s->period.day_to, zone, now_ms);
	add_card(r, list, "usage_this_month", &s->month, s->budget.month_tokens,
		 s->budget.month_cost, s->period.month_to, zone, now_ms);
}

const char *usage_limit(const struct request *r, int64_t tokens, int64_t cost)
{
	if (tokens && cost)
		return i18n_fill(r, context_of(r)->text, "budget_both",
				 amount(r, tokens, false),
				 amount(r, cost, true), NULL);
	if (tokens || cost)
		return amount(r, tokens ? tokens : cost, !tokens);
	return page_text(r, "budget_none");
}

void usage_percent(const struct request *r, struct view *row,
		   const struct budget_use *s)
{
	const struct budget *b = &s->budget;
	int percent = budget_use_percent(s);
	const char *state = "ok", *word = "";

	if (percent >= 100) {
		state = "hard";
		word = page_text(r, "budget_hard");
	} else if (percent >= BUDGET_SOFT_PERCENT) {
		state = "soft";
		word = page_text(r, "budget_soft");
	}
	view_flag(row, "limited", b->day_tokens || b->day_cost ||
				  b->month_tokens || b->month_cost);
	view_textf(row, "percent", "%d%s", percent > PERCENT_SHOWN ?
		   PERCENT_SHOWN : percent, percent > PERCENT_SHOWN ? "+" : "");
	view_text(row, "state", state);
	view_text(row, "state_word", word);
}
