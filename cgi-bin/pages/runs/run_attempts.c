/* A run's attempts: the transcript of one, what was denied. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"

#define DENIED_SHOWN 20

struct attempts {
	struct request *r;
	struct attempt *list;	/* their texts are copies */
	size_t n;
};

static int copy_attempt(void *data, const struct attempt *a, struct err *e)
{
	struct attempts *all = data;
	struct attempt *copy;

	(void)e;
	all->list = alloc_checked(talloc_realloc(all->r, all->list,
						 struct attempt,
						 (unsigned)all->n + 1));
	copy = &all->list[all->n++];
	*copy = *a;
	copy->outcome = talloc_strdup(all->r, a->outcome);
	copy->reason = talloc_strdup(all->r, a->reason);
	copy->detail = talloc_strdup(all->r, a->detail);
	copy->result = "";
	return 0;
}

/* Who sent the prompt. */
static const char *author_of(const struct request *r, const struct execution *x)
{
	static const char *const authors[][2] = {
		{ "schedule", "run_trigger_schedule" },
		{ "hook", "run_trigger_hook" },
	};
	size_t i;

	for (i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
		if (str_equal(x->trigger, authors[i][0]))
			return page_text(r, authors[i][1]);
	}
	return page_text(r, "run_author_you");
}

/* Fewer parts if they are too long for a page; none if the last one alone is. */
static int add_transcript(struct request *r, struct view *row,
			  const struct attempt *a, const struct execution *x,
			  struct err *e)
{
	static const int limits[] = { PARTS_SHOWN, 40, 8, 1 };
	const char *author = author_of(r, x);
	struct transcript shown = { .id = a->conversation_id, .author = author,
				    .before = a->ended_offset, .again = -1 };
	struct err why = { 0 };
	int64_t older = 0;
	size_t i, n = sizeof(limits) / sizeof(limits[0]);

	view_text(row, "earlier_href", "");
	for (i = 0; i < n; i++) {
		why = (struct err){ 0 };
		shown.limit = limits[i];
		if (page_transcript(r, view_list(row, "messages"), &shown,
				    &older, &why) == 0)
			break;
		if (why.kind != ERR_LIMIT) {
			*e = why;
			return -1;
		}
	}
	view_flag(row, "large", i == n);
	view_flag(row, "quiet", i < n && !view_truthy(view_get(row, "messages")));
	if (i < n && older)
		view_textf(row, "earlier_href",
			   "%s/executions/%s/transcript?attempt=%lld&before=%lld",
			   context_of(r)->app->base_path, x->id,
			   (long long)a->attempt, (long long)older);
	if (i == n)
		view_list(row, "messages");
	view_text(row, "author", older ||
		  !view_truthy(view_get(row, "messages")) ? "" : author);
	return 0;
}

static void add_head(const struct request *r, struct view *row,
		     const struct attempt *a, int64_t now)
{
	const struct i18n_locale *text = context_of(r)->text;
	int64_t end = a->ended_at ? a->ended_at : now;

	view_number(row, "number", a->attempt);
	view_text(row, "words", i18n_fill(r, text, "run_attempt",
					  i18n_number(r, a->attempt), NULL));
	execution_look(r, row, *a->outcome ? a->outcome : "running", a->reason);
	view_text(row, "detail", a->detail);
	page_time(r, row, "started", a->started_at, now);
	view_text(row, "took", i18n_duration(r, text, end - a->started_at));
}

static int add_one(struct request *r, struct view *list,
		   const struct attempt *a, const struct execution *x,
		   bool open, int64_t now, struct err *e)
{
	struct view *row = view_append(list);

	add_head(r, row, a, now);
	view_flag(row, "open", open);
	view_textf(row, "show_href", "%s/executions/%s?attempt=%lld#attempt-%lld",
		   context_of(r)->app->base_path, x->id, (long long)a->attempt,
		   (long long)a->attempt);
	if (open)
		return add_transcript(r, row, a, x, e);
	return 0;
}

/* The chat's own view of a session that is running. */
static int add_live(struct request *r, struct view *view,
		    const struct attempt *a, const struct execution *x,
		    struct err *e)
{
	const struct context *v = context_of(r);
	struct conversation *c;
	struct view *live;

	c = conversation_load(v->db, r, a->conversation_id, v->user->id, e);
	if (!c)
		return -1;
	live = view_map(view, "live");
	view_text(live, "conversation", c->id);
	view_textf(live, "ws", "%s/ws/conversations/%s", v->app->base_path,
		   c->id);
	view_number(live, "offset", c->recorded_offset);
	return add_transcript(r, live, a, x, e);
}

