/* Books attempts that ended, and starts runs whose turn it is. */
#include "config.h"
#include "worker/worker_internal.h"

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/executions.h"
#include "store/planning.h"

#define BOOK_MAX 50
#define STEPS_MAX 20		/* per job, so that planning gets its turn */
#define DROP_ROWS 100
#define DAY INT64_C(86400000)

struct looked {
	struct worker *worker;
	int64_t booked;
	bool more;
	struct ids begun;		/* conversations */
};

static int begin_runs(struct looked *l, struct planner *p, struct err *e)
{
	char conversation[ID_SIZE], execution[ID_SIZE];
	int i;

	for (i = 0; i < STEPS_MAX; i++) {
		if (plan_start(p, clock_now_ms(), conversation, execution,
			       e) < 0)
			return -1;
		if (!*execution)
			return 0;
		if (*conversation)
			ids_add(&l->begun, l, conversation);
	}
	l->more = true;
	return 0;
}

static int look_work(void *data, struct db *db, struct err *e)
{
	struct looked *l = data;
	struct planner *p = &l->worker->planner;
	struct err other = { 0 };

	p->db = db;
	if (plan_finish(p, clock_now_ms(), BOOK_MAX, &l->booked, e) < 0) {
		if (e->kind != ERR_UNAVAILABLE)
			begin_runs(l, p, &other);	/* those before the failed one are fine */
		return -1;
	}
	l->more = l->booked == BOOK_MAX;
	return begin_runs(l, p, e);
}

/* What started before a failure is announced, too. */
static void look_done(void *data, const struct err *e)
{
	struct looked *l = data;
	struct worker *w = l->worker;
	const bool again = pass_end(w, &w->looking, "look", e);
	size_t i;

	for (i = 0; i < l->begun.n; i++)
		bridge_notifier_refresh(w->notifier, l->begun.list[i]);
	if (!e && (l->more || again))
		worker_look(w);
	talloc_free(l);
}

void worker_look(struct worker *w)
{
	struct looked *l;

	if (!pass_begin(w, &w->looking))
		return;
	l = alloc_checked(talloc_zero(NULL, struct looked));
	l->worker = w;
	jobs_add(w->jobs, look_work, look_done, l);
}

/* ---- sessions that the bridge may have missed */

struct swept {
	struct worker *worker;
	struct ids open;
};

static int keep_open(void *data, const struct attempt *a, struct err *e)
{
	struct swept *s = data;

	(void)e;
	ids_add(&s->open, s, a->conversation_id);
	return 0;
}

static int sweep_work(void *data, struct db *db, struct err *e)
{
	return attempt_each_open(db, keep_open, data, e);
}

static void sweep_done(void *data, const struct err *e)
{
	struct swept *s = data;
	struct worker *w = s->worker;
	size_t i;

	pass_end(w, &w->sweeping, "sweep", e);
	for (i = 0; !e && i < s->open.n; i++)
		bridge_notifier_refresh(w->notifier, s->open.list[i]);
	talloc_free(s);
}

void worker_sweep(struct worker *w)
{
	struct swept *s;

	if (!pass_begin(w, &w->sweeping))
		return;
	s = alloc_checked(talloc_zero(NULL, struct swept));
	s->worker = w;
	jobs_add(w->jobs, sweep_work, sweep_done, s);
}

/* ---- files that are too old */

struct dropped {
	struct worker *worker;
	int64_t before, rows;
};

static int drop_work(void *data, struct db *db, struct err *e)
{
	struct dropped *d = data;

	return execution_files_drop(db, d->before, DROP_ROWS, &d->rows, e);
}

static void drop_done(void *data, const struct err *e)
{
	struct dropped *d = data;
	struct worker *w = d->worker;

	pass_end(w, &w->dropping, "drop_files", e);
	if (!e && d->rows == DROP_ROWS)
		worker_drop(w);
	talloc_free(d);
}

void worker_drop(struct worker *w)
{
	struct dropped *d;

	if (!pass_begin(w, &w->dropping))
		return;
	d = alloc_checked(talloc_zero(NULL, struct dropped));
	d->worker = w;
	d->before = clock_now_ms() - DAY *
		    settings_number(w->settings, SET_RUN_FILES_DAYS);
	jobs_add(w->jobs, drop_work, drop_done, d);
}
