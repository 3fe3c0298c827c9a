#include "config.h"
#include "http/daemon.h"

#include <microhttpd.h>
#include <talloc.h>

struct daemon {
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer;
	daemon_ran *ran;
	void *data;
	void (*closed)(void *data);
	void *closed_data;
	int handles;		/* of libuv, that are still closing */
	bool due;
};

static void on_timer(uv_timer_t *timer)
{
	daemon_run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	daemon_run(poll->data);
}

struct daemon *daemon_new(uv_loop_t *loop, struct MHD_Daemon *mhd,
			  daemon_ran *ran, void *data)
{
	struct daemon *d = talloc_zero(NULL, struct daemon);
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD);
	d->mhd = mhd;
	d->ran = ran;
	d->data = data;
	d->timer.data = d;
	d->poll.data = d;
	d->handles = 2;
	uv_timer_init(loop, &d->timer);
	uv_poll_init(loop, &d->poll, info->epoll_fd);
	uv_poll_start(&d->poll, UV_READABLE, on_readable);
	return d;
}

void daemon_soon(struct daemon *d)
{
	if (d->due)
		return;
	d->due = true;
	uv_timer_start(&d->timer, on_timer, 0, 0);
}

bool daemon_due(const struct daemon *d)
{
	return d->due;
}

void daemon_run(struct daemon *d)
{
	MHD_UNSIGNED_LONG_LONG wait;

	d->due = false;
	do
		MHD_run(d->mhd);
	while (d->ran && d->ran(d->data));
	if (d->due)
		return;
	if (MHD_get_timeout(d->mhd, &wait) != MHD_YES)
		uv_timer_stop(&d->timer);
	else if (wait)
		uv_timer_start(&d->timer, on_timer, wait, 0);
	else
		daemon_soon(d);
}

static void handle_closed(uv_handle_t *h)
{
	struct daemon *d = h->data;

	if (--d->handles)
		return;
	if (d->closed)
		d->closed(d->closed_data);
	talloc_free(d);
}

void daemon_close(struct daemon *d, void (*closed)(void *data), void *data)
{
	d->closed = closed;
	d->closed_data = data;
	uv_poll_stop(&d->poll);
	MHD_stop_daemon(d->mhd);
	uv_close((uv_handle_t *)&d->poll, handle_closed);
	uv_close((uv_handle_t *)&d->timer, handle_closed);
}
