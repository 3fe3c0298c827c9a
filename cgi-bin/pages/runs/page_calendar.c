/*
 * A user's runs as a calendar that other programs subscribe to: its secret URL
 * works without a login.
 */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/str.h"
#include "pages/pages.h"
#include "schedule/ics.h"
#include "store/executions.h"
#include "store/feeds.h"
#include "store/users.h"

#define DAY INT64_C(86400000)
#define SPAN (30 * DAY)		/* before now, and after */
#define EVENTS_MAX 2000
#define PAST_MAX 1000		/* the rest is for planned runs */
#define PLANNED_MS (15 * 60000)	/* shown length of a planned run: the real one is unknown */
#define PER_MINUTE 60		/* readings per calendar */
#define UID_SIZE 80

/* An agent, and when it runs next. */
struct planned {
	char id[ID_SIZE];
	const char *name;
	struct recurrence *recurrence;
	int64_t next;		/* 0: no more */
};

struct feed {
	struct request *r;
	const struct i18n_locale *text;
	const char *url;	/* "" none */
	struct ics *ics;
	int64_t now, events;
	struct planned *agents;	/* a talloc array */
	size_t n;
};

static const char *address(const struct feed *f, const char *page,
			   const char *id)
{
	return *f->url ? talloc_asprintf(f->r, "%s/%s/%s", f->url, page, id) :
			 "";
}

/* A planned run keeps its event when it has run. */
static void slot_uid(char out[UID_SIZE], const char *agent_id, int64_t at)
{
	snprintf(out, UID_SIZE, "%s-%lld@gongbang", agent_id,
		 (long long)(at / 1000));
}

static int add_past(void *data, const struct execution *x, struct err *e)
{
	struct feed *f = data;
	const char *key = talloc_asprintf(f->r, "run_status_%s", x->status);
	const char *outcome = i18n_sentence(f->text, key);
	char uid[UID_SIZE];
	const struct ics_event event = {
		.uid = uid, .url = address(f, "executions", x->id),
		.summary = i18n_fill(f->r, f->text, "feed_past", x->agent_name,
				     outcome ? outcome : x->status, NULL),
		.start = x->started_at ? x->started_at : x->planned_at,
		.end = x->started_at && !x->ended_at ? f->now : x->ended_at,
	};

	if (str_equal(x->trigger, "schedule"))
		slot_uid(uid, x->agent_id, x->planned_at);
	else
		snprintf(uid, sizeof(uid), "%s@gongbang", x->id);
	ics_add(f->ics, &event);
	f->events++;
	return 0;
}

/* A definition that cannot be read any more has no planned runs. */
static int keep_agent(void *data, const struct agent *a, struct err *e)
{
	struct feed *f = data;
	struct err ignored = { 0 };
	struct definition *d = definition_parse(f->r, a->definition,
						strlen(a->definition),
						&ignored);
	struct planned *p = &f->agents[f->n];

	if (!d)
		return 0;
	p->recurrence = recurrence_new(f->agents, &d->schedule, &ignored);
	talloc_free(d);
	if (!p->recurrence)
		return 0;
	p->name = talloc_strdup(f->agents, a->name);
	p->next = recurrence_next(p->recurrence, f->now);
	if (!p->name || !str_copy(p->id, sizeof(p->id), a->id))
		return err_set(e, ERR_INTERNAL, "an agent's id is too long");
	f->n++;
	return 0;
}

/* The soonest first, of any agent: one that runs every minute hides no other. */
static struct planned *soonest(const struct feed *f)
{
	struct planned *best = NULL;
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct planned *p = &f->agents[i];

		if (p->next && p->next < f->now + SPAN &&
		    (!best || p->next < best->next))
			best = p;
	}
	return best;
}

static void add_planned(struct feed *f)
{
	struct planned *p;
	char uid[UID_SIZE];

	while (f->events < EVENTS_MAX && (p = soonest(f))) {
		const struct ics_event event = {
			.uid = uid, .url = address(f, "agents", p->id),
			.summary = i18n_fill(f->r, f->text, "feed_planned",
					     p->name, NULL),
			.start = p->next, .end = p->next + PLANNED_MS,
			.tentative = true,
		};

		slot_uid(uid, p->id, p->next);
		ics_add(f->ics, &event);
		f->events++;
		p->next = recurrence_next(p->recurrence, p->next);
	}
}

