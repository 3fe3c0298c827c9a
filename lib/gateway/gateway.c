#include "config.h"
#include "gateway/gateway.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/piece.h"
#include "gateway/gateway_internal.h"

#define CONNECTIONS 4096
#define FILES_BESIDE 256	/* descriptors that are not client or service connections */
#define CONNECT_MS 15000
#define HEAD_MS 60000
#define BODY_MS 30000
#define READER_MS 60000
#define READER_BYTES 60000	/* per reader_ms: 1 kB/s */
#define WAITING_MAX 1000		/* calls that wait */
#define TICK_MS 1000
#define TELL_TICKS 20		/* how often Redis is told during trouble */
#define LEDGER_MS 10000		/* for an answer from gongbang-ledger, which may wait 5 s for a
				 * lock */
#define BOOK_AGAIN_MS 1000	/* until the ledger is asked again for a batch */
#define STOP_MS 8000		/* for calls in flight */
#define CLOSE_MS 3000		/* for booking them */
#define ROUNDS 16

/* ---- the loop */

/*
 * Each side may have more to do after the other has run. So both run until
 * neither has, before the loop waits, instead of once per iteration.
 */
static void pump(struct gateway *g)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		reply_report(g);
		if (upstream_due(g->upstream))
			upstream_run(g->upstream);
		else if (listener_due(g->listener))
			listener_run(g->listener);
		else
			return;
	}
}

static void before_wait(uv_prepare_t *handle)
{
	pump(handle->data);
}

static void after_wait(uv_check_t *handle)
{
	pump(handle->data);
}

/* Reported before the journal is full and calls are refused for it. */
static void tell_trouble(struct gateway *g)
{
	const struct err *e = journal_trouble(g->journal);
	const char *const set[] = { "SET", GATEWAY_LEDGER_KEY, e ? e->text : "", "EX", "60" };
	const char *const unset[] = { "DEL", GATEWAY_LEDGER_KEY };
	char pending[24];

	if (e && !g->troubled) {
		snprintf(pending, sizeof(pending), "%zu", journal_pending(g->journal));
		log_failure("ledger_away", e, "pending", pending, NULL);
	} else if (!e && g->troubled) {
		log_event(LOG_INFO, "ledger_back", NULL);
		kv_async_run(g->kv, NULL, NULL, 2, unset);
	}
	if (e && g->ticks++ % TELL_TICKS == 0)
		kv_async_run(g->kv, NULL, NULL, 5, set);
	if (!e)
		g->ticks = 0;
	g->troubled = e != NULL;
}

static void on_tick(uv_timer_t *timer)
{
	struct gateway *g = timer->data;
	int64_t now = clock_mono_ms();
	struct call *c, *next;

	for (c = LIST_FIRST(&g->calls); c; c = next) {
		next = LIST_NEXT(c, all);
		call_tick(c, now);
	}
	listener_tick(g->listener, now);
	fair_queue_serve(g->queue);
	tell_trouble(g);
}

static bool may_call(void *data)
{
	struct gateway *g = data;
	bool refused;

	return !g->halted && !g->stopping &&
	       keys_ready_at(g->keys, NULL, clock_mono_ms(), &refused) == 0;
}

static void cut_all(struct gateway *g, enum error_reply a)
{
	struct call *c, *next;

	for (c = LIST_FIRST(&g->calls); c; c = next) {
		next = LIST_NEXT(c, all);
		call_cut(c, a);
	}
}

static void stop_changed(void *data, bool on)
{
	struct gateway *g = data;

	g->halted = on;
	log_event(LOG_WARN, on ? "stop_all" : "resume_all", NULL);
	if (on)
		cut_all(g, ERROR_REPLY_STOPPED);
}

/* An earlier gateway's rows are in the ledger: counters can be correct now. */
static void resumed(void *data)
{
	struct gateway *g = data;

	admission_rebuild(g->admission);
	g->ready = true;
	log_event(LOG_INFO, "ready", "listen",
		  settings_text(g->settings, SET_GATEWAY_LISTEN), NULL);
}

/* ---- signals */

static void stop_now(struct gateway *g)
{
	g->stopped = true;
	uv_stop(g->loop);
}

void gateway_left(struct gateway *g)
{
	if (g->stopping && !g->ncalls)
		stop_now(g);
}

static void too_late(uv_timer_t *timer)
{
	stop_now(timer->data);
}

static void on_stop(uv_signal_t *handle, int number)
{
	struct gateway *g = handle->data;
	struct call *c, *next;

	if (g->stopping)
		return;
	g->stopping = true;
	log_event(LOG_INFO, "stopping", NULL);
	listener_quiesce(g->listener);
	for (c = LIST_FIRST(&g->calls); c; c = next) {
		next = LIST_NEXT(c, all);
		if (!c->outbound)
			call_cut(c, ERROR_REPLY_CLOSING);
	}
	uv_timer_start(&g->last, too_late, STOP_MS, 0);
	gateway_left(g);
}

