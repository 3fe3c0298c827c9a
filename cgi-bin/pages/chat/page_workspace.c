/* The workspace: the list of conversations and the chat of one of them. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "pages/chat/composer_view.h"
#include "pages/pages.h"
#include "store/composer.h"
#include "store/conversations.h"
#include "store/projects.h"

#define LIST_ROWS 50
#define ROW_MAX (64 << 10)	/* bytes: a title of 200 characters, escaped, with room to spare */

struct listing {
	struct request *r;
	struct view *rows;
	const char *current;
	int64_t now, last;
	int count;
	struct buf key;		/* the current row's */
};

static int add_bytes(struct buf *key, const char *text, struct err *e)
{
	return buf_add(key, text, strlen(text) + 1, e);
}

/*
 * All fields that a row shows; the age in i18n_ago's words changes with its
 * minutes only.
 */
static int row_key(const struct listing *l, const struct conversation *c,
		   struct buf *key, struct err *e)
{
	const struct context *v = context_of(l->r);
	const struct {
		const struct i18n_locale *text;
		int64_t updated_at, minutes, current;
	} fixed = {
		v->text, c->updated_at, (l->now - c->updated_at) / 60000,
		l->current && str_equal(l->current, c->id),
	};

	if (buf_add(key, &fixed, sizeof(fixed), e) < 0 ||
	    add_bytes(key, c->id, e) < 0 || add_bytes(key, c->state, e) < 0 ||
	    add_bytes(key, v->zone, e) < 0 ||
	    add_bytes(key, c->pinned ? "pinned" : "", e) < 0 ||
	    add_bytes(key, c->last_line, e) < 0)
		return -1;
	return add_bytes(key, c->title, e);
}

static int draw_row(const struct listing *l, const struct conversation *c,
		    struct buf *html, struct err *e)
{
	const struct context *v = context_of(l->r);
	struct view *row = view_new(l->r);
	char when[CLOCK_ISO_SIZE];
	const char *word = NULL;

	if (str_equal(c->state, "working"))
		word = "conversation_working";
	else if (str_equal(c->state, "waiting"))
		word = "conversation_waiting";
	clock_iso(c->updated_at, when);
	view_text(row, "id", c->id);
	view_textf(row, "href", "%s/workspace/%s", v->app->base_path, c->id);
	view_text(row, "title", page_title(l->r, c));
	view_text(row, "state", c->state);
	view_text(row, "state_word", word ? page_text(l->r, word) : "");
	view_text(row, "ago", i18n_ago(l->r, v->text, c->updated_at, l->now));
	view_text(row, "time", i18n_time(l->r, v->text, c->updated_at, v->zone));
	view_text(row, "iso", when);
	view_text(row, "line", c->last_line);
	view_flag(row, "pinned", c->pinned);
	view_flag(row, "current", l->current && str_equal(l->current, c->id));
	return template_render(v->app->templates, "partials/conversation_row",
			       row, v->text, html, e);
}

static int add_row(void *data, const struct conversation *c, struct err *e)
{
	struct listing *l = data;
	struct fragments *rows = context_of(l->r)->worker->rows;
	auto_buf fresh = BUF_INIT(ROW_MAX);
	const char *html;

	if (l->count++ == LIST_ROWS)
		return 0;
	buf_clear(&l->key);
	if (row_key(l, c, &l->key, e) < 0)
		return -1;
	html = fragments_find(rows, l->key.data, l->key.len);
	if (!html) {
		if (draw_row(l, c, &fresh, e) < 0)
			return -1;
		html = buf_text(&fresh);
		fragments_keep(rows, l->key.data, l->key.len, html);
	}
	view_html(view_append(l->rows), "html", html);
	l->last = c->updated_at;
	return 0;
}

/* Which of the conversations are listed, by the query. */
struct listed {
	const char *search, *project;
	bool archived;
};

