/*
 * lib/shim/link_server.c with lib/link as its client, both in this process:
 * which request comes to which row, and how many bytes are held.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "link/link.h"
#include "shim/link_server.h"

#define BODIES 100000		/* bytes of all at once */
#define BODY 60000		/* most of one */

static struct {
	struct link_server *server;
	struct link *link;
	bool broken;
	char arg[64];			/* of the last request that was handled */
	struct exchange *held;		/* of /hold, until it is answered */
	struct buf body;		/* of /keep */
} w;

struct answer {
	int status;
	bool ended;
	size_t n;
};

static void on_name(struct exchange *x, const char *arg)
{
	snprintf(w.arg, sizeof(w.arg), "%s?%s", arg, x->query);
	exchange_answer(x, 200, "named");
}

static void on_hold(struct exchange *x, const char *arg)
{
	w.held = x;
}

static void on_keep(struct exchange *x, const char *arg)
{
	exchange_take_body(x, &w.body);
	exchange_answer(x, 200, "kept");
}

static const struct link_server_route routes[] = {
	{ "GET", "/names/*", 0, on_name },
	{ "POST", "/names/*/end", 0, on_name },
	{ "POST", "/hold", BODY, on_hold },
	{ "POST", "/keep", BODY, on_keep },
	{ NULL, NULL, 0, NULL },
};

static void dirty(void *data)
{
}

static int to_server(void *data, const void *bytes, size_t n)
{
	w.broken |= link_server_receive(w.server, bytes, n) < 0;
	return 0;
}

static void ready(void *data)
{
}

static void failed(void *data, const struct err *e)
{
	w.broken = true;
}

static void pump(void)
{
	const uint8_t *bytes;
	size_t n;

	while (!w.broken && (n = link_server_pull(w.server, &bytes)) > 0)
		link_receive(w.link, bytes, n);
}

static int set_up(void **state)
{
	static const struct link_events events = { to_server, ready, failed };

	memset(&w, 0, sizeof(w));
	w.server = link_server_new(routes, BODIES, dirty, NULL);
	w.link = link_new(NULL, &events, NULL);
	link_receive(w.link, LINK_GREETING, sizeof(LINK_GREETING) - 1);
	pump();
	assert_false(w.broken);
	return 0;
}

static int tear_down(void **state)
{
	talloc_free(w.link);
	link_server_free(w.server);
	return 0;
}

static void on_status(void *data, int status)
{
	((struct answer *)data)->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	((struct answer *)data)->n += n;
	return true;
}

static void on_end(void *data, const struct err *e)
{
	((struct answer *)data)->ended = true;
}

static void send_request(struct answer *a, const char *method, const char *path,
			 size_t n)
{
	static const struct link_response_events events = { on_status, on_body, on_end };
	static const char bytes[BODY + 1];
	const struct link_request rq = {
		.method = method, .path = path, .body = bytes, .body_len = n,
	};
	struct err e = { 0 };

	*a = (struct answer){ 0 };
	assert_non_null(link_request(w.link, &rq, &events, a, &e));
	pump();
}

static int status_of(const char *method, const char *path, size_t n)
{
	struct answer a;

	send_request(&a, method, path, n);
	assert_true(a.ended);
	return a.status;
}

