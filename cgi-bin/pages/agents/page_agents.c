/* GET /agents -- the dashboard: what each agent does next, did last, and cost. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/amount.h"
#include "spending/prices.h"

#define PAGE_ROWS 50
#define PAGES_MAX 1000

/* One row, as far as agent_each gives it. */
struct card {
	struct agent agent;
	struct spark spark;
	struct view *row;
	int64_t tokens, cost, unpriced;
};

struct board {
	struct request *r;
	struct view *rows;
	struct card *cards;
	size_t n;
	bool more;
	int64_t now;
	const struct prices *prices;
};

static int keep_agent(void *data, const struct agent *a, struct err *e)
{
	struct board *b = data;
	struct card *c;

	(void)e;
	if (b->n == PAGE_ROWS) {
		b->more = true;
		return 0;
	}
	c = &b->cards[b->n++];
	c->agent = *a;
	c->agent.name = talloc_strdup(b->cards, a->name);
	c->agent.status = talloc_strdup(b->cards, a->status);
	c->agent.paused_why = talloc_strdup(b->cards, a->paused_why);
	c->agent.definition = "";
	spark_begin(&c->spark, b->now);
	c->row = view_append(b->rows);
	return 0;
}

static int add_day(void *data, const struct agent_day *d, struct err *e)
{
	(void)e;
	spark_add(data, d);
	return 0;
}

struct spending {
	struct card *card;
	const struct prices *prices;
};

static int add_usage(void *data, const struct usage_sum *s, struct err *e)
{
	struct spending *sum = data;
	int64_t cost = prices_cost(sum->prices, s->model, &s->usage,
				   s->quarter);

	(void)e;
	sum->card->tokens += usage_tokens(&s->usage);
	if (cost < 0)
		sum->card->unpriced += usage_tokens(&s->usage);
	else
		sum->card->cost += cost;
	return 0;
}

static struct card *card_of(struct board *b, const char *agent_id)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (str_equal(b->cards[i].agent.id, agent_id))
			return &b->cards[i];
	}
	return NULL;
}

static int add_last(void *data, const struct outcome *o, struct err *e)
{
	struct board *b = data;
	struct card *c = card_of(b, o->agent_id);

	(void)e;
	if (c)
		agent_outcome(b->r, view_map(c->row, "last"), o, b->now);
	return 0;
}

/* The first that runs, else the first that waits. */
static int add_open(void *data, const struct outcome *o, struct err *e)
{
	struct board *b = data;
	struct card *c = card_of(b, o->agent_id);
	bool runs = str_equal(o->status, "running");

	(void)e;
	if (c && (runs || !view_truthy(view_get(c->row, "open"))))
		agent_outcome(b->r, view_map(c->row, "open"), o, b->now);
	return 0;
}

static int add_numbers(struct board *b, struct card *c, struct err *e)
{
	struct db *db = context_of(b->r)->db;
	struct spending sum = { c, b->prices };
	char tokens[AMOUNT_SIZE];

	if (agent_day_each(db, c->agent.id, c->spark.first, add_day, &c->spark,
			   e) < 0 ||
	    agent_usage_each(db, c->agent.id, c->spark.first, add_usage, &sum,
			     e) < 0)
		return -1;
	spark_view(b->r, c->row, &c->spark);
	amount_short(tokens, c->tokens);
	view_text(c->row, "tokens", tokens);
	view_text(c->row, "tokens_exact", usage_number(b->r, c->tokens));
	view_text(c->row, "cost", c->tokens ?
		  usage_cost(b->r, c->cost, c->unpriced) : "");
	return 0;
}

static void add_row(struct board *b, struct card *c)
{
	const struct agent *a = &c->agent;
	struct view *row = c->row;
	char run[ID_SIZE];

	id_new(run);
	view_text(row, "id", a->id);
	view_text(row, "name", a->name);
	view_text(row, "run_id", run);
	view_flag(row, "last", false);
	view_flag(row, "open", false);
	agent_state(b->r, row, a);
	agent_time(b->r, row, "next", a->next_run_at, b->now);
}

static int fill(struct board *b, struct err *e)
{
	const struct context *v = context_of(b->r);
	const char *last[PAGE_ROWS];
	size_t i, n = 0;

	for (i = 0; i < b->n; i++) {
		add_row(b, &b->cards[i]);
		if (add_numbers(b, &b->cards[i], e) < 0)
			return -1;
		if (*b->cards[i].agent.last_execution_id)
			last[n++] = b->cards[i].agent.last_execution_id;
	}
	if (outcome_each_last(v->db, last, n, add_last, b, e) < 0)
		return -1;
	return outcome_each_open(v->db, v->user->id, add_open, b, e);
}

static void add_filter(struct request *r, struct view *view, const char *status,
		       const char *search)
{
	static const char *const values[][2] = { { "", "all" },
		{ "active", "agent_active" }, { "paused", "agent_paused" } };
	struct view *list = view_list(view, "statuses");
	size_t i;

	for (i = 0; i < 3; i++) {
		struct view *item = view_append(list);

		view_text(item, "value", values[i][0]);
		view_text(item, "label", page_text(r, values[i][1]));
		view_flag(item, "current", str_equal(values[i][0], status));
	}
	view_text(view, "search", search);
	view_flag(view, "filtered", *search || *status);
}

static void add_step(struct request *r, struct view *view, const char *name,
		     bool there, const char *status, const char *search,
		     int64_t page)
{
	if (there)
		view_textf(view, name, "%s/agents?status=%s&search=%s&page=%lld",
			   context_of(r)->app->base_path, status,
			   url_encode(r, search, ""), (long long)page);
	else
		view_text(view, name, "");
}

static int read_filter(struct request *r, struct agent_filter *f, int64_t *page,
		       struct err *e)
{
	const char *status = form_text(r->args, "status");

	if (page_number(r, "page", page, e) < 0)
		return -1;
	if (*page > PAGES_MAX)
		return err_set(e, ERR_INPUT, "page");
	if (*page < 1)
		*page = 1;
	*f = (struct agent_filter){
		.user_id = context_of(r)->user->id,
		.status = str_equal(status, "active") ||
			  str_equal(status, "paused") ? status : "",
		.search = form_text(r->args, "search"),
		.offset = (*page - 1) * PAGE_ROWS,
		.limit = PAGE_ROWS + 1,
	};
	return 0;
}

int page_agents(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct view *view = page_view(r, "agents");
	struct agent_filter f;
	struct board b = { .r = r, .now = clock_now_ms() };
	int64_t page;
	bool away;

	if (read_filter(r, &f, &page, e) < 0)
		return -1;
	b.rows = view_list(view, "agents");
	b.cards = talloc_zero_array(r, struct card, PAGE_ROWS);
	b.prices = usage_prices(r, &away);
	if (!b.cards)
		err_abort("out of memory");
	if (agent_each(v->db, &f, keep_agent, &b, e) < 0 || fill(&b, e) < 0)
		return -1;
	add_filter(r, view, f.status, f.search);
	view_flag(view, "has_agents", b.n > 0);
	view_flag(view, "first_page", page == 1);
	view_text(view, "deleted", form_text(r->args, "deleted"));
	add_step(r, view, "before_href", page > 1, f.status, f.search,
		 page - 1);
	add_step(r, view, "after_href", b.more, f.status, f.search, page + 1);
	return page_render(r, out, "pages/agents", view, e);
}
