/*
 * GET /executions/{id}/compare -- its result beside that of the agent's
 * previous success.
 */
#include "config.h"
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/agents/line_diff.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"

static void add_side(const struct request *r, struct view *view,
		     const char *name, const struct execution *x, int64_t now)
{
	struct view *side = view_map(view, name);

	execution_head(r, side, x);
	page_time(r, side, "planned", x->planned_at, now);
}

int page_run_compare(struct request *r, struct response *out,
		     struct err *e)
{
	const struct context *v = context_of(r);
	struct execution *x = execution_here(r, e), *before;
	int64_t now = clock_now_ms();
	struct err why = { 0 };
	struct view *view;

	if (!x)
		return -1;
	view = page_view(r, "run_compare_title");
	before = execution_previous(v->db, r, x, &why);
	if (!before && why.kind != ERR_MISSING) {
		*e = why;
		return -1;
	}
	view_text(view, "agent", x->agent_name);
	view_text(view, "agent_id", x->agent_id);
	add_side(r, view, "this", x, now);
	view_flag(view, "before", false);
	view_flag(view, "diff", false);
	view_text(view, "same_since", "");
	if (before) {
		add_side(r, view, "before", before, now);
		line_diff_view(r, view, before->result, x->result);
		if (str_equal(before->result, x->result))
			view_text(view, "same_since", i18n_fill(r, v->text,
				  "run_compare_same", i18n_clock(r, v->text,
				  before->planned_at, now, v->zone), NULL));
	}
	return page_render(r, out, "pages/execution_compare", view, e);
}