static void a_star_is_one_segment(void **state)
{
	static const struct { const char *method, *path; int status; const char *arg; } rows[] = {
		{ "GET", "/names/a", 200, "a?" },
		{ "GET", "/names/a?b=c?d", 200, "a?b=c?d" },
		{ "POST", "/names/a/end?x", 200, "a?x" },
		{ "GET", "/names/", 404, "" },
		{ "GET", "/names/a/b", 404, "" },
		{ "POST", "/names/a/b/end", 404, "" },
		{ "POST", "/names//end", 404, "" },
		{ "POST", "/names/a", 405, "" },
		{ "DELETE", "/hold", 405, "" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w.arg[0] = '\0';
		if (status_of(rows[i].method, rows[i].path, 0) != rows[i].status ||
		    !str_equal(w.arg, rows[i].arg))
			fail_msg("%s %s: %s", rows[i].method, rows[i].path, w.arg);
	}
}

static void a_body_has_a_cap(void **state)
{
	assert_int_equal(status_of("POST", "/keep", BODY), 200);
	assert_int_equal(w.body.len, BODY);
	body_release(&w.body);
	assert_int_equal(status_of("POST", "/keep", BODY + 1), 413);
	assert_int_equal(status_of("GET", "/names/a", 1), 413);
}

/* Also those of handlers that work on, and only as long. */
static void all_bodies_at_once_have_one(void **state)
{
	struct answer a;

	send_request(&a, "POST", "/hold", BODY);
	assert_non_null(w.held);
	assert_int_equal(a.status, 0);
	assert_int_equal(status_of("POST", "/keep", BODIES - BODY + 1), 503);
	assert_int_equal(status_of("POST", "/keep", BODIES - BODY), 200);
	assert_int_equal(status_of("POST", "/keep", 1), 503);
	body_release(&w.body);
	exchange_answer(w.held, 200, "at last");
	pump();
	assert_true(a.ended);
	assert_int_equal(status_of("POST", "/keep", BODY), 200);
	assert_int_equal(status_of("POST", "/keep", BODIES - BODY + 1), 503);
	body_release(&w.body);
}

static void a_long_path_is_refused(void **state)
{
	static char path[LINK_SERVER_PATH_MAX + 1];

	memset(path, 'a', LINK_SERVER_PATH_MAX);
	memcpy(path, "/names/", 7);
	assert_int_equal(status_of("GET", path, 0), 400);
	path[LINK_SERVER_PATH_MAX - 1] = '\0';
	assert_int_equal(status_of("GET", path, 0), 200);
}

/* Our link sends few fields: this client is another one. */
static int on_field(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
		    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *data)
{
	if (name_len == 7 && memcmp(name, ":status", 7) == 0)
		*(int *)data = atoi((const char *)value);
	return 0;
}

static void turn(nghttp2_session *h2)
{
	const uint8_t *bytes;
	ssize_t n;
	size_t got;

	while ((n = nghttp2_session_mem_send(h2, &bytes)) > 0)
		assert_int_equal(link_server_receive(w.server, bytes, (size_t)n), 0);
	while ((got = link_server_pull(w.server, &bytes)) > 0)
		assert_int_equal(nghttp2_session_mem_recv(h2, bytes, got), got);
}

/* The status of a request with fields of that many bytes, as HTTP/2 counts them. */
static int status_with_fields(size_t bytes)
{
	static char value[LINK_SERVER_HEADERS_MAX + 1];
#define FIELD(name, text, len) { (uint8_t *)(name), (uint8_t *)(text), sizeof(name) - 1, len, 0 }
	nghttp2_nv fields[] = {
		FIELD(":method", "GET", 3), FIELD(":scheme", "http", 4),
		FIELD(":authority", "x", 1), FIELD(":path", "/names/a", 8),
		FIELD("more", value, 0),
	};
	nghttp2_session_callbacks *events;
	nghttp2_session *h2;
	size_t i, least = 0;
	int status = 0;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		least += fields[i].namelen + fields[i].valuelen + 32;
	memset(value, 'a', bytes - least);
	fields[4].valuelen = bytes - least;
	assert_int_equal(nghttp2_session_callbacks_new(&events), 0);
	nghttp2_session_callbacks_set_on_header_callback(events, on_field);
	assert_int_equal(nghttp2_session_client_new(&h2, events, &status), 0);
	assert_int_equal(nghttp2_submit_settings(h2, 0, NULL, 0), 0);
	turn(h2);
	assert_true(nghttp2_submit_request(h2, NULL, fields, 5, NULL, NULL) > 0);
	turn(h2);
	nghttp2_session_del(h2);
	nghttp2_session_callbacks_del(events);
	return status;
}

static void fields_have_a_cap(void **state)
{
	tear_down(NULL);
	w.link = NULL;
	w.server = link_server_new(routes, BODIES, dirty, NULL);
	assert_int_equal(status_with_fields(LINK_SERVER_HEADERS_MAX), 200);
	link_server_free(w.server);
	w.server = link_server_new(routes, BODIES, dirty, NULL);
	assert_int_equal(status_with_fields(LINK_SERVER_HEADERS_MAX + 1), 431);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_star_is_one_segment),
		CASE(a_body_has_a_cap),
		CASE(all_bodies_at_once_have_one),
		CASE(a_long_path_is_refused),
		CASE(fields_have_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
