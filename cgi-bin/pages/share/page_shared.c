/* What others see of a shared copy: the page, its files, whether it still exists. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/pages.h"
#include "store/shares.h"

#define PER_MINUTE 120	/* requests from one address */
#define FILES_SHOWN 50

/* The copy, if this visitor may see it: *login is set if logging in would help. */
static struct share *find(struct request *r, struct response *out, bool *login,
			  struct err *e)
{
	struct context *v = context_of(r);
	const char *secret = request_arg(r, "secret");
	char hash[DIGEST_SIZE];
	struct share *s;

	*login = false;
	if (page_check_rate(r, out, talloc_asprintf(r, "share:%s", r->remote),
			    PER_MINUTE, "error_share_often", e) < 0)
		return NULL;
	v->db = page_worker_db(v->worker, e);
	if (!v->db)
		return NULL;
	digest_hex(secret, strlen(secret), hash);
	s = share_load(v->db, r, hash, clock_now_ms(), e);
	if (!s || v->user)
		return s;
	if (s->anyone && settings_flag(v->app->settings, SET_PUBLIC_LINKS))
		return s;
	*login = true;
	err_tell(e, ERR_AUTH, "error_auth", "for those who can log in");
	return NULL;
}

struct listing {
	struct request *r;
	struct view *list;
	const char *secret;
	size_t n;
};

static int add_file(void *data, const struct share_file *f, struct err *e)
{
	struct listing *l = data;
	auto_buf name = BUF_INIT(16384);
	struct view *row;

	if (l->n++ == FILES_SHOWN)
		return 0;
	if (utf8_scrub(&name, f->path, strlen(f->path), true, e) < 0)
		return -1;
	row = view_append(l->list);
	view_text(row, "path", buf_text(&name));
	view_text(row, "size", i18n_bytes(l->r, (int64_t)f->size));
	view_textf(row, "href", "%s/share/%s/file?path=%s",
		   context_of(l->r)->app->base_path, l->secret,
		   url_encode(l->r, f->path, ""));
	return 0;
}

static int show(struct request *r, struct response *out, const struct share *s,
		struct err *e)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "share");
	struct listing l = { r, view_list(view, "files"), request_arg(r, "secret"), 0 };

	view_text(view, "title", s->title);
	view_text(view, "about", i18n_fill(r, v->text, "shared_about", s->author,
		  i18n_time(r, v->text, s->created_at, v->zone), NULL));
	view_text(view, "until", i18n_fill(r, v->text, "shared_until",
		  i18n_time(r, v->text, s->expires_at, v->zone), NULL));
	view_html(view, "html", s->html);
	view_flag(view, "conversation", str_equal(s->kind, "conversation"));
	view_textf(view, "state", "%s/share/%s/state", v->app->base_path, l.secret);
	if (share_file_each(v->db, s->id, add_file, &l, e) < 0)
		return -1;
	view_flag(view, "has_files", l.n > 0);
	return page_render(r, out, "pages/shared", view, e);
}

/* From search engines; other sites never get a referrer from us. */
static int hide(struct response *out, struct err *e)
{
	return response_header(out, "X-Robots-Tag", "noindex, nofollow", e);
}

static void count(const struct request *r, const struct share *s)
{
	const struct context *v = context_of(r);
	struct err e = { 0 };

	if (v->user && str_equal(v->user->id, s->user_id))
		return;
	if (share_view(v->db, s->id, &e) < 0)
		log_failure("share_view", &e, "request", r->id, NULL);
}

/* GET /share/{secret} -- the copy; others than its author are counted. */
int page_shared(struct request *r, struct response *out, struct err *e)
{
	struct share *s;
	bool login;

	s = find(r, out, &login, e);
	if (!s && login)
		return response_redirect(out, e, "/login?next=/share/%s",
					 request_arg(r, "secret"));
	if (!s || hide(out, e) < 0)
		return -1;
	count(r, s);
	return show(r, out, s, e);
}

/* GET /share/{secret}/state -- 204 while the copy exists: an open page asks. */
int page_shared_state(struct request *r, struct response *out, struct err *e)
{
	bool login;

	if (!find(r, out, &login, e))
		return -1;
	out->status = 204;
	return hide(out, e);
}

int page_shared_file(struct request *r, struct response *out, struct err *e)
{
	struct share_file *f;
	struct share *s;
	bool login;

	s = find(r, out, &login, e);
	if (!s)
		return -1;
	f = share_file_load(context_of(r)->db, r, s->id, form_text(r->args, "path"), e);
	if (!f || hide(out, e) < 0)
		return -1;
	return page_download(r, out, f->path, f->content, f->size, e);
}
