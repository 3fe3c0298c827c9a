/* GET /executions/{id} -- a run: outcome, result, files, attempts, numbers. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/runs/run_previews.h"
#include "pages/runs/run_view.h"
#include "transcript/rendering.h"
#include "worker/plan.h"

#define PAGE_MAX (40u << 20)	/* bytes: a transcript, a result, a prompt, all escaped */
#define RENDER_MS 500	/* for its result */
#define FILES_SHOWN 500
#define PICTURES_SHOWN 4	/* with their content */
#define TEXTS_SHOWN 2
#define COUNT_OF(list) (sizeof(list) / sizeof(list[0]))
#define REFRESH_S "5"		/* seconds until a waiting page reloads, without script */

/* Why a queued run waits, in words. Borrowed. */
static const char *wait_words(const struct request *r, const char *why,
			      const struct execution *x)
{
	const struct context *v = context_of(r);
	const char *key = talloc_asprintf(r, "run_wait_%s", *why ? why : "turn");

	return i18n_fill(r, v->text, key,
			 i18n_time(r, v->text, x->not_before, v->zone), NULL);
}

static int add_position(struct request *r, struct view *into,
			const struct execution *x, int64_t now, struct err *e)
{
	const struct context *v = context_of(r);
	struct planner p = { .db = v->db, .settings = v->app->settings };
	const char *why = "";
	int64_t place;

	if (plan_position(&p, x->id, now, &place, &why, e) < 0)
		return -1;
	view_text(into, "position", !place ? "" :
		  i18n_fill(r, v->text, "run_position", i18n_number(r, place),
			    NULL));
	view_text(into, "age", i18n_fill(r, v->text, "run_queue_age",
		  i18n_duration(r, v->text, now - x->queued_at), NULL));
	view_text(into, "why", wait_words(r, why, x));
	return 0;
}

struct newest {
	int64_t number, started_at, deadline_at, ended_at;
};

static int keep_newest(void *data, const struct attempt *a, struct err *e)
{
	struct newest *n = data;

	(void)e;
	n->number = a->attempt;
	n->started_at = a->started_at;
	n->deadline_at = a->deadline_at;
	n->ended_at = a->ended_at;
	return 0;
}

/*
 * How long the latest attempt has been running; one that ended waits for a
 * worker to book it.
 */
static void add_newest(struct request *r, struct view *state,
		       const struct newest *n, int64_t now)
{
	const struct i18n_locale *text = context_of(r)->text;

	view_flag(state, "booking", n->ended_at > 0);
	if (n->ended_at)
		view_text(state, "said", page_text(r, "run_said_booking"));
	view_number(state, "since", n->started_at);
	view_text(state, "elapsed", i18n_duration(r, text, now > n->started_at ?
						  now - n->started_at : 0));
	view_text(state, "most", i18n_fill(r, text, "run_elapsed",
		  i18n_duration(r, text, n->deadline_at - n->started_at),
		  NULL));
}

/*
 * For a run that is queued or running: the fields that may change while a page
 * is open. Another phase is another page.
 */
static int add_state(struct request *r, struct view *view,
		     const struct execution *x, int64_t now, struct err *e)
{
	struct view *state = view_map(view, "state_now");
	struct newest n = { 0 };

	if (attempt_each(context_of(r)->db, x->id, keep_newest, &n, e) < 0)
		return -1;
	view_textf(state, "phase", "%s %lld", x->status, (long long)n.number);
	view_text(state, "status", x->status);
	view_textf(state, "address", "%s/executions/%s/state",
		   context_of(r)->app->base_path, x->id);
	view_text(state, "said", execution_said(r, x));
	view_text(state, "reason", execution_reason(r, x));
	execution_look(r, state, x->status, "");
	view_flag(state, "queued", str_equal(x->status, "queued"));
	if (str_equal(x->status, "queued"))
		return add_position(r, state, x, now, e);
	add_newest(r, state, &n, now);
	return 0;
}

/*
 * A fold of the page. Its content is not drawn: ?fold= names the one that
 * is open.
 */
