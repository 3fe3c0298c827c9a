/* The user's own account: name, language, theme, time zone, password. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "auth/password.h"
#include "core/clock.h"
#include "core/locale_names.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "spending/budget_zone.h"
#include "store/composer.h"
#include "store/feeds.h"
#include "time/zone.h"

/* Suggestions; any IANA name is accepted. */
static const char *const zones[] = {
	"UTC", "Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Asia/Singapore",
	"Asia/Kolkata", "Australia/Sydney", "Europe/London", "Europe/Berlin",
	"Europe/Paris", "Africa/Johannesburg", "America/Sao_Paulo",
	"America/New_York", "America/Chicago", "America/Denver",
	"America/Los_Angeles",
};

void page_zones(struct view *view)
{
	struct view *list = view_list(view, "zones");
	size_t i;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		view_append_text(list, zones[i]);
}

#define TEMPLATE_SHOWN 200	/* bytes of a template's text in the list */

struct choice {
	const char *value, *key;
};

static void add_choices(const struct request *r, struct view *view,
			const char *name, const struct choice *choices,
			size_t n, const char *current)
{
	struct view *list = view_list(view, name);
	size_t i;

	for (i = 0; i < n; i++) {
		struct view *item = view_append(list);

		view_text(item, "value", choices[i].value);
		view_text(item, "label", page_text(r, choices[i].key));
		view_flag(item, "current", str_equal(choices[i].value, current));
	}
}

/* The form's values: the account's, or those just refused. */
struct values {
	const char *display_name, *locale, *theme, *timezone;
};

static int add_template(void *data, const struct message_template *t, struct err *e)
{
	struct view *list = data, *item = view_append(list);

	(void)e;
	view_text(item, "id", t->id);
	view_text(item, "name", t->name);
	view_textf(item, "text", "%.*s", (int)utf8_prefix(t->text, strlen(t->text),
							  TEMPLATE_SHOWN), t->text);
	return 0;
}

/* What the message box keeps. */
static int add_composer(struct request *r, struct view *view, struct err *e)
{
	const struct context *v = context_of(r);
	const char *saved = form_text(r->args, "saved");

	view_flag(view, "composer_saved", str_equal(saved, "composer"));
	view_flag(view, "template_saved", str_equal(saved, "template"));
	if (page_chat_choices(r, view, NULL, e) < 0)
		return -1;
	return message_template_each(v->db, v->user->id, add_template,
				     view_list(view, "templates"), e);
}

static int show(struct request *r, struct response *out,
		const struct values *in, const char *problem,
		const char *password_problem, struct err *e)
{
	static const struct choice themes[] = {
		{ "", "theme_system" }, { "light", "theme_light" },
		{ "dark", "theme_dark" },
	};
	struct choice locales[1 + LOCALES] = { { "", "account_locale_browser" } };
	const char *saved = form_text(r->args, "saved");
	struct view *view = page_view(r, "account");
	size_t i;
	bool feed;

	for (i = 0; i < LOCALES; i++)
		locales[1 + i] = (struct choice){ locale_names[i],
			talloc_asprintf(r, "locale_%s", locale_names[i]) };
	if (feed_exists(context_of(r)->db, context_of(r)->user->id, &feed,
			e) < 0 ||
	    add_composer(r, view, e) < 0)
		return -1;
	view_text(view, "account_login", context_of(r)->user->login);
	view_text(view, "account_name", in->display_name);
	view_text(view, "account_zone", in->timezone);
	view_text(view, "zone_preset", context_of(r)->zone);
	view_text(view, "budget_zone_words", usage_budget_zone_words(r,
			context_of(r)->user, clock_now_ms()));
	add_choices(r, view, "locales", locales, 1 + LOCALES,
		    in->locale);
	add_choices(r, view, "themes", themes, 3, in->theme);
	page_zones(view);
	view_text(view, "problem", problem);
	view_text(view, "password_problem", password_problem);
	view_flag(view, "saved", str_equal(saved, "1"));
	view_flag(view, "password_saved", str_equal(saved, "password"));
	view_flag(view, "feed_exists", feed);
	view_flag(view, "feed_revoked", str_equal(saved, "feed"));
	view_flag(view, "share_ended", str_equal(saved, "share"));
	view_text(view, "share_next", "");
	if (page_share_rows(r, view, "", e) < 0)
		return -1;
	return page_render(r, out, "pages/account", view, e);
}

static struct values stored(const struct request *r)
{
	const struct user *u = context_of(r)->user;

	return (struct values){ u->display_name, u->locale, u->theme,
				u->timezone };
}

int page_account(struct request *r, struct response *out, struct err *e)
{
	const struct values in = stored(r);

	return show(r, out, &in, "", "", e);
}

/* A used-up budget does not reset by changing to another zone's day. */
static int64_t zone_end(const struct request *r)
{
	return budget_zone_end(context_of(r)->user, usage_zone(r),
			       clock_now_ms());
}

int page_account_save(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	const struct values in = {
		form_text(r->form, "display_name"), form_text(r->form, "locale"),
		form_text(r->form, "theme"), form_text(r->form, "timezone"),
	};
	struct err why = { 0 };

	if (*in.timezone && !str_equal(in.timezone, v->user->timezone) &&
	    !zone_find(in.timezone))
		err_tell(&why, ERR_INPUT, "error_timezone",
			 "not the name of a time zone");
	else if (user_set_preferences(v->db, v->user->id, in.display_name,
				      in.locale, in.theme, in.timezone,
				      zone_end(r), &why) == 0)
		return response_redirect(out, e, "/account?saved=1");
	if (why.kind != ERR_INPUT) {
		*e = why;
		return -1;
	}
	out->status = 400;
	return show(r, out, &in, page_sentence(r, &why), "", e);
}

