/* Sharing a conversation or a run: the form, its links, and their end. */
#include "config.h"
#include <json-c/json.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/runs/run_view.h"
#include "store/shares.h"
#include "transcript/part.h"

#define DAY_MS INT64_C(86400000)
#define HTML_MAX (8u << 20)	/* bytes of one copy's messages */
#define FILES_MAX 50		/* of one copy */
#define FILES_BYTES_MAX (16 << 20)
#define RENDER_MS 2000		/* ms; markdown not rendered by then is plain text */

/* The conversation or run to share. */
struct subject {
	const char *kind;	/* as in struct share */
	const char *path;	/* below base_path: its page */
	const char *id, *title;
	const char *conversation;	/* whose parts; "" none */
	int64_t end;		/* the offset its parts end at; 0: now */
	struct execution *run;	/* NULL: a conversation */
};

static const int days[] = { 1, 7, 30, 90, SHARE_DAYS_MAX };
#define DAYS_PRESET 30

/* ---- the list of links ---- */

struct listing {
	struct request *r;
	struct view *list;
	int64_t now;
};

static int add_row(void *data, const struct share *s, struct err *e)
{
	struct listing *l = data;
	const struct i18n_locale *text = context_of(l->r)->text;
	struct view *row = view_append(l->list);

	(void)e;
	view_text(row, "id", s->id);
	view_text(row, "title", s->title);
	view_textf(row, "subject_href", "%s/%s/%s",
		   context_of(l->r)->app->base_path,
		   str_equal(s->kind, "execution") ? "executions" : "workspace",
		   s->subject_id);
	view_text(row, "who", page_text(l->r, s->anyone ? "share_anyone" :
					"share_members"));
	view_text(row, "views", i18n_count(l->r, text, "share_views", s->views));
	page_time(l->r, row, "created", s->created_at, l->now);
	page_time(l->r, row, "expires", s->expires_at, l->now);
	return 0;
}

int page_share_rows(struct request *r, struct view *view, const char *subject_id,
		    struct err *e)
{
	const struct context *v = context_of(r);
	struct listing l = { r, view_list(view, "shares"), clock_now_ms() };

	if (share_each(v->db, v->user->id, subject_id, l.now, add_row, &l, e) < 0)
		return -1;
	view_flag(view, "has_shares", view_item(l.list, 0) != NULL);
	return 0;
}

/* ---- what is shared ---- */

static int find_conversation(struct request *r, struct subject *s, struct err *e)
{
	const struct context *v = context_of(r);
	struct conversation *c;

	c = conversation_load(v->db, r, request_arg(r, "id"), v->user->id, e);
	if (!c)
		return -1;
	if (!str_equal(c->kind, "chat"))
		return err_set(e, ERR_MISSING, "a run's conversation");
	*s = (struct subject){
		.kind = "conversation", .id = c->id, .title = page_title(r, c),
		.path = talloc_asprintf(r, "/workspace/%s", c->id),
		.conversation = c->id,
	};
	return 0;
}

/* The last attempt's conversation is the run's. */
static int keep_attempt(void *data, const struct attempt *a, struct err *e)
{
	struct subject *s = data;

	(void)e;
	s->conversation = talloc_strdup(s->run, a->conversation_id);
	s->end = a->ended_offset;
	return 0;
}

static int find_execution(struct request *r, struct subject *s, struct err *e)
{
	const struct context *v = context_of(r);
	struct execution *x = execution_here(r, e);

	if (!x)
		return -1;
	if (execution_open(x))
		return err_tell(e, ERR_CONFLICT, "error_share_open",
				"the run has not ended");
	*s = (struct subject){
		.kind = "execution", .id = x->id, .run = x,
		.path = talloc_asprintf(r, "/executions/%s", x->id),
		.title = talloc_asprintf(r, "%s · %s", x->agent_name,
			i18n_time(r, v->text, x->planned_at, v->zone)),
		.conversation = "",
	};
	return attempt_each(v->db, x->id, keep_attempt, s, e);
}

/* ---- the form ---- */

static void add_days(const struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	struct view *list = view_list(view, "days");
	size_t i;

	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct view *row = view_append(list);

		view_number(row, "value", days[i]);
		view_text(row, "label", i18n_count(r, v->text, "share_days", days[i]));
		view_flag(row, "current", days[i] == DAYS_PRESET);
	}
}

