#include "config.h"
#include "shim/link_listener.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/event_loop.h"
#include "shim/link_server.h"
#include "shim/paths.h"
#include "shim/processes.h"
#include "shim/shim_api.h"

#define SCRATCH (256 << 10)
#define FRAME_MAX (LINK_SERVER_FRAME_MAX + 1024)	/* the maximum of a pull: one frame */
#define PAUSE_MS 1000
#define PEER_PIDFD 77		/* SO_PEERPIDFD, Linux 6.5 */

struct connection {
	struct watch watch;
	struct link_server *server;
	char *late;		/* bytes that the socket did not accept */
	size_t late_at, late_len;
	bool dirty, ending, spoke;
	struct timer preface;
	struct connection *next;
};

static struct watch listening = { .fd = -1 };
static struct timer pause_timer;
static struct connection *connections;
static unsigned nconnections;
static void (*on_first)(void);
static const struct shim_limits *limits;

static void mark_dirty(void *data)
{
	((struct connection *)data)->dirty = true;
}

static void destroy(struct connection *c)
{
	struct connection **at;

	for (at = &connections; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	nconnections--;
	event_loop_cancel(&c->preface);
	event_loop_close(&c->watch);
	link_server_free(c->server);
	free(c->late);
	free(c);
}

/* -1: the peer is gone; otherwise the bytes accepted. */
static ssize_t send_some(struct connection *c, const char *bytes, size_t n)
{
	size_t done = 0;
	ssize_t m;

	while (done < n) {
		m = send(c->watch.fd, bytes + done, n - done,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (m < 0 && errno == EINTR)
			continue;
		if (m < 0)
			return errno == EAGAIN ? (ssize_t)done : -1;
		done += (size_t)m;
	}
	return (ssize_t)done;
}

static int write_late(struct connection *c)
{
	ssize_t n = send_some(c, c->late + c->late_at, c->late_len);

	if (n < 0)
		return -1;
	c->late_at += (size_t)n;
	c->late_len -= (size_t)n;
	if (!c->late_len) {
		free(c->late);
		c->late = NULL;
	}
	return 0;
}

/* Pulls and writes until nothing is left, or the socket is full. */
static int write_fresh(struct connection *c)
{
	static char scratch[SCRATCH];
	const uint8_t *bytes;
	size_t used, n;
	ssize_t done;

	do {
		for (used = 0; used <= SCRATCH - FRAME_MAX; used += n) {
			n = link_server_pull(c->server, &bytes);
			if (!n)
				break;
			if (n > SCRATCH - used)
				err_abort("a frame is too long");
			memcpy(scratch + used, bytes, n);
		}
		done = send_some(c, scratch, used);
		if (done < 0)
			return -1;
	} while (used && (size_t)done == used);
	if (!used)
		return 0;
	c->late_len = used - (size_t)done;
	c->late_at = 0;
	c->late = alloc_checked(malloc(c->late_len));
	memcpy(c->late, scratch + done, c->late_len);
	return 0;
}

/* False when the connection has ended. */
static bool flush(struct connection *c)
{
	if (c->late && write_late(c) < 0)
		return false;
	if (!c->late) {
		c->dirty = false;
		if (write_fresh(c) < 0)
			return false;
	}
	event_loop_change(&c->watch, (c->ending ? 0 : EPOLLIN) |
			  (c->late ? EPOLLOUT : 0));
	return c->late || !(c->ending || link_server_is_done(c->server));
}

void link_listener_flush(void)
{
	struct connection *c, *next;

	for (c = connections; c; c = next) {
		next = c->next;
		if (c->dirty && !flush(c))
			destroy(c);
	}
}

/* Like recv; a descriptor that is passed along is the volume. */
static ssize_t receive(int fd, char *bytes, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control;
	struct iovec into = { bytes, size };
	struct msghdr message = {
		.msg_iov = &into, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int folder;

	if (head && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(folder))) {
		memcpy(&folder, CMSG_DATA(head), sizeof(folder));
		path_volume_set(folder);
	}
	return n;
}

static void handle_bytes(struct connection *c, const char *bytes, size_t n)
{
	bool mark = !c->spoke && bytes[0] == LINK_LISTENER_FOLDER;

	c->spoke = true;
	event_loop_cancel(&c->preface);
	if (on_first)
		on_first();
	on_first = NULL;
	/* The last frames (GOAWAY) are still sent. */
	if (!c->ending && link_server_receive(c->server, bytes + mark,
					      n - mark) < 0)
		c->ending = true;
}

static void ready(struct watch *w, uint32_t events)
{
	struct connection *c = owner_of(w, struct connection, watch);
	static char bytes[SCRATCH];
	ssize_t n;

	c->dirty = true;
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = receive(w->fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		destroy(c);
	else
		handle_bytes(c, bytes, (size_t)n);
}

static void silent(struct timer *t)
{
	destroy(owner_of(t, struct connection, preface));
}

static void accept_again(struct timer *t)
{
	event_loop_change(&listening, EPOLLIN);
}

/* A pidfd of the connecting process, because its pid may be reused. */
static bool has_ended(int fd)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	socklen_t n = sizeof(p.fd);
	bool ended;

	if (getsockopt(fd, SOL_SOCKET, PEER_PIDFD, &p.fd, &n) < 0)
		return errno == ESRCH;	/* kernels before 6.5 have no such option */
	ended = poll(&p, 1, 0) != 0;
	close(p.fd);
	return ended;
}

/*
 * Is it `gongbang-shim link`, started by the engine, and not a process of the
 * workspace?
 */
static bool is_link(int fd)
{
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0 ||
	    (peer.uid != geteuid() && peer.uid != 0))
		return false;
	return !path_is_workspace() ||
	       (processes_entered(peer.pid) && !has_ended(fd));
}

static void accept_one(struct watch *w, uint32_t events)
{
	struct connection *c;
	struct err e = { 0 };
	int fd;

	/* cppcheck-suppress nullPointer */
	fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/* Out of descriptors: the client waits, we do not spin. */
		if (errno != EAGAIN && errno != ECONNABORTED) {
			event_loop_change(w, 0);
			event_loop_timer(&pause_timer, PAUSE_MS);
		}
		return;
	}
	if (nconnections == CONNECTIONS_MAX || !is_link(fd) ||
	    send(fd, LINK_LISTENER_GREETING, sizeof(LINK_LISTENER_GREETING) - 1,
		 MSG_NOSIGNAL) != sizeof(LINK_LISTENER_GREETING) - 1) {
		close(fd);
		return;
	}
	c = alloc_checked(calloc(1, sizeof(*c)));
	c->watch.ready = ready;
	c->preface.fire = silent;
	c->server = link_server_new(api_routes, limits->bodies, mark_dirty, c);
	c->dirty = true;
	c->next = connections;
	connections = c;
	nconnections++;
	event_loop_timer(&c->preface, limits->preface_ms);
	if (event_loop_watch(&c->watch, fd, EPOLLIN, &e) < 0)
		destroy(c);
}

int link_listener_open(const struct shim_limits *most, void (*first)(void),
		       struct err *e)
{
	struct sockaddr_un address;
	socklen_t n = path_address(&address);
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "make a socket");
	if (bind(fd, (struct sockaddr *)&address, n) < 0 ||
	    listen(fd, CONNECTIONS_MAX) < 0) {
		err_errno(e, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INTERNAL,
			  errno, "listen");
		close(fd);
		return -1;
	}
	limits = most;
	on_first = first;
	listening.ready = accept_one;
	pause_timer.fire = accept_again;
	return event_loop_watch(&listening, fd, EPOLLIN, e);
}
