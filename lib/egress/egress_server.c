#include "config.h"
#include "egress/egress_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

#define UNSENT_MAX (64u << 10)	/* bytes of answers a client has not read */
#define LOOK_MS 250

struct client;

/*
 * A child of the server's context: an answer may come after the socket was
 * closed, or never.
 */
struct asking {
	TAILQ_ENTRY(asking) next;
	struct egress_server *all;
	struct client *client;		/* NULL: answered, or the client closed */
	uint64_t number;
	int64_t at;			/* clock_mono_ms */
};

struct client {
	LIST_ENTRY(client) next;
	struct egress_server *all;
	uv_pipe_t pipe;
	char line[2 * HELPER_LINE_MAX];	/* results of the next ones */
	size_t n;
	int asked;
};

/* Separate heap memory: libuv keeps the handles until the loop has closed them. */
struct egress_handles {
	uv_pipe_t pipe;
	uv_timer_t timer;
	int open;
};

struct egress_server {
	const void *ctx;
	struct egress_policy *policy;
	uv_loop_t *loop;
	struct egress_handles *handles;
	char *path;
	LIST_HEAD(, client) clients;
	int nclients;
	TAILQ_HEAD(, asking) askings;
};

struct answer {
	uv_write_t write;
	char text[80];
};

static void client_gone(uv_handle_t *h)
{
	talloc_free(h->data);
}

static void hang_up(struct client *c)
{
	struct asking *a;

	if (uv_is_closing((uv_handle_t *)&c->pipe))
		return;
	TAILQ_FOREACH(a, &c->all->askings, next) {
		if (a->client == c)
			a->client = NULL;
	}
	LIST_REMOVE(c, next);
	c->all->nclients--;
	uv_close((uv_handle_t *)&c->pipe, client_gone);
}

static void written(uv_write_t *w, int status)
{
	talloc_free(w->data);
}

static void send_answer(struct client *c, uint64_t number, enum egress_reason why)
{
	struct answer *a = talloc_zero(NULL, struct answer);
	uv_buf_t buf;

	if (why == EGRESS_NONE)
		snprintf(a->text, sizeof(a->text), "%" PRIu64 " OK\n", number);
	else
		snprintf(a->text, sizeof(a->text), "%" PRIu64 " ERR %s\n", number,
			 egress_reason(why));
	a->write.data = a;
	buf = uv_buf_init(a->text, (unsigned)strlen(a->text));
	if (c->pipe.write_queue_size > UNSENT_MAX ||
	    uv_write(&a->write, (uv_stream_t *)&c->pipe, &buf, 1, written) != 0) {
		if (c->pipe.write_queue_size > UNSENT_MAX)
			hang_up(c);
		talloc_free(a);
	}
}

static void reply(struct asking *a, enum egress_reason why)
{
	struct client *c = a->client;

	a->client = NULL;
	if (!c)
		return;
	c->asked--;
	send_answer(c, a->number, why);
}

static void decided(void *data, enum egress_reason why)
{
	struct asking *a = data;

	reply(a, why);
	if (a->all)
		TAILQ_REMOVE(&a->all->askings, a, next);
	talloc_free(a);
}

static void on_timer(uv_timer_t *t)
{
	struct egress_server *s = t->data;
	int64_t old = clock_mono_ms() - EGRESS_ANSWER_MS;
	struct asking *a;

	TAILQ_FOREACH(a, &s->askings, next) {
		if (a->at > old)
			break;
		reply(a, EGRESS_REASON_AWAY);
	}
	if (TAILQ_EMPTY(&s->askings))
		uv_timer_stop(t);
}

static void ask_policy(struct client *c, const struct egress_question *q)
{
	struct asking *a;

	if (c->asked >= EGRESS_ASK_MAX) {
		send_answer(c, q->number, EGRESS_REASON_BUSY);
		return;
	}
	a = talloc_zero(c->all->ctx, struct asking);
	a->all = c->all;
	a->client = c;
	a->number = q->number;
	a->at = clock_mono_ms();
	c->asked++;
	TAILQ_INSERT_TAIL(&c->all->askings, a, next);
	if (!uv_is_active((uv_handle_t *)&c->all->handles->timer))
		uv_timer_start(&c->all->handles->timer, on_timer, LOOK_MS, LOOK_MS);
	egress_policy_ask(c->all->policy, q, decided, a);
}

