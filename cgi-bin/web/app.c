#include "config.h"
#include "web/app.h"

#include <malloc.h>
#include <string.h>
#include <talloc.h>

#include "core/log.h"
#include "core/piece.h"
#include "core/str.h"
#include "pages/pages.h"

#define ROWS_KEPT 1024		/* some 600 bytes each, per thread */
#define PAGE_PIECE (512u << 10)	/* bytes of an answer that are generated as one piece */
#define LARGE (512 << 10)	/* bytes of a request or an answer */
#define REQUEST_POOL (256 << 10)	/* bytes; beyond it memory is allocated */

struct app *app_load(const void *ctx, const struct settings *s,
		     struct err *e)
{
	struct app *app = alloc_checked(talloc_zero(ctx, struct app));
	const char *dir = settings_text(s, SET_TEMPLATES);
	const char *locales;

	app->settings = s;
	app->base_path = settings_text(s, SET_BASE_PATH);
	locales = talloc_asprintf(app, "%s/locale", dir);
	app->i18n = i18n_load(app, locales, e);
	if (app->i18n)
		app->templates = templates_load(app, dir, app->i18n, e);
	if (!app->templates) {
		talloc_free(app);
		return NULL;
	}
	return app;
}

struct page_worker *page_worker_new(const void *ctx, const struct app *app)
{
	struct page_worker *w =
		alloc_checked(talloc_zero(ctx, struct page_worker));

	w->app = app;
	w->rows = fragments_new(w, ROWS_KEPT);
	w->renderer = renderer_new(w);
	w->pool = alloc_checked(talloc_pool(w, REQUEST_POOL));
	w->kv = kv_new(w, settings_text(app->settings, SET_REDIS_SOCKET));
	return w;
}

struct db *page_worker_db(struct page_worker *w, struct err *e)
{
	if (!w->db)
		w->db = db_open(w, settings_text(w->app->settings,
						 SET_DATABASE), e);
	if (!w->db) {
		err_wrap(e, "open the store");
		e->kind = ERR_UNAVAILABLE;
		if (!str_copy(e->key, sizeof(e->key), "error_store"))
			err_abort("error_store");
	}
	return w->db;
}

static int refuse_method(struct response *out, unsigned allowed, struct err *e)
{
	auto_buf list = BUF_INIT(64);

	if (allowed & METHOD_GET && buf_add_text(&list, "GET, HEAD", e) < 0)
		return -1;
	if (allowed & METHOD_POST &&
	    buf_addf(&list, e, "%sPOST", list.len ? ", " : "") < 0)
		return -1;
	return response_header(out, "Allow", buf_text(&list), e);
}

static size_t body_cap(const struct app *app, const struct route *route)
{
	if (route->body_cap == BODY_MESSAGE)
		return 3 * (size_t)settings_number(app->settings,
						   SET_MESSAGE_MAX) + 4096;
	return route->body_cap ? route->body_cap : 64 << 10;
}

/* To the login form, and back here afterwards. */
static int ask_login(struct request *r, struct response *out, struct err *e)
{
	const char *here = page_here(r);

	if (str_equal(here, "/"))
		return response_redirect(out, e, "/login");
	return response_redirect(out, e, "/login?next=%s",
				 url_encode(r, here, "/"));
}

/* A form; or bytes, beside an empty form. */
static int read_body(struct request *r, const struct request_source *src,
		     const struct route *route, struct err *e)
{
	size_t cap = body_cap(context_of(r)->app, route);

	if (!(route->flags & ROUTE_BYTES))
		return request_read_form(r, src, cap, e);
	r->form = form_new(r);
	return request_read_raw(r, src, cap, e);
}

/* Login, Origin, body and CSRF token, in this order, then the handler. */
static int pass(struct request *r, struct response *out,
		const struct route *route, struct err *e)
{
	struct context *v = context_of(r);
	bool open = route->flags & ROUTE_OPEN;

	if (!open && !v->user) {
		if (r->method != METHOD_POST)
			return ask_login(r, out, e);
		return err_tell(e, ERR_AUTH, "error_auth", "not logged in");
	}
	if (route->flags & ROUTE_ADMIN && !v->user->admin)
		return err_set(e, ERR_MISSING, "not an administrator");
	if (route->flags & ROUTE_RAW) {
		if (request_read_raw(r, v->src, body_cap(v->app, route), e) < 0)
			return -1;
	} else if (r->method == METHOD_POST) {
		if (context_check_origin(r, e) < 0 ||
		    read_body(r, v->src, route, e) < 0)
			return -1;
		if (!(route->flags & ROUTE_NO_CSRF) &&
		    context_check_csrf(r, e) < 0)
			return -1;
	}
	return route->handler(r, out, e);
}

static const struct route *find_route(struct page_worker *w, struct request *r,
				      const struct request_source *src,
				      struct response *out, struct err *e)
{
	const struct route *route;
	unsigned allowed = 0;
	struct err more = { 0 };

