/* GET /search -- what was said in the user's conversations and runs, newest first. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/pages.h"
#include "store/search.h"

#define ROWS 20
#define TITLES 5
#define QUERY_MAX 200		/* characters; the rest is not searched for */
#define SNIPPET 260		/* bytes around the first mark */
#define SNIPPET_BEFORE 70	/* of them before it */

/* ---- snippets ---- */

static bool inside_character(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* The piece from..to, its white space as single spaces. */
static void add_piece(struct view *list, const char *text, size_t from,
		      size_t to, bool marked)
{
	char *piece, *in, *out;
	struct view *item;

	if (from == to)
		return;
	piece = out = alloc_checked(talloc_strndup(NULL, text + from, to - from));
	for (in = piece; *in; in++) {
		bool space = (unsigned char)*in <= ' ';

		if (!space || out == piece || out[-1] != ' ')
			*out++ = space ? ' ' : *in;
	}
	*out = '\0';
	item = view_append(list);
	view_text(item, "text", piece);
	view_flag(item, "mark", marked);
	talloc_free(piece);
}

static void add_snippet(struct view *row, const struct search_hit *h)
{
	struct view *list = view_list(row, "pieces");
	size_t n = strlen(h->text), i, at;
	size_t from = h->marks[0].from > SNIPPET_BEFORE ?
		      h->marks[0].from - SNIPPET_BEFORE : 0, to;

	while (from && inside_character(h->text, from))
		from--;
	to = n - from > SNIPPET ? from + SNIPPET : n;
	if (to < h->marks[0].to)
		to = h->marks[0].to;
	while (to < n && inside_character(h->text, to))
		to++;
	view_flag(row, "cut_before", from > 0);
	view_flag(row, "cut_after", to < n);
	for (i = 0, at = from; i < h->nmarks && h->marks[i].to <= to; i++) {
		add_piece(list, h->text, at, h->marks[i].from, false);
		add_piece(list, h->text, h->marks[i].from, h->marks[i].to, true);
		at = h->marks[i].to;
	}
	add_piece(list, h->text, at, to, false);
}

/* ---- rows ---- */

struct listing {
	struct request *r;
	struct view *rows;
	int64_t now;
	int count;
};

static void add_address(struct view *row, const char *base,
			const struct search_hit *h)
{
	long long at = (long long)h->at;

	if (str_equal(h->kind, "run"))
		view_textf(row, "href", "%s/executions/%s/transcript?attempt=%lld"
			   "&at=%lld#p-%lld", base, h->execution_id,
			   (long long)h->attempt, at, at);
	else
		view_textf(row, "href", "%s/workspace/%s?at=%lld#p-%lld", base,
			   h->conversation_id, at, at);
}

static int add_hit(void *data, const struct search_hit *h, struct err *e)
{
	struct listing *l = data;
	const struct context *v = context_of(l->r);
	struct view *row = view_append(l->rows);
	bool user = str_equal(h->role, "user");

	(void)e;
	l->count++;
	add_address(row, v->app->base_path, h);
	view_text(row, "title", *h->title ? h->title :
		  page_text(l->r, "conversation_untitled"));
	view_flag(row, "run", str_equal(h->kind, "run"));
	view_text(row, "author", user ? page_text(l->r, "run_author_you") :
					page_text(l->r, "claude"));
	page_time(l->r, row, "when", h->created_at, l->now);
	add_snippet(row, h);
	return 0;
}

static int add_title(void *data, const struct conversation *c, struct err *e)
{
	struct listing *l = data;
	struct view *row = view_append(l->rows);

	(void)e;
	view_textf(row, "href", "%s/workspace/%s",
		   context_of(l->r)->app->base_path, c->id);
	view_text(row, "title", page_title(l->r, c));
	page_time(l->r, row, "when", c->updated_at, l->now);
	return 0;
}

/* Conversations that are called so, above the first results. */
static int add_titles(struct request *r, struct view *view, const char *text,
		      bool first, struct err *e)
{
	const struct context *v = context_of(r);
	struct listing l = { .r = r, .rows = view_list(view, "titles"),
			     .now = clock_now_ms() };

	if (first && *text &&
	    conversation_each(v->db, v->user->id, text, 0, TITLES, add_title,
			      &l, e) < 0 && e->kind != ERR_INPUT)
		return -1;
	view_flag(view, "has_titles", view_truthy(l.rows));
	return 0;
}

/* ---- the form ---- */

struct choice {
	const char *value, *key;
};

static const struct choice kinds[] = {
	{ "", "all" }, { "chat", "conversations" }, { "run", "nav_runs" },
};
static const struct choice roles[] = {
	{ "", "all" }, { "user", "run_author_you" }, { "assistant", "claude" },
};

/* The chosen value; another one is none. */
static const char *add_choices(struct request *r, struct view *view,
			       const char *name, const char *field,
			       const struct choice *list, size_t n)
{
	const char *chosen = "", *asked = form_text(r->args, field);
	struct view *options = view_list(view, name);
	size_t i;

	for (i = 0; i < n; i++) {
		struct view *item = view_append(options);
		bool current = str_equal(list[i].value, asked);

		if (current)
			chosen = list[i].value;
		view_text(item, "value", list[i].value);
		view_text(item, "label", page_text(r, list[i].key));
		view_flag(item, "current", current);
	}
	return chosen;
}

static const char *query_text(struct request *r, bool *cut)
{
	const char *text = form_text(r->args, "q");
	size_t n = strlen(text), at = 0, count = 0;

	while (at < n && count < QUERY_MAX) {
		for (at++; at < n && inside_character(text, at); at++)
			;
		count++;
	}
	*cut = at < n;
	return talloc_strndup(r, text, at);
}

static void add_form(struct request *r, struct view *view,
		     struct search_filter *f, const char *text)
{
	f->kind = add_choices(r, view, "kinds", "kind", kinds,
			      sizeof(kinds) / sizeof(kinds[0]));
	f->role = add_choices(r, view, "roles", "by", roles,
			      sizeof(roles) / sizeof(roles[0]));
	view_text(view, "q", text);
	view_text(view, "from", form_text(r->args, "from"));
	view_text(view, "to", form_text(r->args, "to"));
	view_text(view, "zone", context_of(r)->zone);
	view_flag(view, "filtered", *f->kind || *f->role || f->from || f->to);
	view_textf(view, "plain_href", "%s/search?q=%s",
		   context_of(r)->app->base_path, url_encode(r, text, ""));
}

/* ---- what is said about it ---- */

static int add_backlog(struct request *r, struct view *view, struct err *e)
{
	const struct context *v = context_of(r);
	int64_t all, left;

	if (search_backlog_left(v->db, v->user->id, &all, &left, e) < 0)
		return -1;
	view_text(view, "indexing", !left ? "" :
		  i18n_fill(r, v->text, "search_indexing",
			    i18n_number(r, all - left), i18n_number(r, all),
			    NULL));
	return 0;
}

static void add_end(struct request *r, struct view *view,
		    const struct search_filter *f, const struct search_end *end)
{
	const struct context *v = context_of(r);
	int64_t reached = search_time(end->last);

	view_text(view, "older_href", "");
	view_text(view, "reached", "");
	if (!end->last)
		return;
	view_textf(view, "older_href",
		   "%s/search?q=%s&kind=%s&by=%s&from=%s&to=%s&before=%lld",
		   v->app->base_path, url_encode(r, form_text(r->args, "q"), ""),
		   f->kind, f->role, form_text(r->args, "from"),
		   form_text(r->args, "to"), (long long)end->last);
	if (end->tired)
		view_text(view, "reached", i18n_fill(r, v->text, "search_reached",
			  i18n_time(r, v->text, reached, v->zone), NULL));
}

int page_search(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "search");
	struct listing l = { .r = r, .rows = view_list(view, "rows"),
			     .now = clock_now_ms() };
	struct search_filter f = { .user_id = v->user->id, .limit = ROWS };
	struct search_end end;
	bool cut;
	const char *text = query_text(r, &cut);

	f.query = search_query_new(r, text);
	if (page_days(r, &f.from, &f.to, &f.before, e) < 0)
		return -1;
	add_form(r, view, &f, text);
	if (search_each(v->db, &f, add_hit, &l, &end, e) < 0 ||
	    add_titles(r, view, text, !f.before && !*f.role &&
		       !str_equal(f.kind, "run") && !f.from && !f.to, e) < 0 ||
	    add_backlog(r, view, e) < 0)
		return -1;
	view_flag(view, "cut", cut || f.query->cut);
	view_flag(view, "slow", f.query->nunits && !f.query->nterms);
	view_flag(view, "asked", f.query->nunits > 0);
	view_flag(view, "any", l.count > 0);
	add_end(r, view, &f, &end);
	return page_render(r, out, "pages/search", view, e);
}