struct denials {
	struct request *r;
	struct {
		const char *tool, *title;
		int64_t times;
	} list[DENIED_SHOWN];
	size_t n;
};

static int add_denied(void *data, const struct part *p, struct err *e)
{
	struct denials *d = data;
	auto_strict_json *o = NULL;
	const char *tool, *title;
	size_t i;

	(void)e;
	if (!str_equal(p->kind, "permission") || !str_equal(p->state, "denied"))
		return 0;
	o = field_parse(p->data, strlen(p->data));
	tool = field_text(o, "tool", NULL);
	title = field_text(o, "title", NULL);
	tool = tool ? tool : "?";
	title = title ? title : "";
	for (i = 0; i < d->n; i++) {
		if (str_equal(d->list[i].tool, tool) &&
		    str_equal(d->list[i].title, title))
			break;
	}
	if (i == DENIED_SHOWN)
		return 0;
	if (i == d->n) {
		d->list[i].tool = talloc_strdup(d->r, tool);
		d->list[i].title = talloc_strdup(d->r, title);
		d->list[i].times = 0;
		d->n++;
	}
	d->list[i].times++;
	return 0;
}

static int add_denials(struct request *r, struct view *view,
		       const struct attempts *all, const struct execution *x,
		       struct err *e)
{
	const struct context *v = context_of(r);
	struct view *list = view_list(view, "denied");
	struct denials d = { .r = r };
	size_t i;

	view_flag(view, "any_denied", x->denials > 0 && !*x->problems);
	for (i = 0; x->denials && i < all->n; i++) {
		if (part_each(v->db, all->list[i].conversation_id, -1,
			      all->list[i].ended_offset, 0, add_denied, &d,
			      e) < 0)
			return -1;
	}
	for (i = 0; i < d.n; i++) {
		struct view *row = view_append(list);

		view_text(row, "tool", d.list[i].tool);
		view_text(row, "title", d.list[i].title);
		view_text(row, "times", i18n_count(r, v->text,
						   "run_denied_times",
						   d.list[i].times));
	}
	return 0;
}

int execution_attempts(struct request *r, struct view *view,
		       const struct execution *x, int64_t now, struct err *e)
{
	struct attempts all = { .r = r };
	struct view *list = view_list(view, "attempts");
	int64_t chosen;
	size_t i;

	view_flag(view, "live", false);
	if (page_number(r, "attempt", &chosen, e) < 0 ||
	    attempt_each(context_of(r)->db, x->id, copy_attempt, &all, e) < 0)
		return -1;
	view_flag(view, "began", all.n > 0);
	/* The outcome of the only one is the run's. */
	view_flag(view, "several", all.n > 1);
	if (!chosen && all.n && !*form_text(r->args, "fold"))
		chosen = all.list[all.n - 1].attempt;
	for (i = 0; i < all.n; i++) {
		const struct attempt *a = &all.list[i];

		if ((*a->outcome ?
		     add_one(r, list, a, x, a->attempt == chosen, now, e) :
		     add_live(r, view, a, x, e)) < 0)
			return -1;
	}
	view_flag(view, "show_how", !execution_open(x) ||
				    view_item(list, 0));
	return add_denials(r, view, &all, x, e);
}

struct finding {
	int64_t number;
	struct attempt found;
	bool any;
};

static int keep_attempt(void *data, const struct attempt *a, struct err *e)
{
	struct finding *f = data;

	(void)e;
	if (a->attempt == f->number) {
		f->found = *a;
		f->any = true;
	}
	return 0;
}

/*
 * GET /executions/{id}/transcript?attempt=&before= -- the parts before those
 * on the run's page; with at= those around that one.
 */
int page_run_transcript(struct request *r, struct response *out,
			struct err *e)
{
	const struct context *v = context_of(r);
	struct execution *x = execution_here(r, e);
	struct finding f = { .any = false };
	struct view *view, *head;
	int64_t before;

	if (!x || page_number(r, "attempt", &f.number, e) < 0 ||
	    attempt_each(v->db, x->id, keep_attempt, &f, e) < 0)
		return -1;
	if (!f.any)
		return err_set(e, ERR_MISSING, "no such attempt");
	if (page_place(r, f.found.conversation_id, &before, e) < 0)
		return -1;
	if (before && (!f.found.ended_offset || before < f.found.ended_offset))
		f.found.ended_offset = before;
	view = page_view(r, "run_how");
	head = view_map(view, "conversation");
	view_text(head, "title", x->agent_name);
	view_textf(view, "now_href", "%s/executions/%s?attempt=%lld",
		   v->app->base_path, x->id, (long long)f.number);
	if (add_transcript(r, view, &f.found, x, e) < 0)
		return -1;
	return page_render(r, out, "pages/history", view, e);
}
