#include "config.h"
#include "kv/kv_async.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "kv/kv_async_internal.h"
#include "kv/kv_internal.h"
#include "kv/kv_link.h"

#define ANSWER_MS 1000
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 2000
#define LIST_MAX (4u << 20)	/* bytes of an answer's texts */
#define LIST_DEPTH 8

static void connect_kv(struct kv_async *kv);
static void arm(struct kv_async *kv);

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void on_retry(uv_timer_t *timer)
{
	connect_kv(timer->data);
}

void kv_question_release(struct question *q)
{
	q->kv->held -= q->held;
	q->held = false;
}

/*
 * The link is gone: hiredis frees it and answers every request with nothing.
 * Requests it did not know are answered in the next iteration.
 */
static void lose(struct kv_async *kv)
{
	struct question *q;

	kv->context = NULL;
	for (q = kv->first; q; q = q->next) {
		q->away = q->away || q->held;
		kv_question_release(q);
	}
	if (kv->closing)
		return;
	arm(kv);
	uv_timer_start(kv->retry, on_retry, (uint64_t)kv->backoff, 0);
	kv->backoff = kv->backoff * 2 < BACKOFF_MAX_MS ?
		      kv->backoff * 2 : BACKOFF_MAX_MS;
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct kv_async *kv = context->data;

	if (kv->context != context)
		return;
	if (status != REDIS_OK)
		lose(kv);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct kv_async *kv = context->data;

	if (kv->context == context)
		lose(kv);
}

/* If it is refused, every later command is, too, with a message. */
static void log_in(redisAsyncContext *context)
{
	const char *const *words = kv_login_words();

	if (words)
		redisAsyncCommandArgv(context, NULL, NULL, 3,
				      (const char **)words, NULL);
}

static void connect_kv(struct kv_async *kv)
{
	redisAsyncContext *context = redisAsyncConnectUnix(kv->path);

	kv->links++;
	if (!alloc_checked(context) || context->err ||
	    kv_link_attach(kv->loop, context) < 0) {
		redisAsyncFree(context);
		lose(kv);
		return;
	}
	context->data = kv;
	kv->context = context;
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	log_in(context);
}

/* Removes q from the list and answers it; q is freed. */
static void answer(struct question *q, const char *value, const struct err *e)
{
	struct kv_async *kv = q->kv;
	struct question **at = &kv->first;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	if (kv->last == &q->next)
		kv->last = at;
	kv_question_release(q);
	if (q->done)
		q->done(q->data, value, e);
	free(q->call);
	free(q);
}

static void answer_away(struct question *q)
{
	struct err e = { 0 };

	err_tell(&e, ERR_UNAVAILABLE, "error_redis", "redis at %s: no answer",
		 q->kv->path);
	answer(q, NULL, &e);
}

/* Skip requests issued from a callback of this pass. */
static struct question *next_away(struct kv_async *kv, uint64_t before)
{
	struct question *q;

	for (q = kv->first; q && q->number < before; q = q->next) {
		if (q->away)
			return q;
	}
	return NULL;
}

/*
 * The first request timed out. A link that is silent this long is closed;
 * hiredis then calls on_reply for each of its requests.
 */
static void on_deadline(uv_timer_t *timer)
{
	struct kv_async *kv = timer->data;
	redisAsyncContext *stuck = kv->context;
	struct question *q;
	int64_t now = clock_mono_ms();
	uint64_t before = kv->asked;

	/* First those without a link: they say nothing about this one. */
	while ((q = next_away(kv, before)))
		answer_away(q);
	if (stuck && stuck == kv->context && kv->first &&
	    kv->first->deadline <= now) {
		lose(kv);
		redisAsyncFree(stuck);
	}
	arm(kv);
}

static void arm(struct kv_async *kv)
{
	int64_t now = clock_mono_ms();
	int64_t left;
	struct question *q;

	if (kv->closing || !kv->first)
		return;
	left = kv->first->deadline - now;
	for (q = kv->first; q; q = q->next) {
		if (q->away)
			left = 0;
	}
	/* Not 0: libuv would run the timer again within the same iteration. */
	uv_timer_start(kv->deadline, on_deadline,
		       left > 0 ? (uint64_t)left : 1, 0);
}

/* Its texts in order; Redis nests at most this deep. */
static int add_lines(struct buf *to, const redisReply *r, int depth,
		     struct err *e)
{
	size_t i;

	switch (r->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		if (buf_add(to, r->str, r->len, e) < 0)
			return -1;
		return buf_add(to, "\n", 1, e);
	case REDIS_REPLY_INTEGER:
		return buf_addf(to, e, "%lld\n", r->integer);
	case REDIS_REPLY_ARRAY:
		if (!depth)
			return err_set(e, ERR_UNAVAILABLE, "lists too deep");
		for (i = 0; i < r->elements; i++) {
			if (add_lines(to, r->element[i], depth - 1, e) < 0)
				return -1;
		}
	}
	return 0;
}