	route = router_find(routes, routes_count, r, &allowed, e);
	if (route)
		return route;
	if (context_begin(r, w, src, true, &more) < 0)
		context_blank(r, w, src);
	if (allowed && refuse_method(out, allowed, &more) < 0)
		*e = more;
	return NULL;
}

static int serve(struct page_worker *w, struct request *r,
		 const struct request_source *src, const struct route *route,
		 struct response *out, struct err *e)
{
	if (route->flags & ROUTE_RAW)
		context_blank(r, w, src);
	else if (context_begin(r, w, src, route->flags & ROUTE_OPEN, e) < 0)
		return -1;
	return pass(r, out, route, e);
}

/* A request so malformed that request_new refused it still gets a page. */
static struct request *blank(const void *ctx, const struct request_source *src)
{
	struct request *r = alloc_checked(talloc_zero(ctx, struct request));
	const char *languages = src->env(src->data, "HTTP_ACCEPT_LANGUAGE");
	const char *method = src->env(src->data, "REQUEST_METHOD");
	char id[ID_SIZE];

	id_new(id);
	r->method = method && str_equal(method, "HEAD") ? METHOD_HEAD :
							   METHOD_GET;
	r->path = "/";
	r->query = "";
	r->host = "";
	r->remote = "";
	r->id = talloc_strdup(r, id);
	r->accept_language = languages ? languages : "";
	r->cookie = "";
	r->origin = "";
	return r;
}

/* These paths end in a bearer secret; never log it. */
static const char *path_to_log(const char *path)
{
	static const char *const secrets[] = { "/calendar/", "/hooks/", "/share/" };
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (str_starts(path, secrets[i]))
			return secrets[i];
	}
	return path;
}

/* Drops the handler's unfinished answer, except for a 405's headers. */
static void fail(struct request *r, struct response *out, const struct err *why)
{
	struct err e = { 0 };

	log_failure("request_failed", why, "request", r->id, "path",
		    path_to_log(r->path), NULL);
	if (!str_equal(why->key, "error_method"))
		buf_clear(&out->headers);
	buf_clear(&out->body);
	out->type = "text/html; charset=utf-8";
	if (page_error(r, out, why, &e) == 0)
		return;
	log_failure("error_page_failed", &e, "request", r->id, NULL);
	buf_clear(&out->headers);
	buf_clear(&out->body);
	out->status = 500;
	out->type = "text/plain; charset=utf-8";
	if (buf_add_text(&out->body, "Something went wrong here.\n", &e) < 0)
		err_abort(e.text);
}

/* True: answered, or failed with an answer. */
static bool answer(struct page_worker *w, struct request *r,
		   const struct request_source *src,
		   enum app_passwords passwords, struct response *out)
{
	struct err e = { 0 };
	const struct route *route = find_route(w, r, src, out, &e);
	bool password = route && route->flags & ROUTE_PASSWORD;

	if (password && passwords == PASSWORDS_LATER)
		return false;
	if (password && passwords == PASSWORDS_REFUSED)
		err_tell(&e, ERR_UNAVAILABLE, "error_login_busy",
			 "too many passwords wait for their hash");
	else if (route && serve(w, r, src, route, out, &e) == 0)
		return true;
	if (!r->state)
		context_blank(r, w, src);
	fail(r, out, &e);
	return true;
}

/* Otherwise the program keeps the memory of its largest pages. */
static void give_back(struct page_worker *w)
{
	if (w->db)
		db_shrink(w->db);
	malloc_trim(0);
}

bool app_answer(struct page_worker *w, const struct request_source *src,
		enum app_passwords passwords, struct buf *bytes)
{
	const struct settings *s = w->app->settings;
	void *ctx = talloc_new(w->pool);
	struct response out;
	struct request *r;
	struct err e = { 0 };
	bool answered = true, large;
	int64_t began = piece_begin();

	response_init(&out, w->app->base_path);
	r = request_new(ctx, src, w->app->base_path,
			settings_text(s, SET_SERVER_NAMES), &e);
	if (!r) {
		r = blank(ctx, src);
		context_blank(r, w, src);
		fail(r, &out, &e);
	} else {
		answered = answer(w, r, src, passwords, &out);
	}
	if (answered &&
	    response_format(&out, r->method == METHOD_HEAD, bytes, &e) < 0) {
		log_failure("answer_failed", &e, "request", r->id, NULL);
		buf_clear(bytes);
		if (buf_add_text(bytes, "Status: 500 Internal Server Error\r\n"
				 "Content-Length: 0\r\n\r\n", &e) < 0)
			err_abort(e.text);
	}
	if (passwords != PASSWORDS_NOW)		/* their hash is slow by design */
		piece_end(began, 1 + (int64_t)(bytes->len / PAGE_PIECE), "page",
			  path_to_log(r->path));
	response_release(&out);
	large = bytes->len > LARGE || r->body_len > LARGE;
	talloc_free(ctx);
	if (large)
		give_back(w);
	return answered;
}
