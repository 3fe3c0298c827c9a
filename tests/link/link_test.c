/* lib/link against the shim's server half, joined by memory. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/buf.h"
#include "link/link.h"
#include "shim/link_server.h"

#define BODIES_MAX (3u << 20)	/* bytes, of all requests at once */

enum { STATUS, BODY, END, KINDS };

struct pair {
	void *ctx;
	struct link *link;
	struct link_server *server;
	struct buf to_server;
	bool blocked, ready, failed;
	struct err why;
	size_t piece;		/* bytes a link_receive gets at most */
};

struct answer {
	struct pair *pair;
	int status;
	size_t count, made;
	bool hold, ended;
	struct err why;
	int cancel_in, free_in;	/* a kind of callback, or KINDS */
	struct link_stream *stream;
};

static struct exchange *flowing, *waiting;
static size_t flowed;

static void dirty(void *data)
{
}

static void echo(struct exchange *x, const char *arg)
{
	exchange_answer(x, 200, "%s %zu", arg, x->body.len);
}

static int flow(struct exchange *x, void *out, size_t size)
{
	memset(out, 'f', size);
	flowed += size;
	return (int)size;
}

static void gone(struct exchange *x)
{
	flowing = NULL;
}

static void stream(struct exchange *x, const char *arg)
{
	flowing = x;
	x->gone = gone;
	exchange_stream(x, 200, flow);
}

static void silent(struct exchange *x, const char *arg)
{
}

static void hold(struct exchange *x, const char *arg)
{
	waiting = x;
}

static const struct link_server_route routes[] = {
	{ "POST", "/echo/*", 2 << 20, echo },
	{ "POST", "/held", BODIES_MAX + 1, hold },
	{ "POST", "/small", 1000, echo },
	{ "GET", "/flow", 0, stream },
	{ "GET", "/silent", 0, silent },
	{ NULL, NULL, 0, NULL },
};

static int take(void *data, const void *bytes, size_t n)
{
	struct pair *p = data;
	struct err e = { 0 };

	if (p->blocked)
		return -1;
	assert_int_equal(buf_add(&p->to_server, bytes, n, &e), 0);
	return 0;
}

static void on_ready(void *data)
{
	((struct pair *)data)->ready = true;
}

static void on_failed(void *data, const struct err *e)
{
	struct pair *p = data;

	assert_false(p->failed);
	p->failed = true;
	p->why = *e;
}

static const struct link_events events = { take, on_ready, on_failed };

static void feed(struct pair *p, const void *bytes, size_t n)
{
	const char *at = bytes;
	size_t m;

	for (; n && p->link; at += m, n -= m) {
		m = n < p->piece ? n : p->piece;
		link_receive(p->link, at, m);
	}
}

static void greet(struct pair *p)
{
	feed(p, LINK_GREETING, sizeof(LINK_GREETING) - 1);
}

/* Moves bytes both ways until nothing moves. */
static void settle(struct pair *p)
{
	const uint8_t *bytes;
	bool moved = true;
	size_t n;

	while (moved && p->link) {
		moved = false;
		if (p->to_server.len) {
			struct buf sent = p->to_server;

			buf_init(&p->to_server, sent.cap);
			assert_int_equal(link_server_receive(p->server,
							     sent.data,
							     sent.len), 0);
			buf_release(&sent);
			moved = true;
		}
		while (p->link && (n = link_server_pull(p->server, &bytes))) {
			feed(p, bytes, n);
			moved = true;
		}
	}
}

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	p->ctx = talloc_new(NULL);
	p->piece = SIZE_MAX;
	buf_init(&p->to_server, 64 << 20);
	p->link = link_new(p->ctx, &events, p);
	p->server = link_server_new(routes, BODIES_MAX, dirty, NULL);
	flowed = 0;
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	talloc_free(p->ctx);
	link_server_free(p->server);
	buf_release(&p->to_server);
	free(p);
	return 0;
}

static void leave_in(struct answer *a, int kind)
{
	struct link_stream *s = a->stream;

	if (a->cancel_in == kind && s) {
		a->stream = NULL;
		link_stream_cancel(s);
	}
	if (a->free_in == kind) {
		struct link *l = a->pair->link;

		a->pair->link = NULL;
		talloc_free(l);
	}
}

