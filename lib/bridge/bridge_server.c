#include "config.h"
#include "bridge/bridge_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>
#include <talloc.h>

#include "http/daemon.h"

#define BACKLOG 4096
#define POOL_BYTES (64 << 10)	/* per connection, touched as far as it is used: an upload's pieces */
#define HEAD_TIMEOUT_S 30
#define PIECE_BYTES (64 << 10)	/* of a streamed answer, read at once */
#define CONNECTIONS 4096	/* concurrent handshakes; upgraded connections do not count */

struct exchange {
	LIST_ENTRY(exchange) all;
	struct bridge_server *server;
	struct MHD_Connection *connection;
	struct MHD_Response *response;
	const char *method, *path;
	exchange_upgraded *upgraded;
	void *data;
	int status;
	bool asked, suspended, streams, complete;	/* complete: take() got the whole body */
	const struct exchange_pieces *pieces;
	void *pieces_data;
};

/* An upgraded connection that MHD still holds. */
struct handover {
	STAILQ_ENTRY(handover) next;
	struct MHD_UpgradeResponseHandle *handle;
	exchange_upgraded *upgraded;
	void *data;
	void *early;
	size_t n;
	int fd;
};

struct bridge_server {
	struct MHD_Daemon *mhd;
	struct daemon *daemon;
	bridge_server_request *request;
	void *data;
	char *path;
	bool closing;
	LIST_HEAD(, exchange) exchanges;
	STAILQ_HEAD(, handover) handovers, ready;	/* ready: MHD was told to release it */
};

static enum MHD_Result send_answer(struct exchange *x)
{
	enum MHD_Result r = MHD_queue_response(x->connection,
					       (unsigned)x->status, x->response);

	MHD_destroy_response(x->response);
	x->response = NULL;
	return r;
}

static enum MHD_Result suspend(struct exchange *x)
{
	x->suspended = true;
	MHD_suspend_connection(x->connection);
	return MHD_YES;
}

/* A body that waits for its answer is dropped once that is there. */
static enum MHD_Result take_piece(struct exchange *x, const char *body,
				  size_t *body_len)
{
	if (x->response)
		*body_len = 0;
	else if (x->pieces)
		*body_len -= x->pieces->take(x->pieces_data, body, *body_len);
	return *body_len && !x->response ? suspend(x) : MHD_YES;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *body,
			      size_t *body_len, void **request)
{
	struct bridge_server *s = cls;
	struct exchange *x = *request;

	if (!x) {
		x = talloc_zero(s, struct exchange);
		x->server = s;
		x->connection = connection;
		x->method = talloc_strdup(x, method);
		x->path = talloc_strdup(x, url);
		LIST_INSERT_HEAD(&s->exchanges, x, all);
		*request = x;
		return MHD_YES;
	}
	if (!x->asked) {
		x->asked = true;
		if (s->closing)
			exchange_answer(x, 503, "text/plain", "closing\n", NULL, NULL);
		else
			s->request(s->data, x);
	}
	if (*body_len)
		return take_piece(x, body, body_len);
	if (x->pieces && !x->complete) {
		x->complete = true;
		x->pieces->take(x->pieces_data, NULL, 0);
	}
	return x->response ? send_answer(x) : suspend(x);
}

static void completed(void *cls, struct MHD_Connection *connection,
		      void **request, enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *request;

	if (!x)
		return;
	*request = NULL;
	LIST_REMOVE(x, all);
	if (x->response)
		MHD_destroy_response(x->response);
	if (x->upgraded)
		x->upgraded(x->data, -1, NULL, 0);
	if (x->pieces)
		x->pieces->gone(x->pieces_data);
	talloc_free(x);
}

/*
 * MHD keeps a connection's memory pool until it is told to close it; so we
 * duplicate the socket, and MHD closes its own, without shutdown(), as soon as
 * MHD_run has returned.
 */
static void upgraded(void *cls, struct MHD_Connection *connection,
		     void *request, const char *early, size_t n, MHD_socket fd,
		     struct MHD_UpgradeResponseHandle *handle)
{
	struct exchange *x = cls;
	struct handover *h = talloc_zero(x->server, struct handover);

	h->handle = handle;
	h->upgraded = x->upgraded;
	h->data = x->data;
	h->early = talloc_memdup(h, early, n);
	h->n = n;
	h->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	x->upgraded = NULL;
	STAILQ_INSERT_TAIL(&x->server->handovers, h, next);
}

/* After CLOSE (as after a resume) MHD does nothing until it runs again. */
static bool ran(void *server)
{
	struct bridge_server *s = server;
	struct handover *h;

	while ((h = STAILQ_FIRST(&s->ready))) {
		STAILQ_REMOVE_HEAD(&s->ready, next);
		h->upgraded(h->data, h->fd, h->early, h->n);
		talloc_free(h);
	}
	while ((h = STAILQ_FIRST(&s->handovers))) {
		STAILQ_REMOVE_HEAD(&s->handovers, next);
		STAILQ_INSERT_TAIL(&s->ready, h, next);
		MHD_upgrade_action(h->handle, MHD_UPGRADE_ACTION_CLOSE);
	}
	return !STAILQ_EMPTY(&s->ready);
}

