#include "config.h"
#include "fake_link.h"

#include <string.h>
#include <talloc.h>

#include "link/link.h"

struct link {
	const struct link_events *ev;
	void *data;
	bool ready, failed;
	struct link_stream *open;
};

struct link_stream {
	struct link *link;
	const struct link_response_events *ev;
	void *data;
	const char **body;
};

const char *fake_sessions = "", *fake_health;
int fake_links, fake_pings;
static struct link *current;

static int gone(struct link *l)
{
	fake_links--;
	if (current == l)
		current = NULL;
	return 0;
}

struct link *link_new(const void *ctx, const struct link_events *ev, void *data)
{
	struct link *l = talloc_zero(ctx, struct link);

	l->ev = ev;
	l->data = data;
	fake_links++;
	current = l;
	talloc_set_destructor(l, gone);
	return l;
}

void link_receive(struct link *l, const void *bytes, size_t n)
{
	struct err e = { 0 };

	if (l->ready || l->failed)
		return;
	if (n == sizeof(LINK_GREETING) - 1 &&
	    memcmp(bytes, LINK_GREETING, n) == 0) {
		l->ready = true;
		l->ev->ready(l->data);
	} else {
		l->failed = true;
		err_set(&e, ERR_UNAVAILABLE, "wrong greeting");
		l->ev->failed(l->data, &e);
	}
}

void link_send_more(struct link *l)
{
}

void link_ping(struct link *l)
{
	fake_pings++;
}

struct link_stream *link_request(struct link *l, const struct link_request *rq,
				 const struct link_response_events *ev,
				 void *data, struct err *e)
{
	struct link_stream *s;

	if (l->open)
		return NULL;
	s = talloc_zero(l, struct link_stream);
	s->link = l;
	s->ev = ev;
	s->data = data;
	s->body = strcmp(rq->path, "/health") == 0 ? &fake_health : &fake_sessions;
	l->open = s;
	return s;
}

void link_stream_consume(struct link_stream *s, size_t n)
{
}

void link_stream_cancel(struct link_stream *s)
{
	s->link->open = NULL;
	talloc_free(s);
}

void fake_link_pump(void)
{
	struct link_stream *s = current ? current->open : NULL;
	const char *body = s ? *s->body : NULL;

	if (!body)
		return;
	current->open = NULL;
	s->ev->status(s->data, 200);
	s->ev->body(s->data, body, strlen(body));
	s->ev->end(s->data, NULL);
	if (current)
		talloc_free(s);
}