static int fill(struct feed *f, const struct user *u, struct err *e)
{
	struct db *db = context_of(f->r)->db;
	const struct execution_filter past = {
		.user_id = u->id, .status = "", .from = f->now - SPAN,
		.to = f->now + 1, .limit = PAST_MAX,
	};
	const struct agent_filter active = {
		.user_id = u->id, .status = "active", .search = "",
		.limit = AGENTS_MAX,
	};

	f->agents = alloc_checked(talloc_zero_array(f->r, struct planned,
						    AGENTS_MAX));
	if (execution_each(db, &past, add_past, f, e) < 0 ||
	    agent_each(db, &active, keep_agent, f, e) < 0)
		return -1;
	add_planned(f);
	return 0;
}

/*
 * Per calendar, because many may be read from one address. While Redis is away
 * nothing is counted, and the calendar is served.
 */
static int check_rate(const struct request *r, const char *hash, struct err *e)
{
	struct err ignored = { 0 };
	int64_t count = 0, left;
	char key[96];

	snprintf(key, sizeof(key), "feed:%s", hash);
	if (kv_count(context_of(r)->kv, key, 60, &count, &left,
		     &ignored) == 0 &&
	    count > PER_MINUTE)
		return err_tell(e, ERR_LIMIT, "error_too_fast",
				"more than %d readings a minute", PER_MINUTE);
	return 0;
}

static struct user *find_user(const struct request *r, const char *secret,
			      struct err *e)
{
	struct db *db = context_of(r)->db;
	char hash[DIGEST_SIZE], id[ID_SIZE];

	if (!db) {
		err_tell(e, ERR_UNAVAILABLE, "error_store", "no store");
		return NULL;
	}
	if (!token_valid(secret)) {
		err_set(e, ERR_MISSING, "no such calendar");
		return NULL;
	}
	digest_hex(secret, strlen(secret), hash);
	if (feed_user(db, hash, id, e) < 0 || check_rate(r, hash, e) < 0)
		return NULL;
	return user_load(db, r, id, e);
}

int page_calendar(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	const char *secret = request_arg(r, "secret");
	const struct i18n_locale *own;
	struct feed f = { .r = r, .text = v->text, .now = clock_now_ms() };
	struct user *u;

	u = find_user(r, secret, e);
	if (!u)
		return -1;
	own = *u->locale ? i18n_find(v->app->i18n, u->locale) : NULL;
	f.text = own ? own : f.text;
	f.url = settings_text(v->app->settings, SET_PUBLIC_URL);
	f.ics = ics_new(r, i18n_sentence(f.text, "feed_name"), f.now);
	if (fill(&f, u, e) < 0 || ics_format(f.ics, &out->body, e) < 0)
		return -1;
	out->type = "text/calendar; charset=utf-8";
	return response_header(out, "Content-Disposition",
			       "inline; filename=\"gongbang.ics\"", e);
}

/* POST /account/feed -- a new URL, shown this once; an earlier one ends. */
int page_feed_make(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	const char *url = page_site_url(r);
	struct view *view = page_view(r, "feed_title");
	char secret[TOKEN_SIZE], hash[DIGEST_SIZE], *webcal;

	token_new(secret);
	digest_hex(secret, strlen(secret), hash);
	if (feed_set(v->db, v->user->id, hash, e) < 0)
		return -1;
	webcal = talloc_asprintf(r, "webcal%s/calendar/%s.ics",
				 url + strcspn(url, ":"), secret);
	view_textf(view, "feed_address", "%s/calendar/%s.ics", url, secret);
	view_text(view, "webcal_href", webcal);
	view_textf(view, "google_href", "https://calendar.google.com/calendar/"
		   "r?cid=%s", url_encode(r, webcal, ""));
	return page_render(r, out, "pages/feed", view, e);
}

/* POST /account/feed/revoke -- the URL ends at once. */
int page_feed_revoke(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);

	if (feed_set(v->db, v->user->id, "", e) < 0)
		return -1;
	return response_redirect(out, e, "/account?saved=feed");
}
