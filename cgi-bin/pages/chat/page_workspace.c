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
	    add_bytes(key, v->zone, e) < 0)
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

int page_conversations(struct request *r, struct view *view, const char *current,
		       const char *search, int64_t before, struct err *e)
{
	const struct context *v = context_of(r);
	struct listing l = {
		.r = r, .rows = view_list(view, "conversations"),
		.current = current, .now = clock_now_ms(),
		.key = BUF_INIT(ROW_MAX),
	};
	int done;

	done = conversation_each(v->db, v->user->id, search, before,
				 LIST_ROWS + 1, add_row, &l, e);
	buf_release(&l.key);
	if (done < 0)
		return -1;
	view_flag(view, "has_conversations", l.count > 0);
	view_text(view, "search", search);
	if (l.count > LIST_ROWS)
		view_textf(view, "older_href",
			   "%s/workspace?search=%s&before=%lld",
			   v->app->base_path, url_encode(r, search, ""),
			   (long long)l.last);
	else
		view_text(view, "older_href", "");
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

/* The conversation that was deleted a moment ago, as long as that can be undone. */
static void add_undo(struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	const char *id = form_text(r->args, "deleted");
	struct conversation *c = NULL;
	struct err e = { 0 };
	int64_t left = 0;
	struct view *undo;

	view_flag(view, "undo", false);
	if (id_valid(id))
		c = conversation_load_deleted(v->db, r, id, v->user->id, &e);
	if (c)
		left = c->deleted_at + CONVERSATION_UNDO_MS - clock_now_ms();
	if (left <= 0)
		return;
	undo = view_map(view, "undo");
	view_text(undo, "id", c->id);
	view_number(undo, "left", left);
	view_text(undo, "words", i18n_fill(r, v->text, "conversation_deleted",
					   page_title(r, c), NULL));
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

