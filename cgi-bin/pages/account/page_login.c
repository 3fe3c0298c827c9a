/* Logging in and out. */
#include "config.h"
#include <talloc.h>

#include "auth/device.h"
#include "auth/gateway_token.h"
#include "auth/password.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/budget_zone.h"
#include "store/conversation_tokens.h"
#include "time/zone.h"

static const char *next_of(const struct form *f)
{
	const char *next = form_text(f, "next");

	return page_is_ours(next) && !str_starts(next, "/login") ?
	       next : "/workspace";
}

/* problem: a sentence, "" for none. */
static int show(struct request *r, struct response *out, const char *login,
		const char *next, const char *problem, struct err *e)
{
	struct view *view = page_view(r, "login");

	view_text(view, "login_value", login);
	view_text(view, "next", next);
	view_text(view, "problem", problem);
	return page_render(r, out, "pages/login", view, e);
}

int page_login_form(struct request *r, struct response *out, struct err *e)
{
	const char *next = next_of(r->args);

	if (context_of(r)->user)
		return response_redirect(out, e, "%s", next);
	return show(r, out, "", next, "", e);
}

static int set_cookie(struct request *r, struct response *out, const char *name,
		      const char *value, int64_t max_age, struct err *e)
{
	const char *base = context_of(r)->app->base_path;
	const struct cookie c = {
		.name = name, .value = value, .path = *base ? base : "/",
		.max_age = max_age, .secure = r->secure,
	};

	return response_cookie(out, &c, e);
}

int64_t page_login_ttl(const struct request *r)
{
	return 3600 * settings_number(context_of(r)->app->settings,
				      SET_LOGIN_HOURS);
}

int page_remember_browser(struct request *r, struct response *out,
			  const struct user *u, struct err *e)
{
	char name[DEVICE_COOKIE_SIZE], value[TOKEN_SIZE];
	const struct cookie c = {
		.name = name, .value = value, .secure = r->secure,
		.path = talloc_asprintf(r, "%s/login",
					context_of(r)->app->base_path),
		.max_age = DEVICE_DAYS * INT64_C(86400),
	};

	device_cookie(u, name);
	device_make(u, request_cookie(r, name), value);
	return response_cookie(out, &c, e);
}

/* The cookie of a browser in which this account has logged in before, or NULL. */
static const char *known_browser(struct request *r, const struct user *u)
{
	char name[DEVICE_COOKIE_SIZE];
	const char *value;

	if (!u)
		return NULL;
	device_cookie(u, name);
	value = request_cookie(r, name);
	return device_valid(u, value) ? value : NULL;
}

/*
 * A user without a login has no tokens except those of runs: the bridge stops
 * the Claude processes first. If it is away the tokens are revoked
 * nevertheless, and it ends the processes when it is back, because their
 * tokens are gone.
 */
static int end_access(struct request *r, const char *user_id, struct err *e)
{
	struct context *v = context_of(r);
	struct token_ending ending = { "", "", "" };
	bool any;

	if (login_any(v->kv, user_id, &any, e) < 0)
		return -1;
	if (any || bridge_tell(r, "/users/%s/logged-out", user_id))
		return 0;
	if (!str_copy(ending.user_id, sizeof(ending.user_id), user_id))
		err_abort("an id too long");
	if (token_ending_add(v->db, &ending, e) < 0 ||
	    gateway_token_end_except_runs(v->kv, user_id, e) < 0)
		return -1;
	return token_ending_done(v->db, ending.id, e);
}

/*
 * Until when budgets follow the zone of before: for an account that never called
 * a model there is none.
 */
static int64_t zone_end(struct request *r, const struct user *u)
{
	struct err e = { 0 };
	bool any = true;

	if (usage_any(context_of(r)->db, u->id, &any, &e) < 0)
		log_failure("usage_not_read", &e, "request", r->id, NULL);
	return any ? budget_zone_end(u, usage_zone_of(r, u), clock_now_ms()) : 0;
}

/* An account without a time zone gets the one that the login form found in the browser. */
static void take_zone(struct request *r, const struct user *u)
{
	const char *zone = form_text(r->form, "timezone");
	struct err e = { 0 };

	if (*u->timezone || !*zone || !zone_find(zone))
		return;
	if (user_set_preferences(context_of(r)->db, u->id, u->display_name,
				 u->locale, u->theme, zone, zone_end(r, u),
				 &e) < 0)
		log_failure("zone_not_saved", &e, "request", r->id, NULL);
}

