/* Logging in and out. */
#include "config.h"
#include <talloc.h>

#include "auth/gateway_token.h"
#include "auth/password.h"
#include "core/log.h"
#include "core/str.h"
#include "pages.h"
#include "store/conversation_tokens.h"

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

	if (visit_of(r)->user)
		return response_redirect(out, e, "%s", next);
	return show(r, out, "", next, "", e);
}

static int set_cookie(struct request *r, struct response *out, const char *name,
		      const char *value, int64_t max_age, struct err *e)
{
	const char *base = visit_of(r)->site->base_path;
	const struct cookie c = {
		.name = name, .value = value, .path = *base ? base : "/",
		.max_age = max_age, .secure = r->secure,
	};

	return response_cookie(out, &c, e);
}

/*
 * The account, or NULL with ERR_AUTH: unknown login, wrong password and
 * disabled account take the same time and say the same.
 */
static struct user *prove(struct request *r, const char *login,
			  const char *password, struct err *e)
{
	struct visit *v = visit_of(r);
	struct user *user;

	user = user_load_by_login(v->db, r, login, e);
	if (!user && e->kind != ERR_MISSING && e->kind != ERR_INPUT)
		return NULL;
	if (password_matches(user ? user->password_hash : NULL, password) &&
	    user && !user->disabled_at)
		return user;
	err_tell(e, ERR_AUTH, "error_login", "login refused");
	return NULL;
}

/*
 * Who has no login left has no tokens but those of runs: the bridge stops their Claudes first. If
 * it is away the tokens end all the same, and it ends the Claudes when it is
 * back, since it knows no token of theirs.
 */
static int end_access(struct request *r, const char *user_id, struct err *e)
{
	struct visit *v = visit_of(r);
	struct token_ending ending = { "", "", "" };
	bool any;

	if (login_any(v->kv, user_id, &any, e) < 0)
		return -1;
	if (any || bridge_tell(r, "/users/%s/logged-out", user_id))
		return 0;
	if (!str_copy(ending.user_id, sizeof(ending.user_id), user_id))
		err_abort("an id too long");
	if (token_ending_add(v->db, &ending, e) < 0 ||
	    gateway_token_end_persons(v->kv, user_id, e) < 0)
		return -1;
	return token_ending_done(v->db, ending.id, e);
}

/* A login that was there before is ended: the token never stays the same. */
static int begin(struct request *r, struct response *out,
		 const struct user *user, struct err *e)
{
	struct visit *v = visit_of(r);
	int64_t ttl = 3600 * settings_number(v->site->settings, SET_LOGIN_HOURS);
	char token[TOKEN_SIZE];

	if (v->user) {
		if (login_end(v->kv, v->token, e) < 0)
			return -1;
		bridge_login_ended(r, v->token);
	}
	if (login_start(v->kv, user->id, ttl, token, e) < 0 ||
	    set_cookie(r, out, LOGIN_COOKIE, token, ttl, e) < 0 ||
	    set_cookie(r, out, LOGIN_PRE_COOKIE, "", 0, e) < 0)
		return -1;
	if (v->user && end_access(r, v->user->id, e) < 0)
		return -1;
	log_event(LOG_INFO, "login", "user", user->id, "request", r->id, NULL);
	bridge_tell(r, "/workspaces/%s/ensure", user->id);
	return response_redirect(out, e, "%s", next_of(r->form));
}

/* Refusals are the form again, with the reason and the login still in it. */
static int refuse(struct request *r, struct response *out, const struct err *why,
		  int64_t wait_s, struct err *e)
{
	struct visit *v = visit_of(r);
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
 * POST /login -- the tries are counted before the password is looked at, so
 * that many at once cannot pass the limit.
 */
int page_login(struct request *r, struct response *out, struct err *e)
{
	struct visit *v = visit_of(r);
	const char *login = form_text(r->form, "login");
	const char *password = form_text(r->form, "password");
	int64_t wait_s = 0;
	struct user *user;
	struct err why = { 0 };

	v->db = worker_db(v->worker, e);
	if (!v->db)
		return -1;
	if (login_check(v->kv, v->site->settings, login, r->remote, &wait_s,
			&why) < 0) {
		if (why.kind == ERR_LIMIT)
			return refuse(r, out, &why, wait_s, e);
		*e = why;
		return -1;
	}
	user = prove(r, login, password, &why);
	if (!user && why.kind == ERR_AUTH)
		return refuse(r, out, &why, 0, e);
	if (!user) {
		*e = why;
		return -1;
	}
	if (login_succeeded(v->kv, login, r->remote, e) < 0)
		return -1;
	return begin(r, out, user, e);
}

int page_logout(struct request *r, struct response *out, struct err *e)
{
	struct visit *v = visit_of(r);

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
