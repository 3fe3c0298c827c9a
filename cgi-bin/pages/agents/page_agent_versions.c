/* The versions of an agent: their changes, two compared, one restored. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"

#define ROWS 50

/* Latest first, so a version's change is known once the one before it was read. */
struct listing {
	struct request *r;
	const struct agent *agent;
	struct view *list, *row;	/* row: of the next version */
	struct definition *after;
	int64_t before, now;		/* before: only earlier versions; 0 all */
	int n;
	bool more;
	int64_t last;
};

static void close_row(struct listing *l, const struct definition *d)
{
	if (!l->row)
		return;
	view_text(l->row, "changed", d ?
		  agent_changes_words(l->r, d, l->after) :
		  page_text(l->r, "agent_version_first"));
	l->row = NULL;
}

static void open_row(struct listing *l, const struct agent_version *v)
{
	struct view *row = view_append(l->list);

	view_number(row, "version", v->version);
	view_text(row, "version_words", i18n_count(l->r, context_of(l->r)->text,
						   "agent_version", v->version));
	page_time(l->r, row, "when", v->created_at, l->now);
	view_flag(row, "holds", v->version == l->agent->version);
	view_flag(row, "newest", l->n == 0);
	view_flag(row, "second", l->n == 1);
	l->row = row;
	l->last = v->version;
}

static int add_version(void *data, const struct agent_version *v, struct err *e)
{
	struct listing *l = data;
	struct definition *d;

	if (l->before && v->version >= l->before)
		return 0;
	if (l->more)
		return 0;
	d = agent_definition(l->r, v->definition, e);
	if (!d)
		return -1;
	close_row(l, d);
	talloc_free(l->after);
	l->after = d;
	if (l->n == ROWS) {
		l->more = true;
		return 0;
	}
	open_row(l, v);
	l->n++;
	return 0;
}

static struct definition *load(struct request *r, const struct agent *a,
			       int64_t version, struct err *e)
{
	struct agent_version *v;

	v = agent_version_load(context_of(r)->db, r, a->id, version, e);
	return v ? agent_definition(r, v->definition, e) : NULL;
}

/* ?from=1&to=3; nothing unless both exist. */
static int add_comparison(struct request *r, struct view *view,
			  const struct agent *a, struct err *e)
{
	const struct i18n_locale *text = context_of(r)->text;
	struct definition *one, *other;
	int64_t from, to, swap;
	struct view *map;

	view_flag(view, "comparison", false);
	if (page_number(r, "from", &from, e) < 0 ||
	    page_number(r, "to", &to, e) < 0)
		return -1;
	if (!from || !to)
		return 0;
	if (from > to) {
		swap = from;
		from = to;
		to = swap;
	}
	one = load(r, a, from, e);
	other = one ? load(r, a, to, e) : NULL;
	if (!other)
		return -1;
	map = view_map(view, "comparison");
	view_text(map, "from_words", i18n_count(r, text, "agent_version", from));
	view_text(map, "to_words", i18n_count(r, text, "agent_version", to));
	agent_changes(r, map, one, other);
	return 0;
}

int page_agent_versions(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct view *view;
	struct listing l = { .r = r, .agent = a, .now = clock_now_ms() };

	if (!a || page_number(r, "before", &l.before, e) < 0)
		return -1;
	view = page_view(r, "agent_versions");
	l.list = view_list(view, "versions");
	if (agent_version_each(context_of(r)->db, a->id, add_version, &l,
			       e) < 0 ||
	    add_comparison(r, view, a, e) < 0)
		return -1;
	close_row(&l, NULL);
	view_text(view, "id", a->id);
	agent_head(r, view, a, "/versions");
	view_number(view, "holding", a->version);
	view_flag(view, "several", a->version > 1);
	if (l.more)
		view_textf(view, "older_href", "%s/agents/%s/versions?before=%lld",
			   context_of(r)->app->base_path, a->id,
			   (long long)l.last);
	else
		view_text(view, "older_href", "");
	return page_render(r, out, "pages/agent_versions", view, e);
}

/*
 * POST /agents/{id}/versions/{version}/restore -- creates a new version equal
 * to an old one.
 */
int page_agent_restore(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct agent *a = agent_here(r, e);
	auto_buf json = BUF_INIT(DEFINITION_JSON_MAX);
	struct definition *d;
	int64_t version, based_on, next;

	if (!a || str_parse_number(request_arg(r, "version"), 1, INT64_MAX,
				   &version, e) < 0 ||
	    str_parse_number(form_text(r->form, "version"), 1, INT64_MAX,
			     &based_on, e) < 0)
		return -1;
	d = load(r, a, version, e);
	if (!d || agent_next(r, d, clock_now_ms(), &next, e) < 0 ||
	    definition_format(d, &json, e) < 0 ||
	    agent_save(v->db, a->id, v->user->id, based_on, d->name,
		       buf_text(&json), next, e) < 0)
		return -1;
	log_event(LOG_INFO, "agent_restored", "agent", a->id, "request", r->id,
		  NULL);
	return response_redirect(out, e, "/agents/%s?done=restored", a->id);
}