static int show(struct request *r, struct response *out, const struct subject *s,
		const char *secret, struct err *e)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "share");

	view_text(view, "subject_title", s->title);
	view_textf(view, "back", "%s%s", v->app->base_path, s->path);
	view_textf(view, "action", "%s/%ss/%s/share", v->app->base_path, s->kind, s->id);
	view_text(view, "address", *secret ? talloc_asprintf(r, "%s/share/%s",
			page_site_url(r), secret) : "");
	view_flag(view, "run", s->run);
	view_flag(view, "may_anyone", settings_flag(v->app->settings, SET_PUBLIC_LINKS));
	view_flag(view, "ended", str_equal(form_text(r->args, "done"), "ended"));
	view_textf(view, "share_next", "/%ss/%s/share?done=ended", s->kind, s->id);
	add_days(r, view);
	if (page_share_rows(r, view, s->id, e) < 0)
		return -1;
	return page_render(r, out, "pages/share", view, e);
}

typedef int find_subject(struct request *r, struct subject *s, struct err *e);

static int show_form(struct request *r, struct response *out, find_subject *find,
		     struct err *e)
{
	struct subject s;

	return find(r, &s, e) < 0 ? -1 : show(r, out, &s, "", e);
}

int page_share_conversation(struct request *r, struct response *out, struct err *e)
{
	return show_form(r, out, find_conversation, e);
}

int page_share_execution(struct request *r, struct response *out, struct err *e)
{
	return show_form(r, out, find_execution, e);
}

/* ---- the copy ---- */

/* The HTML of one page of parts, and the later page's. */
struct piece {
	char *html;
	struct piece *after;
};

static int copy_page(struct request *r, const struct transcript *shown,
		     struct piece *to, int64_t *older, size_t *left, struct err *e)
{
	struct view *view = view_new(r), *messages = view_list(view, "messages");
	auto_buf html = BUF_INIT(*left);
	const struct view *m;
	size_t i;

	if (page_transcript(r, messages, shown, older, e) < 0)
		return -1;
	for (i = 0; (m = view_item(messages, i)); i++) {
		if (buf_add_text(&html, view_string(view_get(m, "html")), e) < 0)
			return -1;
	}
	talloc_free(view);
	*left -= html.len;
	to->html = alloc_checked(talloc_strdup(r, buf_text(&html)));
	return 0;
}

/* Pages come newest first; what does not fit is found before it is rendered. */
static int copy_messages(struct request *r, const struct subject *s, bool tools,
			 struct buf *html, struct err *e)
{
	struct transcript shown = {
		.id = s->conversation, .limit = PARTS_SHOWN,
		.author = context_of(r)->user->display_name, .again = -1,
		.shared = true, .tools = tools,
	};
	size_t left = HTML_MAX - html->len;
	struct piece *first = NULL, *p;
	int64_t older = s->end;

	if (!*s->conversation)
		return 0;
	do {
		shown.before = older;
		p = alloc_checked(talloc_zero(r, struct piece));
		p->after = first;
		first = p;
		if (copy_page(r, &shown, p, &older, &left, e) < 0)
			return -1;
	} while (older);
	for (p = first; p; p = p->after) {
		if (buf_add_text(html, p->html, e) < 0)
			return -1;
	}
	return 0;
}

/* As the text of a message, rendered or, if that takes too long, plain. */
static int copy_result(struct request *r, const struct execution *x,
		       struct buf *html, struct err *e)
{
	const struct context *v = context_of(r);
	struct json_object *o = json_object_new_object();
	struct part p = { .role = "assistant", .kind = "text", .state = "ok",
			  .created_at = x->ended_at, .ended_at = x->ended_at };
	auto_buf drawn = BUF_INIT(HTML_MAX);
	auto_rendering rendered;
	int rc;

	json_object_object_add(o, "text", json_object_new_string(x->result));
	p.data = json_object_to_json_string(o);
	rendering_init(&rendered, v->db, v->worker->renderer, x->id, RENDER_MS);
	rc = part_render(v->app->templates, v->text, v->zone, &p, &rendered, &drawn, e);
	if (rc == 0)
		rc = message_render(v->app->templates, v->text, v->zone, "", &p,
				    buf_text(&drawn), html, e);
	json_object_put(o);
	return rc;
}

struct files {
	struct request *r;
	const char *execution;
	struct share_file list[FILES_MAX];
	size_t n, bytes;
};

