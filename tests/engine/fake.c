#include "config.h"
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake {
	uv_pipe_t server;
	char dir[64], path[96];
	fake_asked *asked;
	void *data;
	struct fake_client *clients;
};

struct fake_client {
	struct fake_client *next;
	uv_pipe_t pipe;
	struct fake *fake;
	char in[1 << 16];
	size_t len;
	int raw, closed;
};

static char chunk[1 << 16];

static void lend(uv_handle_t *h, size_t n, uv_buf_t *b)
{
	*b = uv_buf_init(chunk, sizeof(chunk));
}

/* Head and, by Content-Length, body are there. */
static int whole(const char *in, size_t n)
{
	const char *body = strstr(in, "\r\n\r\n");
	const char *length = strcasestr(in, "Content-Length: ");

	if (!body)
		return 0;
	return n >= (size_t)(body + 4 - in) +
		    (length && length < body ? strtoul(length + 16, NULL, 10) : 0);
}

static void readable(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct fake_client *c = s->data;

	if (n < 0) {
		fake_close(c);
		return;
	}
	if (c->raw) {
		c->fake->asked(c->fake->data, c, b->base, (size_t)n);
		return;
	}
	if (c->len + (size_t)n >= sizeof(c->in))
		abort();
	memcpy(c->in + c->len, b->base, (size_t)n);
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	if (whole(c->in, c->len)) {
		n = (ssize_t)c->len;
		c->len = 0;
		c->fake->asked(c->fake->data, c, c->in, (size_t)n);
	}
}

static void accepted(uv_stream_t *server, int status)
{
	struct fake *f = server->data;
	struct fake_client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->fake = f;
	c->next = f->clients;
	f->clients = c;
	uv_pipe_init(server->loop, &c->pipe, 0);
	c->pipe.data = c;
	uv_accept(server, (uv_stream_t *)&c->pipe);
	uv_read_start((uv_stream_t *)&c->pipe, lend, readable);
}

struct fake *fake_new(uv_loop_t *loop, fake_asked *asked, void *data)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	strcpy(f->dir, "/tmp/fake-engine-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->asked = asked;
	f->data = data;
	uv_pipe_init(loop, &f->server, 0);
	f->server.data = f;
	uv_pipe_bind(&f->server, f->path);
	if (uv_listen((uv_stream_t *)&f->server, 64, accepted) < 0)
		abort();
	uv_unref((uv_handle_t *)&f->server);
	return f;
}

const char *fake_path(const struct fake *f)
{
	return f->path;
}

static void client_gone(uv_handle_t *h)
{
	free(h->data);
}

static void server_gone(uv_handle_t *h)
{
	free(h->data);
}

void fake_close(struct fake_client *c)
{
	struct fake_client **p;

	if (c->closed)
		return;
	c->closed = 1;
	for (p = &c->fake->clients; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	uv_close((uv_handle_t *)&c->pipe, client_gone);
}

void fake_free(struct fake *f)
{
	while (f->clients)
		fake_close(f->clients);
	unlink(f->path);
	rmdir(f->dir);
	uv_close((uv_handle_t *)&f->server, server_gone);
}

static void written(uv_write_t *w, int status)
{
	free(w);
}

void fake_send(struct fake_client *c, const void *bytes, size_t n)
{
	uv_write_t *w = malloc(sizeof(*w) + n);
	uv_buf_t b;

	if (!w)
		abort();
	memcpy(w + 1, bytes, n);
	b = uv_buf_init((char *)(w + 1), (unsigned)n);
	if (c->closed || uv_write(w, (uv_stream_t *)&c->pipe, &b, 1, written) < 0)
		free(w);
}

void fake_text(struct fake_client *c, const char *text)
{
	fake_send(c, text, strlen(text));
}

void fake_answer(struct fake_client *c, int status, const char *body)
{
	char head[128];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\n\r\n", status,
		 strlen(body));
	fake_text(c, head);
	fake_text(c, body);
}

void fake_stream(struct fake_client *c)
{
	c->raw = 1;
	fake_text(c, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
		     "Upgrade: tcp\r\n\r\n");
}

void fake_frame(struct fake_client *c, int stream, const void *bytes, size_t n)
{
	unsigned char head[8] = {
		(unsigned char)stream, 0, 0, 0, (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n,
	};

	fake_send(c, head, sizeof(head));
	fake_send(c, bytes, n);
}

void fake_hold(struct fake_client *c)
{
	uv_read_stop((uv_stream_t *)&c->pipe);
}