static void answer_list(struct question *q, const redisReply *r)
{
	auto_buf lines = BUF_INIT(LIST_MAX);
	struct err e = { 0 };

	if (add_lines(&lines, r, LIST_DEPTH, &e) == 0) {
		answer(q, buf_text(&lines), NULL);
		return;
	}
	err_tell(&e, ERR_UNAVAILABLE, "error_redis", "redis: too long a list");
	answer(q, NULL, &e);
}

/* The answer as the text that kv_async.h promises. */
static void answer_reply(struct question *q, const redisReply *r)
{
	struct err e = { 0 };
	char number[24];

	switch (r->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		answer(q, r->str, NULL);
		return;
	case REDIS_REPLY_INTEGER:
		snprintf(number, sizeof(number), "%lld", r->integer);
		answer(q, number, NULL);
		return;
	case REDIS_REPLY_NIL:
		answer(q, NULL, NULL);
		return;
	case REDIS_REPLY_ARRAY:
		answer_list(q, r);
		return;
	}
	err_tell(&e, ERR_UNAVAILABLE, "error_redis", "redis: %s",
		 r->type == REDIS_REPLY_ERROR ? r->str : "no text");
	answer(q, NULL, &e);
}

static void on_reply(redisAsyncContext *context, void *reply, void *data)
{
	struct question *q = data;
	struct kv_async *kv = q->kv;
	const redisReply *r = reply;
	bool unknown;

	unknown = r && r->type == REDIS_REPLY_ERROR &&
		  str_starts(r->str, "NOSCRIPT");
	if (q->named)
		kv_script_ended(q, r && !unknown);
	if (!r) {
		answer_away(q);
		return;
	}
	kv->backoff = BACKOFF_MIN_MS;
	if (q->call && unknown)
		kv_script_hold_again(q);
	else
		answer_reply(q, r);
	if (kv->held)
		kv_script_send_held(kv);
}

struct question *kv_question_new(struct kv_async *kv, kv_async_done *done,
				 void *data)
{
	struct question *q = alloc_checked(calloc(1, sizeof(*q)));

	*q = (struct question){ .kv = kv, .done = done, .data = data,
		.deadline = clock_mono_ms() + ANSWER_MS,
		.number = kv->asked++ };
	*kv->last = q;
	kv->last = &q->next;
	return q;
}

void kv_question_send(struct question *q, size_t n, const char *const *args)
{
	struct kv_async *kv = q->kv;
	size_t lengths[KV_ARGS_MAX + 3], i;

	for (i = 0; i < n; i++)
		lengths[i] = strlen(args[i]);
	q->away = !kv->context ||
		  redisAsyncCommandArgv(kv->context, on_reply, q, (int)n,
					(const char **)args, lengths) !=
		  REDIS_OK;
	if (q->away || kv->first == q)
		arm(kv);
}

void kv_async_run(struct kv_async *kv, kv_async_done *done, void *data,
		  size_t n, const char *const *args)
{
	if (n > KV_ARGS_MAX)
		err_abort("too many arguments for Redis");
	kv_question_send(kv_question_new(kv, done, data), n, args);
}

void kv_async_get(struct kv_async *kv, const char *key, kv_async_done *done,
		  void *data)
{
	const char *const args[] = { "GET", key };

	kv_async_run(kv, done, data, 2, args);
}

uint64_t kv_async_links(const struct kv_async *kv)
{
	return kv->links;
}

void kv_async_forget(struct kv_async *kv, const void *data)
{
	struct question *q;

	for (q = kv->first; q; q = q->next) {
		if (q->data == data)
			q->done = NULL;
	}
}

static uv_timer_t *new_timer(struct kv_async *kv)
{
	uv_timer_t *timer = alloc_checked(calloc(1, sizeof(*timer)));

	uv_timer_init(kv->loop, timer);
	timer->data = kv;
	return timer;
}

struct kv_async *kv_async_new(uv_loop_t *loop, const char *socket_path)
{
	struct kv_async *kv = alloc_checked(calloc(1, sizeof(*kv)));

	kv->loop = loop;
	kv->path = alloc_checked(strdup(socket_path));
	kv->backoff = BACKOFF_MIN_MS;
	kv->last = &kv->first;
	kv->retry = new_timer(kv);
	kv->deadline = new_timer(kv);
	connect_kv(kv);
	return kv;
}

void kv_async_free(struct kv_async *kv)
{
	redisAsyncContext *context;

	if (!kv)
		return;
	kv->closing = true;
	context = kv->context;
	kv->context = NULL;
	if (context)
		redisAsyncFree(context);
	while (kv->first)
		answer_away(kv->first);
	kv_script_free_all(kv);
	uv_close((uv_handle_t *)kv->retry, free_handle);
	uv_close((uv_handle_t *)kv->deadline, free_handle);
	free(kv->path);
	free(kv);
}
