#include "config.h"
#include "fcgi/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/err.h"

#define IO_SECONDS 30	/* nginx buffers the whole request before sending it */

struct connections {
	int epoll, listener, stop;
};

static void watch(struct connections *c, int operation, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(c->epoll, operation, fd, &event) < 0)
		err_abort("epoll_ctl");
}

struct connections *connections_new(int listener)
{
	struct connections *c = alloc_checked(malloc(sizeof(*c)));

	c->listener = listener;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->epoll < 0 || c->stop < 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) < 0)
		err_abort("no descriptors");
	watch(c, EPOLL_CTL_ADD, c->stop, EPOLLIN);
	watch(c, EPOLL_CTL_ADD, listener, EPOLLIN);
	return c;
}

void connections_free(struct connections *c)
{
	close(c->epoll);
	close(c->stop);
	free(c);
}

/* Level-triggered, so several threads may wake for one: the others find none. */
static void take_new(struct connections *c)
{
	const struct timeval limit = { .tv_sec = IO_SECONDS };
	const struct timespec nap = { .tv_nsec = 50 * 1000 * 1000 };
	int fd = accept(c->listener, NULL, NULL);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			nanosleep(&nap, NULL);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	watch(c, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT);
}

int connections_next(struct connections *c)
{
	struct epoll_event event;

	for (;;) {
		if (epoll_wait(c->epoll, &event, 1, -1) < 1) {
			if (errno != EINTR)
				err_abort("epoll_wait");
		} else if (event.data.fd == c->stop) {
			return -1;
		} else if (event.data.fd == c->listener) {
			take_new(c);
		} else {
			return event.data.fd;
		}
	}
}

void connections_return(struct connections *c, int fd)
{
	watch(c, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
}

void connections_stop(struct connections *c)
{
	const uint64_t one = 1;

	if (write(c->stop, &one, sizeof(one)) != (ssize_t)sizeof(one))
		err_abort("eventfd");
}
