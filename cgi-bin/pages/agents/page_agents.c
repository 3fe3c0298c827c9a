/* GET /agents -- the dashboard: each agent's next run, last result and cost. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"
#include "pages/usage/usage_view.h"
#include "spending/amount.h"
#include "spending/prices.h"
#include "store/outcomes.h"

#define PAGE_ROWS 50
#define PAGES_MAX 1000
#define ROW_MAX (64 << 10)	/* bytes: a name of 80 characters, escaped, with room to spare */

/* One row, as far as it was loaded. Zeroed: its cache key is its bytes. */
struct card {
	struct run {
		char id[ID_SIZE];
		const char *status, *reason;	/* "" none */
		int64_t at;
		bool test;
	} last, open;		/* the latest that ended; one that runs, else that waits */
	struct agent_strip strip;
	int64_t tokens, cost, unpriced;
	struct agent agent;
};

struct board {
	struct request *r;
	struct card *cards;
	size_t n;
	struct card *at;	/* of the last run read */
	bool more;
	int64_t now;
	const struct prices *prices;
	struct buf key;		/* the current row's */
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
	c->last.status = c->last.reason = c->open.status = c->open.reason = "";
	return 0;
}

/* Rows of an agent come together. */
static struct card *card_of(struct board *b, const char *agent_id)
{
	size_t i;

	if (b->at && str_equal(b->at->agent.id, agent_id))
		return b->at;
	for (i = 0; i < b->n; i++) {
		if (str_equal(b->cards[i].agent.id, agent_id))
			return b->at = &b->cards[i];
	}
	return NULL;
}

static void keep_run(const struct board *b, struct run *run,
		     const struct outcome *o)
{
	if (!str_copy(run->id, ID_SIZE, o->execution_id))
		err_abort("a run's id is too long");
	run->status = outcome_status_find(o->status)->status;
	run->reason = *o->reason ? talloc_strdup(b->cards, o->reason) : "";
	run->at = o->ended_at ? o->ended_at : o->started_at ? o->started_at :
		  o->queued_at;
	run->test = str_equal(o->trigger, "test");
}

static int add_run(void *data, const struct outcome *o, struct err *e)
{
	struct board *b = data;
	struct card *c = card_of(b, o->agent_id);
	bool open = outcome_status_find(o->status)->class == OUTCOME_OPEN;

	(void)e;
	if (!c)
		return 0;
	agent_strip_add(&c->strip, o);
	if (!open && !*c->last.status)
		keep_run(b, &c->last, o);
	else if (open && (!*c->open.status || str_equal(o->status, "running")))
		keep_run(b, &c->open, o);
	return 0;
}

static int add_usage(void *data, const struct usage_sum *s, struct err *e)
{
	struct board *b = data;
	struct card *c = card_of(b, s->subject_id);
	int64_t cost = prices_cost(b->prices, s->model, &s->usage,
				   s->quarter ? s->quarter : b->now);

	(void)e;
	if (!c)
		return 0;
	c->tokens += usage_tokens(&s->usage);
	if (cost < 0)
		c->unpriced += usage_tokens(&s->usage);
	else
		c->cost += cost;
	return 0;
}

static int load(struct board *b, const struct agent_filter *f, struct err *e)
{
	struct db *db = context_of(b->r)->db;
	int64_t from = spark_first(b->now);

	if (dashboard_agent_each(db, f, keep_agent, b, e) < 0 ||
	    dashboard_run_each(db, f, add_run, b, e) < 0)
		return -1;
	return dashboard_usage_each(db, f, from,
				    prices_change(b->prices, from, 0),
				    add_usage, b, e);
}

static int add_bytes(struct buf *key, const char *text, struct err *e)
{
	return buf_add(key, text, strlen(text) + 1, e);
}

static int run_key(const struct board *b, const struct run *run, struct buf *key,
		   struct err *e)
{
	const int64_t at[] = { run->at, (b->now - run->at) / 60000, run->test };

	if (buf_add(key, at, sizeof(at), e) < 0 ||
	    add_bytes(key, run->id, e) < 0 || add_bytes(key, run->status, e) < 0)
		return -1;
	return add_bytes(key, run->reason, e);
}

/* All that a row shows; times relative to now change with its minutes only. */
static int row_key(const struct board *b, const struct card *c, struct buf *key,
		   struct err *e)
{
	const struct context *v = context_of(b->r);
	const struct agent *a = &c->agent;
	const struct {
		const struct i18n_locale *text;
		int64_t next, minutes, past, tokens, cost, unpriced;
	} fixed = {
		v->text, a->next_run_at, (a->next_run_at - b->now) / 60000,
		a->next_run_at <= b->now, c->tokens, c->cost, c->unpriced,
	};

	if (buf_add_text(key, "agent", e) < 0 ||
	    buf_add(key, &fixed, sizeof(fixed), e) < 0 ||
	    buf_add(key, &c->strip, sizeof(c->strip), e) < 0 ||
	    run_key(b, &c->last, key, e) < 0 ||
	    run_key(b, &c->open, key, e) < 0 ||
	    add_bytes(key, v->zone, e) < 0 || add_bytes(key, a->id, e) < 0 ||
	    add_bytes(key, a->status, e) < 0 ||
	    add_bytes(key, a->paused_why, e) < 0)
		return -1;
	return add_bytes(key, a->name, e);
}

