#include "config.h"
#include "notify/deliver_internal.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "notify/announce.h"

#define USERS_MAX 200		/* rows considered; the rest has waited less long */
#define HOUR_MS INT64_C(3600000)
#define POSTPONE_MS 300000
#define PRUNE_DAYS 90

/* Lease: outlives one attempt; then another worker may claim the row. */
#define LEASE_MS (3 * DELIVER_SECONDS * 1000)

struct candidate {
	char id[ID_SIZE];
	size_t turn;		/* 0: not served recently; higher: served later */
	size_t place;
};

struct candidates {
	const struct claim *p;
	struct candidate list[USERS_MAX];
	size_t n;
};

static bool among(const char (*ids)[ID_SIZE], size_t n, const char *id,
		  size_t *at)
{
	size_t i;

	for (i = n; i > 0; i--) {
		if (str_equal(ids[i - 1], id)) {
			*at = i;
			return true;
		}
	}
	*at = 0;
	return false;
}

static int add_candidate(void *data, const char *user_id, struct err *e)
{
	struct candidates *all = data;
	struct candidate *c = &all->list[all->n];
	size_t ignored;

	if (all->n == USERS_MAX ||
	    among(all->p->busy, all->p->nbusy, user_id, &ignored))
		return 0;
	if (!str_copy(c->id, ID_SIZE, user_id))
		return err_set(e, ERR_INTERNAL, "notice: no user");
	among(all->p->recent, all->p->nrecent, user_id, &c->turn);
	c->place = all->n++;
	return 0;
}

static int by_turn(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* Notifications beyond an hour's limit wait. */
static int hold_back(struct claim *p, struct db *db, const char *user_id,
		     struct err *e)
{
	int64_t mails = 0, all = 0;
	const char *channel = "email";

	if (notice_count_tries(db, user_id, p->now - HOUR_MS, &mails, &all,
			       e) < 0)
		return -1;
	if (all >= DELIVER_PER_HOUR)
		channel = NULL;
	else if (mails < DELIVER_MAILS_PER_HOUR)
		return 0;
	return notice_postpone(db, user_id, channel, p->now,
			       p->now + POSTPONE_MS, p->now - 24 * HOUR_MS, e);
}

static const struct i18n_locale *language(const struct claim *p,
					  const struct notice_due *d)
{
	const struct i18n_locale *l = i18n_find(p->i18n, d->locale);

	return l ? l : i18n_find(p->i18n, settings_text(p->settings,
						SET_DEFAULT_LOCALE));
}

static void fill_job(const struct claim *p, struct delivery_job *x)
{
	const char *url = settings_text(p->settings, SET_PUBLIC_URL);
	const struct i18n_locale *l = language(p, x->due);
	const char *zone = x->due->timezone[0] ? x->due->timezone :
			   settings_text(p->settings, SET_DEFAULT_TIMEZONE);

	if (str_equal(x->due->channel, "email")) {
		x->subject = announce_subject(x, l, x->due);
		x->body = announce_text(x, l, url, zone, x->due);
	} else {
		x->body = announce_json(x, url, x->due);
	}
}

static int take_one(struct claim *p, struct db *db, const char *user_id,
		    struct err *e)
{
	struct delivery_job *x;

	if (hold_back(p, db, user_id, e) < 0)
		return -1;
	x = talloc_zero(p, struct delivery_job);
	x->due = notice_claim(db, x, user_id, p->now, p->now + LEASE_MS,
			      DELIVER_TRIES, e);
	if (!x->due) {
		talloc_free(x);
		return -1;
	}
	fill_job(p, x);
	p->delivery_jobs[p->n++] = x;
	return 0;
}

int deliver_claim(void *data, struct db *db, struct err *e)
{
	struct claim *p = data;
	struct candidates *all = talloc_zero(p, struct candidates);
	size_t i;

	all->p = p;
	if (p->prune && notice_prune(db, p->now - PRUNE_DAYS * 24 * HOUR_MS,
				     e) < 0)
		return -1;
	if (notice_each_due(db, p->now, USERS_MAX, add_candidate, all, e) < 0)
		return -1;
	qsort(all->list, all->n, sizeof(all->list[0]), by_turn);
	for (i = 0; i < all->n && p->n < p->room; i++) {
		if (take_one(p, db, all->list[i].id, e) == 0)
			continue;
		/* Claimed deliveries are in progress nevertheless. */
		if (e->kind != ERR_MISSING)
			return p->n ? 0 : -1;
		*e = (struct err){ 0 };
	}
	return 0;
}

static int64_t pause_after(int64_t tries)
{
	static const int64_t pauses[] = { 10000, 60000, 300000, 1800000,
					  2 * HOUR_MS, 6 * HOUR_MS };

	return pauses[tries < 1 ? 0 : tries > 6 ? 5 : tries - 1];
}

static bool is_over(const struct delivery_job *x)
{
	switch (x->result.result) {
	case SEND_LATER:
		return x->now - x->due->n.created_at >=
		       DELIVER_DAYS * 24 * HOUR_MS;
	case SEND_AGAIN:
		return x->due->n.tries >= DELIVER_TRIES;
	default:
		return true;
	}
}

int deliver_finish(void *data, struct db *db, struct err *e)
{
	struct delivery_job *x = data;

	x->state = x->result.result == SEND_DONE ? "sent" :
		   is_over(x) ? "failed" : "pending";
	return notice_finish(db, &x->due->n, x->state, x->result.error,
			     x->now + pause_after(x->due->n.tries), x->now, e);
}
