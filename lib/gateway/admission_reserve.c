/*
 * Reserves what a call may use: when it is admitted, and again when more is
 * known about it.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "gateway/admission_internal.h"

#define MILLION INT64_C(1000000)

static int64_t output_cost(const struct ask *q, int64_t output)
{
	return (int64_t)((__int128)output * q->output_price / MILLION);
}

/* Input may be written to the one-hour cache, which is the most expensive. */
void reserve_estimate(struct ask *q, const struct call_estimate *estimate)
{
	const struct prices *p = q->a->prices;
	const struct usage all = { .input = estimate->input }, million = { .output = MILLION };
	const struct usage written = { .cache_write_1h = estimate->input };
	int64_t now = clock_now_ms(), plain;
	char model[PRICES_NAME_SIZE];

	prices_name(p, estimate->model, &all, now, model);
	q->input = estimate->input;
	q->output = estimate->output;
	q->input_cost = prices_counted(p, model, &written, now);
	plain = prices_counted(p, model, &all, now);
	if (q->input_cost < plain)
		q->input_cost = plain;
	q->output_price = prices_counted(p, model, &million, now);
	q->tokens = q->input + q->output;
	q->cost = q->input_cost + output_cost(q, q->output);
}

bool reserve_granted(struct ask *q, const char *value)
{
	long long output;
	int64_t tokens, cost;

	if (sscanf(value, "ok %lld", &output) != 1 || output < 0 || output > q->output)
		return false;
	tokens = q->output - output;
	cost = output_cost(q, q->output) - output_cost(q, output);
	limits_lower(q, tokens, cost);
	q->tokens -= tokens;
	q->cost -= cost;
	q->answer.output = output;
	return true;
}

bool reserve_refused(struct ask *q, const char *value, enum verdict *verdict)
{
	struct over_budget *over = &q->answer.over;
	const struct limit *n;
	unsigned i, money;
	char word[12];
	long long used;

	if (sscanf(value, "%11s %u %u %lld", word, &i, &money, &used) != 4 ||
	    i >= q->n || money > 1)
		return false;
	if (str_equal(word, "over"))
		*verdict = VERDICT_OVER_BUDGET;
	else if (str_equal(word, "reserved"))
		*verdict = VERDICT_RESERVED;
	else
		return false;
	n = &q->limits[i];
	over->scope = n->scope;
	over->period = n->period;
	over->money = money;
	over->limit = money ? n->cost : n->tokens;
	over->used = used;
	over->resets_at = n->resets_at;
	return true;
}

/* ---- grants */

static void finish(struct ask *q, enum verdict verdict)
{
	struct grant *g = q->grant;

	if (g)
		g->renewal = NULL;
	q->answer.verdict = verdict;
	q->answer.grant = verdict == VERDICT_ADMITTED ? g : NULL;
	if (g && q->done)
		q->done(q->data, &q->answer);
	talloc_free(q);
}

static void finish_away(struct ask *q, const struct err *e)
{
	q->failure = (struct err){ .kind = ERR_NONE };
	if (e)
		q->failure = *e;
	else
		err_tell(&q->failure, ERR_UNAVAILABLE, "error_redis",
			 "redis: the counters were lost");
	q->answer.e = &q->failure;
	limits_release(q);
	finish(q, VERDICT_AWAY);
}

/* The call ended meanwhile and booked its earlier reservation. */
static void give_back(struct ask *q)
{
	redis_lower(q, q->tokens, q->cost);
	limits_release(q);
}

static void extend_grant(struct ask *q)
{
	struct grant *g = q->grant;
	size_t i;

	g->tokens += q->tokens;
	g->cost += q->cost;
	for (i = 0; i < q->n; i++)
		counter_release(q->a, q->limits[i].counter);
}

static void on_reserve(void *data, const char *value, const struct err *e)
{
	struct ask *q = data;
	struct admission *a = q->a;
	enum verdict refused;
	unsigned i;

	TAILQ_REMOVE(q->list, q, next);
	if (!e && value && reserve_granted(q, value)) {
		if (q->grant)
			extend_grant(q);
		else
			give_back(q);
		finish(q, VERDICT_ADMITTED);
		return;
	}
	if (!e && value && reserve_refused(q, value, &refused)) {
		limits_release(q);
		finish(q, refused);
		return;
	}
	/*
	 * The script may have reserved nevertheless, or there was nothing to
	 * reserve.
	 */
	if (value && sscanf(value, "missing %u", &i) == 1 && i < q->n)
		q->limits[i].counter->loaded = false;
	else if (!a->resetting)
		a->ready = false;
	finish_away(q, e);
}

void grant_reserve(struct admission *a, struct grant *g, const struct call_estimate *estimate,
		   admission_done *done, void *data)
{
	struct ask *q = alloc_checked(talloc_zero(a, struct ask));

	q->a = a;
	q->done = done;
	q->data = data;
	q->grant = g;
	q->answer.locale = q->locale;
	q->answer.zone = q->zone;
	g->renewal = q;
	memcpy(q->limits, g->limits, sizeof(q->limits));
	q->n = g->n;
	reserve_estimate(q, estimate);
	q->tokens -= g->tokens;
	q->cost -= g->cost;
	limits_refer(q);
	q->list = &a->out;
	TAILQ_INSERT_TAIL(&a->out, q, next);
	redis_reserve(q, g->tokens, g->cost, on_reserve);
}
