/* Turns occurrences that are due into rows, one batch per job. */
#include "config.h"
#include "worker/worker_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "time/zone.h"

#define BATCH 250	/* agents per transaction */
#define NEXT_MAX 60000	/* ms */

struct planned {
	struct worker *worker;
	int64_t claimed, next;
	bool more, queued;
	struct ids asked;
};

static void queued(void *data, const char *execution_id)
{
	struct planned *p = data;

	(void)execution_id;
	p->queued = true;
}

static void asked(void *data, const char *conversation_id)
{
	struct planned *p = data;

	ids_add(&p->asked, p, conversation_id);
}

/* No agent is due: nothing is written or locked. */
static int plan_work(void *data, struct db *db, struct err *e)
{
	struct planned *p = data;
	struct planner *planner = &p->worker->planner;
	const int64_t now = clock_now_ms();

	planner->db = db;
	if (plan_next(planner, &p->next, e) < 0)
		return -1;
	if (!p->next || p->next > now)
		return 0;
	planner->queued = queued;
	planner->asked = asked;
	planner->data = p;
	if (plan_due(planner, now, BATCH, &p->claimed, &p->more, e) < 0)
		return -1;
	return plan_next(planner, &p->next, e);
}

static void on_due(uv_timer_t *timer)
{
	worker_plan(timer->data);
}

/* The timer is monotonic while the wall clock may jump: armed again each tick. */
static void arm(struct worker *w, int64_t next)
{
	int64_t left = next - clock_now_ms();

	uv_update_time(w->loop);
	if (!next || left > NEXT_MAX)
		uv_timer_stop(&w->due);
	else
		uv_timer_start(&w->due, on_due, left > 0 ? (uint64_t)left : 0,
			       0);
}

static void plan_done(void *data, const struct err *e)
{
	struct planned *p = data;
	struct worker *w = p->worker;
	const bool again = pass_end(w, &w->planning, "plan", e);
	size_t i;

	if (!e && !w->stopping) {
		for (i = 0; i < p->asked.n; i++)
			bridge_notifier_refresh(w->notifier, p->asked.list[i]);
		if (p->queued)
			worker_look(w);
		if (p->more || again)
			worker_plan(w);
		else
			arm(w, p->next);
	}
	talloc_free(p);
}

void worker_plan(struct worker *w)
{
	struct planned *p;

	if (!pass_begin(w, &w->planning))
		return;
	p = alloc_checked(talloc_zero(NULL, struct planned));
	p->worker = w;
	jobs_add(w->jobs, plan_work, plan_done, p);
}

/* ---- the time zones changed */

struct renewed {
	struct worker *worker;
	uint64_t zones;
	int64_t moved;
	char after[ID_SIZE];
};

/*
 * All agents: also those planned by another worker, or by this one before a
 * restart.
 */
static int renew_work(void *data, struct db *db, struct err *e)
{
	struct renewed *r = data;
	struct planner *planner = &r->worker->planner;

	r->zones = zone_generation();
	if (r->zones == r->worker->zones)
		return 0;
	planner->db = db;
	do {
		if (plan_renew(planner, clock_now_ms(), r->after, &r->moved,
			       e) < 0)
			return -1;
	} while (*r->after);
	return 0;
}

static void renew_done(void *data, const struct err *e)
{
	struct renewed *r = data;
	struct worker *w = r->worker;
	char moved[24];

	pass_end(w, &w->renewing, "renew", e);
	if (!e)
		w->zones = r->zones;
	if (!e && r->moved) {
		snprintf(moved, sizeof(moved), "%lld", (long long)r->moved);
		log_event(LOG_INFO, "zones_renewed", "moved", moved, NULL);
		worker_plan(w);
	}
	talloc_free(r);
}

void worker_renew(struct worker *w)
{
	struct renewed *r;

	if (!pass_begin(w, &w->renewing))
		return;
	r = alloc_checked(talloc_zero(NULL, struct renewed));
	r->worker = w;
	jobs_add(w->jobs, renew_work, renew_done, r);
}
