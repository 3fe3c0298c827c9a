#include "config.h"
#include "notify/deliver.h"
#include "notify/deliver_internal.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "notify/mail.h"
#include "notify/webhook.h"

#define PRUNE_MS INT64_C(3600000)

/*
 * A thread of its own: libuv's pool belongs to the store, and a delivery
 * blocks for seconds.
 */
struct slot {
	struct deliver *d;
	struct delivery_job *delivery_job;	/* NULL: free */
	uv_thread_t thread;
	atomic_bool sent;	/* the thread has done its work */
	bool kept;		/* the result is not stored yet */
};

struct deliver {
	struct jobs *jobs;
	const struct settings *settings;
	const struct i18n *i18n;
	struct slot slots[AT_ONCE];
	char recent[RECENT][ID_SIZE];
	size_t nrecent;
	uv_async_t wake;
	bool picking, again, stopped, closing;
	int64_t pruned_at;
	void (*told)(void *data, const struct delivery *x);
	void (*failed)(void *data, const struct err *e);
	void *listener;
	void (*idle)(void *data);
	void *idle_data;
};

static void collect(uv_async_t *wake);

struct deliver *deliver_new(const void *ctx, uv_loop_t *loop, struct jobs *jobs,
			    const struct settings *settings,
			    const struct i18n *i18n)
{
	struct deliver *d = talloc_zero(ctx, struct deliver);
	size_t i;

	if (!d || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    uv_async_init(loop, &d->wake, collect) != 0)
		err_abort("deliver_new");
	d->jobs = jobs;
	d->settings = settings;
	d->i18n = i18n;
	d->wake.data = d;
	for (i = 0; i < AT_ONCE; i++)
		d->slots[i].d = d;
	return d;
}

void deliver_listen(struct deliver *d,
		    void (*told)(void *data, const struct delivery *x),
		    void (*failed)(void *data, const struct err *e), void *data)
{
	d->told = told;
	d->failed = failed;
	d->listener = data;
}

/* ---- in a slot's own thread ---- */

static void send_mail(struct deliver *d, struct delivery_job *x)
{
	const struct mail m = {
		.from = settings_text(d->settings, SET_SMTP_FROM),
		.to = x->due->target, .subject = x->subject, .body = x->body,
		.id = x->due->n.id, .at = x->began,
	};

	mail_send(d->settings, &m, DELIVER_SECONDS * 1000, &x->result);
}

static void send_webhook(struct deliver *d, struct delivery_job *x)
{
	const struct webhook w = {
		.url = x->due->target, .secret = x->due->secret,
		.id = x->due->n.id, .event = x->due->n.event, .body = x->body,
		.at = x->began, .deadline_ms = DELIVER_SECONDS * 1000,
		.may_private = settings_flag(d->settings, SET_WEBHOOK_PRIVATE),
	};

	webhook_send(&w, &x->result);
}

static void send_in_thread(void *data)
{
	struct slot *s = data;
	struct delivery_job *x = s->delivery_job;
	int64_t began = clock_mono_ms();

	x->began = clock_now_ms();
	if (x->due->disabled)
		x->result = (struct sending){ SEND_NEVER, "disabled" };
	else if (str_equal(x->due->channel, "email"))
		send_mail(s->d, x);
	else
		send_webhook(s->d, x);
	x->ms = clock_mono_ms() - began;
	atomic_store(&s->sent, true);
	uv_async_send(&s->d->wake);
}

/* ---- on the loop ---- */

static void remember(struct deliver *d, const char *user_id)
{
	size_t i;

	for (i = 0; i < d->nrecent && !str_equal(d->recent[i], user_id); i++)
		;
	if (i == d->nrecent && d->nrecent < RECENT)
		d->nrecent++;
	else if (i == d->nrecent)
		i = 0;
	memmove(d->recent[i], d->recent[i + 1],
		(d->nrecent - i - 1) * ID_SIZE);
	memcpy(d->recent[d->nrecent - 1], user_id, ID_SIZE);
}

static struct slot *free_slot(struct deliver *d)
{
	size_t i;

	for (i = 0; i < AT_ONCE; i++) {
		if (!d->slots[i].delivery_job)
			return &d->slots[i];
	}
	return NULL;
}