static bool add_fold(const struct request *r, struct view *fold,
		     const struct execution *x, const char *name)
{
	bool open = str_equal(form_text(r->args, "fold"), name);

	view_text(fold, "id", name);
	view_flag(fold, "open", open);
	view_textf(fold, "href", "%s/executions/%s?fold=%s#%s",
		   context_of(r)->app->base_path, x->id, name, name);
	return open;
}

/* A text as it was, under its label. */
static void add_text(const struct request *r, struct view *list,
		     const struct execution *x, const char *name,
		     const char *label, const char *help, const char *text)
{
	struct view *fold;

	if (!*text)
		return;
	fold = view_append(list);
	view_text(fold, "label", page_text(r, label));
	view_text(fold, "help", page_text(r, help));
	view_text(fold, "text", add_fold(r, fold, x, name) ? text : "");
}

static void add_result(struct request *r, struct view *view,
		       const struct execution *x)
{
	const struct context *v = context_of(r);
	auto_rendering html;
	struct execution *before;
	struct err why = { 0 };

	rendering_init(&html, v->db, v->worker->renderer, x->id, RENDER_MS);
	view_flag(view, "has_result", *x->result);
	view_flag(view, "show_result", *x->result ||
				       str_equal(x->status, "success") ||
				       str_equal(x->status, "problems"));
	view_text(view, "result", x->result);
	view_html(view, "result_html", "");
	view_text(view, "compare_href", "");
	if (!*x->result)
		return;
	view_html(view, "result_html",
		  rendering_html(&html, 0, x->result, strlen(x->result)));
	before = execution_previous(v->db, r, x, &why);
	if (before)
		view_textf(view, "compare_href", "%s/executions/%s/compare",
			   v->app->base_path, x->id);
}

struct filing {
	struct request *r;
	struct view *list, *meanwhile;	/* meanwhile NULL: folded */
	const char *id;
	int64_t n, own;
};

static int add_file(void *data, const struct execution_file *f, struct err *e)
{
	struct filing *g = data;
	auto_buf name = BUF_INIT(16384);
	struct view *row;

	g->own += f->own;
	if (g->n++ >= FILES_SHOWN || !(f->own ? g->list : g->meanwhile))
		return 0;
	if (utf8_scrub(&name, f->path, strlen(f->path), true, e) < 0)
		return -1;
	row = view_append(f->own ? g->list : g->meanwhile);
	view_text(row, "path", buf_text(&name));
	view_text(row, "size", i18n_bytes(g->r, f->size));
	view_flag(row, "made", f->made);
	view_text(row, "file_href", "");
	if (f->kept)
		view_textf(row, "file_href", "%s/executions/%s/files?path=%s",
			   context_of(g->r)->app->base_path, g->id,
			   url_encode(g->r, f->path, ""));
	return 0;
}

static int add_files(struct request *r, struct view *view,
		     const struct execution *x, struct err *e)
{
	struct view *fold = view_map(view, "meanwhile");
	struct filing g = { r, view_list(view, "files"), NULL, x->id, 0, 0 };

	view_list(fold, "rows");
	if (add_fold(r, fold, x, "files-meanwhile"))
		g.meanwhile = view_list(fold, "rows");
	if (execution_file_each(context_of(r)->db, x->id, add_file, &g, e) < 0)
		return -1;
	if (run_previews(r, view_list(view, "shown"), x, PICTURES_SHOWN,
			 TEXTS_SHOWN, e) < 0)
		return -1;
	view_flag(view, "has_files", g.n > 0);
	view_flag(view, "has_own", g.own > 0);
	view_flag(view, "has_meanwhile", g.n > g.own);
	view_text(view, "files_more", g.n <= FILES_SHOWN ? "" :
		  i18n_count(r, context_of(r)->text, "run_files_more",
			     g.n - FILES_SHOWN));
	return 0;
}

static struct view *add_number(const struct request *r, struct view *list,
			       const char *label, const char *text,
			       const char *note)
{
	struct view *row = view_append(list);

	view_text(row, "label", page_text(r, label));
	view_text(row, "text", text);
	view_text(row, "note", note);
	view_text(row, "link", "");
	return row;
}

