/* The administrators' overview, and the kill switch. */
#include "config.h"
#include <talloc.h>

#include "auth/gateway_token.h"
#include "core/clock.h"
#include "core/log.h"
#include "notify/announce.h"
#include "pages/pages.h"
#include "pages/usage/usage_view.h"
#include "store/notices.h"

struct counting {
	int64_t users, disabled;
};

static int count_user(void *data, const struct user *u, struct err *e)
{
	struct counting *c = data;

	(void)e;
	c->users++;
	c->disabled += u->disabled_at != 0;
	return 0;
}

static int add_stop(const struct request *r, struct view *view, struct err *e)
{
	const struct context *v = context_of(r);
	struct stop_all stop;

	if (stop_all_load(v->db, &stop, e) < 0)
		return -1;
	view_flag(view, "stop_on", stop.on);
	view_text(view, "stop_since", stop.on ?
		  i18n_fill(r, v->text, "stop_since", stop.by_login,
			    i18n_time(r, v->text, stop.at, v->zone), NULL) : "");
	return 0;
}

static int add_ledger(const struct request *r, struct view *view, struct err *e)
{
	struct err ignored = { 0 };
	char *why = NULL;

	(void)e;
	if (kv_get(context_of(r)->kv, r, GATEWAY_LEDGER_KEY, &why,
		   &ignored) < 0)
		why = NULL;
	view_flag(view, "ledger_away", why != NULL);
	return 0;
}

/* Refusals that only an administrator can resolve. */
static int add_mail(const struct request *r, struct view *view, struct err *e)
{
	const struct context *v = context_of(r);
	char error[64];
	int64_t n;

	if (notice_mail_trouble(v->db, &n, error, sizeof(error), e) < 0)
		return -1;
	view_text(view, "mail_trouble", n ? i18n_fill(r, v->text,
		  "admin_mail_trouble", i18n_count(r, v->text,
						   "admin_mails_wait", n),
		  announce_error(r, v->text, error), NULL) : "");
	return 0;
}

int page_admin(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct view *view = page_view(r, "nav_admin");
	int64_t now = clock_now_ms();
	struct counting users = { .users = 0 };
	struct budget_use all;
	int requests = page_requests(r);
	bool away;

	page_admin_nav(r, view);
	if (add_stop(r, view, e) < 0 || add_ledger(r, view, e) < 0 ||
	    add_mail(r, view, e) < 0 ||
	    user_each(v->db, count_user, &users, e) < 0 ||
	    usage_budget_use(r, usage_prices(r, &away), NULL, now, &all, e) < 0)
		return -1;
	view_flag(view, "prices_away", away);
	usage_cards(r, view, usage_zone(r), &all, now);
	usage_footnote(view, all.month.unpriced);
	view_flag(view, "has_requests", requests > 0);
	view_text(view, "requests", i18n_count(r, v->text, "nav_requests",
					       requests));
	view_text(view, "users", i18n_count(r, v->text, "admin_users",
					    users.users));
	view_text(view, "disabled", users.disabled ?
		  i18n_count(r, v->text, "admin_users_disabled",
			     users.disabled) : "");
	return page_render(r, out, "pages/admin", view, e);
}

int page_stop_ask(struct request *r, struct response *out, struct err *e)
{
	struct view *view = page_view(r, "stop_title");

	page_admin_nav(r, view);
	return page_render(r, out, "pages/stop", view, e);
}

static int set(struct request *r, struct response *out, bool on, struct err *e)
{
	struct context *v = context_of(r);

	if (stop_all_set(v->db, on, v->user->login, e) < 0)
		return -1;
	log_event(LOG_WARN, on ? "stop_all" : "resume_all", "by",
		  v->user->login, "request", r->id, NULL);
	bridge_tell(r, "/spending/reload");
	return response_redirect(out, e, "/admin");
}

int page_stop(struct request *r, struct response *out, struct err *e)
{
	return set(r, out, true, e);
}

int page_resume(struct request *r, struct response *out, struct err *e)
{
	return set(r, out, false, e);
}
