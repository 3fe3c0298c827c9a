/*
 * A start's boost: while a user waits for a container or for Claude on a busy
 * host, the container gets a greater CPU weight than working ones. A token
 * bucket limits it per user, because everything that runs in the workspace has
 * that weight too. Only a few are boosted at once, in the order of their
 * starts: a weight that all have has no effect.
 */
#include "config.h"
#include "workspace/workspace_internal.h"

#include <talloc.h>

#include "core/clock.h"
#include "core/host.h"

#define EACH 4			/* boosted per processor: some wait for the model */
#define BUSY 0.5		/* runnable programs per processor */
#define BOOST_MS 20000		/* the longest boost, on a host that keeps up */
#define LEAST_MS 5000		/* a shorter one is not worth two calls */
#define SAVED_MS 40000		/* maximum of the bucket */
#define EARN 20			/* ms until each ms of boost is refilled */
#define RETRY_MS 5000
#define READY_MS 2000		/* for Claude to start in a container that is ready */

/* A pending call; a child of the engine. */
struct workspace_boost_call {
	struct workspace *w;		/* NULL: the caller is gone */
	bool boosted;			/* requested */
};

static void count(struct workspace_boost *b)
{
	int64_t now = clock_mono_ms(), passed = now - b->counted_at;

	if (!b->counted_at)
		b->left = SAVED_MS;
	else if (b->on || b->wanted)
		b->left -= passed;
	else
		b->left += passed / EARN;
	if (b->left > SAVED_MS)
		b->left = SAVED_MS;
	b->counted_at = now;
}

static void agree(struct workspace *w);
static void inspect_container(struct workspace *w);
static void end_boost(struct workspace *w);

static void rang(uv_timer_t *t)
{
	struct workspace *w = t->data;

	if (w->boost.unknown)
		inspect_container(w);
	else
		end_boost(w);
}

static void wake_in(struct workspace *w, int64_t ms)
{
	uv_timer_start(&w->timers->boost, rang, (uint64_t)ms, 0);
}

static void leave_queue(struct workspace *w)
{
	if (w->boost.queued)
		TAILQ_REMOVE(&w->all->boosts, w, link_boost);
	w->boost.queued = false;
}

static void last(struct workspace *w)
{
	struct workspace_boost *b = &w->boost;
	int64_t ms = b->until - clock_mono_ms();

	ms = b->left < ms ? b->left : ms;
	wake_in(w, ms > 0 ? ms : 0);
}

static void grant(struct workspace *w)
{
	w->boost.wanted = true;
	w->all->boosted++;
	last(w);
}

static bool full(const struct workspaces *all)
{
	return all->boosted >= EACH * host_processors();
}

static void grant_next(struct workspaces *all)
{
	int64_t now = clock_mono_ms();
	struct workspace *w;

	while (!all->closed && !full(all) && (w = TAILQ_FIRST(&all->boosts))) {
		leave_queue(w);
		count(&w->boost);
		if (w->boost.until - now < LEAST_MS || w->boost.left < LEAST_MS)
			continue;
		grant(w);
		agree(w);
	}
}

/* Passes its place to the next. */
static void give_up(struct workspace *w)
{
	leave_queue(w);
	if (!w->boost.wanted)
		return;
	w->boost.wanted = false;
	w->all->boosted--;
	grant_next(w->all);
}

static int forget(struct workspace_boost_call *call)
{
	if (call->w)
		call->w->boost.call = NULL;
	return 0;
}

static struct workspace_boost_call *call_new(struct workspace *w)
{
	struct workspace_boost_call *call;

	call = alloc_checked(talloc_zero(w->all->engine,
					 struct workspace_boost_call));
	*call = (struct workspace_boost_call){ w, w->boost.wanted };
	talloc_set_destructor(call, forget);
	w->boost.call = call;
	return call;
}

static void answered(void *data, const struct err *e)
{
	struct workspace_boost_call *call = data;
	struct workspace *w = call->w;
	bool boosted = call->boosted;

	talloc_free(call);
	if (!w)
		return;
	count(&w->boost);
	if (!e) {
		w->boost.on = boosted;
	} else if (e->kind == ERR_MISSING) {
		w->boost.on = false;
		inspect_container(w);		/* one may have been created meanwhile */
		return;
	} else {
		w->boost.on = true;	/* as far as is known */
		give_up(w);
		wake_in(w, RETRY_MS);
		return;
	}
	agree(w);
}

/* Asks the engine for the weight that is wanted. */
static void agree(struct workspace *w)
{
	struct workspace_boost *b = &w->boost;

	if (!b->call && b->on != b->wanted && !w->all->closed)
		engine_boost(w->all->engine, w->name, b->wanted, answered,
			     call_new(w));
}

static void inspected(void *data, const struct container_state *s,
		      const struct err *e)
{
	struct workspace_boost_call *call = data;
	struct workspace *w = call->w;

	talloc_free(call);
	if (!w)
		return;
	if (e)
		wake_in(w, RETRY_MS);
	else
		workspace_boost_seen(w, s);
}

static void inspect_container(struct workspace *w)
{
	if (!w->boost.call && !w->all->closed)
		engine_inspect(w->all->engine, w->name, inspected, call_new(w));
}

void workspace_boost_adopt(struct workspace *w, int64_t ms)
{
	w->boost.unknown = true;
	wake_in(w, ms);
}

void workspace_boost_seen(struct workspace *w, const struct container_state *s)
{
	struct workspace_boost *b = &w->boost;

	b->unknown = false;
	if (b->call)
		return;		/* its answer will say more */
	count(b);
	b->on = s->exists && s->boosted;
	if (s->exists)
		agree(w);
}

/*
 * Whether it is boosted from now on; otherwise it may be when another boost
 * ends.
 */
static bool begin_boost(struct workspace *w)
{
	struct workspace_boost *b = &w->boost;

	count(b);
	if (b->wanted) {
		last(w);	/* for the rest of its time, no longer */
		return true;
	}
	if (w->all->closed || b->left < LEAST_MS || host_load() < BUSY)
		return false;
	b->until = clock_mono_ms() + start_deadline(BOOST_MS);
	if (!full(w->all)) {
		leave_queue(w);
		grant(w);
	} else if (!b->queued) {
		b->queued = true;
		TAILQ_INSERT_TAIL(&w->all->boosts, w, link_boost);
	}
	return b->wanted;
}

/* A pending call is about the previous container. */
bool workspace_boost_new(struct workspace *w)
{
	struct workspace_boost *b = &w->boost;

	workspace_boost_close(w);
	b->asker = NULL;
	b->on = start_urgent(w->start) && begin_boost(w);
	b->unknown = false;
	return b->on;
}

void workspace_boost(struct workspace *w, const void *asker)
{
	w->boost.asker = asker;
	if (begin_boost(w))
		agree(w);
}

void workspace_boost_ready(struct workspace *w)
{
	if (w->boost.asker)
		return;
	leave_queue(w);
	if (w->boost.wanted)
		wake_in(w, READY_MS);
}

static void end_boost(struct workspace *w)
{
	w->boost.asker = NULL;
	count(&w->boost);
	give_up(w);
	agree(w);
}

void workspace_boost_end(struct workspace *w, const void *asker)
{
	if (w->boost.asker == asker)
		end_boost(w);
}

void workspace_boost_close(struct workspace *w)
{
	if (w->boost.call)
		w->boost.call->w = NULL;
	w->boost.call = NULL;
}