struct others {
	const char *own;	/* 64 hex digits of the login that stays */
	char **list;		/* the other logins; a talloc array */
	size_t n;
};

static int keep_other(void *data, const char *member, struct err *e)
{
	struct others *o = data;

	(void)e;
	if (str_equal(member, o->own))
		return 0;
	o->list =
		alloc_checked(talloc_realloc(NULL, o->list, char *, o->n + 1));
	o->list[o->n++] = talloc_strdup(o->list, member);
	return 0;
}

/*
 * Ends every other login of the account and its sockets. If the bridge is away
 * it is asked once, not for every login.
 */
static int end_others(struct request *r, struct err *e)
{
	struct context *v = context_of(r);
	char own[LOGIN_KEY_SIZE];
	struct others o = { .own = own + strlen("session:") };
	char *set = talloc_asprintf(r, "logins:%s", v->user->id);
	size_t i;
	int bad;

	login_key(v->token, own);
	bad = kv_set_each(v->kv, set, keep_other, &o, e) < 0 ||
	      login_end_all(v->kv, v->user->id, v->token, e) < 0;
	for (i = 0; !bad && i < o.n; i++) {
		if (!bridge_tell(r, "/logins/%s/ended", o.list[i]))
			break;
	}
	talloc_free(o.list);
	return bad ? -1 : 0;
}

/*
 * The old password could be a guess, as at login, so it counts as an attempt:
 * of this login only.
 */
static int prove(struct request *r, struct err *e)
{
	struct context *v = context_of(r);
	const struct login_try try = {
		.login = v->user->login, .address = r->remote,
		.browser = v->token,
	};
	int64_t wait_s;

	if (login_check(v->kv, v->app->settings, &try, &wait_s, e) < 0)
		return -1;
	if (!password_matches(v->user->password_hash,
			      form_text(r->form, "current")))
		return err_tell(e, ERR_INPUT, "error_password_current",
				"the current password is wrong");
	return login_succeeded(v->kv, &try, e);
}

/*
 * Other logins end before the new password is stored, and one made meanwhile
 * with the old password ends with it, because a login knows its password.
 * Whatever crashes here, no old login survives beside a new password.
 */
static int change(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	char hash[PASSWORD_HASH_SIZE];

	if (prove(r, e) < 0)
		return -1;
	if (!str_equal(form_text(r->form, "password"),
		       form_text(r->form, "again")))
		return err_tell(e, ERR_INPUT, "error_password_again",
				"the new passwords differ");
	if (password_hash(form_text(r->form, "password"), v->user, hash, e) < 0 ||
	    end_others(r, e) < 0 ||
	    user_set_password_hash(v->db, v->user->id, hash, e) < 0)
		return -1;
	log_event(LOG_INFO, "password_changed", "user", v->user->id, "request",
		  r->id, NULL);
	v->user->password_hash = talloc_strdup(v->user, hash);
	if (end_others(r, e) < 0 ||
	    login_renew(v->kv, v->user, page_login_ttl(r), v->token, e) < 0)
		return -1;
	return page_remember_browser(r, out, v->user, e);
}

int page_password(struct request *r, struct response *out, struct err *e)
{
	const struct values in = stored(r);
	struct err why = { 0 };

	if (change(r, out, &why) == 0)
		return response_redirect(out, e, "/account?saved=password");
	if (why.kind != ERR_INPUT && why.kind != ERR_LIMIT) {
		*e = why;
		return -1;
	}
	out->status = why.kind == ERR_LIMIT ? 429 : 400;
	return show(r, out, &in, "", page_sentence(r, &why), e);
}

static int keep_choice(struct request *r, struct response *out, const char *name,
		       const char *value, struct err *e)
{
	const char *base = context_of(r)->app->base_path;
	const struct cookie c = {
		.name = name, .value = value, .path = *base ? base : "/",
		.max_age = 365 * 86400, .secure = r->secure,
	};

	return response_cookie(out, &c, e);
}

/*
 * POST /preferences -- the header's switches, before and after login. A cookie
 * keeps the choice for the browser, the account for the user.
 */
int page_preferences(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	const struct user *u = v->user;
	const char *locale = form_text(r->form, "locale");
	const char *theme = form_text(r->form, "theme");
	const char *next = form_text(r->form, "next");

	if (*locale && !i18n_find(v->app->i18n, locale))
		return err_set(e, ERR_INPUT, "no such locale");
	if (*theme && !str_equal(theme, "light") && !str_equal(theme, "dark"))
		return err_set(e, ERR_INPUT, "no such theme");
	if (u && user_set_preferences(v->db, u->id, u->display_name,
				      *locale ? locale : u->locale,
				      *theme ? theme : u->theme, u->timezone,
				      zone_end(r), e) < 0)
		return -1;
	if (*locale && keep_choice(r, out, LOCALE_COOKIE, locale, e) < 0)
		return -1;
	if (*theme && keep_choice(r, out, THEME_COOKIE, theme, e) < 0)
		return -1;
	return response_redirect(out, e, "%s",
				 page_is_ours(next) ? next : "/workspace");
}