static int list_rows(struct request *r, struct listing *l, const struct listed *w,
		     int64_t before, struct err *e)
{
	struct db *db = context_of(r)->db;
	const char *user = context_of(r)->user->id;

	if (*w->search)
		return conversation_each(db, user, w->search, before,
					 LIST_ROWS + 1, add_row, l, e);
	if (*w->project)
		return conversation_each_of(db, user, w->project, before,
					    LIST_ROWS + 1, add_row, l, e);
	if (w->archived)
		return conversation_each_in(db, user, CONVERSATIONS_ARCHIVED,
					    before, LIST_ROWS + 1, add_row, l, e);
	if (!before && conversation_each_in(db, user, CONVERSATIONS_PINNED, 0,
					    LIST_ROWS, add_row, l, e) < 0)
		return -1;
	l->count = 0;
	return conversation_each_in(db, user, CONVERSATIONS_RECENT, before,
				    LIST_ROWS + 1, add_row, l, e);
}

/* What the list shows, when that is not everything. */
static int add_listed(struct request *r, struct view *view,
		      const struct listed *w, struct err *e)
{
	const struct context *v = context_of(r);
	struct project *p;
	struct view *map;

	view_flag(view, "archived_list", w->archived);
	view_flag(view, "partial_list", w->archived || *w->project || *w->search);
	view_flag(view, "project", false);
	if (!*w->project)
		return 0;
	p = project_load(v->db, r, w->project, v->user->id, false, e);
	if (!p)
		return -1;
	map = view_map(view, "project");
	view_text(map, "id", p->id);
	view_text(map, "name", p->name);
	view_textf(map, "href", "%s/projects/%s", v->app->base_path, p->id);
	return 0;
}

static void add_older(struct request *r, struct view *view,
		      const struct listing *l, const struct listed *w)
{
	view_text(view, "older_href", "");
	if (l->count > LIST_ROWS)
		view_textf(view, "older_href", "%s/workspace?search=%s%s%s%s"
			   "&before=%lld", context_of(r)->app->base_path,
			   url_encode(r, w->search, ""),
			   *w->project ? "&project=" : "", w->project,
			   w->archived ? "&show=archived" : "",
			   (long long)l->last);
}

int page_conversations(struct request *r, struct view *view, const char *current,
		       const char *search, int64_t before, struct err *e)
{
	struct listing l = {
		.r = r, .rows = view_list(view, "conversations"),
		.current = current, .now = clock_now_ms(),
		.key = BUF_INIT(ROW_MAX),
	};
	struct listed w = {
		.search = search, .project = form_text(r->args, "project"),
		.archived = str_equal(form_text(r->args, "show"), "archived"),
	};
	int done;

	if (*w.project && !id_valid(w.project))
		return err_set(e, ERR_MISSING, "no such project");
	if (add_listed(r, view, &w, e) < 0)
		return -1;
	done = list_rows(r, &l, &w, before, e);
	buf_release(&l.key);
	if (done < 0)
		return -1;
	view_flag(view, "has_conversations", view_truthy(l.rows));
	view_text(view, "search", search);
	view_textf(view, "search_href", "%s/search?q=%s",
		   context_of(r)->app->base_path, url_encode(r, search, ""));
	add_older(r, view, &l, &w);
	return 0;
}

/* Words the demonstration model understands, and what each shows. */
static const struct {
	const char *text, *about;
} examples[] = {
	{ "demo_text_plain", "demo_about_plain" },
	{ "demo_text_markdown", "demo_about_markdown" },
	{ "demo_text_run", "demo_about_run" },
	{ "demo_text_write", "demo_about_write" },
	{ "demo_text_question", "demo_about_question" },
	{ "demo_text_plan", "demo_about_plan" },
	{ "demo_text_slow", "demo_about_slow" },
	{ "demo_text_error", "demo_about_error" },
};

static void add_examples(const struct request *r, struct view *view)
{
	struct view *list = view_list(view, "examples");
	size_t i;

	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct view *item = view_append(list);

		view_text(item, "text", page_text(r, examples[i].text));
		view_text(item, "about", page_text(r, examples[i].about));
	}
}

static const struct {
	const char *value, *key;
} modes[] = {
	{ "default", "mode_ask" },
	{ "acceptEdits", "mode_accept_edits" },
	{ "plan", "mode_plan" },
	{ "bypassPermissions", "mode_all" },
};

bool chat_mode_known(const char *mode)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (str_equal(modes[i].value, mode))
			return true;
	}
	return false;
}

