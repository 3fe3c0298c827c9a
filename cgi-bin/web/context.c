/* A request's context: its user and language, and whether it is forged. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "http/cookie.h"
#include "http/origin.h"
#include "web/web.h"

static const char *theme_of(const char *theme)
{
	return theme && (str_equal(theme, "light") || str_equal(theme, "dark")) ?
	       theme : "";
}

static const struct i18n_locale *locale_of(const struct request *r,
					   const struct app *app,
					   const char *choice)
{
	const struct i18n_locale *l = NULL;

	if (choice && *choice)
		l = i18n_find(app->i18n, choice);
	if (l)
		return l;
	return i18n_negotiate(app->i18n, r->accept_language,
			      settings_text(app->settings, SET_DEFAULT_LOCALE));
}

/* The cookie that ties a form to the browser before login. */
static void before_login(struct request *r, struct context *v)
{
	char *token = request_cookie(r, LOGIN_PRE_COOKIE) ?
		      talloc_strdup(v, request_cookie(r, LOGIN_PRE_COOKIE)) :
		      NULL;

	if (token && token_valid(token)) {
		memcpy(v->token, token, TOKEN_SIZE);
		return;
	}
	token_new(v->token);
	v->fresh = true;
}

void context_blank(struct request *r, struct page_worker *w,
		   const struct request_source *src)
{
	struct context *v = alloc_checked(talloc_zero(r, struct context));

	v->worker = w;
	v->app = w->app;
	v->src = src;
	v->kv = w->kv;
	v->db = w->db;
	v->text = locale_of(r, w->app, request_cookie(r, LOCALE_COOKIE));
	v->theme = theme_of(request_cookie(r, THEME_COOKIE));
	v->zone = settings_text(w->app->settings, SET_DEFAULT_TIMEZONE);
	r->state = v;
	before_login(r, v);
}

static void use_login(struct request *r, struct context *v, const char *token)
{
	if (!str_copy(v->token, sizeof(v->token), token))
		err_abort("login token");
	v->fresh = false;
	if (*v->user->locale)
		v->text = locale_of(r, v->app, v->user->locale);
	v->theme = theme_of(v->user->theme);
	if (*v->user->timezone)
		v->zone = v->user->timezone;
}

static int find_user(struct request *r, struct context *v, struct err *e)
{
	const char *token = request_cookie(r, LOGIN_COOKIE);
	struct login login;
	struct user *user;

	v->db = page_worker_db(v->worker, e);
	if (!v->db)
		return -1;
	if (!token || !token_valid(token))
		return 0;
	if (login_find(v->kv, token, &login, e) < 0)
		return e->kind == ERR_AUTH ? 0 : -1;
	user = user_load(v->db, v, login.user_id, e);
	if (!user)
		return e->kind == ERR_MISSING ? 0 : -1;
	if (user->disabled_at || !login_holds(&login, user))
		return 0;
	v->user = user;
	use_login(r, v, token);
	return 0;
}

int context_begin(struct request *r, struct page_worker *w,
		  const struct request_source *src, bool open, struct err *e)
{
	struct err away = { 0 };

	context_blank(r, w, src);
	if (find_user(r, context_of(r), &away) == 0 || open)
		return 0;
	*e = away;
	return -1;
}

/* If the browser says where the form came from, it must be this host. */
int context_check_origin(const struct request *r, struct err *e)
{
	if (!*r->origin || origin_ours(r->origin, r->host, r->secure))
		return 0;
	return err_tell(e, ERR_DENIED, "error_origin", "Origin is not ours");
}

int context_check_csrf(const struct request *r, struct err *e)
{
	const struct context *v = context_of(r);
	const char *given = form_text(r->form, "csrf");

	if (!*given)
		given = v->src->env(v->src->data, "HTTP_X_CSRF_TOKEN");
	if (given && !v->fresh && csrf_matches(v->token, given))
		return 0;
	return err_tell(e, ERR_DENIED, "error_csrf", "wrong CSRF token");
}