static int listen_on(const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ERR_INPUT, "socket path too long: %s", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "socket");
	unlink(path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0) {
		err_errno(e, ERR_UNAVAILABLE, errno, "listen on %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int start_daemon(struct bridge_server *s, int fd, struct err *e)
{
	s->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, handle, s,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HEAD_TIMEOUT_S,
		MHD_OPTION_NOTIFY_COMPLETED, completed, s,
		MHD_OPTION_END);
	if (!s->mhd) {
		close(fd);
		return err_set(e, ERR_INTERNAL, "start the HTTP server");
	}
	return 0;
}

struct bridge_server *bridge_server_new(const void *ctx, uv_loop_t *loop,
					const char *socket_path, bridge_server_request *request,
					void *data, struct err *e)
{
	struct bridge_server *s;
	int fd;

	fd = listen_on(socket_path, e);
	if (fd < 0)
		return NULL;
	s = talloc_zero(ctx, struct bridge_server);
	s->request = request;
	s->data = data;
	s->path = talloc_strdup(s, socket_path);
	LIST_INIT(&s->exchanges);
	STAILQ_INIT(&s->handovers);
	STAILQ_INIT(&s->ready);
	if (start_daemon(s, fd, e) < 0) {
		talloc_free(s);
		return NULL;
	}
	s->daemon = daemon_new(loop, s->mhd, ran, s);
	return s;
}

void bridge_server_quiesce(struct bridge_server *s)
{
	MHD_socket fd = MHD_quiesce_daemon(s->mhd);

	unlink(s->path);
	if (fd >= 0)
		close(fd);
}

static void free_server(void *server)
{
	talloc_free(server);
}

void bridge_server_close(struct bridge_server *s)
{
	struct exchange *x;

	s->closing = true;
	LIST_FOREACH(x, &s->exchanges, all) {
		if (x->streams)
			exchange_wake(x);
		else if (x->suspended && !x->response)
			exchange_answer(x, 503, "text/plain", "closing\n", NULL, NULL);
	}
	daemon_run(s->daemon);
	daemon_close(s->daemon, free_server, s);
}

const char *exchange_method(const struct exchange *x)
{
	return x->method;
}

const char *exchange_path(const struct exchange *x)
{
	return x->path;
}

const char *exchange_header(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

const char *exchange_query(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection,
					   MHD_GET_ARGUMENT_KIND, name);
}

bool exchange_of_root(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);

	return info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED,
				  &peer, &n) == 0 &&
	       n == sizeof(peer) && peer.uid == 0;
}

void exchange_wake(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->connection);
	daemon_soon(x->server->daemon);
}

static void answer(struct exchange *x, int status, struct MHD_Response *r)
{
	if (!r)
		err_abort("out of memory");
	x->status = status;
	x->response = r;
	exchange_wake(x);
}

void exchange_answer(struct exchange *x, int status, const char *type,
		     const char *body, const char *extra_name,
		     const char *extra_value)
{
	struct MHD_Response *r;

	r = MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body,
					    MHD_RESPMEM_MUST_COPY);
	if (r) {
		MHD_add_response_header(r, "Content-Type", type);
		MHD_add_response_header(r, "Cache-Control", "no-store");
		if (extra_name)
			MHD_add_response_header(r, extra_name, extra_value);
	}
	answer(x, status, r);
}

void exchange_attach(struct exchange *x, const struct exchange_pieces *pieces,
		     void *data, unsigned idle_s)
{
	x->pieces = pieces;
	x->pieces_data = data;
	MHD_set_connection_option(x->connection, MHD_CONNECTION_OPTION_TIMEOUT,
				  idle_s);
	exchange_wake(x);
}

static ssize_t read_piece(void *cls, uint64_t at, char *out, size_t n)
{
	struct exchange *x = cls;
	ssize_t got;

	if (x->server->closing)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	got = x->pieces->read(x->pieces_data, out, n);
	if (got > 0)
		return got;
	if (got < 0)
		return got == EXCHANGE_END ? MHD_CONTENT_READER_END_OF_STREAM :
		       MHD_CONTENT_READER_END_WITH_ERROR;
	suspend(x);
	return 0;
}

void exchange_stream(struct exchange *x, int status, int64_t size,
		     const struct exchange_row *rows, size_t n)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
		size < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)size, PIECE_BYTES,
		read_piece, x, NULL);
	size_t i;

	for (i = 0; r && i < n; i++) {
		if (rows[i].value)
			MHD_add_response_header(r, rows[i].name, rows[i].value);
	}
	x->streams = true;
	answer(x, status, r);
}

void exchange_upgrade(struct exchange *x, const char *accept,
		      exchange_upgraded *done, void *data)
{
	struct MHD_Response *r = MHD_create_response_for_upgrade(upgraded, x);

	if (r) {
		MHD_add_response_header(r, "Upgrade", "websocket");
		MHD_add_response_header(r, "Sec-WebSocket-Accept", accept);
	}
	x->upgraded = done;
	x->data = data;
	answer(x, 101, r);
}