static void add_modes(const struct request *r, struct view *view,
		      const char *current)
{
	struct view *list = view_list(view, "modes");
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct view *item = view_append(list);

		view_text(item, "value", modes[i].value);
		view_text(item, "label", page_text(r, modes[i].key));
		view_flag(item, "current", str_equal(current, modes[i].value));
	}
}

/* Browsers that know how fetch a conversation when the pointer rests on its row. */
int page_chat_render(struct request *r, struct response *out, struct view *view,
		     struct err *e)
{
	if (response_header(out, "Speculation-Rules",
			    talloc_asprintf(r, "\"%s\"", page_static(r, "speculation.json")),
			    e) < 0)
		return -1;
	return page_render(r, out, "pages/workspace", view, e);
}

/* Shared by the empty and the filled chat. */
struct view *page_chat_view(struct request *r, const char *ws, const char *mode)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "nav_workspace");
	char id[ID_SIZE];

	id_new(id);
	view_text(view, "new_id", id);
	id_new(id);
	view_text(view, "new_conversation", id);
	id_new(id);
	view_text(view, "agent_message_id", id);
	view_textf(view, "ws", "%s/ws/%s", v->app->base_path, ws);
	view_number(view, "message_max",
		    settings_number(v->app->settings, SET_MESSAGE_MAX));
	add_modes(r, view, mode);
	add_examples(r, view);
	return view;
}

int page_chat_choices(struct request *r, struct view *view,
		      const struct conversation *c, struct err *e)
{
	const struct context *v = context_of(r);
	struct composer_choice *usual =
		composer_choice_load(v->db, r, v->user->id, e);

	if (!usual)
		return -1;
	view_flag(view, "suggestions", usual->suggestions);
	return composer_view_add(r, view, c ? c->model : usual->model,
				 c ? c->effort : usual->effort, e);
}

int page_root(struct request *r, struct response *out, struct err *e)
{
	return response_redirect(out, e, "/workspace");
}

int page_number(const struct request *r, const char *name, int64_t *out,
		      struct err *e)
{
	const char *text = form_text(r->args, name);

	*out = 0;
	if (!*text)
		return 0;
	if (str_parse_number(text, 0, INT64_MAX, out, e) < 0)
		return err_wrap(e, "%s", name);
	return 0;
}

static void show_undo(struct request *r, struct view *view,
		      const struct conversation *c, const char *act,
		      const char *words, int64_t left)
{
	struct view *undo = view_map(view, "undo");

	view_textf(undo, "action", "%s/conversations/%s/%s",
		   context_of(r)->app->base_path, c->id, act);
	view_number(undo, "left", left);
	view_text(undo, "words", i18n_fill(r, context_of(r)->text, words,
					   page_title(r, c), NULL));
}

/* Offers to undo a deletion or archiving of a moment ago. */
static void add_undo(struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	const char *deleted = form_text(r->args, "deleted");
	const char *archived = form_text(r->args, "archived");
	struct conversation *c = NULL;
	struct err e = { 0 };
	int64_t left;

	view_flag(view, "undo", false);
	if (id_valid(deleted))
		c = conversation_load_deleted(v->db, r, deleted, v->user->id, &e);
	left = c ? c->deleted_at + CONVERSATION_UNDO_MS - clock_now_ms() : 0;
	if (left > 0)
		show_undo(r, view, c, "restore", "conversation_deleted", left);
	if (!id_valid(archived))
		return;
	c = conversation_load(v->db, r, archived, v->user->id, &e);
	if (c && c->archived)
		show_undo(r, view, c, "archive", "conversation_archived",
			  CONVERSATION_UNDO_MS);
}

int page_workspace(struct request *r, struct response *out, struct err *e)
{
	struct view *view = page_chat_view(r, "workspace", "");
	int64_t before;

	if (page_number(r, "before", &before, e) < 0 ||
	    page_conversations(r, view, NULL, form_text(r->args, "search"),
			       before, e) < 0 ||
	    page_chat_choices(r, view, NULL, e) < 0)
		return -1;
	view_flag(view, "conversation", false);
	view_flag(view, "continued", false);
	add_undo(r, view);
	view_list(view, "messages");
	view_text(view, "earlier_href", "");
	view_html(view, "queue_html", "");
	view_text(view, "still", page_text(r, "status_ready"));
	return page_chat_render(r, out, view, e);
}

