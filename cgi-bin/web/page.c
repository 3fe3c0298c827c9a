/* Shared by all pages: URLs, the common view, rendering. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "cgi-bin/web/static_version.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/percent.h"
#include "core/str.h"
#include "store/budgets.h"
#include "store/domains.h"
#include "store/notices.h"
#include "web/web.h"

#define MINUTE_S 60

char *url_encode(const void *ctx, const char *s, const char *keep)
{
	char *out = alloc_checked(talloc_array(ctx, char, 3 * strlen(s) + 1));

	percent_encode(out, s, keep);
	return out;
}

bool page_is_ours(const char *next)
{
	const char *c;

	if (next[0] != '/' || next[1] == '/' || strlen(next) > 2000)
		return false;
	for (c = next; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '\\')
			return false;
	}
	return true;
}

/*
 * Forms whose own URL has a page, or one beside it; others lead to the
 * workspace.
 */
static const char *page_of_form(const char *path)
{
	static const struct {
		const char *begin, *page;	/* NULL: the same URL */
	} forms[] = {
		{ "/login", NULL }, { "/account", "/account" },
		{ "/domains", "/domains" }, { "/agents/new", NULL },
		{ "/agents", "/agents" },
		{ "/admin/budgets/", NULL },
		{ "/admin/domains", "/admin/domains" },
		{ "/admin/", "/admin" },
		{ "/executions", "/executions" },
		{ "/files/", "/files" },
		{ "/trash", "/trash" },
		{ "/shares", "/account" },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (str_starts(path, forms[i].begin))
			return forms[i].page ? forms[i].page : path;
	}
	return "/workspace";
}

const char *page_here(const struct request *r)
{
	bool form = r->method == METHOD_POST;
	const char *here = url_encode(r, form ? page_of_form(r->path) : r->path,
				      "/:@!$&'()*+,;=");

	if (*r->query && !form)
		here = talloc_asprintf(r, "%s?%s", here, r->query);
	return page_is_ours(here) ? here : "/";
}

const char *page_text(const struct request *r, const char *key)
{
	const char *s = i18n_sentence(context_of(r)->text, key);

	return s ? s : key;
}

struct nav_row {
	const char *path, *label;
	const char *also;	/* another prefix of its pages' URLs */
};

static struct view *add_nav_row(const struct request *r, struct view *list,
				const struct nav_row *row)
{
	struct view *item = view_append(list);

	view_textf(item, "href", "%s%s", context_of(r)->app->base_path,
		   row->path);
	view_text(item, "label", page_text(r, row->label));
	view_flag(item, "current", str_starts(r->path, row->path) ||
				   str_starts(r->path, row->also));
	view_text(item, "count", "");
	return item;
}

static int count_domain(void *data, const struct domain *d, struct err *e)
{
	(void)d;
	(void)e;
	++*(int *)data;
	return 0;
}

int page_requests(const struct request *r)
{
	struct err e = { 0 };
	int n = 0;

	if (domain_each(context_of(r)->db, NULL, "asked", REQUESTS_COUNTED,
			count_domain, &n, &e) < 0)
		log_failure("requests_not_counted", &e, "request", r->id, NULL);
	return n;
}

/* The number of waiting requests, as a badge and in words; nothing for none. */
static void add_count(const struct request *r, struct view *item, int n)
{
	if (!n)
		return;
	view_textf(item, "count", "%d%s", n, n < REQUESTS_COUNTED ? "" : "+");
	view_text(item, "count_words", i18n_count(r, context_of(r)->text,
						  "nav_requests", n));
}

static void add_nav(const struct request *r, struct view *view)
{
	static const struct nav_row workspace = { "/workspace", "nav_workspace",
						  "/conversations" };
	static const struct nav_row agents = { "/agents", "agents", "/agents" };
	static const struct nav_row runs = { "/executions", "nav_runs",
					     "/executions" };
	static const struct nav_row files = { "/files", "files", "/trash" };
	static const struct nav_row terminal = { "/terminal", "terminal",
						 "/terminal" };
	static const struct nav_row usage = { "/usage", "usage", "/usage" };
	static const struct nav_row admin = { "/admin", "nav_admin", "/admin" };
	const struct user *u = context_of(r)->user;
	struct view *list = view_list(view, "nav");

	add_nav_row(r, list, &workspace);
	add_nav_row(r, list, &agents);
	add_nav_row(r, list, &runs);
	add_nav_row(r, list, &files);
	add_nav_row(r, list, &terminal);
	add_nav_row(r, list, &usage);
	if (u && u->admin)
		add_count(r, add_nav_row(r, list, &admin), page_requests(r));
}