/* When it was due, queued, started and ended; the same moment is one row. */
static void add_moments(const struct request *r, struct view *list,
			const struct execution *x, int64_t now)
{
	const struct context *v = context_of(r);
	const struct {
		const char *label;
		int64_t at;
	} moments[] = {
		{ "run_planned", x->planned_at },
		{ "run_queued_at", x->queued_at },
		{ "run_started_at", x->started_at },
		{ "run_ended_at", x->ended_at },
	};
	const char *words, *labels = "", *last = "";
	struct view *row = NULL;
	size_t i;

	for (i = 0; i < COUNT_OF(moments); i++) {
		if (!moments[i].at)
			continue;
		words = i18n_time(r, v->text, moments[i].at, v->zone);
		if (str_equal(words, last)) {
			labels = talloc_asprintf(r, "%s · %s", labels,
						 page_text(r, moments[i].label));
			view_text(row, "label", labels);
			continue;
		}
		last = words;
		labels = page_text(r, moments[i].label);
		row = add_number(r, list, moments[i].label, words,
				 i18n_ago(r, v->text, moments[i].at, now));
	}
}

static void add_tokens(const struct request *r, struct view *list,
		       const struct tally *t)
{
	const struct {
		const char *label;
		int64_t n;
	} classes[] = {
		{ "usage_input", t->usage.input },
		{ "usage_output", t->usage.output },
		{ "usage_write_5m", t->usage.cache_write_5m },
		{ "usage_write_1h", t->usage.cache_write_1h },
		{ "usage_read", t->usage.cache_read },
	};
	size_t i;

	if (!t->calls)
		return;
	add_number(r, list, "tokens", usage_number(r, tally_tokens(t)),
		   t->unmetered ? i18n_count(r, context_of(r)->text,
			"usage_unmetered", t->unmetered) : "");
	for (i = 0; i < COUNT_OF(classes); i++)
		add_number(r, list, classes[i].label,
			   usage_number(r, classes[i].n), "");
	add_number(r, list, "cost", usage_cost(r, t->cost, t->unpriced), "");
}

/* The attempts that ended, and how many the version allows. */
static const char *attempt_words(const struct request *r,
				 const struct execution *x)
{
	const struct context *v = context_of(r);
	struct err e = { 0 };
	struct agent_version *version;
	struct definition *d = NULL;
	int64_t most = x->attempt;

	version = agent_version_load(v->db, r, x->agent_id, x->version, &e);
	if (version)
		d = definition_parse(r, version->definition,
				     strlen(version->definition), &e);
	if (d && d->retries + 1 > most)
		most = d->retries + 1;
	return i18n_fill(r, v->text, "run_attempt_of",
			 i18n_number(r, x->attempt), i18n_number(r, most),
			 NULL);
}

/* The rows of "Details". */
static void add_numbers(struct request *r, struct view *fold,
			const struct execution *x, const struct tally *used,
			int64_t now)
{
	const struct context *v = context_of(r);
	struct view *list = view_list(fold, "numbers"), *row;

	add_moments(r, list, x, now);
	if (x->started_at && x->ended_at)
		add_number(r, list, "run_took", execution_took(r, x, now), "");
	add_number(r, list, "run_trigger", page_text(r, talloc_asprintf(r,
		   "run_trigger_%s", x->trigger)), "");
	if (x->attempt)
		add_number(r, list, "run_attempts", attempt_words(r, x), "");
	row = add_number(r, list, "run_version", i18n_fill(r, v->text,
		"agent_version", i18n_number(r, x->version), NULL), "");
	if (!x->agent_deleted)
		view_textf(row, "link", "%s/agents/%s/versions",
			   v->app->base_path, x->agent_id);
	if (x->attempt && !execution_open(x)) {
		add_number(r, list, "run_turns", i18n_number(r, x->turns), "");
		add_number(r, list, "run_denials", i18n_number(r, x->denials),
			   "");
	}
	add_tokens(r, list, used);
}