/* A login that was there before is ended: the token never stays the same. */
static int start_login(struct request *r, struct response *out,
		 const struct user *user, struct err *e)
{
	struct context *v = context_of(r);
	int64_t ttl = page_login_ttl(r);
	char token[TOKEN_SIZE];

	if (v->user) {
		if (login_end(v->kv, v->token, e) < 0)
			return -1;
		bridge_login_ended(r, v->token);
	}
	if (page_remember_browser(r, out, user, e) < 0 ||
	    login_start(v->kv, user, ttl, token, e) < 0 ||
	    set_cookie(r, out, LOGIN_COOKIE, token, ttl, e) < 0 ||
	    set_cookie(r, out, LOGIN_PRE_COOKIE, "", 0, e) < 0)
		return -1;
	if (v->user && end_access(r, v->user->id, e) < 0)
		return -1;
	log_event(LOG_INFO, "login", "user", user->id, "request", r->id, NULL);
	take_zone(r, user);
	bridge_tell(r, "/workspaces/%s/ensure", user->id);
	return response_redirect(out, e, "%s", next_of(r->form));
}

/* A refusal shows the form again, with the reason and the login still in it. */
static int refuse(struct request *r, struct response *out, const struct err *why,
		  int64_t wait_s, struct err *e)
{
	struct context *v = context_of(r);
	const char *problem = page_sentence(r, why);

	out->status = 401;
	if (why->kind == ERR_LIMIT) {
		out->status = 429;
		problem = i18n_fill(r, v->text, "error_too_many_tries_wait",
				    i18n_duration(r, v->text, 1000 * wait_s),
				    NULL);
		if (response_header(out, "Retry-After",
				    talloc_asprintf(r, "%lld", (long long)wait_s),
				    e) < 0)
			return -1;
	}
	log_event(LOG_INFO, "login_refused", "kind", err_kind_name(why->kind),
		  "remote", r->remote, "request", r->id, NULL);
	return show(r, out, form_text(r->form, "login"), next_of(r->form),
		    problem, e);
}

/*
 * Counts the attempt, then checks the password. The account, or NULL: unknown
 * login, wrong password and disabled account take the same time and give the
 * same error, ERR_AUTH.
 */
static struct user *prove(struct request *r, int64_t *wait_s, struct err *e)
{
	struct context *v = context_of(r);
	struct login_try try = {
		.login = form_text(r->form, "login"), .address = r->remote,
	};
	struct user *user = user_load_by_login(v->db, r, try.login, e);

	if (!user && e->kind != ERR_MISSING && e->kind != ERR_INPUT)
		return NULL;
	try.browser = known_browser(r, user);
	if (login_check(v->kv, v->app->settings, &try, wait_s, e) < 0)
		return NULL;
	if (!password_matches(user ? user->password_hash : NULL,
			      form_text(r->form, "password")) ||
	    !user || user->disabled_at) {
		err_tell(e, ERR_AUTH, "error_login", "login refused");
		return NULL;
	}
	return login_succeeded(v->kv, &try, e) < 0 ? NULL : user;
}

/*
 * POST /login -- attempts are counted before the password is checked, so that
 * many at once cannot exceed the limit.
 */
int page_login(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	int64_t wait_s = 0;
	struct user *user;
	struct err why = { 0 };

	v->db = page_worker_db(v->worker, e);
	if (!v->db)
		return -1;
	user = prove(r, &wait_s, &why);
	if (user)
		return start_login(r, out, user, e);
	if (why.kind == ERR_AUTH || why.kind == ERR_LIMIT)
		return refuse(r, out, &why, wait_s, e);
	*e = why;
	return -1;
}

int page_logout(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);

	if (login_end(v->kv, v->token, e) < 0)
		return -1;
	bridge_login_ended(r, v->token);
	if (end_access(r, v->user->id, e) < 0)
		return -1;
	log_event(LOG_INFO, "logout", "user", v->user->id, "request", r->id,
		  NULL);
	if (set_cookie(r, out, LOGIN_COOKIE, "", 0, e) < 0)
		return -1;
	return response_redirect(out, e, "/login");
}