static void on_status(void *data, int status)
{
	struct answer *a = data;

	a->status = status;
	leave_in(a, STATUS);
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct answer *a = data;
	bool hold = a->hold;

	a->count += n;
	leave_in(a, BODY);
	return !hold;
}

static void on_end(void *data, const struct err *e)
{
	struct answer *a = data;

	assert_false(a->ended);
	a->ended = true;
	a->stream = NULL;
	if (e)
		a->why = *e;
	leave_in(a, END);
}

static const struct link_response_events answers = { on_status, on_body, on_end };

static void ask(struct pair *p, struct answer *a, const char *method,
		const char *path, const void *body, size_t n)
{
	struct link_request rq = { method, path, body, n };
	struct err e = { 0 };

	a->pair = p;
	a->stream = link_request(p->link, &rq, &answers, a, &e);
	assert_non_null(a->stream);
}

static struct answer plain(void)
{
	return (struct answer){ .cancel_in = KINDS, .free_in = KINDS };
}

/* Of all requests together: one that is handled still holds its body. */
static void all_bodies_together_have_a_cap(void **state)
{
	struct answer first = plain(), second = plain(), third = plain();
	char *body = calloc(1, 2 << 20);
	struct pair *p = *state;

	greet(p);
	ask(p, &first, "POST", "/held", body, 2 << 20);
	settle(p);
	assert_non_null(waiting);
	assert_false(first.ended);
	ask(p, &second, "POST", "/echo/a", body, (1 << 20) + 1);
	settle(p);
	assert_true(second.ended);
	assert_int_equal(second.status, 503);
	ask(p, &third, "POST", "/echo/b", body, 1 << 20);
	settle(p);
	assert_int_equal(third.status, 200);
	exchange_answer(waiting, 200, "done");
	settle(p);
	assert_int_equal(first.status, 200);
	second = plain();			/* given back with its exchange */
	ask(p, &second, "POST", "/echo/c", body, 2 << 20);
	settle(p);
	assert_int_equal(second.status, 200);
	free(body);
}

static void the_greeting_comes_first(void **state)
{
	struct link_request rq = { "GET", "/silent", NULL, 0 };
	struct pair *p = *state;
	struct err e = { 0 };

	assert_null(link_request(p->link, &rq, &answers, NULL, &e));
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(p->to_server.len, 0);
	p->piece = 1;
	greet(p);
	assert_true(p->ready);
	settle(p);
	assert_false(p->failed);
}

static void another_greeting_fails(void **state)
{
	struct pair *p = *state;

	feed(p, "exec: \"gongbang-shim\": not found\n", 32);
	assert_true(p->failed);
	assert_non_null(strstr(p->why.text, "not found"));
	greet(p);
	assert_false(p->ready);
}

static void bodies_of_any_size_arrive(void **state)
{
	static const size_t sizes[] = { 0, 1, 16384, 16385, 65536, 1 << 20 };
	static char body[1 << 20];
	struct pair *p = *state;
	size_t i, piece;

	greet(p);
	for (piece = 1; piece < 100000; piece *= 99) {
		p->piece = piece;
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			struct answer a = plain();

			ask(p, &a, "POST", "/echo/x", body, sizes[i]);
			settle(p);
			assert_true(a.ended);
			assert_int_equal(a.why.kind, ERR_NONE);
			assert_int_equal(a.status, 200);
			assert_int_equal(a.count, (size_t)snprintf(NULL, 0,
					 "x %zu\n", sizes[i]));
		}
	}
}

static void a_held_stream_stops_alone(void **state)
{
	struct answer held = plain(), other = plain();
	struct pair *p = *state;
	size_t before;

	greet(p);
	held.hold = true;
	ask(p, &held, "GET", "/flow", NULL, 0);
	settle(p);
	assert_int_equal(held.count, 256 << 10);
	assert_int_equal(flowed, 256 << 10);
	ask(p, &other, "POST", "/echo/y", "abc", 3);
	settle(p);
	assert_true(other.ended);
	before = held.count;
	link_stream_consume(held.stream, 200 << 10);
	settle(p);
	assert_int_equal(held.count, before + (200 << 10));
	link_stream_consume(held.stream, SIZE_MAX);	/* no more than it held */
	settle(p);
	assert_int_equal(held.count, before + (456 << 10));
	link_stream_cancel(held.stream);
	settle(p);
	assert_null(flowing);
	assert_false(held.ended);
}

