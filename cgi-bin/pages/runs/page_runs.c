/* GET /executions -- the user's runs, latest first, by agent, status and time. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"
#include "store/outcomes.h"

#define ROWS 50

struct listing {
	struct request *r;
	struct view *rows;
	int64_t now;
	int count;
	int64_t last;		/* planned_at and id of the last row shown */
	char last_id[ID_SIZE];
};

static int add_row(void *data, const struct execution *x, struct err *e)
{
	struct listing *l = data;

	(void)e;
	if (l->count++ == ROWS)
		return 0;
	run_row(l->r, view_append(l->rows), x, l->now);
	l->last = x->planned_at;
	memcpy(l->last_id, x->id, ID_SIZE);
	return 0;
}

static int read_filter(struct request *r, struct execution_filter *f,
		       struct err *e)
{
	const char *agent = form_text(r->args, "agent");
	const char *id = form_text(r->args, "id");
	size_t i, n = outcome_statuses_count;

	*f = (struct execution_filter){
		.user_id = context_of(r)->user->id, .limit = ROWS + 1,
		.status = form_text(r->args, "status"),
	};
	if ((*agent && !id_valid(agent)) || (*id && !id_valid(id)))
		return err_set(e, ERR_MISSING, "no such agent or run");
	f->agent_id = *agent ? agent : NULL;
	f->before_id = *id ? id : NULL;
	for (i = 0; *f->status && i < n; i++) {
		if (str_equal(f->status, outcome_statuses[i].status))
			break;
	}
	if (*f->status && i == n)
		return err_tell(e, ERR_INPUT, "error_run_status",
				"no such status");
	return page_days(r, &f->from, &f->to, &f->before, e);
}

static void add_choice(struct view *list, const char *value, const char *label,
		       const char *chosen)
{
	struct view *item = view_append(list);

	view_text(item, "value", value);
	view_text(item, "label", label);
	view_flag(item, "current", chosen && str_equal(value, chosen));
}

struct choosing {
	struct view *list;
	const char *chosen;
	bool found;
};

static int add_agent(void *data, const struct agent *a, struct err *e)
{
	struct choosing *c = data;

	(void)e;
	c->found |= c->chosen && str_equal(a->id, c->chosen);
	add_choice(c->list, a->id, a->name, c->chosen);
	return 0;
}

/* The selected agent is listed even when it was deleted; another user's is not. */
static int add_agents(struct request *r, struct view *view, const char *chosen,
		      struct err *e)
{
	const struct context *v = context_of(r);
	const struct agent_filter all = { .user_id = v->user->id, .status = "",
					  .search = "", .limit = AGENTS_MAX };
	struct choosing c = { view_list(view, "agents"), chosen, false };
	struct agent *a;

	if (agent_each(v->db, &all, add_agent, &c, e) < 0)
		return -1;
	if (!chosen || c.found)
		return 0;
	a = agent_load(v->db, r, chosen, v->user->id, true, e);
	if (!a)
		return -1;
	add_choice(c.list, a->id, i18n_fill(r, v->text, "run_agent_gone",
					    a->name, NULL), chosen);
	return 0;
}

static int add_filter(struct request *r, struct view *view,
		      const struct execution_filter *f, struct err *e)
{
	struct view *list = view_list(view, "statuses");
	size_t i;

	for (i = 0; i < outcome_statuses_count; i++) {
		const char *status = outcome_statuses[i].status;

		add_choice(list, status, page_text(r, talloc_asprintf(r,
			   "run_status_%s", status)), f->status);
	}
	view_text(view, "from", form_text(r->args, "from"));
	view_text(view, "to", form_text(r->args, "to"));
	view_flag(view, "filtered", f->agent_id || *f->status || f->from ||
				    f->to);
	view_text(view, "zone", context_of(r)->zone);
	return add_agents(r, view, f->agent_id, e);
}

/* The same filter, for another page. */
static const char *query_of(const struct request *r)
{
	static const char *const names[] = { "agent", "status", "from", "to" };
	char *query = talloc_strdup(r, "");
	size_t i;

	for (i = 0; query && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = form_text(r->args, names[i]);

		if (*value)
			query = talloc_asprintf_append(query, "%s=%s&",
				names[i], url_encode(query, value, ""));
	}
	if (!query)
		err_abort("out of memory");
	return query;
}

static void add_pages(struct request *r, struct view *view,
		      const struct listing *l, bool first)
{
	const char *base = context_of(r)->app->base_path;
	const char *query = query_of(r);

	view_text(view, "older_href", "");
	view_text(view, "newest_href", "");
	if (l->count > ROWS)
		view_textf(view, "older_href",
			   "%s/executions?%sbefore=%lld&id=%s", base, query,
			   (long long)l->last, l->last_id);
	if (!first)
		view_textf(view, "newest_href", "%s/executions%s%.*s", base,
			   *query ? "?" : "", *query ?
			   (int)strlen(query) - 1 : 0, query);
	view_flag(view, "any", l->count > 0);
}

int page_runs(struct request *r, struct response *out, struct err *e)
{
	struct view *view = page_view(r, "nav_runs");
	struct execution_filter f;
	struct listing l = { .r = r, .rows = view_list(view, "rows"),
			     .now = clock_now_ms() };

	if (read_filter(r, &f, e) < 0 || add_filter(r, view, &f, e) < 0 ||
	    execution_each(context_of(r)->db, &f, add_row, &l, e) < 0)
		return -1;
	view_flag(view, "with_agent", true);
	add_pages(r, view, &l, !f.before);
	return page_render(r, out, "pages/executions", view, e);
}
