#include "config.h"
#include "kv/kv_link.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/err.h"

/*
 * hiredis' own libuv adapter drops the poll's errors and so never notices a
 * reset connection; this one lets hiredis read, which then sees it.
 */
struct link {
	uv_poll_t poll;
	uv_idle_t soon;		/* output is pending */
	redisAsyncContext *context;
	int events;
	int handles;		/* handles that are not closed */
	bool writing;
};

static void free_link(uv_handle_t *handle)
{
	struct link *l = handle->data;

	if (--l->handles == 0)
		free(l);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct link *l = poll->data;

	if (status < 0)
		events = UV_READABLE;
	if (l->context && (events & UV_READABLE))
		redisAsyncHandleRead(l->context);
	if (l->context && (events & UV_WRITABLE))
		redisAsyncHandleWrite(l->context);
}

/* libuv removes the descriptor from its set and adds it again, changed or not. */
static void want(struct link *l, int events)
{
	if (events == l->events)
		return;
	l->events = events;
	if (events)
		uv_poll_start(&l->poll, events, on_poll);
	else
		uv_poll_stop(&l->poll);
}

static void add_read(void *data)
{
	struct link *l = data;

	want(l, l->events | UV_READABLE);
}

static void del_read(void *data)
{
	struct link *l = data;

	want(l, l->events & ~UV_READABLE);
}

static void on_soon(uv_idle_t *soon)
{
	struct link *l = soon->data;

	uv_idle_stop(soon);
	l->writing = true;
	if (l->context)
		redisAsyncHandleWrite(l->context);
	l->writing = false;
}

/*
 * A socket usually accepts everything: it is written to before the loop waits,
 * once for all commands of this iteration, and polled only for the rest.
 */
static void add_write(void *data)
{
	struct link *l = data;

	if (l->writing || !(l->context->c.flags & REDIS_CONNECTED))
		want(l, l->events | UV_WRITABLE);
	else if (!(l->events & UV_WRITABLE))
		uv_idle_start(&l->soon, on_soon);
}

static void del_write(void *data)
{
	struct link *l = data;

	uv_idle_stop(&l->soon);
	want(l, l->events & ~UV_WRITABLE);
}

static void clean_up(void *data)
{
	struct link *l = data;

	l->context = NULL;
	uv_close((uv_handle_t *)&l->poll, free_link);
	uv_close((uv_handle_t *)&l->soon, free_link);
}

int kv_link_attach(uv_loop_t *loop, redisAsyncContext *context)
{
	struct link *l = alloc_checked(calloc(1, sizeof(*l)));

	if (uv_poll_init(loop, &l->poll, context->c.fd) != 0) {
		free(l);
		return -1;
	}
	uv_idle_init(loop, &l->soon);
	l->handles = 2;
	l->poll.data = l->soon.data = l;
	l->context = context;
	context->ev.data = l;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = clean_up;
	return 0;
}