static int copy_file(void *data, const struct execution_file *f, struct err *e)
{
	struct files *g = data;
	struct share_file *to = &g->list[g->n];

	(void)e;
	if (!f->own || !f->kept || g->n == FILES_MAX ||
	    g->bytes + (size_t)f->size > FILES_BYTES_MAX)
		return 0;
	to->path = talloc_strdup(g->r, f->path);
	g->bytes += (size_t)f->size;
	g->n++;
	return 0;
}

static int load_files(struct files *g, struct err *e)
{
	struct db *db = context_of(g->r)->db;
	struct execution_file *f;
	size_t i;

	if (execution_file_each(db, g->execution, copy_file, g, e) < 0)
		return -1;
	for (i = 0; i < g->n; i++) {
		f = execution_file_load(db, g->r, g->execution, g->list[i].path, e);
		if (!f)
			return -1;
		g->list[i].content = f->content;
		g->list[i].size = (size_t)f->size;
	}
	return 0;
}

/* The choices of the form: anything else is refused. */
static int read_form(const struct request *r, struct share *s, struct err *e)
{
	const struct context *v = context_of(r);
	int64_t n;

	if (str_parse_number(form_text(r->form, "days"), 1, SHARE_DAYS_MAX, &n, e) < 0)
		return err_wrap(e, "days");
	s->anyone = str_equal(form_text(r->form, "who"), "anyone");
	if (s->anyone && !settings_flag(v->app->settings, SET_PUBLIC_LINKS))
		return err_set(e, ERR_DENIED, "public links are off");
	s->tools = *form_text(r->form, "tools");
	s->files = *form_text(r->form, "files");
	s->created_at = clock_now_ms();
	s->expires_at = s->created_at + n * DAY_MS;
	return 0;
}

static int copy(struct request *r, const struct subject *s, struct share *to,
		const char *hash, struct err *e)
{
	const struct context *v = context_of(r);
	auto_buf html = BUF_INIT(HTML_MAX);
	struct files g = { .r = r, .execution = s->id };

	if (s->run && *s->run->result && copy_result(r, s->run, &html, e) < 0)
		return -1;
	/* A run's text is its result; how it got there are its tools. */
	if ((!s->run || to->tools) &&
	    copy_messages(r, s, to->tools, &html, e) < 0)
		return -1;
	if (s->run && to->files && load_files(&g, e) < 0)
		return -1;
	if (!html.len && !g.n)
		return err_tell(e, ERR_INPUT, "error_share_empty", "nothing to share");
	memcpy(to->user_id, v->user->id, ID_SIZE);
	to->kind = s->kind;
	to->subject_id = s->id;
	to->title = s->title;
	to->author = v->user->display_name;
	to->html = buf_text(&html);
	return share_add(v->db, to, hash, g.list, g.n, e);
}

static int make(struct request *r, struct response *out, find_subject *find,
		struct err *e)
{
	char secret[TOKEN_SIZE], hash[DIGEST_SIZE];
	struct subject s;
	struct share made = { .kind = "" };

	if (find(r, &s, e) < 0 || read_form(r, &made, e) < 0)
		return -1;
	token_new(secret);
	digest_hex(secret, strlen(secret), hash);
	if (copy(r, &s, &made, hash, e) < 0) {
		if (e->kind == ERR_LIMIT && !*e->key)
			err_tell(e, ERR_LIMIT, "error_share_large", "over %u bytes", HTML_MAX);
		return -1;
	}
	log_event(LOG_INFO, "share_created", "share", made.id, "subject", s.id,
		  "who", made.anyone ? "anyone" : "members", "request", r->id, NULL);
	return show(r, out, &s, secret, e);
}

/* POST /conversations/{id}/share -- a copy and its link, shown this once. */
int page_share_conversation_make(struct request *r, struct response *out,
				 struct err *e)
{
	return make(r, out, find_conversation, e);
}

int page_share_execution_make(struct request *r, struct response *out,
			      struct err *e)
{
	return make(r, out, find_execution, e);
}

/* POST /shares/{id}/end -- the link and its copy end at once. next: where to go. */
int page_share_end(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	const char *id = request_arg(r, "id"), *next = form_text(r->form, "next");

	if (share_remove(v->db, v->user->id, id, e) < 0)
		return -1;
	log_event(LOG_INFO, "share_ended", "share", id, "request", r->id, NULL);
	return response_redirect(out, e, "%s", *next && page_is_ours(next) ?
				 next : "/account?saved=share#shares");
}