static void on_hang_up(uv_signal_t *handle, int number)
{
	struct gateway *g = handle->data;
	struct prices *prices, *old = g->prices;
	struct err e = { 0 };

	if (keys_load(g->keys, settings_text(g->settings, SET_MODEL_KEYS), &e) < 0)
		log_failure("reload_keys", &e, NULL);
	else
		log_event(LOG_INFO, "reloaded_keys", NULL);
	memset(&e, 0, sizeof(e));
	prices = prices_load(g, settings_text(g->settings, SET_PRICES), &e);
	if (!prices) {
		log_failure("reload_prices", &e, NULL);
	} else {
		g->prices = prices;
		admission_set_prices(g->admission, prices);
		talloc_free(old);
		log_event(LOG_INFO, "reloaded_prices", NULL);
	}
	fair_queue_serve(g->queue);
}

/* ---- start */

/*
 * The key is in memory: no core dumps, no ptrace by other processes of this
 * user.
 */
static void hide(void)
{
	const struct rlimit none = { 0, 0 };

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
}

/*
 * As many connections as the descriptor limit allows, minus those to the
 * service.
 */
static int64_t connections(struct gateway *g)
{
	int64_t calls = settings_number(g->settings, SET_GATEWAY_CALLS);
	rlim_t need = (rlim_t)(CONNECTIONS + calls + FILES_BESIDE);
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return 256;
	if (files.rlim_cur < need) {
		files.rlim_cur = need < files.rlim_max ? need : files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0)
			getrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= need)
		return CONNECTIONS;
	log_event(LOG_WARN, "descriptors_low", NULL);
	return (int64_t)files.rlim_cur > calls + 2 * FILES_BESIDE ?
		(int64_t)files.rlim_cur - calls - FILES_BESIDE : FILES_BESIDE;
}

static int open_books(struct gateway *g, struct err *e)
{
	struct journal_options journal = { .again_ms = BOOK_AGAIN_MS };
	const struct settings *s = g->settings;

	g->prices = prices_load(g, settings_text(s, SET_PRICES), e);
	if (!g->prices)
		return -1;
	g->jobs = jobs_new(g, g->loop, NULL);
	g->ledger = ledger_client_new(g, settings_text(s, SET_LEDGER_SOCKET), LEDGER_MS);
	g->kv = kv_async_new(g->loop, settings_text(s, SET_REDIS_SOCKET));
	journal.folder = settings_text(s, SET_GATEWAY_JOURNAL);
	journal.cap = settings_number(s, SET_GATEWAY_JOURNAL_MAX) << 20;
	g->journal = journal_open(g, g->loop, g->jobs, g->ledger, &journal, e);
	if (!g->journal)
		return -1;
	g->admission = admission_new(g, g->loop, g->kv, g->jobs, g->ledger, g->prices,
				     settings_text(s, SET_DEFAULT_TIMEZONE));
	admission_set_journal(g->admission, g->journal);
	admission_on_stop(g->admission, stop_changed, g);
	journal_when_resumed(g->journal, resumed, g);
	return 0;
}

static int open_words(struct gateway *g, struct err *e)
{
	const struct settings *s = g->settings;

	g->i18n = i18n_load(g, talloc_asprintf(g, "%s/locale",
					       settings_text(s, SET_TEMPLATES)), e);
	if (!g->i18n || error_reply_check(g->i18n, e) < 0)
		return -1;
	g->locale = i18n_find(g->i18n, settings_text(s, SET_DEFAULT_LOCALE));
	if (!g->locale)
		g->locale = i18n_find(g->i18n, "en");
	return 0;
}

static void open_line(struct gateway *g)
{
	const struct settings *s = g->settings;
	const struct fair_queue_limits limits = {
		.calls = settings_number(s, SET_GATEWAY_CALLS),
		.user_calls = settings_number(s, SET_USER_CALLS),
		.user_calls_per_minute = settings_number(s, SET_USER_CALLS_PER_MINUTE),
		.waiting = WAITING_MAX,
	};

	g->queue = fair_queue_new(&limits, may_call, call_turn, g);
}

static int open_sides(struct gateway *g, struct err *e)
{
	const struct settings *s = g->settings;
	const struct upstream_options up = {
		.base = settings_text(s, SET_MODEL_UPSTREAM),
		.ca = settings_text(s, SET_EXTRA_CA),
		.calls = settings_number(s, SET_GATEWAY_CALLS),
		.connect_ms = CONNECT_MS,
		.whole_ms = WHOLE_MS,
	};
	const struct listener_options listener = {
		.listen = settings_text(s, SET_GATEWAY_LISTEN),
		.connections = connections(g),
		.head_ms = HEAD_MS,
		.body_ms = BODY_MS,
		.reader_ms = READER_MS,
		.reader_bytes = READER_BYTES,
	};

	g->upstream = upstream_new(g, g->loop, &up, e);
	if (!g->upstream)
		return -1;
	g->listener = listener_new(g, g->loop, &listener, &call_door_events, g,
				   e);
	return g->listener ? 0 : -1;
}

