/* A run's problems, each with what to do about it. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "pages/runs/run_view.h"
#include "store/domains.h"
#include "store/outcomes.h"

struct asking {
	struct request *r;
	const char *domain;
	const char *state;	/* "" unknown */
};

static int keep_state(void *data, const struct domain *d, struct err *e)
{
	struct asking *a = data;

	(void)e;
	if (str_equal(d->domain, a->domain))
		a->state = talloc_strdup(a->r, d->state);
	return 0;
}

static int add_domain(struct request *r, struct view *row, const char *domain,
		      struct err *e)
{
	const struct context *v = context_of(r);
	struct asking a = { r, domain, "" };

	if (domain_each(v->db, v->user->id, NULL, 0, keep_state, &a, e) < 0)
		return -1;
	view_text(row, "ask", !*a.state || str_equal(a.state, "blocked") ?
		  domain : "");
	view_text(row, "domain_state", *a.state && !str_equal(a.state,
		  "blocked") ? page_text(r, talloc_asprintf(r,
		  "domain_state_%s", a.state)) : "");
	return 0;
}

/* An old row names no tool. */
static int add_row(struct request *r, struct view *list, struct json_object *o,
		   const struct execution *x, struct err *e)
{
	const struct i18n_locale *text = context_of(r)->text;
	const struct outcome_problem *p =
		outcome_problem_find(field_string(o, "code"));
	const char *what = field_string(o, "what");
	int64_t times = field_number(o, "count");
	struct view *row;

	if (!p)
		return 0;
	row = view_append(list);
	view_text(row, "code", p->code);
	view_text(row, "sentence", page_text(r, talloc_asprintf(r,
		  "run_problem_%s", p->code)));
	view_text(row, "todo", page_text(r, talloc_asprintf(r,
		  "run_problem_%s_do", p->code)));
	view_text(row, "what", what);
	view_text(row, "title", field_string(o, "title"));
	view_text(row, "times", *what && times > 1 ?
		  i18n_count(r, text, "run_denied_times", times) : "");
	view_text(row, "agent_link", "");
	view_text(row, "ask", "");
	view_text(row, "domain_state", "");
	if (str_equal(p->code, "denied") && !x->agent_deleted)
		view_textf(row, "agent_link", "%s/agents/%s#tools",
			   context_of(r)->app->base_path, x->agent_id);
	if (str_equal(p->what, "domain") && *what)
		return add_domain(r, row, what, e);
	return 0;
}

int execution_problems(struct request *r, struct view *view,
		       const struct execution *x, struct err *e)
{
	struct view *list = view_list(view, "problems");
	auto_strict_json *o = NULL;
	size_t i, n;

	view_flag(view, "has_problems", *x->problems);
	if (!*x->problems)
		return 0;
	o = field_parse(x->problems, strlen(x->problems));
	n = json_object_is_type(o, json_type_array) ?
	    json_object_array_length(o) : 0;
	for (i = 0; i < n; i++) {
		if (add_row(r, list, json_object_array_get_idx(o, i), x,
			    e) < 0)
			return -1;
	}
	return 0;
}
