/*
 * Usage per day: a bar chart (SVG, drawn by partials/usage_chart) and a table
 * with the same numbers.
 */
#include "config.h"
#include <talloc.h>

#include "pages/usage/usage_view.h"
#include "spending/amount.h"

/* Heights in CSS pixels; widths in percent, so that it fits any screen. */
#define TOP 14
#define PLOT 160
#define BAR_PART 0.7		/* of a day's width */
#define BAR_LEAST 2.0		/* a day with any usage is visible */
#define LINES 4			/* of the scale, at most */
#define CENT 10000		/* millionths of a dollar */

/* The smallest of 1, 2, 5 times a power of ten with which LINES steps reach max. */
static int64_t step_for(int64_t max, int64_t least)
{
	static const int factors[] = { 1, 2, 5 };
	int64_t unit = least;
	int i = 0;

	while (unit * factors[i] * LINES < max) {
		if (++i == 3) {
			i = 0;
			unit *= 10;
		}
	}
	return unit * factors[i];
}

static int64_t value_of(const struct tally *t, bool cost)
{
	return cost ? t->cost : tally_tokens(t);
}

static const char *label(const struct request *r, int64_t n, bool cost)
{
	char text[AMOUNT_SIZE];

	if (cost)
		amount_usd(text, n);
	else
		amount_short(text, n);
	return talloc_strdup(r, text);
}

static void add_scale(struct request *r, struct view *chart, int64_t step,
		      int64_t top, bool cost)
{
	struct view *list = view_list(chart, "scale");
	int64_t n;

	for (n = 0; n <= top; n += step) {
		double y = TOP + PLOT - (double)n / (double)top * PLOT;
		struct view *line = view_append(list);

		view_textf(line, "y", "%.1f", y);
		view_textf(line, "label_y", "%.1f", y + 4);
		view_text(line, "label", label(r, n, cost));
	}
}

static void add_bar(struct request *r, struct view *list,
		    const struct report_month *m, int day,
		    const struct tally *t, int64_t value, int64_t top,
		    bool today)
{
	const double slot = 100.0 / m->ndays;
	double height = (double)value / (double)top * PLOT;
	struct view *bar = view_append(list);

	if (value && height < BAR_LEAST)
		height = BAR_LEAST;
	view_text(bar, "day", m->days[day].day);
	view_number(bar, "number", m->days[day].number);
	view_number(bar, "value", value);
	view_textf(bar, "slot_x", "%.3f%%", slot * day);
	view_textf(bar, "slot_width", "%.3f%%", slot);
	view_textf(bar, "x", "%.3f%%", slot * (day + (1 - BAR_PART) / 2));
	view_textf(bar, "width", "%.3f%%", slot * BAR_PART);
	view_textf(bar, "middle", "%.3f%%", slot * (day + 0.5));
	view_textf(bar, "y", "%.1f", TOP + PLOT - height);
	view_textf(bar, "height", "%.1f", height);
	view_flag(bar, "filled", value > 0);
	view_flag(bar, "week", day % 7 == 0);
	view_flag(bar, "today", today);
	view_text(bar, "title", i18n_fill(r, context_of(r)->text, "usage_bar",
			usage_day_words(r, m, day),
			usage_number(r, tally_tokens(t)),
			usage_cost(r, t->cost, t->unpriced), NULL));
}

static bool is_day(const struct report_month *m, int day, int64_t at)
{
	int64_t end = day + 1 < m->ndays ? m->days[day + 1].from : m->to;

	return m->days[day].from <= at && at < end;
}

/* The chart's text alternative: the total, and the highest day. */
static const char *describe(const struct request *r,
			    const struct report_month *m,
			    const struct report *report, int highest, bool cost)
{
	const struct tally *t = &report->days[highest];

	if (!value_of(t, cost))
		return page_text(r, "usage_chart_flat");
	return i18n_fill(r, context_of(r)->text, "usage_chart_highest",
			 usage_day_words(r, m, highest),
			 usage_number(r, tally_tokens(t)),
			 usage_cost(r, t->cost, t->unpriced), NULL);
}

static void add_chart(struct request *r, struct view *view,
		      const struct report_month *m,
		      const struct report *report, int64_t now_ms)
{
	bool cost = view_truthy(view_get(view, "show_cost"));
	struct view *chart = view_map(view, "chart"), *bars;
	int64_t step, top, max;
	int i, highest = 0;

	for (i = 1; i < m->ndays; i++) {
		if (value_of(&report->days[i], cost) >
		    value_of(&report->days[highest], cost))
			highest = i;
	}
	max = value_of(&report->days[highest], cost);
	step = step_for(max, cost ? CENT : 100);
	top = max ? (max + step - 1) / step * step : step * LINES;
	add_scale(r, chart, step, top, cost);
	view_text(chart, "title", page_text(r, cost ? "usage_chart_cost" :
						      "usage_chart_tokens"));
	view_text(chart, "about", describe(r, m, report, highest, cost));
	view_number(chart, "base", TOP + PLOT);
	view_number(chart, "label_y", TOP + PLOT + 18);
	view_number(chart, "plot_y", TOP);
	view_number(chart, "plot_height", PLOT);
	bars = view_list(chart, "bars");
	for (i = 0; i < m->ndays; i++)
		add_bar(r, bars, m, i, &report->days[i],
			value_of(&report->days[i], cost), top,
			is_day(m, i, now_ms));
}

void usage_days(struct request *r, struct view *view,
		const struct report_month *m, const struct report *report,
		int64_t now_ms)
{
	struct view *list = view_list(view, "days");
	int i;

	add_chart(r, view, m, report, now_ms);
	for (i = 0; i < m->ndays; i++) {
		const struct tally *t = &report->days[i];
		struct view *row;

		if (!t->calls)
			continue;
		row = view_append(list);
		view_text(row, "day", m->days[i].day);
		view_text(row, "words", usage_day_words(r, m, i));
		view_number(row, "raw_tokens", tally_tokens(t));
		view_number(row, "raw_cost", t->cost);
		usage_tally(r, row, t);
	}
	view_flag(view, "any", report->all.calls > 0);
}
