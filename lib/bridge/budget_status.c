/*
 * How much of the budgets is used: read when a page opens, at each turn's end,
 * and every SPEND_MS while something runs and a page is open.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "spending/budget_zone.h"

#define SPEND_MS 3000
#define DAY_MS INT64_C(86400000)
#define BOOKED_MS 6000		/* longest time from a call's end to its row in the ledger */
#define ALL_MS 15000		/* the installation's sums are read at most this often */

struct reading {
	struct bridge *bridge;
	char user_id[ID_SIZE];
	bool all;		/* the installation's, too */
	struct budget_status spend;
	struct room_tokens {
		char id[ID_SIZE];
		char subject[ID_SIZE];	/* from the ledger */
		int64_t tokens;
	} *rooms;
	size_t nrooms;
};

static int read_rooms(struct reading *r, struct db *db, struct err *e)
{
	struct usage_filter f = { .user_id = r->user_id };
	struct spent spent;
	size_t i;

	for (i = 0; i < r->nrooms; i++) {
		f.subject_id = r->rooms[i].subject;
		if (spent_load(db, r->bridge->prices, &f, &spent, e) < 0)
			return -1;
		r->rooms[i].tokens = spent.tokens;
	}
	return 0;
}

/* u NULL: all users. */
static int read_budget_use(struct reading *r, struct db *db, const struct user *u,
			   struct budget_use *out, struct err *e)
{
	struct budget_zone zone;
	struct period period;

	budget_zone_of(u, settings_text(r->bridge->settings, SET_DEFAULT_TIMEZONE),
		       &zone);
	budget_zone_period(&zone, clock_now_ms(), &period);
	return budget_use_load(db, r->bridge->prices, u ? u->id : NULL, &period,
			       out, e);
}

static int read_work(void *data, struct db *db, struct err *e)
{
	struct reading *r = data;
	const struct user *u = user_load(db, r, r->user_id, e);
	struct stop_all stop;
	struct budget_use s;

	if (!u || read_budget_use(r, db, u, &s, e) < 0 ||
	    stop_all_load(db, &stop, e) < 0 || read_rooms(r, db, e) < 0)
		return -1;
	r->spend.today = s.day.tokens;
	r->spend.today_max = s.budget.day_tokens;
	r->spend.percent = budget_use_percent(&s);
	r->spend.resets_at = budget_use_resets_at(&s);
	r->spend.stopped = stop.on;
	if (!r->all)
		return 0;
	if (read_budget_use(r, db, NULL, &s, e) < 0)
		return -1;
	r->spend.all_percent = budget_use_percent(&s);
	return 0;
}

/* True when pages would show something different. */
static bool keep_rooms(struct presence *p, const struct reading *r)
{
	bool changed = false;
	struct room *room;
	size_t i;

	for (i = 0; i < r->nrooms; i++) {
		room = room_find(p, r->rooms[i].id);
		if (!room || room->tokens == r->rooms[i].tokens)
			continue;
		room->tokens = r->rooms[i].tokens;
		changed = true;
	}
	return changed;
}

static bool update_status(struct presence *p, const struct reading *r)
{
	struct budget_status now = r->spend, was = p->spend;
	bool changed = keep_rooms(p, r);

	now.known = true;
	p->spend = now;
	return changed || !was.known || was.stopped != now.stopped ||
	       was.today != now.today || was.today_max != now.today_max ||
	       was.percent != now.percent || was.resets_at != now.resets_at || was.all_percent != now.all_percent;
}

static void send_status(struct presence *p)
{
	struct client *c;
	struct room *room;

	TAILQ_FOREACH(c, &p->clients, in_person) {
		if (!c->room && c->live)
			client_tell_workspace(c);
	}
	LIST_FOREACH(room, &p->rooms, in_person)
		room_tell_status(room, NULL);
}

static void read_done(void *data, const struct err *e)
{
	struct reading *r = data;
	struct bridge *b = r->bridge;
	struct presence *p = presence_find(b, r->user_id);

	if (e)
		log_failure("read_budget_status", e, "user", r->user_id, NULL);
	if (!e && r->all) {
		b->all_percent = r->spend.all_percent;
		b->all_read_at = clock_mono_ms();
	}
	r->spend.all_percent = b->all_percent;
	if (p) {
		p->spending = false;
		if (!e && !b->stopping && update_status(p, r))
			send_status(p);
		if (!e && !b->stopping && p->spend_again)
			budget_status_read(p);
	}
	talloc_free(r);
}

static void add_rooms(struct reading *r, const struct presence *p)
{
	const struct session_rules *run;
	const struct room *room;
	struct room_tokens *t;

	LIST_FOREACH(room, &p->rooms, in_person) {
		if (!room->nclients || room->gone)
			continue;
		r->rooms = talloc_realloc(r, r->rooms, struct room_tokens,
					  r->nrooms + 1);
		t = &r->rooms[r->nrooms++];
		run = session_run_rules(room->session);
		memcpy(t->id, session_id(room->session), ID_SIZE);
		memcpy(t->subject, run ? run->execution_id : t->id, ID_SIZE);
	}
}