/* False: not a question; the client is disconnected. */
static bool take_line(struct client *c, char *line)
{
	struct egress_question q;
	uint64_t number;

	if (!helper_line_number(line, &number))
		return false;
	if (helper_line_parse(line, &q))
		ask_policy(c, &q);
	else
		send_answer(c, number, EGRESS_REASON_MALFORMED);
	return !uv_is_closing((uv_handle_t *)&c->pipe);
}

/* False when it was disconnected. */
static bool take_lines(struct client *c)
{
	char *begin = c->line, *end;
	size_t left = c->n;

	while ((end = memchr(begin, '\n', left))) {
		*end = '\0';
		if (end - begin >= HELPER_LINE_MAX ||
		    strlen(begin) != (size_t)(end - begin) || !take_line(c, begin))
			return false;
		left -= (size_t)(end + 1 - begin);
		begin = end + 1;
	}
	memmove(c->line, begin, left);
	c->n = left;
	return left < HELPER_LINE_MAX;
}

static void room(uv_handle_t *h, size_t wanted, uv_buf_t *buf)
{
	struct client *c = h->data;

	*buf = uv_buf_init(c->line + c->n, (unsigned)(sizeof(c->line) - c->n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	if (n > 0)
		c->n += (size_t)n;
	if (n < 0 || (n > 0 && !take_lines(c)))
		hang_up(c);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct egress_server *s = stream->data;
	struct client *c;

	if (status < 0)
		return;
	c = talloc_zero(NULL, struct client);
	c->all = s;
	c->pipe.data = c;
	uv_pipe_init(s->loop, &c->pipe, 0);
	LIST_INSERT_HEAD(&s->clients, c, next);
	s->nclients++;
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0 ||
	    s->nclients > EGRESS_CLIENTS_MAX ||
	    uv_read_start((uv_stream_t *)&c->pipe, room, on_read) != 0)
		hang_up(c);
}

static int listen_at(struct egress_server *s, struct err *e)
{
	int rc;

	unlink(s->path);
	rc = uv_pipe_bind(&s->handles->pipe, s->path);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&s->handles->pipe, 64, on_connection);
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, "listen at %s: %s", s->path,
			       uv_strerror(rc));
	if (chmod(s->path, 0666) < 0)
		return err_set(e, ERR_UNAVAILABLE, "chmod %s: %m", s->path);
	return 0;
}

struct egress_server *egress_server_new(const void *ctx, uv_loop_t *loop,
					const char *path, struct egress_policy *policy,
					struct err *e)
{
	struct egress_server *s = talloc_zero(ctx, struct egress_server);

	s->ctx = ctx;
	s->policy = policy;
	s->loop = loop;
	s->path = talloc_strdup(s, path);
	LIST_INIT(&s->clients);
	TAILQ_INIT(&s->askings);
	s->handles = talloc_zero(NULL, struct egress_handles);
	s->handles->open = 2;
	uv_pipe_init(loop, &s->handles->pipe, 0);
	uv_timer_init(loop, &s->handles->timer);
	s->handles->pipe.data = s->handles->timer.data = s;
	if (listen_at(s, e) < 0) {
		egress_server_close(s);
		return NULL;
	}
	return s;
}

static void handle_closed(uv_handle_t *h)
{
	struct egress_handles *all = h->data;

	if (--all->open == 0)
		talloc_free(all);
}

void egress_server_close(struct egress_server *s)
{
	struct egress_handles *h = s->handles;
	struct asking *a;
	struct client *c;

	while ((c = LIST_FIRST(&s->clients)))
		hang_up(c);
	TAILQ_FOREACH(a, &s->askings, next)
		a->all = NULL;
	h->pipe.data = h->timer.data = h;
	uv_close((uv_handle_t *)&h->pipe, handle_closed);
	uv_close((uv_handle_t *)&h->timer, handle_closed);
	talloc_free(s);
}