/* The line at the top, and what is folded at the end. */
static int add_facts(struct request *r, struct view *view,
		     const struct execution *x, int64_t now, struct err *e)
{
	struct view *fold = view_map(view, "details"), *list;
	struct tally used;
	bool away;

	if (execution_tally(r, usage_prices(r, &away), x, &used, e) < 0)
		return -1;
	view_text(view, "trigger_words", page_text(r, talloc_asprintf(r,
		  "run_trigger_%s", x->trigger)));
	view_text(view, "took", execution_took(r, x, now));
	view_text(view, "tokens_words", used.calls ? i18n_fill(r,
		  context_of(r)->text, "run_tokens_used",
		  usage_number(r, tally_tokens(&used)), NULL) : "");
	if (add_fold(r, fold, x, "numbers"))
		add_numbers(r, fold, x, &used, now);
	list = view_list(view, "texts");
	add_text(r, list, x, "prompt", "run_prompt", "run_prompt_help",
		 x->prompt);
	add_text(r, list, x, "payload", "run_payload", "run_payload_help",
		 x->payload);
	return 0;
}

static bool has_schedule(const struct request *r, const struct agent *a)
{
	struct err e = { 0 };
	struct definition *d = definition_parse(r, a->definition,
						strlen(a->definition), &e);

	return d && d->schedule.frequency != FREQUENCY_NONE;
}

/* The actions available now. */
static int add_acts(struct request *r, struct view *view,
		    const struct execution *x, struct err *e)
{
	const struct context *v = context_of(r);
	bool open = execution_open(x), test = str_equal(x->trigger, "test");
	struct agent *a = NULL;
	char id[ID_SIZE];

	if (!x->agent_deleted) {
		a = agent_load(v->db, r, x->agent_id, v->user->id, false, e);
		if (!a)
			return -1;
	}
	id_new(id);
	view_text(view, "new_id", id);
	view_flag(view, "can_cancel", open && !x->cancel_at);
	view_flag(view, "can_continue", !open && x->attempt > 0);
	view_flag(view, "main_continue", str_equal(x->reason, "needs_input"));
	view_flag(view, "can_again", !open && a);
	view_flag(view, "test", test);
	view_flag(view, "can_turn_on", test && a && !open &&
				       str_equal(a->status, "paused") &&
				       has_schedule(r, a));
	return 0;
}

static int fill(struct request *r, struct view *view,
		const struct execution *x, int64_t now, struct err *e)
{
	const struct context *v = context_of(r);

	execution_head(r, view, x);
	page_time(r, view, "planned", x->planned_at, now);
	view_text(view, "said", execution_said(r, x));
	view_text(view, "reason", execution_reason(r, x));
	view_text(view, "again", execution_again(r, x));
	view_text(view, "detail", x->detail);
	view_textf(view, "title", "%s · %s", x->agent_name,
		   i18n_time(r, v->text, x->planned_at, v->zone));
	view_flag(view, "open", execution_open(x));
	view_flag(view, "state_now", false);
	if (execution_open(x)) {
		view_text(view, "refresh", REFRESH_S);
		if (add_state(r, view, x, now, e) < 0)
			return -1;
	}
	add_result(r, view, x);
	if (execution_problems(r, view, x, e) < 0 ||
	    add_acts(r, view, x, e) < 0 || add_files(r, view, x, e) < 0 ||
	    execution_attempts(r, view, x, now, e) < 0)
		return -1;
	return add_facts(r, view, x, now, e);
}

int page_execution(struct request *r, struct response *out, struct err *e)
{
	struct execution *x = execution_here(r, e);
	struct view *view;

	if (!x)
		return -1;
	view = page_view(r, "nav_runs");
	if (fill(r, view, x, clock_now_ms(), e) < 0)
		return -1;
	out->body.cap = PAGE_MAX;
	return page_render(r, out, "pages/execution", view, e);
}

/* GET /executions/{id}/state -- the fragment that the page's script fetches. */
int page_run_state(struct request *r, struct response *out, struct err *e)
{
	struct execution *x = execution_here(r, e);
	struct view *view, *state;

	if (!x)
		return -1;
	view = page_view(r, "nav_runs");
	if (execution_open(x) ?
	    add_state(r, view, x, clock_now_ms(), e) < 0 : false)
		return -1;
	if (!execution_open(x)) {
		state = view_map(view, "state_now");
		view_text(state, "status", x->status);
		view_text(state, "phase", x->status);
	}
	view_flag(view, "open", execution_open(x));
	return page_render(r, out, "partials/execution_state", view, e);
}