static void watch_signal(struct gateway *g, uv_signal_t *handle, int number,
			 uv_signal_cb on)
{
	uv_signal_init(g->loop, handle);
	handle->data = g;
	uv_signal_start(handle, on, number);
}

static void open_own(struct gateway *g)
{
	uv_timer_init(g->loop, &g->tick);
	uv_timer_init(g->loop, &g->last);
	uv_prepare_init(g->loop, &g->before);
	uv_check_init(g->loop, &g->after);
	g->tick.data = g->last.data = g->before.data = g->after.data = g;
	watch_signal(g, &g->term, SIGTERM, on_stop);
	watch_signal(g, &g->interrupt, SIGINT, on_stop);
	watch_signal(g, &g->hang_up, SIGHUP, on_hang_up);
}

struct gateway *gateway_new(const struct settings *s, struct err *e)
{
	struct gateway *g = talloc_zero(NULL, struct gateway);

	hide();
	g->settings = s;
	LIST_INIT(&g->calls);
	TAILQ_INIT(&g->reporting);
	g->loop = talloc_zero(g, uv_loop_t);
	uv_loop_init(g->loop);
	open_own(g);
	g->keys = keys_new();
	open_line(g);
	if (keys_load(g->keys, settings_text(s, SET_MODEL_KEYS), e) < 0 ||
	    open_words(g, e) < 0 || open_sides(g, e) < 0 ||
	    open_books(g, e) < 0) {
		gateway_free(g);
		return NULL;
	}
	uv_timer_start(&g->tick, on_tick, TICK_MS, TICK_MS);
	uv_prepare_start(&g->before, before_wait);
	uv_check_start(&g->after, after_wait);
	return g;
}

void gateway_run(struct gateway *g)
{
	while (!g->stopped) {
		int64_t began = piece_begin();

		uv_run(g->loop, UV_RUN_ONCE);
		piece_end(began, 1, "loop", NULL);
	}
}

/* ---- stop */

/*
 * The loop still runs so that handles can close; none of our own callbacks run
 * in between.
 */
static void stop_own(struct gateway *g)
{
	uv_prepare_stop(&g->before);
	uv_check_stop(&g->after);
	uv_timer_stop(&g->tick);
	uv_timer_stop(&g->last);
	uv_signal_stop(&g->hang_up);
}

static void close_own(struct gateway *g)
{
	uv_handle_t *const own[] = {
		(uv_handle_t *)&g->tick, (uv_handle_t *)&g->last,
		(uv_handle_t *)&g->before, (uv_handle_t *)&g->after,
		(uv_handle_t *)&g->term, (uv_handle_t *)&g->interrupt,
		(uv_handle_t *)&g->hang_up,
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uv_close(own[i], NULL);
}

static void close_sides(struct gateway *g)
{
	g->stopping = true;
	if (g->listener) {
		cut_all(g, ERROR_REPLY_CLOSING);
		listener_run(g->listener);
		listener_close(g->listener, NULL, NULL);
	}
	g->listener = NULL;
	if (g->upstream)
		upstream_close(g->upstream, NULL, NULL);
	g->upstream = NULL;
}

/* Runs the loop until the work is done, at most this long. */
static void run_until_idle(struct gateway *g, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (g->jobs && jobs_left(g->jobs) && clock_mono_ms() < until) {
		uv_run(g->loop, UV_RUN_NOWAIT);
		uv_sleep(2);
	}
}

static void close_books(struct gateway *g)
{
	/* First send to Redis what the last calls gave back. */
	int i;

	for (i = 0; i < 50 && g->kv; i++) {
		uv_run(g->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	if (g->admission)
		admission_set_journal(g->admission, NULL);
	if (g->journal)
		journal_close(g->journal, CLOSE_MS);
	run_until_idle(g, CLOSE_MS);
	if (g->admission)
		admission_free(g->admission);
	if (g->kv)
		kv_async_free(g->kv);
	run_until_idle(g, CLOSE_MS);
}

static bool drain(struct gateway *g)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (!uv_run(g->loop, UV_RUN_NOWAIT))
			return true;
		uv_sleep(10);
	}
	return false;
}

void gateway_free(struct gateway *g)
{
	if (!g)
		return;
	stop_own(g);
	close_sides(g);
	close_books(g);
	close_own(g);
	keys_free(g->keys);
	fair_queue_free(g->queue);
	/* Handles that are still open after a second are left to process exit. */
	if (!drain(g))
		return;
	uv_loop_close(g->loop);
	talloc_free(g);
}
