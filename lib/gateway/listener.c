#include "config.h"
#include "gateway/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <talloc.h>

#include "core/clock.h"
#include "gateway/listener_internal.h"

#define BACKLOG 1024
#define POOL_BYTES (32 << 10)	/* per connection: half of it for a head, then for bodies */
#define SPARE 32		/* connections over the limit that are answered "come back later" */
#define EVENTS 64

static void *begin_inbound(void *cls, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *c = info->socket_context;

	c->inbound = inbound_new(c, mhd, target);
	return c->inbound;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *mhd,
			      const char *url, const char *method,
			      const char *version, const char *bytes,
			      size_t *n, void **request)
{
	return inbound_handle(*request, method, bytes, n);
}

static void completed(void *cls, struct MHD_Connection *mhd, void **request,
		      enum MHD_RequestTerminationCode why)
{
	struct inbound *inbound = *request;
	struct connection *c;

	if (!inbound)
		return;
	*request = NULL;
	c = inbound->connection;
	c->inbound = NULL;
	c->since = clock_mono_ms();
	inbound_free(inbound, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* MHD ignores a suspended connection, so hang-ups are detected here. */
static void watch(struct listener *d, struct connection *c)
{
	struct epoll_event event = {
		.events = EPOLLRDHUP | EPOLLET, .data.ptr = c,
	};

	epoll_ctl(d->watch, EPOLL_CTL_ADD, c->fd, &event);
}

static void notify(void *cls, struct MHD_Connection *mhd, void **context,
		   enum MHD_ConnectionNotificationCode what)
{
	struct listener *d = cls;
	struct connection *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = talloc_zero(d, struct connection);
		c->listener = d;
		c->fd = MHD_get_connection_info(
			mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		c->since = clock_mono_ms();
		LIST_INSERT_HEAD(&d->all, c, all);
		c->crowded = ++d->connections > d->options.connections;
		*context = c;
		watch(d, c);
	} else if (c) {
		*context = NULL;
		LIST_REMOVE(c, all);
		d->connections--;
		epoll_ctl(d->watch, EPOLL_CTL_DEL, c->fd, NULL);
		talloc_free(c);
	}
}

static void on_hang_up(uv_poll_t *poll, int status, int events)
{
	struct listener *d = poll->data;
	struct epoll_event list[EVENTS];
	struct connection *c;
	int n, i;

	n = epoll_wait(d->watch, list, EVENTS, 0);
	for (i = 0; i < n; i++) {
		c = list[i].data.ptr;
		c->hung_up = true;
		if (c->inbound && c->inbound->begun)
			inbound_lost(c->inbound);
	}
}

/*
 * Bytes of the answer that reached the client's host, without the kernel's
 * send buffer.
 */
static int64_t has_read(const struct inbound *c)
{
	int waiting = 0;

	if (ioctl(c->connection->fd, SIOCOUTQ, &waiting) < 0)
		waiting = 0;
	return c->given - waiting;
}

/* A suspended client is waiting for us, so it never times out. */
static bool reads_slowly(struct inbound *c, int64_t now)
{
	const struct listener_options *o = &c->listener->options;
	int64_t read;

	if (c->read_at && now - c->read_at <= o->reader_ms)
		return false;
	read = has_read(c);
	if (c->read_at && read - c->read < o->reader_bytes)
		return true;
	c->read_at = now;
	c->read = read;
	return false;
}

/* Whether we wait for the client, and for too long. */
static bool caller_late(struct inbound *c, int64_t now)
{
	const struct listener_options *o = &c->listener->options;

	if (c->suspended || c->cut)
		return false;
	if (c->queued)
		return reads_slowly(c, now);
	return now - c->moved_at > (c->complete ? o->reader_ms : o->body_ms);
}

void listener_tick(struct listener *d, int64_t now)
{
	struct connection *c;

	LIST_FOREACH(c, &d->all, all) {
		if (!c->inbound || !c->inbound->begun) {
			if (now - c->since > d->options.head_ms)
				shutdown(c->fd, SHUT_RDWR);
		} else if (caller_late(c->inbound, now)) {
			inbound_lost(c->inbound);
		}
	}
}

static int open_listener(struct listener *d, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t len = 0;
	int one = 1, fd;

	if (address_parse(d->options.listen, &at, &len, e) < 0)
		return err_wrap(e, "gateway_listen");
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
		err_errno(e, ERR_UNAVAILABLE, errno, "listen on %s", d->options.listen);
		close(fd);
		return -1;
	}
	d->port = address_port(&at);
	return fd;
}

static int start_daemon(struct listener *d, int fd, struct err *e)
{
	d->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, handle, d,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)d->options.connections + SPARE,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)LISTENER_CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, begin_inbound, d,
		MHD_OPTION_NOTIFY_COMPLETED, completed, d,
		MHD_OPTION_NOTIFY_CONNECTION, notify, d,
		MHD_OPTION_END);
	if (!d->mhd) {
		close(fd);
		return err_set(e, ERR_INTERNAL, "start the HTTP server");
	}
	return 0;
}

struct listener *listener_new(const void *ctx, uv_loop_t *loop,
			      const struct listener_options *options,
			      const struct listener_events *events, void *data, struct err *e)
{
	struct listener *d = talloc_zero(ctx, struct listener);
	int fd;

	d->options = *options;
	d->options.listen = talloc_strdup(d, options->listen);
	d->events = events;
	d->data = data;
	LIST_INIT(&d->all);
	fd = open_listener(d, e);
	if (fd < 0 || start_daemon(d, fd, e) < 0) {
		talloc_free(d);
		return NULL;
	}
	d->daemon = daemon_new(loop, d->mhd, NULL, NULL);
	d->watch = epoll_create1(EPOLL_CLOEXEC);
	if (d->watch < 0)
		err_abort("epoll_create1");
	uv_poll_init(loop, &d->poll, d->watch);
	d->poll.data = d;
	d->handles = 2;
	uv_poll_start(&d->poll, UV_READABLE, on_hang_up);
	return d;
}

uint16_t listener_port(const struct listener *d)
{
	return d->port;
}

int64_t listener_connections(const struct listener *d)
{
	return d->connections;
}

bool listener_due(const struct listener *d)
{
	return daemon_due(d->daemon);
}

void listener_run(struct listener *d)
{
	daemon_run(d->daemon);
}

void listener_quiesce(struct listener *d)
{
	MHD_socket fd = MHD_quiesce_daemon(d->mhd);

	if (fd >= 0)
		close(fd);
}

static void release_handle(struct listener *d)
{
	if (--d->handles)
		return;
	close(d->watch);
	if (d->closed)
		d->closed(d->closed_data);
	talloc_free(d);
}

static void daemon_closed(void *data)
{
	release_handle(data);
}

static void poll_closed(uv_handle_t *handle)
{
	release_handle(handle->data);
}

void listener_close(struct listener *d, void (*closed)(void *data), void *data)
{
	struct connection *c;

	d->closed = closed;
	d->closed_data = data;
	LIST_FOREACH(c, &d->all, all) {
		if (c->inbound && c->inbound->begun)
			inbound_lost(c->inbound);
	}
	/* MHD must have no suspended connections when it stops. */
	daemon_run(d->daemon);
	uv_poll_stop(&d->poll);
	uv_close((uv_handle_t *)&d->poll, poll_closed);
	daemon_close(d->daemon, daemon_closed, d);
}