void page_admin_nav(const struct request *r, struct view *view)
{
	static const struct nav_row rows[] = {
		{ "/admin/usage", "usage", "/admin/usage" },
		{ "/admin/budgets", "budgets", "/admin/budgets" },
		{ "/admin/domains", "domains", "/admin/domains" },
	};
	struct view *list = view_list(view, "admin_nav"), *item;
	size_t i;

	item = view_append(list);
	view_textf(item, "href", "%s/admin", context_of(r)->app->base_path);
	view_text(item, "label", page_text(r, "admin_overview"));
	view_flag(item, "current", str_equal(r->path, "/admin"));
	view_text(item, "count", "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add_nav_row(r, list, &rows[i]);
}

/* While the kill switch is on every page says so; otherwise "". */
static void add_stop(const struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	struct stop_all stop = { .on = false };
	struct err e = { 0 };

	if (v->db && stop_all_load(v->db, &stop, &e) < 0)
		log_failure("read_kill_switch", &e, "request", r->id, NULL);
	view_text(view, "stopped", stop.on ? page_text(r, "gateway_stopped") : "");
}

/* The number of unread notifications: as a badge ("" for none) and in words. */
static void add_unread(const struct request *r, struct view *view)
{
	const struct context *v = context_of(r);
	struct err e = { 0 };
	int64_t n = 0;

	if (v->user && v->db &&
	    notice_count_unread(v->db, v->user->id, &n, &e) < 0)
		log_failure("notices_not_counted", &e, "request", r->id, NULL);
	view_text(view, "unread", n ? n < 100 ? i18n_number(r, n) : "99+" : "");
	view_text(view, "unread_words", n ? i18n_count(r, v->text,
					"notices_unread", n) : "");
}

static void add_user(const struct context *v, struct view *view)
{
	struct view *user;

	if (!v->user) {
		view_flag(view, "user", false);
		return;
	}
	user = view_map(view, "user");
	view_text(user, "id", v->user->id);
	view_text(user, "login", v->user->login);
	view_text(user, "display_name", v->user->display_name);
	view_flag(user, "admin", v->user->admin);
}

void page_time(const struct request *r, struct view *into, const char *name,
	       int64_t ms, int64_t now)
{
	const struct context *v = context_of(r);
	struct view *map;
	char iso[CLOCK_ISO_SIZE];

	if (!ms) {
		view_flag(into, name, false);
		return;
	}
	map = view_map(into, name);
	clock_iso(ms, iso);
	view_text(map, "iso", iso);
	view_text(map, "exact", i18n_time(r, v->text, ms, v->zone));
	view_text(map, "relative", ms > now ? i18n_until(r, v->text, ms, now) :
					      i18n_ago(r, v->text, ms, now));
}

struct view *page_view(struct request *r, const char *title_key)
{
	const struct context *v = context_of(r);
	struct view *view = view_new(r);
	char csrf[CSRF_TOKEN_SIZE];

	csrf_token(v->token, csrf);
	view_text(view, "base", v->app->base_path);
	view_text(view, "lang", i18n_name(v->text));
	view_flag(view, "lang_ko", str_equal(i18n_name(v->text), "ko"));
	view_text(view, "title", page_text(r, title_key));
	view_flag(view, "theme_light", str_equal(v->theme, "light"));
	view_flag(view, "theme_dark", str_equal(v->theme, "dark"));
	view_text(view, "csrf", csrf);
	view_text(view, "path", page_here(r));
	view_flag(view, "demo", settings_flag(v->app->settings,
					      SET_MODEL_DEMO));
	view_text(view, "version", STATIC_VERSION);
	view_text(view, "refresh", "");
	add_user(v, view);
	add_nav(r, view);
	add_unread(r, view);
	add_stop(r, view);
	return view;
}

const char *page_static(const struct request *r, const char *name)
{
	return talloc_asprintf(r, "%s/static/v/" STATIC_VERSION "/%s",
			       context_of(r)->app->base_path, name);
}

int page_render(struct request *r, struct response *out, const char *name,
		const struct view *view, struct err *e)
{
	const struct context *v = context_of(r);
	const struct cookie before = {
		.name = LOGIN_PRE_COOKIE, .value = v->token, .max_age = -1,
		.path = *v->app->base_path ? v->app->base_path : "/",
		.secure = r->secure,
	};

	if (v->fresh && response_cookie(out, &before, e) < 0)
		return -1;
	if (template_render(v->app->templates, name, view, v->text,
			    &out->body, e) < 0)
		return err_wrap(e, "render %s", name);
	return 0;
}

const char *page_site_url(const struct request *r)
{
	const struct app *app = context_of(r)->app;
	const char *url = settings_text(app->settings, SET_PUBLIC_URL);
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	if (n)
		return talloc_strndup(r, url, n);
	return talloc_asprintf(r, "%s://%s%s", r->secure ? "https" : "http",
			       r->host, app->base_path);
}

int page_check_rate(struct request *r, struct response *out, const char *key,
		    int64_t per_minute, const char *sentence_key, struct err *e)
{
	int64_t count = 0, left = MINUTE_S;
	struct err away = { 0 };
	char text[24];

	if (kv_count(context_of(r)->kv, key, MINUTE_S, &count, &left,
		     &away) < 0) {
		log_failure("rate_not_counted", &away, "request", r->id, NULL);
		return 0;
	}
	if (count <= per_minute)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)(left > 0 ? left : 1));
	if (response_header(out, "Retry-After", text, e) < 0)
		return -1;
	return err_tell(e, ERR_LIMIT, sentence_key, "too often");
}

int page_attachment(struct request *r, struct response *out, const char *plain,
		    const char *name, struct err *e)
{
	auto_buf clean = BUF_INIT(16384);
	char *c;

	if (utf8_scrub(&clean, name, strlen(name), true, e) < 0)
		return -1;
	for (c = clean.data; c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f || strchr("/\\:", *c))
			*c = '_';
	}
	return response_header(out, "Content-Disposition", talloc_asprintf(r,
		"attachment; filename=\"%s\"; filename*=UTF-8''%s", plain,
		url_encode(r, buf_text(&clean), "")), e);
}

int page_download(struct request *r, struct response *out, const char *path,
		  const void *content, size_t size, struct err *e)
{
	const char *name = strrchr(path, '/');

	if (page_attachment(r, out, "file", name && name[1] ? name + 1 : path,
			    e) < 0 ||
	    response_header(out, "Content-Security-Policy",
			    "sandbox; default-src 'none'", e) < 0)
		return -1;
	out->type = "application/octet-stream";
	out->body.cap = size + 1;
	return buf_add(&out->body, content, size, e);
}