static void a_stream_ends_in_any_callback(void **state)
{
	struct pair *p = *state;
	int kind;

	greet(p);
	for (kind = STATUS; kind < END; kind++) {
		struct answer a = plain();

		a.cancel_in = kind;
		ask(p, &a, "GET", "/flow", NULL, 0);
		settle(p);
		assert_null(flowing);
		assert_false(a.ended);
	}
	assert_false(p->failed);
}

static void the_link_is_freed_in_any_callback(void **state)
{
	struct pair *p = *state;
	struct answer other = plain(), a = plain();
	static int kind;

	greet(p);
	a.free_in = kind++;
	ask(p, &other, "GET", "/silent", NULL, 0);
	ask(p, &a, "POST", "/echo/z", "abc", 3);
	settle(p);
	assert_null(p->link);
	assert_false(other.ended);
	assert_int_equal(talloc_total_blocks(p->ctx), 1);
}

static void an_early_answer_ends_the_body(void **state)
{
	struct answer a = plain(), b = plain();
	char *body = calloc(1, 8 << 20);
	struct pair *p = *state;

	greet(p);
	ask(p, &a, "POST", "/small", body, 8 << 20);
	settle(p);
	assert_true(a.ended);
	assert_int_equal(a.why.kind, ERR_NONE);
	assert_int_equal(a.status, 413);
	ask(p, &b, "POST", "/nowhere", NULL, 0);
	settle(p);
	assert_int_equal(b.status, 404);
	free(body);
}

static void a_broken_peer_ends_everything_once(void **state)
{
	struct answer a = plain(), b = plain();
	struct pair *p = *state;

	greet(p);
	ask(p, &a, "GET", "/silent", NULL, 0);
	ask(p, &b, "GET", "/silent", NULL, 0);
	settle(p);
	feed(p, "\xff\xff\xff\x77garbage that is no frame", 30);
	settle(p);
	assert_true(p->failed && a.ended && b.ended);
	assert_int_equal(a.why.kind, ERR_UNAVAILABLE);
	assert_int_equal(b.why.kind, ERR_UNAVAILABLE);
	feed(p, "more", 4);
	link_ping(p->link);
	link_send_more(p->link);
}

static void a_full_sender_is_tried_again(void **state)
{
	struct answer a = plain();
	struct pair *p = *state;

	greet(p);
	settle(p);
	p->blocked = true;
	ask(p, &a, "POST", "/echo/late", "12345", 5);
	settle(p);
	assert_false(a.ended);
	p->blocked = false;
	link_send_more(p->link);
	settle(p);
	assert_true(a.ended);
	assert_int_equal(a.status, 200);
}

static void silence_fails_at_the_second_ping(void **state)
{
	struct pair *p = *state;

	greet(p);
	settle(p);
	link_ping(p->link);
	settle(p);		/* answered */
	link_ping(p->link);
	assert_false(p->failed);
	buf_clear(&p->to_server);	/* lost */
	link_ping(p->link);
	assert_true(p->failed);
}

static void no_greeting_fails_at_the_second_ping(void **state)
{
	struct pair *p = *state;

	link_ping(p->link);
	assert_false(p->failed);
	link_ping(p->link);
	assert_true(p->failed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_greeting_comes_first),
		CASE(all_bodies_together_have_a_cap),
		CASE(another_greeting_fails),
		CASE(bodies_of_any_size_arrive),
		CASE(a_held_stream_stops_alone),
		CASE(a_stream_ends_in_any_callback),
		CASE(the_link_is_freed_in_any_callback),
		CASE(the_link_is_freed_in_any_callback),
		CASE(the_link_is_freed_in_any_callback),
		CASE(an_early_answer_ends_the_body),
		CASE(a_broken_peer_ends_everything_once),
		CASE(a_full_sender_is_tried_again),
		CASE(silence_fails_at_the_second_ping),
		CASE(no_greeting_fails_at_the_second_ping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
