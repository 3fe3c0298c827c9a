#include "config.h"
#include "ledger/server.h"

#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "core/log.h"
#include "ledger/answer.h"
#include "ledger/wire.h"

#define CLIENTS_MAX 8	/* the gateway, the previous one, doctor */
#define BACKLOG 16
#define READ_SIZE 65536

struct client {
	LIST_ENTRY(client) next;
	struct ledger_server *server;
	uv_pipe_t pipe;
	struct buf request;		/* its outcome */
};

struct ledger_server {
	uv_loop_t *loop;
	struct db *db;
	uv_pipe_t pipe;			/* frees everything when closed */
	LIST_HEAD(, client) clients;
	int n;
};

struct reply {
	uv_write_t write;
	struct buf bytes;
};

static void client_gone(uv_handle_t *h)
{
	struct client *c = h->data;

	buf_release(&c->request);
	talloc_free(c);
}

static void hang_up(struct client *c)
{
	if (uv_is_closing((uv_handle_t *)&c->pipe))
		return;
	LIST_REMOVE(c, next);
	c->server->n--;
	uv_close((uv_handle_t *)&c->pipe, client_gone);
}

static void written(uv_write_t *w, int status)
{
	struct reply *r = w->data;

	buf_release(&r->bytes);
	talloc_free(r);
}

static void answer(struct client *c, size_t n)
{
	struct reply *r = alloc_checked(talloc_zero(NULL, struct reply));
	uv_buf_t out;

	buf_init(&r->bytes, LEDGER_REPLY_MAX);
	r->write.data = r;
	ledger_answer(c->server->db, c->request.data, n, &r->bytes);
	out = uv_buf_init(r->bytes.data, (unsigned)r->bytes.len);
	if (uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) > LEDGER_REPLY_MAX ||
	    uv_write(&r->write, (uv_stream_t *)&c->pipe, &out, 1, written) != 0) {
		written(&r->write, 0);
		hang_up(c);
	}
}

/* Answers each complete request, up to its empty line. */
static void answer_requests(struct client *c)
{
	struct buf *b = &c->request;
	char *end;
	size_t n;

	while (b->len && !uv_is_closing((uv_handle_t *)&c->pipe) &&
	       (end = memmem(b->data, b->len, "\n\n", 2))) {
		end[1] = '\0';
		n = (size_t)(end + 1 - b->data);
		answer(c, n);
		buf_drop(b, n + 1);
	}
}

static void room(uv_handle_t *h, size_t wanted, uv_buf_t *out)
{
	struct client *c = h->data;
	struct err e = { 0 };
	char *at = buf_reserve(&c->request, READ_SIZE, &e);

	*out = uv_buf_init(at, at ? READ_SIZE : 0);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *in)
{
	struct client *c = stream->data;

	if (n > 0) {
		buf_grew(&c->request, (size_t)n);
		answer_requests(c);
	} else if (n == UV_ENOBUFS) {
		log_event(LOG_WARN, "ledger_request_refused", "why", "too long", NULL);
	}
	if (n < 0)
		hang_up(c);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct ledger_server *s = stream->data;
	struct client *c;

	if (status < 0)
		return;
	c = alloc_checked(talloc_zero(NULL, struct client));
	c->server = s;
	c->pipe.data = c;
	buf_init(&c->request, LEDGER_REQUEST_MAX + READ_SIZE);
	uv_pipe_init(s->loop, &c->pipe, 0);
	LIST_INSERT_HEAD(&s->clients, c, next);
	s->n++;
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0 ||
	    s->n > CLIENTS_MAX ||
	    uv_read_start((uv_stream_t *)&c->pipe, room, on_read) != 0)
		hang_up(c);
}

static int listen_at(struct ledger_server *s, const char *path, struct err *e)
{
	int rc;

	unlink(path);
	rc = uv_pipe_bind(&s->pipe, path);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&s->pipe, BACKLOG, on_connection);
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, "listen at %s: %s", path,
			       uv_strerror(rc));
	if (chmod(path, 0660) < 0)
		return err_set(e, ERR_UNAVAILABLE, "chmod %s: %m", path);
	return 0;
}

struct ledger_server *ledger_server_new(uv_loop_t *loop, const char *path,
					struct db *db, struct err *e)
{
	struct ledger_server *s =
		alloc_checked(talloc_zero(NULL, struct ledger_server));

	s->loop = loop;
	s->db = db;
	LIST_INIT(&s->clients);
	uv_pipe_init(loop, &s->pipe, 0);
	s->pipe.data = s;
	if (listen_at(s, path, e) < 0) {
		ledger_server_free(s);
		return NULL;
	}
	return s;
}

static void server_gone(uv_handle_t *h)
{
	talloc_free(h->data);
}

void ledger_server_free(struct ledger_server *s)
{
	struct client *c;

	while ((c = LIST_FIRST(&s->clients)))
		hang_up(c);
	uv_close((uv_handle_t *)&s->pipe, server_gone);
}
