/*
 * GET /workspace/{id} -- the recorded part of a conversation; the live part
 * follows by WebSocket.
 */
#include "config.h"
#include <string.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/base64.h"
#include "core/id.h"
#include "core/str.h"
#include "json/field.h"
#include "pages/pages.h"
#include "store/executions.h"
#include "store/pictures.h"
#include "transcript/part.h"

#define REFRESH_SECONDS "5"	/* without script, while Claude works */
#define RENDER_MS 500	/* ms; markdown not rendered by then is shown as plain text */
#define DATA_MAX (2 << 20)	/* characters of parts a page, beside its last one; the rest is on the page before */
#define HISTORY_MAX (12u << 20)		/* bytes of one message; a page has 16 MiB */

/* Collects the parts of a turn into its message element. */
struct history {
	struct request *r;
	const struct transcript *shown;
	struct view *messages;
	struct part first;	/* of the open message; its texts are copies */
	struct buf parts;	/* their HTML */
	int64_t oldest;		/* `at` of the first part shown; -1 for none */
	int count;
	struct rendering rendering;
};

static int close_message(struct history *h, struct err *e)
{
	const struct context *v = context_of(h->r);
	auto_buf html = BUF_INIT(HISTORY_MAX + 4096);

	if (!h->first.role)
		return 0;
	if (message_render(v->app->templates, v->text, v->zone,
			   h->shown->author, &h->first,
			   buf_text(&h->parts), &html, e) < 0)
		return -1;
	view_html(view_append(h->messages), "html", buf_text(&html));
	buf_clear(&h->parts);
	h->first.role = NULL;
	return 0;
}

static void open_message(struct history *h, const struct part *p)
{
	h->first = *p;
	h->first.role = talloc_strdup(h->r, p->role);
	h->first.kind = talloc_strdup(h->r, p->kind);
	h->first.state = talloc_strdup(h->r, p->state);
	h->first.data = "{}";
}

/* With a new message's id: that of the answer. */
static char *ask_again(struct request *r, const char *data)
{
	struct json_object *o = field_parse(data, strlen(data));
	char id[ID_SIZE], *text;

	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return talloc_strdup(r, data);
	}
	id_new(id);
	json_object_object_add(o, "again", json_object_new_string(id));
	text = talloc_strdup(r, json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return text;
}

/*
 * What others may see of a part. Kinds that are not listed, and those that
 * wait for an answer, are left out.
 */
static bool may_share(const struct transcript *t, const struct part *p)
{
	static const struct {
		const char *kind;
		bool said;	/* by the user or Claude, else by a tool */
	} kinds[] = {
		{ "text", true }, { "plan", true }, { "question", true },
		{ "todo", true }, { "thinking", false }, { "tool_use", false },
	};
	size_t i;

	if (str_equal(p->state, "waiting"))
		return false;
	if (str_equal(p->kind, "image"))
		return t->tools || str_equal(p->role, "user");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_equal(p->kind, kinds[i].kind))
			return kinds[i].said || t->tools;
	}
	return false;
}

