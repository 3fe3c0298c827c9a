/* The domains that a user's workspace may reach, and requests for more. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "egress/allow_list.h"
#include "pages/domain_view.h"
#include "pages/pages.h"

#define DOMAINS_SHOWN 200

bool domain_typed(const char *text, char out[DOMAIN_MAX + 1])
{
	char host[2 * DOMAIN_MAX + 1];
	size_t n;

	text += strspn(text, " \t\n");
	if (strncasecmp(text, "https://", 8) == 0)
		text += 8;
	else if (strncasecmp(text, "http://", 7) == 0)
		text += 7;
	n = strcspn(text, "/?#: \t\n");
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	return egress_host(host, out);
}

const char *domain_state_word(const struct request *r, const char *state)
{
	return page_text(r, talloc_asprintf(r, "domain_state_%s", state));
}

void domain_row(struct request *r, struct view *row, const struct domain *d)
{
	const struct context *v = context_of(r);
	char iso[CLOCK_ISO_SIZE];

	clock_iso(d->last_at, iso);
	view_text(row, "user_id", d->user_id);
	view_text(row, "login", d->login);
	view_text(row, "domain", d->domain);
	view_text(row, "state", d->state);
	view_text(row, "state_word", domain_state_word(r, d->state));
	view_flag(row, "plain", d->plain);
	view_text(row, "ways", page_text(r, d->plain ? "domain_both" :
						       "domain_https"));
	view_text(row, "tries", d->tries ? i18n_count(r, v->text,
						      "domain_tries", d->tries) :
					   "");
	view_text(row, "reason", d->reason);
	view_text(row, "decided_by", *d->decided_by ?
		  i18n_fill(r, v->text, "domain_decided_by", d->decided_by,
			    NULL) : "");
	view_text(row, "ago", i18n_ago(r, v->text, d->last_at, clock_now_ms()));
	view_text(row, "time", i18n_time(r, v->text, d->last_at, v->zone));
	view_text(row, "iso", iso);
}

struct listing {
	struct request *r;
	struct view *list;
};

static int add_row(void *data, const struct domain *d, struct err *e)
{
	struct listing *l = data;
	struct view *row = view_append(l->list);

	(void)e;
	domain_row(l->r, row, d);
	view_flag(row, "may_ask", str_equal(d->state, "blocked") ||
				  str_equal(d->state, "refused"));
	view_flag(row, "asked", str_equal(d->state, "asked"));
	view_textf(row, "ask_href", "%s/domains?domain=%s",
		   context_of(l->r)->app->base_path,
		   url_encode(l->r, d->domain, ""));
	return 0;
}

static int show(struct request *r, struct response *out, const char *domain,
		const char *reason, const char *next, const char *problem,
		struct err *e)
{
	struct context *v = context_of(r);
	struct view *view = page_view(r, "domains");
	struct listing l = { r, view_list(view, "domains") };

	view_text(view, "asked_domain", domain);
	view_text(view, "asked_reason", reason);
	view_text(view, "next", next);
	view_text(view, "problem", problem);
	view_flag(view, "saved", str_equal(form_text(r->args, "asked"), "1"));
	view_number(view, "reason_max", DOMAIN_REASON_MAX);
	domain_list_for_all(r, view);
	if (domain_each(v->db, v->user->id, NULL, DOMAINS_SHOWN, add_row, &l,
			e) < 0)
		return -1;
	view_flag(view, "has_domains", view_truthy(l.list));
	return page_render(r, out, "pages/domains", view, e);
}

int page_domains(struct request *r, struct response *out, struct err *e)
{
	return show(r, out, form_text(r->args, "domain"), "", "", "", e);
}

static int ask_domain(struct request *r, struct err *e)
{
	struct context *v = context_of(r);
	char domain[DOMAIN_MAX + 1];

	if (!domain_typed(form_text(r->form, "domain"), domain))
		return err_tell(e, ERR_INPUT, "error_domain",
				"no name of a domain");
	if (domain_ask(v->db, v->user->id, domain, form_text(r->form, "reason"),
		       e) < 0)
		return -1;
	log_event(LOG_INFO, "domain_requested", "user", v->user->id, "domain",
		  domain, "request", r->id, NULL);
	return 0;
}

/*
 * POST /domains/ask -- from the page of domains and from the status bar: next
 * is the page to return to.
 */
int page_domain_ask(struct request *r, struct response *out, struct err *e)
{
	const char *next = form_text(r->form, "next");
	struct err why = { 0 };

	if (ask_domain(r, &why) == 0)
		return response_redirect(out, e, "%s", page_is_ours(next) ?
					 next : "/domains?asked=1");
	if (why.kind == ERR_UNAVAILABLE || why.kind == ERR_INTERNAL) {
		*e = why;
		return -1;
	}
	out->status = response_status(&why);
	return show(r, out, form_text(r->form, "domain"),
		    form_text(r->form, "reason"), next, page_sentence(r, &why),
		    e);
}

/* Withdraws a request, and with it any decision. */
int page_domain_withdraw(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	const char *domain = form_text(r->form, "domain");

	if (domain_forget(v->db, v->user->id, domain, e) < 0)
		return -1;
	log_event(LOG_INFO, "domain_withdrawn", "user", v->user->id, "domain",
		  domain, "request", r->id, NULL);
	bridge_tell(r, "/egress/reload");
	return response_redirect(out, e, "/domains");
}