static void start(struct deliver *d, struct delivery_job *x)
{
	struct slot *s = free_slot(d);

	s->delivery_job = talloc_steal(NULL, x);
	x->owner = s;
	atomic_store(&s->sent, false);
	remember(d, x->due->n.user_id);
	if (uv_thread_create(&s->thread, send_in_thread, s) != 0)
		err_abort("no thread");
}

static void closed(uv_handle_t *handle)
{
	struct deliver *d = handle->data;

	if (d->idle)
		d->idle(d->idle_data);
}

static void close_when_idle(struct deliver *d)
{
	size_t i;

	for (i = 0; i < AT_ONCE; i++) {
		if (d->slots[i].delivery_job)
			return;
	}
	if (!d->stopped || d->picking || d->closing)
		return;
	d->closing = true;
	uv_close((uv_handle_t *)&d->wake, closed);
}

static void report(struct deliver *d, const struct delivery_job *x)
{
	const struct notice *n = &x->due->n;
	const struct delivery told = {
		.id = n->id, .user_id = n->user_id, .agent_id = n->agent_id,
		.channel = x->due->channel, .event = n->event,
		.state = x->state, .error = x->result.error,
		.tries = n->tries, .ms = x->ms,
	};

	if (d->told)
		d->told(d->listener, &told);
}

static void result_stored(void *data, const struct err *e)
{
	struct delivery_job *x = data;
	struct slot *s = x->owner;
	struct deliver *d = s->d;

	if (e && !d->stopped) {
		s->kept = true;
		if (d->failed)
			d->failed(d->listener, e);
		return;
	}
	if (!e)
		report(d, x);
	s->delivery_job = NULL;
	talloc_free(x);
	if (d->stopped)
		close_when_idle(d);
	else
		deliver_due(d);
}

static void store_result(struct slot *s)
{
	s->delivery_job->now = clock_now_ms();
	jobs_add(s->d->jobs, deliver_finish, result_stored, s->delivery_job);
}

static void collect(uv_async_t *wake)
{
	struct deliver *d = wake->data;
	size_t i;

	for (i = 0; i < AT_ONCE; i++) {
		if (!atomic_exchange(&d->slots[i].sent, false))
			continue;
		uv_thread_join(&d->slots[i].thread);
		store_result(&d->slots[i]);
	}
}

/*
 * Send claimed notifications even while stopping; their lease blocks other
 * workers.
 */
static void picked(void *data, const struct err *e)
{
	struct claim *p = data;
	struct deliver *d = p->owner;
	bool more = p->n > 0 || d->again;
	size_t i;

	d->picking = false;
	if (e && d->failed)
		d->failed(d->listener, e);
	else if (!e && p->prune)
		d->pruned_at = p->now;
	for (i = 0; i < p->n; i++)
		start(d, p->delivery_jobs[i]);
	talloc_free(p);
	if (d->stopped)
		close_when_idle(d);
	else if (more)
		deliver_due(d);
}

static struct claim *new_pick(struct deliver *d)
{
	struct claim *p = alloc_checked(talloc_zero(NULL, struct claim));
	size_t i;

	p->owner = d;
	p->settings = d->settings;
	p->i18n = d->i18n;
	p->now = clock_now_ms();
	p->prune = p->now - d->pruned_at >= PRUNE_MS;
	p->nrecent = d->nrecent;
	memcpy(p->recent, d->recent, sizeof(d->recent));
	for (i = 0; i < AT_ONCE; i++) {
		if (d->slots[i].delivery_job)
			memcpy(p->busy[p->nbusy++],
			       d->slots[i].delivery_job->due->n.user_id, ID_SIZE);
		else
			p->room++;
	}
	return p;
}

void deliver_due(struct deliver *d)
{
	size_t i;

	if (d->stopped)
		return;
	for (i = 0; i < AT_ONCE; i++) {
		if (d->slots[i].kept) {
			d->slots[i].kept = false;
			store_result(&d->slots[i]);
		}
	}
	d->again = d->picking;	/* its user had a delivery in progress when the look-up began */
	if (d->picking || !free_slot(d))
		return;
	d->picking = true;
	jobs_add(d->jobs, deliver_claim, picked, new_pick(d));
}

void deliver_stop(struct deliver *d, void (*idle)(void *data), void *data)
{
	size_t i;

	d->stopped = true;
	d->idle = idle;
	d->idle_data = data;
	for (i = 0; i < AT_ONCE; i++) {
		if (d->slots[i].kept) {
			d->slots[i].kept = false;
			store_result(&d->slots[i]);
		}
	}
	close_when_idle(d);
}
