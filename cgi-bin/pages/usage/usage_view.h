/* The view of usage, shared by the pages of users and administrators. */
#ifndef USAGE_VIEW_H
#define USAGE_VIEW_H

#include "web/web.h"
#include "spending/report.h"
#include "spending/spent.h"

/*
 * Today's price table. A malformed file is logged, and then no model has a
 * price: *away. Gives (child of r).
 */
struct prices *usage_prices(struct request *r, bool *away);

/* A conversation's title; also when it has none, or is deleted. Borrowed. */
const char *usage_title(const struct request *r, const struct report_line *l);

/* "$1.20", "$1.20 + unknown", "Cost unknown". Gives (child of r). */
const char *usage_cost(const struct request *r, int64_t cost, int64_t unpriced);

/* "1,204". Gives (child of r). */
const char *usage_number(const struct request *r, int64_t n);

/* "November 2026", "Wed 25 Nov". Gives (child of r). */
const char *usage_month_words(const struct request *r, const struct report_month *m);
const char *usage_day_words(const struct request *r, const struct report_month *m, int day);

/*
 * The account's own zone, otherwise the installation's; and the
 * installation's. Borrowed.
 */
const char *usage_zone_of(const struct request *r, const struct user *u);
const char *usage_zone(const struct request *r);

/*
 * A user's use of the budgets, or (u NULL) the installation's, in the budget's
 * own days.
 */
int usage_budget_use(const struct request *r, const struct prices *p,
		   const struct user *u, int64_t now_ms, struct budget_use *out,
		   struct err *e) must_check;

/*
 * The zone of those days; a sentence about it while it differs from the
 * account's, otherwise "".
 */
const char *usage_budget_zone(const struct request *r, const struct user *u, int64_t now_ms);
const char *usage_budget_zone_words(const struct request *r, const struct user *u, int64_t now_ms);

/* The month named in the query, in that zone; ERR_INPUT "error_month". */
int usage_month(const struct request *r, const char *zone, int64_t now_ms,
		struct report_month *out, struct err *e) must_check;

/* Whether the page says why some costs are missing: tokens without a price. */
void usage_footnote(struct view *view, int64_t unpriced);

/* All numbers of a tally, by the names that partials/usage_cells has. */
void usage_tally(const struct request *r, struct view *row, const struct tally *t);

/*
 * The frame of a page about a month: its words, the months before and after
 * (none before since_ms or after now), the file, the chart's data. path is
 * below base_path.
 */
void usage_frame(struct request *r, struct view *view, const char *path,
		 const char *csv, const char *zone, const struct report_month *m,
		 int64_t since_ms, int64_t now_ms);

/* The chart "by day" and the table of the same numbers. */
void usage_days(struct request *r, struct view *view, const struct report_month *m,
		const struct report *report, int64_t now_ms);

/* The table "by model". */
void usage_models(struct request *r, struct view *view, const struct report *report);

/* The cards "today" and "this month", each against its limits. */
void usage_cards(struct request *r, struct view *view, const char *zone,
		 const struct budget_use *s, int64_t now_ms);

/*
 * One limit as a meter: used of limit. kind: true for costs. Without a limit
 * (0) there is no meter.
 */
void usage_meter(struct request *r, struct view *list, const char *label_key,
		 int64_t used, int64_t limit, bool money);

/*
 * A limit in words: "500,000 tokens", "$5.00", both, or "no limit". Gives
 * (child of r).
 */
const char *usage_limit(const struct request *r, int64_t tokens, int64_t cost);

/*
 * How full the fullest limit is, with its state and word, by the names that
 * partials/percent uses.
 */
void usage_percent(const struct request *r, struct view *row, const struct budget_use *s);

/* The names that a row of spending has and partials/usage_figure. */
void usage_spent(const struct request *r, struct view *row, const struct spent *s);
struct spent usage_spent_of(const struct tally *t);

#endif
