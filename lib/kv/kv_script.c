/* Redis' scripts, in the order in which they were asked for. */
#include "config.h"
#include "kv/kv_async_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

/* A script's arguments, sent again when Redis lost it: one block, texts and all. */
struct script_call {
	size_t nkeys, n;
	const char *args[];
};

static struct script_call *new_call(size_t nkeys, size_t n,
				    const char *const *args)
{
	size_t head = sizeof(struct script_call) + n * sizeof(*args);
	size_t bytes = 0, i, size;
	struct script_call *c;
	char *to;

	for (i = 0; i < n; i++)
		bytes += strlen(args[i]) + 1;
	c = alloc_checked(malloc(head + bytes));
	*c = (struct script_call){ .nkeys = nkeys, .n = n };
	to = (char *)c + head;
	for (i = 0; i < n; i++, to += size) {
		size = strlen(args[i]) + 1;
		c->args[i] = memcpy(to, args[i], size);
	}
	return c;
}

static void hold(struct question *q)
{
	q->held = true;
	q->kv->held++;
}

/* done: Redis had the script when it came to this call. */
void kv_script_ended(struct question *q, bool done)
{
	struct script *s = q->script;

	s->named--;
	q->named = false;
	if (done && s->known < q->sent)
		s->known = q->sent;
}

/* It keeps its place: what was asked later fails too, or waits behind it. */
void kv_script_hold_again(struct question *q)
{
	struct script *s;

	for (s = q->kv->scripts; s; s = s->next)
		s->lost = true;
	hold(q);
}

/* Its text, which Redis keeps, while that may not know its name. */
static bool goes_whole(const struct script *s)
{
	return !*s->sha || s->lost;
}

static void send_script(struct question *q)
{
	const struct script_call *c = q->call;
	bool whole = goes_whole(q->script);
	const char *args[KV_ARGS_MAX + 3];
	char nkeys[24];

	snprintf(nkeys, sizeof(nkeys), "%zu", c->nkeys);
	args[0] = whole ? "EVAL" : "EVALSHA";
	args[1] = whole ? q->script->text : q->script->sha;
	args[2] = nkeys;
	memcpy(args + 3, c->args, c->n * sizeof(*args));
	kv_question_send(q, c->n + 3, args);
	if (q->away)
		return;
	q->named = !whole;
	if (whole) {
		q->script->lost = false;
		q->script->known = ++q->kv->texts;
	} else {
		q->script->named++;
		q->sent = q->kv->texts;
	}
}

static void learn(void *data, const char *value, const struct err *e)
{
	struct script *s = data;

	if (value && !str_copy(s->sha, sizeof(s->sha), value))
		s->sha[0] = '\0';
}

static struct script *find_script(struct kv_async *kv, const char *text)
{
	struct script *s;

	for (s = kv->scripts; s; s = s->next) {
		if (s->text == text)
			return s;
	}
	s = alloc_checked(calloc(1, sizeof(*s)));
	s->text = text;
	s->next = kv->scripts;
	kv->scripts = s;
	return s;
}

/*
 * Scripts run in the order in which they were asked for. A call by name may
 * have to be sent again, because Redis was flushed. Until its answer is here,
 * no call is sent that could succeed all the same: no script's text, and no
 * name that Redis learned later than the one on its way.
 */
static bool must_wait(const struct question *q)
{
	const struct script *s;

	if (!q->kv->context)
		return false;
	for (s = q->kv->scripts; s; s = s->next) {
		if (s->named && (goes_whole(q->script) ||
				 s->known < q->script->known))
			return true;
	}
	return false;
}

static void send_new(struct question *q)
{
	struct script *s = q->script;
	const char *const load[] = { "SCRIPT", "LOAD", s->text };

	if (!*s->sha)
		kv_async_run(q->kv, learn, s, 3, load);
	send_script(q);
}

void kv_script_send_held(struct kv_async *kv)
{
	struct question *q;

	for (q = kv->first; q && kv->held; q = q->next) {
		if (!q->held)
			continue;
		if (must_wait(q))
			return;
		kv_question_release(q);
		send_new(q);
	}
}

void kv_async_script(struct kv_async *kv, const char *text, size_t nkeys,
		     size_t n, const char *const *args,
		     kv_async_done *done, void *data)
{
	struct script *s = find_script(kv, text);
	struct question *q;

	if (n > KV_ARGS_MAX)
		err_abort("too many arguments for Redis");
	q = kv_question_new(kv, done, data);
	q->script = s;
	q->call = new_call(nkeys, n, args);
	if (kv->held || must_wait(q))
		hold(q);
	else
		send_new(q);
}

void kv_script_free_all(struct kv_async *kv)
{
	struct script *s;

	while ((s = kv->scripts)) {
		kv->scripts = s->next;
		free(s);
	}
}
