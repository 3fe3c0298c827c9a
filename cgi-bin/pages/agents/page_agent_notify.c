/* An agent's notification rules besides the page: by email, by webhook. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "notify/announce.h"
#include "notify/mail.h"
#include "notify/webhook.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"
#include "store/notices.h"

#define SENT_SHOWN 20
#define TESTS_PER_MINUTE 5
#define MINUTE_S 60

/* Defaults of a new rule. */
struct notify_form {
	const char *channel, *target, *events, *problem;
};

static const char *const events[] = {
	"success", "problems", "failure", "recovery", "needs_input", "skipped", "paused",
	"domain",
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

static const char *event_word(const struct request *r, const char *event)
{
	return page_text(r, talloc_asprintf(r, "notify_event_%s", event));
}

static bool has_word(const char *words, const char *w)
{
	const char *at = strstr(words, w);
	size_t n = strlen(w);

	return at && (at == words || at[-1] == ' ') &&
	       (!at[n] || at[n] == ' ');
}

/* "failure, recovery" as words. */
static const char *event_names(const struct request *r, const char *list)
{
	char *words = talloc_strdup(r, "");
	size_t i;

	for (i = 0; i < EVENTS; i++) {
		if (has_word(list, events[i]))
			words = talloc_asprintf_append(words, "%s%s", *words ?
						       ", " : "",
						       event_word(r, events[i]));
	}
	return words;
}

struct listing {
	struct request *r;
	struct view *list;
	int64_t now;
	bool pending_test;
};

static int add_rule(void *data, const struct notify_rule *n, struct err *e)
{
	struct listing *l = data;
	struct view *row = view_append(l->list);

	(void)e;
	view_text(row, "rule", n->id);
	view_text(row, "channel", page_text(l->r, str_equal(n->channel,
				"email") ? "notify_email" : "notify_webhook"));
	view_text(row, "target", n->target);
	view_flag(row, "has_secret", *n->secret);
	view_text(row, "secret", str_equal(form_text(l->r->args, "fold"),
					   n->id) ? n->secret : "");
	view_text(row, "events", event_names(l->r, n->events));
	return 0;
}

/* An email's address, or the host of a webhook's URL. */
static const char *host_of(const struct request *r, const char *target)
{
	const char *at = strstr(target, "://");

	return at ? talloc_strndup(r, at + 3, strcspn(at + 3, "/?#")) : target;
}

static int add_sent(void *data, const struct notice *n, struct err *e)
{
	struct listing *l = data;
	const struct context *v = context_of(l->r);
	struct view *row = view_append(l->list);

	(void)e;
	if (str_equal(n->event, "test") && str_equal(n->state, "pending") &&
	    n->tries == 0 && l->now - n->created_at < 20000)
		l->pending_test = true;
	view_text(row, "event", str_equal(n->event, "test") ?
		  page_text(l->r, "notify_test") : n->domain[0] ?
		  announce_sentence(l->r, v->text, n) :
		  event_word(l->r, n->event));
	view_text(row, "host", host_of(l->r, n->target));
	view_text(row, "state", n->state);
	view_text(row, "state_word", page_text(l->r, talloc_asprintf(l->r,
				"notify_state_%s", n->state)));
	view_text(row, "why", n->error[0] ?
		  announce_error(l->r, v->text, n->error) : "");
	view_text(row, "tries", n->tries ? i18n_count(l->r, v->text,
					"notify_tries", n->tries) : "");
	page_time(l->r, row, "when", n->created_at, l->now);
	return 0;
}

static int add_lists(struct request *r, struct view *view,
		     const struct agent *a, struct listing *l, struct err *e)
{
	const struct context *v = context_of(r);

	l->list = view_list(view, "rules");
	if (notify_rule_each(v->db, a->id, add_rule, l, e) < 0)
		return -1;
	view_flag(view, "has_rules", view_truthy(l->list));
	l->list = view_list(view, "sent");
	if (notice_each_sent(v->db, a->id, SENT_SHOWN, add_sent, l, e) < 0)
		return -1;
	view_flag(view, "has_sent", view_truthy(l->list));
	return 0;
}

static void add_events(struct request *r, struct view *view, const char *chosen)
{
	struct view *list = view_list(view, "events"), *row;
	size_t i;

	for (i = 0; i < EVENTS; i++) {
		row = view_append(list);
		view_text(row, "event", events[i]);
		view_text(row, "label", event_word(r, events[i]));
		view_flag(row, "chosen", has_word(chosen, events[i]));
	}
}

static int show(struct request *r, struct response *out, const struct agent *a,
		const struct notify_form *f, struct err *e)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "notify_title");
	struct listing l = { .r = r, .now = clock_now_ms() };

	view_text(view, "id", a->id);
	agent_head(r, view, a, "/notify");
	view_flag(view, "mail_ready", mail_ready(v->app->settings));
	view_flag(view, "webhook", str_equal(f->channel, "webhook"));
	view_text(view, "target", f->target);
	view_text(view, "problem", f->problem);
	add_events(r, view, f->events);
	if (add_lists(r, view, a, &l, e) < 0)
		return -1;
	view_flag(view, "testing", l.pending_test);
	/* A test's result appears by itself, also without script. */
	if (l.pending_test && response_header(out, "Refresh", "2", e) < 0)
		return -1;
	return page_render(r, out, "pages/notify", view, e);
}

