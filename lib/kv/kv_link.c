#include "config.h"
#include "kv/kv_link.h"

#include <stdlib.h>

#include "core/err.h"

/*
 * hiredis' own libuv adapter drops the poll's errors and so never hears of a
 * reset connection; this one lets hiredis read, which then sees it.
 */
struct link {
	uv_poll_t poll;
	redisAsyncContext *context;
	int events;
};

static void free_link(uv_handle_t *handle)
{
	free(handle->data);
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

static void want(struct link *l, int events)
{
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

static void add_write(void *data)
{
	struct link *l = data;

	want(l, l->events | UV_WRITABLE);
}

static void del_write(void *data)
{
	struct link *l = data;

	want(l, l->events & ~UV_WRITABLE);
}

static void clean_up(void *data)
{
	struct link *l = data;

	l->context = NULL;
	uv_close((uv_handle_t *)&l->poll, free_link);
}

int kv_link_attach(uv_loop_t *loop, redisAsyncContext *context)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		err_abort("out of memory");
	if (uv_poll_init(loop, &l->poll, context->c.fd) != 0) {
		free(l);
		return -1;
	}
	l->poll.data = l;
	l->context = context;
	context->ev.data = l;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = clean_up;
	return 0;
}
