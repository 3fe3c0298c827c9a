/*
 * The link's client end: bytes of a hostile shim. The first byte is the size
 * of the pieces.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include "link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct link *link;
	unsigned calls;
	struct link_stream *held;
};

static int swallow(void *data, const void *bytes, size_t n)
{
	struct peer *p = data;

	return ++p->calls % 7 == 0 ? -1 : 0;
}

static bool body(void *data, const void *bytes, size_t n)
{
	struct peer *p = data;

	return ++p->calls % 3 != 0;
}

static void end_held(void *data, const struct err *e)
{
	((struct peer *)data)->held = NULL;
}

static const struct link_response_events calls = { NULL, body, NULL };
static const struct link_response_events held_calls = { NULL, body, end_held };

static void ready(void *data)
{
	static const char text[40000];
	struct link_request get = { "GET", "/sessions", NULL, 0 };
	struct link_request post = { "POST", "/sessions/x/input", text, sizeof(text) };
	struct peer *p = data;
	struct err e = { 0 };

	p->held = link_request(p->link, &get, &held_calls, p, &e);
	if (!link_request(p->link, &post, &calls, p, &e) ||
	    !link_request(p->link, &get, &calls, p, &e))
		err_abort("a ready link takes requests");
}

static const struct link_events events = { swallow, ready, NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer p = { 0 };
	size_t piece, n, at;

	if (!size)
		return 0;
	piece = data[0] ? data[0] : 4096;
	p.link = link_new(NULL, &events, &p);
	for (at = 1; at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		link_receive(p.link, data + at, n);
		link_send_more(p.link);
		if (p.held && p.calls % 5 == 0)
			link_stream_consume(p.held, 1000);
	}
	if (p.held && size % 2)
		link_stream_cancel(p.held);
	link_ping(p.link);
	talloc_free(p.link);
	return 0;
}
