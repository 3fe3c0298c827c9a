/* How one ask proceeds, from the cached state to the script and its answer. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "gateway/admission_internal.h"

#define SWEEP_MS 100
#define CLEAN_MS 60000
#define TRIES_MAX 10

static void step(struct ask *q);

static void move(struct ask *q, struct asks *to)
{
	if (q->list)
		TAILQ_REMOVE(q->list, q, next);
	TAILQ_INSERT_TAIL(to, q, next);
	q->list = to;
}

static void deliver(struct ask *q)
{
	struct admission *a = q->a;
	struct grant *g = q->answer.grant;

	TAILQ_REMOVE(q->list, q, next);
	if (q->done)
		q->done(q->data, &q->answer);
	else if (g)
		grant_book(a, g, "", &(struct usage){ 0 });
	talloc_free(q);
}

static void on_soon(uv_timer_t *timer)
{
	struct admission *a = timer->data;
	struct ask *q;

	while ((q = TAILQ_FIRST(&a->finished)))
		deliver(q);
}

static void finish(struct ask *q, enum verdict verdict)
{
	struct admission *a = q->a;

	q->answer.verdict = verdict;
	q->answer.locale = q->locale;
	q->answer.zone = q->zone;
	q->answer.e = verdict == VERDICT_AWAY ? &q->failure : NULL;
	if (!a->inside) {
		deliver(q);
		return;
	}
	move(q, &a->finished);
	uv_timer_start(a->soon, on_soon, 0, 0);
}

static void finish_away(struct ask *q, const struct err *e)
{
	q->failure = *e;
	finish(q, VERDICT_AWAY);
}

static void finish_late(struct ask *q)
{
	struct err e = { .kind = ERR_NONE };

	err_tell(&e, ERR_UNAVAILABLE, "error_busy",
		 "records or redis: no answer in time");
	finish_away(q, &e);
}

static struct ask *find_late(struct admission *a, int64_t now)
{
	struct ask *q;

	TAILQ_FOREACH(q, &a->waiting, next) {
		if (q->deadline <= now)
			return q;
	}
	return NULL;
}

/* Redis requests time out by themselves; asks that wait for the ledger may not. */
static void sweep(uv_timer_t *timer)
{
	struct admission *a = timer->data;
	int64_t now = clock_mono_ms();
	struct ask *q;

	while ((q = find_late(a, now)))
		finish_late(q);
	admission_wake(a);
	if (TAILQ_EMPTY(&a->waiting) && TAILQ_EMPTY(&a->out))
		uv_timer_stop(a->sweep);
}

/*
 * Advances every waiting ask once; asks that wait again are not retried in
 * this pass.
 */
void admission_wake(struct admission *a)
{
	struct ask *q;

	while ((q = TAILQ_FIRST(&a->waiting)))
		move(q, &a->woken);
	while ((q = TAILQ_FIRST(&a->woken)))
		step(q);
}

/* ---- answers from Redis ---- */

static void give_grant(struct ask *q)
{
	struct admission *a = q->a;
	struct grant *g = alloc_checked(talloc_zero(a, struct grant));

	memcpy(g->user_id, q->answer.token.user_id, ID_SIZE);
	g->n = q->n;
	memcpy(g->limits, q->limits, sizeof(g->limits));
	g->tokens = q->tokens;
	g->cost = q->cost;
	g->at = q->answer.at;
	LIST_INSERT_HEAD(&a->grants, g, next);
	q->answer.grant = g;
	finish(q, VERDICT_ADMITTED);
}

/* Redis' state differs from what we cached: try again. */
static void try_again(struct ask *q, const char *value)
{
	struct admission *a = q->a;
	unsigned i;

	if (str_equal(value, "epoch") && !a->resetting)
		a->ready = false;
	else if (str_starts(value, "token "))
		q->looked_up = cached_token_put(a, q->key, value + 6);
	else if (sscanf(value, "missing %u", &i) == 1 && i < q->n)
		q->limits[i].counter->loaded = false;
	limits_release(q);
	move(q, &a->waiting);
	step(q);
}

static void on_admit(void *data, const char *value, const struct err *e)
{
	struct ask *q = data;
	struct admission *a = q->a;
	enum verdict refused;
	struct cached_token *h;

	if (e) {
		/* The script may have reserved nevertheless. */
		if (!a->resetting)
			a->ready = false;
		limits_release(q);
		finish_away(q, e);
		return;
	}
	if (!value)
		value = "";
	if (reserve_granted(q, value)) {
		give_grant(q);
	} else if (str_equal(value, "none")) {
		limits_release(q);
		h = cached_token_find(a, q->key);
		if (h)
			cached_token_drop(a, h);
		finish(q, VERDICT_NO_TOKEN);
	} else if (str_equal(value, "stopped")) {
		limits_release(q);
		finish(q, VERDICT_STOPPED);
	} else if (reserve_refused(q, value, &refused)) {
		limits_release(q);
		finish(q, refused);
	} else {
		try_again(q, value);
	}
}

