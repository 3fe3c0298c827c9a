#include "config.h"
#include "shim/event_loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"

static int epoll_fd = -1;
static struct timer *timers;
static bool stopped;

int event_loop_init(struct err *e)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "epoll");
	return 0;
}

int event_loop_watch(struct watch *w, int fd, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		err_errno(e, ERR_INTERNAL, errno, "watch a descriptor");
		close(fd);
		w->fd = -1;
		return -1;
	}
	w->fd = fd;
	w->events = events;
	return 0;
}

void event_loop_change(struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (w->fd < 0 || w->events == events)
		return;
	/*
	 * epoll reports a hang-up even without requested events, and would
	 * spin: a watch without events leaves the set.
	 */
	epoll_ctl(epoll_fd, !events ? EPOLL_CTL_DEL :
		  w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &ev);
	w->events = events;
}

void event_loop_close(struct watch *w)
{
	if (w->fd < 0)
		return;
	if (w->events)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	close(w->fd);
	w->fd = -1;
	w->events = 0;
}

void event_loop_timer(struct timer *t, int64_t delay_ms)
{
	t->at = clock_mono_ms() + delay_ms;
	if (t->set)
		return;
	t->set = true;
	t->next = timers;
	timers = t;
}

void event_loop_cancel(struct timer *t)
{
	struct timer **at;

	if (!t->set)
		return;
	for (at = &timers; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	t->set = false;
}

static int wait_ms(void)
{
	int64_t now = clock_mono_ms(), least = -1;
	struct timer *t;

	for (t = timers; t; t = t->next) {
		if (least < 0 || t->at - now < least)
			least = t->at > now ? t->at - now : 0;
	}
	return least > 60000 ? 60000 : (int)least;
}

static struct timer *due(void)
{
	int64_t now = clock_mono_ms();
	struct timer *t;

	for (t = timers; t; t = t->next) {
		if (t->at <= now)
			return t;
	}
	return NULL;
}

void event_loop_run(void (*after)(void))
{
	struct epoll_event ev;
	struct watch *w;
	struct timer *t;

	stopped = false;
	while (!stopped) {
		/* One event at a time: its handler may close any watch. */
		if (epoll_wait(epoll_fd, &ev, 1, wait_ms()) == 1) {
			w = ev.data.ptr;
			w->ready(w, ev.events);
		}
		while ((t = due())) {
			event_loop_cancel(t);
			t->fire(t);
		}
		after();
	}
}

void event_loop_stop(void)
{
	stopped = true;
}