/* A tool call without the forms that request its blocked domains. */
static char *without_requests(struct request *r, const char *data)
{
	auto_strict_json *o = field_parse(data, strlen(data));

	if (!json_object_is_type(o, json_type_object))
		return talloc_strdup(r, "{}");
	json_object_object_del(o, "blocked");
	return talloc_strdup(r, json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static bool says_run_asked(const struct part *p)
{
	return str_equal(p->kind, "error") &&
	       strstr(p->data, "\"error_run_question\"");
}

/* Who may read a shared copy may not fetch its user's pictures: they are in it. */
static const char *with_picture(struct request *r, const char *data)
{
	auto_strict_json *from = field_parse(data, strlen(data)), *o = NULL;
	auto_buf text = BUF_INIT(2 * PICTURE_BYTES_MAX);
	const char *id = field_string(from, "picture");
	struct err e = { 0 };
	struct picture *p;

	if (!id_valid(id))
		return data;
	p = picture_load(context_of(r)->db, r, id, context_of(r)->user->id, &e);
	if (!p || base64_add(&text, p->data, p->bytes, &e) < 0)
		return data;
	o = json_object_new_object();
	field_put_string(o, "media_type", p->media_type);
	field_put_string(o, "data", buf_text(&text));
	talloc_free(p);
	return talloc_strdup(r, json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int add_part(void *data, const struct part *recorded, struct err *e)
{
	struct history *h = data;
	const struct context *v = context_of(h->r);
	struct part shown = *recorded;
	const struct part *p = &shown;

	if (h->count++ == 0)
		h->oldest = p->at;
	if (h->shown->chat && says_run_asked(p))
		return 0;
	if (h->shown->shared) {
		if (!may_share(h->shown, p))
			return 0;
		if (str_equal(p->kind, "tool_use"))
			shown.data = without_requests(h->r, p->data);
		else if (str_equal(p->kind, "image"))
			shown.data = with_picture(h->r, p->data);
	}
	if (p->at == h->shown->again) {
		shown.state = "waiting";
		shown.data = ask_again(h->r, p->data);
	}
	if (h->first.role && (h->first.turn != p->turn ||
			      !str_equal(h->first.role, p->role)) &&
	    close_message(h, e) < 0)
		return -1;
	if (!h->first.role)
		open_message(h, p);
	return part_render(v->app->templates, v->text, v->zone, p,
			   &h->rendering, &h->parts, e);
}

int page_transcript(struct request *r, struct view *list,
		    const struct transcript *t, int64_t *older, struct err *e)
{
	const struct context *v = context_of(r);
	struct history h = {
		.r = r, .shown = t, .messages = list,
		.parts = BUF_INIT(HISTORY_MAX), .oldest = -1,
	};
	int count, bad;
	bool more;

	if (part_count(v->db, t->id, t->before, t->limit, DATA_MAX, &count,
		       &more, e) < 0)
		return -1;
	*older = 0;
	if (!count)
		return 0;
	rendering_init(&h.rendering, v->db, v->worker->renderer, t->id,
		       RENDER_MS);
	bad = part_each(v->db, t->id, -1, t->before, count, add_part, &h, e);
	if (!bad)
		bad = close_message(&h, e);
	buf_release(&h.parts);
	rendering_release(&h.rendering);
	if (bad)
		return -1;
	if (more && h.oldest > 0)
		*older = h.oldest;
	return 0;
}

int page_place(const struct request *r, const char *conversation_id,
	       int64_t *before, struct err *e)
{
	int64_t at;

	if (page_number(r, "before", before, e) < 0 ||
	    page_number(r, "at", &at, e) < 0)
		return -1;
	if (*before || !*form_text(r->args, "at"))
		return 0;
	return part_page(context_of(r)->db, conversation_id, at, PARTS_SHOWN,
			 DATA_MAX, before, e);
}

static int add_messages(struct request *r, struct view *view,
			const struct conversation *c, int64_t before,
			int64_t again, struct err *e)
{
	const struct transcript shown = {
		.id = c->id, .author = context_of(r)->user->display_name,
		.before = before, .limit = PARTS_SHOWN, .chat = true,
		.again = again,
	};
	int64_t older;

	if (page_transcript(r, view_list(view, "messages"), &shown, &older,
			    e) < 0)
		return -1;
	view_text(view, "earlier_href", "");
	if (older)
		view_textf(view, "earlier_href", "%s/workspace/%s?before=%lld",
			   context_of(r)->app->base_path, c->id,
			   (long long)older);
	return 0;
}

struct waiting {
	struct request *r;
	const struct message **list;
	size_t n, to_come;	/* to_come: not held back */
};

static int keep_message(void *data, const struct message *m, struct err *e)
{
	struct waiting *w = data;
	struct message *copy = talloc_memdup(w->r, m, sizeof(*m));

	(void)e;
	w->list = talloc_realloc(w->r, w->list, const struct message *, w->n + 1);
	if (!copy || !w->list)
		err_abort("out of memory");
	copy->text = talloc_strdup(copy, m->text);
	copy->state = talloc_strdup(copy, m->state);
	copy->held = talloc_strdup(copy, m->held);
	copy->pictures = talloc_strdup(copy, m->pictures);
	w->list[w->n++] = copy;
	w->to_come += !*copy->held;
	return 0;
}

static int add_queue(struct request *r, struct view *view,
		     const struct conversation *c, struct err *e)
{
	const struct context *v = context_of(r);
	auto_buf html = BUF_INIT(HISTORY_MAX);
	struct waiting w = { .r = r };
	bool works;

	if (message_each_unplaced(v->db, c->id, keep_message, &w, e) < 0 ||
	    queue_render(v->app->templates, v->text, w.list, w.n, &html,
			 e) < 0)
		return -1;
	view_html(view, "queue_html", buf_text(&html));
	works = w.to_come || str_equal(c->state, "working");
	view_text(view, "refresh", works ? REFRESH_SECONDS : "");
	view_text(view, "still", page_text(r, str_equal(c->state, "waiting") ?
		  "status_waiting" : works ? "status_working" : "status_ready"));
	view_flag(view, "idle", !works && !str_equal(c->state, "waiting"));
	return 0;
}

static void add_conversation(const struct request *r, struct view *view,
			     const struct conversation *c)
{
	struct view *map = view_map(view, "conversation");

	view_text(view, "title", page_title(r, c));
	view_text(map, "id", c->id);
	view_text(map, "title", page_title(r, c));
	view_text(map, "mode", c->mode);
	view_text(map, "state", c->state);
	view_flag(map, "pinned", c->pinned);
	view_flag(map, "archived", c->archived);
	view_number(map, "offset", c->recorded_offset);
}

/* An earlier page: history only, without the live chat. */
static int show_earlier(struct request *r, struct response *out,
			const struct conversation *c, int64_t before,
			struct err *e)
{
	struct view *view = page_view(r, "nav_workspace");

	add_conversation(r, view, c);
	view_textf(view, "now_href", "%s/workspace/%s",
		   context_of(r)->app->base_path, c->id);
	if (add_messages(r, view, c, before, -1, e) < 0)
		return -1;
	return page_render(r, out, "pages/history", view, e);
}

/* Says that a conversation was a run until its user continued it. */
static void add_origin(struct request *r, struct view *view, const char *run)
{
	const struct context *v = context_of(r);
	struct execution *x;
	struct err e = { 0 };
	struct view *map;

	view_flag(view, "continued", false);
	x = *run ? execution_load(v->db, r, run, v->user->id, &e) : NULL;
	if (!x)
		return;
	map = view_map(view, "continued");
	view_textf(map, "href", "%s/executions/%s", v->app->base_path, x->id);
	view_text(map, "words", i18n_fill(r, v->text, "run_to_conversation_note",
		  x->agent_name, i18n_time(r, v->text, x->planned_at, v->zone),
		  NULL));
}

int page_conversation(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct conversation *c;
	struct view *view;
	int64_t before, again = -1;
	char run[ID_SIZE] = "";
	struct err none = { 0 };

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c || page_place(r, c->id, &before, e) < 0)
		return -1;
	if (attempt_find(v->db, c->id, run, &none) < 0 &&
	    none.kind != ERR_MISSING) {
		*e = none;
		return -1;
	}
	if (*run && str_equal(c->kind, "run"))
		return response_redirect(out, e, "/executions/%s", run);
	if (before)
		return show_earlier(r, out, c, before, e);
	view = page_chat_view(r, talloc_asprintf(r, "conversations/%s", c->id),
			      c->mode);
	add_conversation(r, view, c);
	if (page_chat_choices(r, view, c, e) < 0)
		return -1;
	view_flag(view, "undo", false);
	add_origin(r, view, run);
	if (*run && part_unanswered(v->db, c->id, &again, e) < 0)
		return -1;
	if (page_conversations(r, view, c->id, "", 0, e) < 0 ||
	    page_project_list(r, view, c->project_id, e) < 0 ||
	    add_messages(r, view, c, 0, again, e) < 0 ||
	    add_queue(r, view, c, e) < 0)
		return -1;
	return page_chat_render(r, out, view, e);
}