static void add_outcome(const struct board *b, struct view *row,
			const struct run *run)
{
	struct view *map;

	view_flag(row, "run", false);
	if (!*run->status)
		return;
	map = view_map(row, "run");
	execution_look(b->r, map, run->status, run->reason);
	view_text(map, "test", run->test ? page_text(b->r, "run_trigger_test") :
		  "");
	view_textf(map, "mark_href", "%s/executions/%s",
		   context_of(b->r)->app->base_path, run->id);
	page_time(b->r, map, "when", run->at, b->now);
}

static int draw_row(const struct board *b, const struct card *c,
		    struct buf *html, struct err *e)
{
	const struct context *v = context_of(b->r);
	const struct agent *a = &c->agent;
	struct view *row = view_new(b->r);
	char tokens[AMOUNT_SIZE];

	view_text(row, "base", v->app->base_path);
	view_text(row, "id", a->id);
	view_text(row, "name", a->name);
	agent_state(b->r, row, a);
	page_time(b->r, row, "next", a->next_run_at, b->now);
	add_outcome(b, row, *c->open.status ? &c->open : &c->last);
	agent_strip_view(b->r, row, &c->strip);
	amount_short(tokens, c->tokens);
	view_text(row, "tokens", c->tokens ? tokens : "");
	view_text(row, "cost", c->tokens > c->unpriced ?
		  usage_cost(b->r, c->cost, c->unpriced) : "");
	return template_render(v->app->templates, "partials/agent_row", row,
			       v->text, html, e);
}

static int add_row(struct board *b, struct view *rows, const struct card *c,
		   struct err *e)
{
	struct fragments *kept = context_of(b->r)->worker->rows;
	auto_buf fresh = BUF_INIT(ROW_MAX);
	const char *html;

	buf_clear(&b->key);
	if (row_key(b, c, &b->key, e) < 0)
		return -1;
	html = fragments_find(kept, b->key.data, b->key.len);
	if (!html) {
		if (draw_row(b, c, &fresh, e) < 0)
			return -1;
		html = buf_text(&fresh);
		fragments_keep(kept, b->key.data, b->key.len, html);
	}
	view_html(view_append(rows), "html", html);
	return 0;
}

static int add_rows(struct board *b, struct view *view, struct err *e)
{
	struct view *rows = view_list(view, "agents");
	size_t i;
	int done = 0;

	b->key = (struct buf)BUF_INIT(ROW_MAX);
	for (i = 0; i < b->n && done == 0; i++)
		done = add_row(b, rows, &b->cards[i], e);
	buf_release(&b->key);
	return done;
}

static void add_words(struct view *list, const char *state, const char *words)
{
	struct view *item = view_append(list);

	view_text(item, "state", state);
	view_text(item, "words", words);
}

/* One line about all agents: failing, running, next. */
static int add_health(struct request *r, struct view *view, int64_t now,
		      struct err *e)
{
	const struct context *v = context_of(r);
	struct view *list = view_list(view, "health");
	struct dashboard_health h = { 0 };
	size_t i;

	if (dashboard_health(v->db, v->user->id, &h, e) < 0)
		return -1;
	const struct {
		const char *state, *key;
		int64_t n;
	} counts[] = {
		{ "bad", "agent_health_failing", h.failing },
		{ "busy", "agent_health_running", h.running },
		{ "wait", "agent_health_waiting", h.queued },
	};
	if (!h.failing)
		add_words(list, "ok", page_text(r, "agent_health_ok"));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i].n)
			add_words(list, counts[i].state,
				  i18n_count(r, v->text, counts[i].key,
					     counts[i].n));
	}
	if (h.next_run_at)
		add_words(list, "", i18n_fill(r, v->text, "agent_health_next",
			  i18n_until(r, v->text, h.next_run_at, now), NULL));
	return 0;
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
	struct view *view = page_view(r, "agents");
	struct agent_filter f;
	struct board b = { .r = r, .now = clock_now_ms() };
	int64_t page;
	bool away;

	if (read_filter(r, &f, &page, e) < 0)
		return -1;
	b.cards = talloc_zero_array(r, struct card, PAGE_ROWS);
	b.prices = usage_prices(r, &away);
	if (!b.cards)
		err_abort("out of memory");
	if (load(&b, &f, e) < 0 || add_rows(&b, view, e) < 0 ||
	    add_health(r, view, b.now, e) < 0)
		return -1;
	add_filter(r, view, f.status, f.search);
	view_flag(view, "has_agents", b.n > 0);
	view_flag(view, "empty", !b.n && page == 1 && !*f.search && !*f.status);
	view_text(view, "deleted", form_text(r->args, "deleted"));
	add_step(r, view, "before_href", page > 1, f.status, f.search,
		 page - 1);
	add_step(r, view, "after_href", b.more, f.status, f.search, page + 1);
	return page_render(r, out, "pages/agents", view, e);
}
