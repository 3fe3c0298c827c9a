/*
 * Domains that users' workspaces requested, may reach, or were blocked at; and
 * the decisions.
 */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/log.h"
#include "core/str.h"
#include "egress/allow_list.h"
#include "pages/domain_view.h"
#include "pages/pages.h"

#define ROWS_SHOWN 200		/* per state */

struct listing {
	struct request *r;
	struct view *list;
};

static int add_allowed(void *data, const struct allow_row *row, struct err *e)
{
	struct listing *l = data;
	struct view *item = view_append(l->list);
	bool korean = str_equal(i18n_name(context_of(l->r)->text), "ko");

	(void)e;
	view_text(item, "domain", row->domain);
	view_flag(item, "below", row->below);
	view_flag(item, "plain", row->plain);
	view_text(item, "reason", korean ? row->reason_ko : row->reason);
	return 0;
}

void domain_list_for_all(struct request *r, struct view *view)
{
	const char *path = settings_text(context_of(r)->app->settings,
					 SET_EGRESS_ALLOW);
	struct listing listing = { r, view_list(view, "allowed") };
	struct err e = { 0 };
	struct allow_list *l = allow_list_load(r, path, &e);

	view_flag(view, "allowed_away", !l);
	view_flag(view, "no_way_out", !*settings_text(
		context_of(r)->app->settings, SET_EGRESS_PROXY));
	if (!l || allow_list_each(l, add_allowed, &listing, &e) < 0)
		log_failure("allow_list_unreadable", &e, "request", r->id,
			    NULL);
}

static int add_row(void *data, const struct domain *d, struct err *e)
{
	struct listing *l = data;

	(void)e;
	domain_row(l->r, view_append(l->list), d);
	return 0;
}

static int add_state(struct request *r, struct view *view, const char *state,
		     struct err *e)
{
	struct listing l = { r, view_list(view, state) };

	if (domain_each(context_of(r)->db, NULL, state, ROWS_SHOWN, add_row, &l,
			e) < 0)
		return -1;
	view_flag(view, talloc_asprintf(r, "has_%s", state),
		  view_truthy(l.list));
	return 0;
}

/* The accounts to choose from; a login that is none of them selects none. */
struct choice {
	struct view *list;
	const char *login;
};

static int add_user(void *data, const struct user *u, struct err *e)
{
	struct choice *c = data;
	struct view *item;

	(void)e;
	if (u->disabled_at)
		return 0;
	item = view_append(c->list);
	view_text(item, "login", u->login);
	view_flag(item, "selected", str_equal(u->login, c->login));
	return 0;
}

/* The values of the form for a new one. */
struct values {
	const char *login, *domain, *problem;
	bool plain;
};

static int show(struct request *r, struct response *out,
		const struct values *in, struct err *e)
{
	static const char *const states[] = { "asked", "granted", "blocked",
					      "refused" };
	struct view *view = page_view(r, "domains");
	struct choice users = { view_list(view, "users"), in->login };
	size_t i;

	page_admin_nav(r, view);
	if (user_each(context_of(r)->db, add_user, &users, e) < 0)
		return -1;
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (add_state(r, view, states[i], e) < 0)
			return -1;
	}
	domain_list_for_all(r, view);
	view_text(view, "add_domain", in->domain);
	view_flag(view, "add_plain", in->plain);
	view_text(view, "problem", in->problem);
	view_flag(view, "saved", str_equal(form_text(r->args, "saved"), "1"));
	return page_render(r, out, "pages/admin_domains", view, e);
}

int page_admin_domains(struct request *r, struct response *out, struct err *e)
{
	const struct values in = { "", "", "", false };

	return show(r, out, &in, e);
}

static void note(struct request *r, const char *what, const char *user_id,
		 const char *domain)
{
	log_event(LOG_INFO, "domain_decided", "decision", what, "user", user_id,
		  "domain", domain, "by", context_of(r)->user->login, "request",
		  r->id, NULL);
	bridge_tell(r, "/egress/reload");
}

/* A button's value, and its action. */
static const struct {
	const char *name, *state;
	bool plain;
} decisions[] = {
	{ "grant", "granted", false },
	{ "grant_http", "granted", true },
	{ "refuse", "refused", false },
	{ "revoke", "revoked", false },
};

int page_admin_domain_decide(struct request *r, struct response *out,
			     struct err *e)
{
	struct context *v = context_of(r);
	const char *what = form_text(r->form, "decision");
	const char *user = form_text(r->form, "user");
	const char *domain = form_text(r->form, "domain");
	size_t i, n = sizeof(decisions) / sizeof(decisions[0]);

	for (i = 0; i < n && !str_equal(what, decisions[i].name); i++)
		;
	if (i == n || !id_valid(user))
		return err_set(e, ERR_INPUT, "no such decision or user");
	if (domain_decide(v->db, user, domain, decisions[i].state,
			  decisions[i].plain, v->user->login, e) < 0)
		return -1;
	note(r, what, user, domain);
	return response_redirect(out, e, "/admin/domains?saved=1");
}

static int add(struct request *r, const struct values *in, struct err *e)
{
	struct context *v = context_of(r);
	char domain[DOMAIN_MAX + 1];
	struct user *u = user_load_by_login(v->db, r, in->login, e);

	if (!u && (e->kind == ERR_MISSING || e->kind == ERR_INPUT))
		return err_tell(e, ERR_INPUT, "error_no_such_login",
				"no account has that login");
	if (!u)
		return -1;
	if (!domain_typed(in->domain, domain))
		return err_tell(e, ERR_INPUT, "error_domain",
				"no name of a domain");
	if (domain_decide(v->db, u->id, domain, "granted", in->plain,
			  v->user->login, e) < 0)
		return -1;
	note(r, "grant", u->id, domain);
	return 0;
}

int page_admin_domain_add(struct request *r, struct response *out,
			  struct err *e)
{
	struct values in = {
		.login = form_text(r->form, "login"),
		.domain = form_text(r->form, "domain"),
		.plain = str_equal(form_text(r->form, "http"), "1"),
	};
	struct err why = { 0 };

	if (add(r, &in, &why) == 0)
		return response_redirect(out, e, "/admin/domains?saved=1");
	if (why.kind != ERR_INPUT) {
		*e = why;
		return -1;
	}
	out->status = 400;
	in.problem = page_sentence(r, &why);
	return show(r, out, &in, e);
}
