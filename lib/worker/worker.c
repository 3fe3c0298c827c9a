#include "config.h"
#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/piece.h"
#include "http/http_client.h"
#include "worker/worker_internal.h"

#define TICK_MS 250		/* another program may have planned something meanwhile */
#define LOOK_MS 1000
#define SWEEP_MS 10000
#define RENEW_MS 60000
#define DROP_FIRST_MS 60000
#define DROP_MS 86400000
#define REST_MS 1000		/* after a failure */
#define STOP_MS 2500		/* for jobs that are running */

void ids_add(struct ids *l, const void *ctx, const char *id)
{
	if (l->n % 64 == 0)
		l->list = talloc_realloc_size(ctx, l->list,
					      (l->n + 64) * ID_SIZE);
	if (!l->list)
		err_abort("out of memory");
	memcpy(l->list[l->n++], id, ID_SIZE);
}

bool pass_begin(struct worker *w, struct pass *p)
{
	if (w->stopping || clock_mono_ms() < p->rest_until)
		return false;
	p->again = p->busy;
	if (p->busy)
		return false;
	p->busy = true;
	return true;
}

bool pass_end(struct worker *w, struct pass *p, const char *event,
	      const struct err *e)
{
	const bool again = p->again;

	p->busy = p->again = false;
	if (e) {
		log_failure(event, e, NULL);
		p->rest_until = clock_mono_ms() + REST_MS;
	}
	return again && !e && !w->stopping;
}

static bool passed(int64_t *at, int64_t now, int64_t ms)
{
	if (now - *at < ms)
		return false;
	*at = now;
	return true;
}

static void on_tick(uv_timer_t *timer)
{
	struct worker *w = timer->data;
	const int64_t now = clock_mono_ms();

	worker_plan(w);
	wake_tick(w->wake, now);
	if (passed(&w->looked_at, now, LOOK_MS)) {
		worker_look(w);
		deliver_due(w->deliver);
	}
	if (passed(&w->renewed_at, now, RENEW_MS))
		worker_renew(w);
	if (passed(&w->swept_at, now, SWEEP_MS))
		worker_sweep(w);
	if (passed(&w->dropped_at, now, DROP_MS))
		worker_drop(w);
}

/* ---- stop */

static bool quiet(struct worker *w)
{
	return !bridge_notifier_stop(w->notifier) && !w->delivering &&
	       !jobs_left(w->jobs);
}

static void on_last(uv_timer_t *timer)
{
	struct worker *w = timer->data;

	if (!quiet(w) && clock_mono_ms() < w->stop_by)
		return;
	w->stopped = true;
	uv_stop(w->loop);
}

static void delivered(void *data)
{
	((struct worker *)data)->delivering = false;
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct worker *w = handle->data;

	if (w->stopping)
		return;
	w->stopping = true;
	log_event(LOG_INFO, "stopping", NULL);
	uv_timer_stop(&w->tick);
	uv_timer_stop(&w->due);
	w->stop_by = clock_mono_ms() + STOP_MS;
	deliver_stop(w->deliver, delivered, w);
	uv_timer_start(&w->last, on_last, 0, 20);
}

/* ---- start */

static void open_loop(struct worker *w)
{
	w->loop = talloc_zero(w, uv_loop_t);
	uv_loop_init(w->loop);
	uv_timer_init(w->loop, &w->tick);
	uv_timer_init(w->loop, &w->due);
	uv_timer_init(w->loop, &w->last);
	uv_signal_init(w->loop, &w->term);
	uv_signal_init(w->loop, &w->interrupt);
	w->tick.data = w->due.data = w->last.data = w;
	w->term.data = w->interrupt.data = w;
}

static void log_delivery(void *data, const struct delivery *x)
{
	char tries[24], ms[24];

	(void)data;
	snprintf(tries, sizeof(tries), "%lld", (long long)x->tries);
	snprintf(ms, sizeof(ms), "%lld", (long long)x->ms);
	log_event(*x->error ? LOG_WARN : LOG_INFO, "notice", "id", x->id,
		  "user", x->user_id, "agent", x->agent_id, "channel",
		  x->channel, "what", x->event, "state", x->state, "error",
		  *x->error ? x->error : NULL, "tries", tries, "ms", ms, NULL);
}

static void not_told(void *data, const struct err *e)
{
	(void)data;
	log_failure("notices", e, NULL);
}

static int open_notices(struct worker *w, struct err *e)
{
	w->i18n = i18n_load(w, talloc_asprintf(w, "%s/locale",
			    settings_text(w->settings, SET_TEMPLATES)), e);
	if (!w->i18n)
		return -1;
	w->deliver = deliver_new(w, w->loop, w->jobs, w->settings, w->i18n);
	w->delivering = true;
	deliver_listen(w->deliver, log_delivery, not_told, w);
	return 0;
}

static int open_books(struct worker *w, struct err *e)
{
	struct db *db;

	w->prices = prices_load(w, settings_text(w->settings, SET_PRICES), e);
	if (!w->prices)
		return -1;
	db = db_open(w, settings_text(w->settings, SET_DATABASE), e);
	if (!db)
		return -1;
	w->jobs = jobs_new(w, w->loop, db);
	w->planner.settings = w->settings;
	w->planner.prices = w->prices;
	w->planner.cache = plan_cache_new(NULL);
	return 0;
}

struct worker *worker_new(const struct settings *s, struct err *e)
{
	struct worker *w = alloc_checked(talloc_zero(NULL, struct worker));

	signal(SIGPIPE, SIG_IGN);
	http_client_start();
	w->settings = s;
	open_loop(w);
	if (open_books(w, e) < 0 || open_notices(w, e) < 0) {
		talloc_free(w);
		return NULL;
	}
	w->notifier = bridge_notifier_new(w);
	w->wake = wake_new(w);
	w->renewed_at = clock_mono_ms() - RENEW_MS;
	w->dropped_at = clock_mono_ms() - DROP_MS + DROP_FIRST_MS;
	uv_signal_start(&w->term, on_stop, SIGTERM);
	uv_signal_start(&w->interrupt, on_stop, SIGINT);
	uv_timer_start(&w->tick, on_tick, 0, TICK_MS);
	return w;
}

void worker_run(struct worker *w)
{
	while (!w->stopped) {
		int64_t began = piece_begin();

		uv_run(w->loop, UV_RUN_ONCE);
		piece_end(began, 1, "loop", NULL);
	}
}

static bool drain(struct worker *w)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (!uv_run(w->loop, UV_RUN_NOWAIT))
			return true;
		uv_sleep(10);
	}
	return false;
}

void worker_free(struct worker *w)
{
	uv_handle_t *const own[] = {
		(uv_handle_t *)&w->tick, (uv_handle_t *)&w->due,
		(uv_handle_t *)&w->last, (uv_handle_t *)&w->term,
		(uv_handle_t *)&w->interrupt,
	};
	size_t i;

	wake_free(w->wake);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uv_close(own[i], NULL);
	/* Handles that are still open by now are left to process exit. */
	if (!quiet(w) || !drain(w))
		return;
	uv_loop_close(w->loop);
	talloc_free(w->planner.cache);
	talloc_free(w);
}
