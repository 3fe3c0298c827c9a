#include "config.h"
#include "gateway/admission.h"

#include <stdlib.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "gateway/admission_internal.h"

#define LOOK_MS 1000
#define DEADLINE_MS 10000

void admission_set_prices(struct admission *a, const struct prices *prices)
{
	a->prices = prices;
	a->tables++;
	admission_rebuild(a);
}

void admission_set_journal(struct admission *a, const struct journal *journal)
{
	a->journal = journal;
}

void admission_rebuild(struct admission *a)
{
	if (!a->resetting)
		a->ready = false;
	counters_drop(a);
}

static void check_stop(uv_timer_t *timer)
{
	struct admission *a = timer->data;
	struct err e = { 0 };

	(void)installation_check(a, clock_mono_ms(), &e);
}

void admission_on_stop(struct admission *a,
		       void (*changed)(void *data, bool stopped), void *data)
{
	a->changed = changed;
	a->changed_data = data;
	if (changed)
		uv_timer_start(a->look, check_stop, 0, LOOK_MS);
	else
		uv_timer_stop(a->look);
}

static uv_timer_t *new_timer(struct admission *a)
{
	uv_timer_t *timer = alloc_checked(calloc(1, sizeof(*timer)));

	uv_timer_init(a->loop, timer);
	timer->data = a;
	return timer;
}

struct admission *admission_new(const void *ctx, uv_loop_t *loop,
				struct kv_async *kv, struct jobs *jobs,
				struct ledger_client *ledger,
				const struct prices *prices, const char *zone)
{
	struct admission *a = alloc_checked(talloc_zero(ctx, struct admission));

	a->loop = loop;
	a->kv = kv;
	a->jobs = jobs;
	a->ledger = ledger;
	a->prices = prices;
	a->deadline_ms = DEADLINE_MS;
	if (!str_copy(a->zone, sizeof(a->zone), zone))
		a->zone[0] = '\0';
	TAILQ_INIT(&a->waiting);
	TAILQ_INIT(&a->woken);
	TAILQ_INIT(&a->out);
	TAILQ_INIT(&a->finished);
	a->soon = new_timer(a);
	a->sweep = new_timer(a);
	a->look = new_timer(a);
	return a;
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void admission_free(struct admission *a)
{
	struct task *t;
	struct ask *q;

	if (!a)
		return;
	LIST_FOREACH(t, &a->tasks, next)
		t->a = NULL;
	TAILQ_FOREACH(q, &a->out, next)
		kv_async_forget(a->kv, q);
	kv_async_forget(a->kv, a);
	uv_close((uv_handle_t *)a->soon, free_handle);
	uv_close((uv_handle_t *)a->sweep, free_handle);
	uv_close((uv_handle_t *)a->look, free_handle);
	talloc_free(a);
}