static void on_token(void *data, const char *value, const struct err *e)
{
	struct ask *q = data;

	if (e) {
		finish_away(q, e);
		return;
	}
	if (!value || !cached_token_put(q->a, q->key, value)) {
		finish(q, VERDICT_NO_TOKEN);
		return;
	}
	q->looked_up = true;
	move(q, &q->a->waiting);
	step(q);
}

/* ---- how an ask proceeds ---- */

static void look_up(struct ask *q)
{
	move(q, &q->a->out);
	kv_async_get(q->a->kv, q->key, on_token, q);
}

/* True: continue. The cached token may be outdated, so it is looked up once. */
static bool check_address(struct ask *q, struct cached_token *h)
{
	if (!*h->token.address || str_equal(h->token.address, q->address))
		return true;
	if (q->looked_up)
		finish(q, VERDICT_NO_TOKEN);
	else
		look_up(q);
	return false;
}

static void ask_redis(struct ask *q, struct cached_token *h)
{
	struct admission *a = q->a;
	struct err e = { 0 };

	if (++q->tries > TRIES_MAX) {
		err_tell(&e, ERR_UNAVAILABLE, "error_redis",
			 "redis: counters are never as they were left");
		finish_away(q, &e);
		return;
	}
	limits_refer(q);
	move(q, &a->out);
	redis_admit(q, h, on_admit);
}

static void step_account(struct ask *q, struct cached_token *h)
{
	struct admission *a = q->a;
	struct account *c = account_get(a, h->token.user_id);
	struct err e = { 0 };

	switch (account_check(a, c, q->begun, &e)) {
	case KNOWN_NOT:
		finish_away(q, &e);
		return;
	case KNOWN_LATER:
		move(q, &a->waiting);
		return;
	case KNOWN:
		break;
	}
	q->answer.token = h->token;
	memcpy(q->locale, c->locale, sizeof(q->locale));
	q->answer.at = clock_now_ms();
	memcpy(q->zone, budget_zone_name(&c->zone, q->answer.at),
	       sizeof(q->zone));
	if (c->disabled || a->stopped) {
		finish(q, c->disabled ? VERDICT_DISABLED : VERDICT_STOPPED);
		return;
	}
	limits_fill(q, c, h, q->answer.at);
	switch (limits_check(q, &e)) {
	case KNOWN_NOT:
		finish_away(q, &e);
		return;
	case KNOWN_LATER:
		move(q, &a->waiting);
		return;
	case KNOWN:
		ask_redis(q, h);
	}
}

static void step(struct ask *q)
{
	struct admission *a = q->a;
	struct err e = { 0 };
	struct cached_token *h;

	if (!*q->key) {
		finish(q, VERDICT_NO_TOKEN);
		return;
	}
	switch (installation_check(a, q->begun, &e)) {
	case KNOWN_NOT:
		finish_away(q, &e);
		return;
	case KNOWN_LATER:
		move(q, &a->waiting);
		return;
	case KNOWN:
		break;
	}
	if (!a->ready && a->reset_failed_at >= q->begun && !a->resetting) {
		finish_away(q, &a->reset_failure);
		return;
	}
	if (!redis_ready(a)) {
		move(q, &a->waiting);
		return;
	}
	h = cached_token_find(a, q->key);
	if (!h)
		look_up(q);
	else if (check_address(q, h))
		step_account(q, h);
}

void admission_ask(struct admission *a, const char *token, const char *address,
		   const struct call_estimate *estimate, admission_done *done, void *data)
{
	struct ask *q = alloc_checked(talloc_zero(a, struct ask));
	int64_t now = clock_mono_ms();

	q->a = a;
	q->done = done;
	q->data = data;
	q->begun = now;
	q->deadline = now + a->deadline_ms;
	if (token_valid(token) && str_copy(q->address, sizeof(q->address),
					   address))
		gateway_token_key(token, q->key);
	reserve_estimate(q, estimate);
	move(q, &a->waiting);
	if (a->clean_at < now) {
		a->clean_at = now + CLEAN_MS;
		known_clean(a);
	}
	if (!uv_is_active((uv_handle_t *)a->sweep))
		uv_timer_start(a->sweep, sweep, SWEEP_MS, SWEEP_MS);
	a->inside = true;
	step(q);
	a->inside = false;
}

static void forget_in(struct asks *list, const void *data)
{
	struct ask *q;

	TAILQ_FOREACH(q, list, next) {
		if (q->data == data)
			q->done = NULL;
	}
}

void admission_forget(struct admission *a, const void *data)
{
	forget_in(&a->waiting, data);
	forget_in(&a->woken, data);
	forget_in(&a->out, data);
	forget_in(&a->finished, data);
}

void grant_charge(struct admission *a, struct grant *g, const char *model,
		  const struct usage *used)
{
	g->charged_tokens += usage_tokens(used);
	g->charged_cost += prices_counted(a->prices, model, used, g->at);
}

void grant_book(struct admission *a, struct grant *g, const char *model,
		const struct usage *used)
{
	int64_t tokens, cost;

	grant_charge(a, g, model, used);
	tokens = g->charged_tokens;
	cost = g->charged_cost;
	if (g->renewal)
		g->renewal->grant = NULL;
	redis_book(a, g, tokens, cost);
	counters_book(a, g, tokens, cost);
	LIST_REMOVE(g, next);
	talloc_free(g);
}
