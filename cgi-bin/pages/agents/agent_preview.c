/* A preview: the next runs of a schedule, and the prompt as Claude would get it. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "agent/prompt.h"
#include "core/clock.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "store/planning.h"

#define RUNS_SHOWN 5
#define PROMPT_SHOWN (64u << 10)	/* bytes */

static void add_run(struct request *r, struct view *list, const char *zone,
		    int64_t at, int64_t now)
{
	const struct context *v = context_of(r);
	struct view *run = view_append(list);
	char iso[CLOCK_ISO_SIZE];

	clock_iso(at, iso);
	view_text(run, "iso", iso);
	view_text(run, "mine", i18n_time(r, v->text, at, v->zone));
	view_text(run, "theirs", str_equal(zone, v->zone) ? "" :
		  i18n_time(r, v->text, at, zone));
	view_text(run, "relative", i18n_until(r, v->text, at, now));
}

/* *first: the first of them, 0 for none. */
static int add_runs(struct request *r, struct view *view,
		    const struct definition *d, int64_t now, int64_t *first,
		    struct err *e)
{
	struct view *list = view_list(view, "runs");
	int64_t at[RUNS_SHOWN];
	struct recurrence *rule;
	size_t i, n = 0;

	if (d->schedule.frequency != FREQUENCY_NONE) {
		rule = recurrence_new(r, &d->schedule, e);
		if (!rule)
			return -1;
		n = recurrence_list(rule, now, at, RUNS_SHOWN);
		talloc_free(rule);
	}
	for (i = 0; i < n; i++)
		add_run(r, list, d->schedule.timezone, at[i], now);
	*first = n ? at[0] : 0;
	view_flag(view, "has_runs", n > 0);
	view_flag(view, "by_hand",
		  d->schedule.frequency == FREQUENCY_NONE);
	view_flag(view, "two_zones",
		  n && !str_equal(d->schedule.timezone, context_of(r)->zone));
	view_text(view, "zone_mine", context_of(r)->zone);
	view_text(view, "zone_theirs", d->schedule.timezone);
	view_text(view, "jitter", d->jitter_minutes ?
		  i18n_count(r, context_of(r)->text, "agent_jitter_note",
			     d->jitter_minutes) : "");
	return 0;
}

static int add_prompt(struct request *r, struct view *view,
		      const struct definition *d,
		      const struct prompt_values *values, struct err *e)
{
	auto_buf text = BUF_INIT(4 * AGENT_PROMPT_MAX);
	struct err why = { 0 };
	size_t n;

	if (prompt_render(d->prompt, values, &text, &why) < 0) {
		if (why.kind != ERR_LIMIT) {
			*e = why;
			return -1;
		}
		view_text(view, "prompt", d->prompt);
		view_flag(view, "prompt_cut", true);
		return 0;
	}
	n = utf8_prefix(buf_text(&text), text.len, PROMPT_SHOWN);
	view_text(view, "prompt", talloc_strndup(r, buf_text(&text), n));
	view_flag(view, "prompt_cut", n < text.len);
	return 0;
}

int agent_preview(struct request *r, struct view *view, const struct agent *a,
		  const struct definition *d, bool with_prompt, struct err *e)
{
	struct prompt_values values = {
		.timezone = d->schedule.timezone, .last_result = "",
		.payload = "",
	};
	int64_t now = clock_now_ms();

	if (add_runs(r, view, d, now, &values.planned_at, e) < 0)
		return -1;
	view_flag(view, "open_prompt", with_prompt);
	if (!with_prompt)
		return 0;
	if (!values.planned_at)
		values.planned_at = now;
	if (a && last_success(context_of(r)->db, r, a->id, values.planned_at,
			      &values.last_run_at, &values.last_result, e) < 0)
		return -1;
	return add_prompt(r, view, d, &values, e);
}