void budget_status_read(struct presence *p)
{
	struct bridge *b = p->bridge;
	struct reading *r;

	if (!p->nclients)
		return;
	p->spend_again = p->spending;
	if (p->spending)
		return;
	p->spending = true;
	r = talloc_zero(NULL, struct reading);
	r->bridge = b;
	memcpy(r->user_id, p->id, ID_SIZE);
	r->all = !b->all_read_at || clock_mono_ms() - b->all_read_at >= ALL_MS;
	add_rooms(r, p);
	jobs_add(b->jobs, read_work, read_done, r);
}

void budget_status_turn_ended(struct presence *p)
{
	p->spend_until = clock_mono_ms() + BOOKED_MS;
	budget_status_read(p);
}

static bool works(const struct presence *p)
{
	const struct room *r;

	LIST_FOREACH(r, &p->rooms, in_person) {
		if (r->nclients && !r->gone &&
		    !str_equal(session_state(r->session), "idle"))
			return true;
	}
	return false;
}

/* What keeps the user from sending may be over by now. */
static bool may_be_over(const struct presence *p)
{
	const struct budget_status *s = &p->spend;

	return s->known && ((s->resets_at && clock_now_ms() >= s->resets_at) ||
			    (s->all_percent >= 100 && clock_mono_ms() -
			     p->bridge->all_read_at >= ALL_MS));
}

static void refresh(struct presence *p, void *data)
{
	if (p->nclients && !p->spending &&
	    (works(p) || clock_mono_ms() < p->spend_until || may_be_over(p)))
		budget_status_read(p);
}

static void on_timer(uv_timer_t *t)
{
	presence_each(t->data, refresh, NULL);
}

void budget_status_open(struct bridge *b)
{
	uv_timer_start(&b->spend_timer, on_timer, SPEND_MS, SPEND_MS);
}

/* ---- what the status bar shows ---- */

/* "950", "12.3K", "4.56M" */
static char *compact(const void *ctx, int64_t n)
{
	if (n < 1000)
		return talloc_asprintf(ctx, "%lld", (long long)n);
	if (n < 1000000 - 50)
		return talloc_asprintf(ctx, "%lld.%lldK",
				       (long long)((n + 50) / 1000),
				       (long long)((n + 50) % 1000 / 100));
	return talloc_asprintf(ctx, "%lld.%02lldM",
			       (long long)((n + 5000) / 1000000),
			       (long long)((n + 5000) % 1000000 / 10000));
}

/* Within a day the hour is enough, also past midnight. */
static const char *reset_time(const void *ctx, const struct presence *p,
			      const struct i18n_locale *l)
{
	int64_t at = p->spend.resets_at, now = clock_now_ms();

	return i18n_clock(ctx, l, at, at - now < DAY_MS ? at : now, p->zone);
}

static const char *warning(struct view *v, const struct presence *p,
			   const struct i18n_locale *l)
{
	const struct budget_status *s = &p->spend;
	char percent[16];

	if (s->stopped)
		return "";	/* the banner says so */
	if (s->resets_at)
		return i18n_fill(v, l, "status_budget_used",
				 reset_time(v, p, l), NULL);
	if (s->all_percent >= 100)
		return i18n_sentence(l, "status_budget_all_used");
	if (s->percent < BUDGET_SOFT_PERCENT)
		return "";
	snprintf(percent, sizeof(percent), "%d", s->percent);
	return i18n_fill(v, l, "status_budget_soft", percent, NULL);
}

const char *budget_status_banner(const struct presence *p,
				 const struct i18n_locale *l)
{
	return p->spend.known && p->spend.stopped ?
	       i18n_sentence(l, "gateway_stopped") : "";
}

const char *budget_status_no_send(const void *ctx, const struct presence *p,
				  const struct i18n_locale *l)
{
	const struct budget_status *s = &p->spend;

	if (!s->known)
		return "";
	if (s->stopped)
		return i18n_sentence(l, "status_stopped_all");
	if (s->resets_at)
		return i18n_fill(ctx, l, "send_resets",
				 reset_time(ctx, p, l), NULL);
	return s->all_percent >= 100 ?
	       i18n_sentence(l, "status_budget_all_used") : "";
}

void budget_status_show(struct view *v, const struct presence *p,
			const struct room *r,
			const struct i18n_locale *l)
{
	const struct budget_status *s = &p->spend;
	bool run = r && session_run_rules(r->session);
	char percent[24];

	view_text(v, "tokens_here", run && r->tokens > 0 ?
		  i18n_fill(v, l, "status_tokens_run", compact(v, r->tokens), NULL) : "");
	snprintf(percent, sizeof(percent), "%lld", s->today_max ?
		 (long long)(s->today * 100 / s->today_max) : 0);
	view_text(v, "tokens", s->known && s->today_max ?
		  i18n_fill(v, l, "status_today", percent, NULL) : "");
	view_text(v, "budget", s->known ? warning(v, p, l) : "");
	view_text(v, "budget_state", s->stopped || s->percent >= 100 ||
		  s->all_percent >= 100 ? "over" : "soft");
}
