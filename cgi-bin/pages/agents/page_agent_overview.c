/* GET /agents/{id} -- how an agent does: what comes next, its latest result, its last runs. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "pages/runs/run_previews.h"
#include "pages/runs/run_view.h"
#include "spending/amount.h"
#include "spending/prices.h"
#include "store/outcomes.h"
#include "transcript/rendering.h"

#define ROWS 10
#define RENDER_MS 500		/* for its result */
#define PAGE_MAX (8u << 20)	/* bytes: a result, escaped, and its rows */

struct overview {
	struct request *r;
	struct view *view, *rows, *squares;
	int64_t now;
	int n, tests;
	char latest[ID_SIZE], open[ID_SIZE];	/* runs: with a result, that waits or runs; "" none */
	int64_t tokens, cost, unpriced;
	const struct prices *prices;
	struct spark spark;
};

static void add_square(const struct overview *o, const struct execution *x)
{
	struct view *square = view_append(o->squares);

	execution_head(o->r, square, x);
	view_text(square, "words", talloc_asprintf(o->r, "%s · %s",
		  view_string(view_get(square, "status_word")),
		  i18n_time(o->r, context_of(o->r)->text, x->planned_at,
			    context_of(o->r)->zone)));
}

static void add_open(const struct overview *o, const struct execution *x)
{
	struct view *map = view_map(o->view, "open_run");

	execution_head(o->r, map, x);
	view_textf(map, "mark_href", "%s/executions/%s",
		   context_of(o->r)->app->base_path, x->id);
}

static int add_run(void *data, const struct execution *x, struct err *e)
{
	struct overview *o = data;
	bool open = execution_open(x);

	(void)e;
	if (o->n++ < ROWS)
		run_row(o->r, view_append(o->rows), x, o->now);
	o->tests += str_equal(x->trigger, "test");
	add_square(o, x);
	if (open && (!*o->open || str_equal(x->status, "running"))) {
		memcpy(o->open, x->id, ID_SIZE);
		add_open(o, x);
	}
	if (!open && *x->result && !*o->latest)
		memcpy(o->latest, x->id, ID_SIZE);
	return 0;
}

static int add_latest(struct overview *o, struct err *e)
{
	const struct context *v = context_of(o->r);
	auto_rendering html;
	struct execution *x;
	struct view *map;

	view_flag(o->view, "latest", false);
	if (!*o->latest)
		return 0;
	x = execution_load(v->db, o->r, o->latest, v->user->id, e);
	if (!x)
		return -1;
	rendering_init(&html, v->db, v->worker->renderer, x->id, RENDER_MS);
	map = view_map(o->view, "latest");
	view_textf(map, "href", "%s/executions/%s", v->app->base_path, x->id);
	page_time(o->r, map, "when", x->ended_at, o->now);
	view_text(map, "text", x->result);
	view_html(map, "html", rendering_html(&html, 0, x->result,
					      strlen(x->result)));
	return run_previews(o->r, view_list(map, "shown"), x, 1, 0, e);
}

static int add_day(void *data, const struct agent_day *d, struct err *e)
{
	(void)e;
	spark_add(&((struct overview *)data)->spark, d);
	return 0;
}

static int add_usage(void *data, const struct usage_sum *s, struct err *e)
{
	struct overview *o = data;
	int64_t cost = prices_cost(o->prices, s->model, &s->usage, s->quarter);

	(void)e;
	o->tokens += usage_tokens(&s->usage);
	if (cost < 0)
		o->unpriced += usage_tokens(&s->usage);
	else
		o->cost += cost;
	return 0;
}

static int add_month(struct overview *o, const struct agent *a, struct err *e)
{
	struct db *db = context_of(o->r)->db;
	char tokens[AMOUNT_SIZE];
	bool away;

	o->prices = usage_prices(o->r, &away);
	spark_begin(&o->spark, o->now);
	if (agent_day_each(db, a->id, o->spark.first, add_day, o, e) < 0 ||
	    agent_usage_each(db, a->id, o->spark.first, add_usage, o, e) < 0)
		return -1;
	spark_view(o->r, o->view, &o->spark);
	amount_short(tokens, o->tokens);
	view_text(o->view, "tokens", tokens);
	view_text(o->view, "tokens_exact", usage_number(o->r, o->tokens));
	view_text(o->view, "cost", o->tokens ?
		  usage_cost(o->r, o->cost, o->unpriced) : "");
	return 0;
}

/* What happened before this page: a row is a value of ?done=; next: the key when a run is planned. */
static const char *done_words(const struct request *r, const struct agent *a,
			      int64_t now)
{
	static const struct {
		const char *done, *key, *next;
	} words[] = {
		{ "saved", "saved", "agent_done_saved_next" },
		{ "on", "agent_done_on", "agent_done_on_next" },
		{ "resumed", "agent_done_on", "agent_done_on_next" },
		{ "draft", "agent_done_draft", NULL },
		{ "paused", "agent_done_paused", NULL },
		{ "restored", "agent_done_restored", NULL },
	};
	const struct context *v = context_of(r);
	const char *done = form_text(r->args, "done");
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_equal(done, words[i].done))
			continue;
		if (!a->next_run_at || !words[i].next)
			return page_text(r, words[i].key);
		return i18n_fill(r, v->text, words[i].next,
				 i18n_until(r, v->text, a->next_run_at, now),
				 i18n_time(r, v->text, a->next_run_at, v->zone),
				 NULL);
	}
	return "";
}

static int fill(struct overview *o, const struct agent *a, struct err *e)
{
	const struct context *v = context_of(o->r);
	const struct execution_filter f = {
		.user_id = v->user->id, .agent_id = a->id, .status = "",
		.limit = DASHBOARD_RUNS,
	};

	agent_head(o->r, o->view, a, "");
	agent_state(o->r, o->view, a);
	page_time(o->r, o->view, "next", a->next_run_at, o->now);
	view_text(o->view, "agent_id", a->id);
	view_text(o->view, "done", done_words(o->r, a, o->now));
	view_flag(o->view, "open_run", false);
	view_flag(o->view, "with_agent", false);
	o->rows = view_list(o->view, "rows");
	o->squares = view_list(o->view, "squares");
	if (execution_each(v->db, &f, add_run, o, e) < 0)
		return -1;
	view_flag(o->view, "any", o->n > 0);
	view_flag(o->view, "tests_only", o->n > 0 && o->n == o->tests);
	view_flag(o->view, "has_squares", o->n > 0);
	return add_latest(o, e) < 0 ? -1 : add_month(o, a, e);
}

int page_agent_overview(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct overview o = { .r = r, .now = clock_now_ms() };

	if (!a)
		return -1;
	o.view = page_view(r, "agents");
	view_text(o.view, "title", a->name);
	if (fill(&o, a, e) < 0)
		return -1;
	out->body.cap = PAGE_MAX;
	return page_render(r, out, "pages/agent_overview", o.view, e);
}