int page_notify(struct request *r, struct response *out, struct err *e)
{
	static const struct notify_form fresh = { "email", "",
		"problems failure recovery needs_input paused domain", "" };
	struct agent *a = agent_here(r, e);

	return a ? show(r, out, a, &fresh, e) : -1;
}

static const char *chosen_events(struct request *r)
{
	char *words = talloc_strdup(r, "");
	size_t i;

	for (i = 0; i < EVENTS; i++) {
		if (*form_text(r->form, talloc_asprintf(r, "event_%s",
							events[i])))
			words = talloc_asprintf_append(words, "%s%s", *words ?
						       " " : "", events[i]);
	}
	return words;
}

static int add(struct request *r, const struct agent *a,
	       const struct notify_form *f, struct err *e)
{
	struct notify_rule rule = { .channel = f->channel,
		.target = f->target, .secret = "", .events = f->events };
	bool webhook = str_equal(f->channel, "webhook");
	char secret[TOKEN_SIZE];

	if (!webhook && !str_equal(f->channel, "email"))
		return err_tell(e, ERR_INPUT, "error_notify_channel",
				"email or webhook");
	if ((webhook ? webhook_url_check(f->target, e) :
		       mail_address_check(f->target, e)) < 0)
		return -1;
	if (!f->events[0])
		return err_tell(e, ERR_INPUT, "error_notify_events",
				"no event is chosen");
	token_new(secret);
	if (webhook)
		rule.secret = secret;
	memcpy(rule.agent_id, a->id, ID_SIZE);
	return notify_rule_add(context_of(r)->db, &rule, e);
}

static const char *trimmed(struct request *r, const char *s)
{
	size_t n;

	s += strspn(s, " \t\n");
	n = strlen(s);
	while (n && strchr(" \t\n", s[n - 1]))
		n--;
	return talloc_strndup(r, s, n);
}

int page_notify_add(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	struct notify_form f = { form_text(r->form, "channel"),
		trimmed(r, form_text(r->form, "target")), chosen_events(r), "" };
	struct err why = { 0 };

	if (!a)
		return -1;
	if (add(r, a, &f, &why) == 0) {
		log_event(LOG_INFO, "notify_added", "agent", a->id, "channel",
			  f.channel, "request", r->id, NULL);
		return response_redirect(out, e, "/agents/%s/notify", a->id);
	}
	if (why.kind == ERR_UNAVAILABLE || why.kind == ERR_INTERNAL) {
		*e = why;
		return -1;
	}
	out->status = response_status(&why);
	f.problem = page_sentence(r, &why);
	return show(r, out, a, &f, e);
}

int page_notify_remove(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	if (!a || notify_rule_remove(context_of(r)->db,
				     form_text(r->form, "rule"), a->id, e) < 0)
		return -1;
	log_event(LOG_INFO, "notify_removed", "agent", a->id, "request", r->id,
		  NULL);
	return response_redirect(out, e, "/agents/%s/notify", a->id);
}

struct finding {
	const char *id;
	bool found;
};

static int find_rule(void *data, const struct notify_rule *n, struct err *e)
{
	struct finding *f = data;

	(void)e;
	f->found |= str_equal(n->id, f->id);
	return 0;
}

/* While Redis is away none is sent, because nothing limits their number. */
static int count_test(struct request *r, struct err *e)
{
	const struct context *v = context_of(r);
	int64_t count = 0, left = 0;

	if (kv_count(v->kv, talloc_asprintf(r, "notify_test:%s", v->user->id),
		     MINUTE_S, &count, &left, e) < 0)
		return -1;
	if (count > TESTS_PER_MINUTE)
		return err_tell(e, ERR_LIMIT, "error_notify_tests",
				"more than %d tests a minute",
				TESTS_PER_MINUTE);
	return 0;
}

/*
 * POST /agents/{id}/notify/test -- the worker sends it; this page shows the
 * result.
 */
int page_notify_test(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct finding f = { .id = form_text(r->form, "rule") };
	struct agent *a = agent_here(r, e);

	if (!a || notify_rule_each(v->db, a->id, find_rule, &f, e) < 0)
		return -1;
	if (!f.found)
		return err_set(e, ERR_MISSING, "no such rule");
	if (count_test(r, e) < 0 ||
	    notice_add_test(v->db, v->user->id, a->id, f.id, clock_now_ms(),
			    e) < 0)
		return -1;
	return response_redirect(out, e, "/agents/%s/notify", a->id);
}
