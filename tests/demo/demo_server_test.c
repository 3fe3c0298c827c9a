/*
 * lib/demo/demo_server.c: a real client against the real server on loopback.
 * Tests also demo_share.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/buf.h"
#include "demo/demo_server.h"

static struct demo_server *server;

static int start(void **state)
{
	struct err e = { 0 };

	server = demo_server_new("127.0.0.1:0", &e);
	return server ? 0 : -1;
}

static int stop(void **state)
{
	demo_server_free(server);
	return 0;
}

/* From 127.0.0.n, as another workspace. */
static int dial_from(int n)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 60 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons(demo_server_port(server));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + (uint32_t)n);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int dial(void)
{
	return dial_from(1);
}

static void push(int fd, const char *method, const char *path, const char *body)
{
	auto_buf head = BUF_INIT(1 << 20);
	struct err e = { 0 };

	assert_int_equal(buf_addf(&head, &e, "%s %s HTTP/1.1\r\nHost: x\r\n"
		"Connection: close\r\nX-Claude-Code-Session-Id: s\r\n"
		"Content-Length: %zu\r\n\r\n%s", method, path, strlen(body),
		body), 0);
	assert_int_equal(send(fd, head.data, head.len, MSG_NOSIGNAL),
			 (ssize_t)head.len);
}

static void pull(int fd, struct buf *in)
{
	struct err e = { 0 };
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		assert_int_equal(buf_add(in, bytes, (size_t)n, &e), 0);
	close(fd);
}

static int call(const char *method, const char *path, const char *body,
		struct buf *in)
{
	int fd = dial();

	buf_clear(in);
	push(fd, method, path, body);
	pull(fd, in);
	assert_true(in->len > 12);
	return atoi(in->data + 9);
}

#define ASK(words) "{\"stream\":true,\"messages\":[{\"role\":\"user\"," \
	"\"content\":\"" words "\"}]}"

static void answers_on_its_paths(void **state)
{
	static const struct { const char *method, *path, *body; int status;
			      const char *holds; } rows[] = {
		{ "GET", "/", "", 200, "Demo mode" },
		{ "HEAD", "/", "", 200, "" },
		{ "GET", "/v1/models", "", 200, "gongbang-demo-model" },
		{ "GET", "/v1/messages", "", 405, "invalid_request_error" },
		{ "GET", "/etc/passwd", "", 404, "not_found_error" },
		{ "POST", "/v1/messages", "{", 400, "not JSON" },
		{ "POST", "/v1/messages?beta=true", ASK("hi"), 200,
		  "event: message_stop" },
		{ "POST", "/v1/messages", "{\"messages\":[{\"role\":\"user\","
		  "\"content\":\"hi\"}]}", 200, "\"end_turn\"" },
		{ "POST", "/v1/messages/count_tokens", ASK("hi"), 200,
		  "input_tokens" },
		{ "POST", "/v1/messages", ASK("error 429"), 429,
		  "x-should-retry: false" },
		{ "POST", "/v1/messages", ASK("error 529"), 529, "overloaded" },
		{ "POST", "/v1/messages", ASK("error 529"), 200, "message_stop" },
	};
	auto_buf in = BUF_INIT(1 << 24);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(call(rows[i].method, rows[i].path,
				      rows[i].body, &in), rows[i].status);
		assert_non_null(strstr(in.data, rows[i].holds));
	}
}

static void a_cut_answer_never_ends_well(void **state)
{
	auto_buf in = BUF_INIT(1 << 24);

	assert_int_equal(call("POST", "/v1/messages", ASK("error cut"), &in), 200);
	assert_non_null(strstr(in.data, "text_delta"));
	assert_null(strstr(in.data, "message_stop"));
	assert_null(strstr(in.data, "\r\n0\r\n"));
}

static void many_answers_at_once(void **state)
{
	int fds[DEMO_STREAMS_MAX], i;

	for (i = 0; i < DEMO_STREAMS_MAX; i++) {
		fds[i] = dial_from(1 + i / DEMO_STREAMS_EACH);
		push(fds[i], "POST", "/v1/messages", ASK("slow 1"));
	}
	for (i = 0; i < DEMO_STREAMS_MAX; i++) {
		auto_buf in = BUF_INIT(1 << 20);

		pull(fds[i], &in);
		assert_non_null(strstr(buf_text(&in), "message_stop"));
	}
}

/* One that opens all it can, and asks on all of them. */
static void one_address_leaves_the_others_theirs(void **state)
{
	int fds[DEMO_CONNECTIONS_EACH], i, busy = 0;
	auto_buf in = BUF_INIT(1 << 20);

	for (i = 0; i < DEMO_CONNECTIONS_EACH; i++) {
		fds[i] = dial_from(2);
		push(fds[i], "POST", "/v1/messages", ASK("slow 1"));
	}
	pull(dial_from(2), &in);
	assert_int_equal(in.len, 0);
	i = dial_from(3);
	push(i, "POST", "/v1/messages", ASK("hi"));
	pull(i, &in);
	assert_non_null(strstr(buf_text(&in), "message_stop"));
	for (i = 0; i < DEMO_CONNECTIONS_EACH; i++) {
		buf_clear(&in);
		pull(fds[i], &in);
		busy += in.len > 12 && atoi(in.data + 9) == 529;
	}
	assert_int_equal(busy, DEMO_CONNECTIONS_EACH - DEMO_STREAMS_EACH);
}

static void a_tree_too_large_is_refused(void **state)
{
	static const char head[] = "{\"messages\":[{\"role\":\"user\","
		"\"content\":\"hi\"}],\"x\":[";
	auto_buf body = BUF_INIT(1 << 20), in = BUF_INIT(1 << 20);
	struct err e = { 0 };
	int i;

	assert_int_equal(buf_add_text(&body, head, &e), 0);
	for (i = 0; i < 60000; i++)
		assert_int_equal(buf_add_text(&body, "{},", &e), 0);
	assert_int_equal(buf_add_text(&body, "1]}", &e), 0);
	assert_int_equal(call("POST", "/v1/messages", body.data, &in), 400);
	assert_non_null(strstr(in.data, "too many elements"));
}

static void too_large_a_request_is_refused(void **state)
{
	static char piece[1 << 20];
	auto_buf in = BUF_INIT(1 << 20);
	int fd = dial(), i;

	assert_true(dprintf(fd, "POST /v1/messages HTTP/1.1\r\nHost: x\r\n"
		"Connection: close\r\nContent-Length: %u\r\n\r\n",
		DEMO_BODY_MAX + (1u << 20)) > 0);
	for (i = 0; i < 33; i++) {
		size_t at = 0;

		while (at < sizeof(piece)) {
			ssize_t n = send(fd, piece + at, sizeof(piece) - at,
					 MSG_NOSIGNAL);

			assert_true(n > 0);
			at += (size_t)n;
		}
	}
	pull(fd, &in);
	assert_true(in.len > 12);
	assert_int_equal(atoi(in.data + 9), 413);
}

static void an_address_must_be_one(void **state)
{
	static const char *const bad[] = { "", "x", "localhost:1", "127.0.0.1",
		"127.0.0.1:70000", "127.0.0.1:x", ":80", "[::1:80" };
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(demo_server_new(bad[i], &e));
		assert_int_equal(e.kind, ERR_INPUT);
	}
}

static void listens_where_no_address_is_yet(void **state)
{
	struct err e = { 0 };
	struct demo_server *s = demo_server_new("192.0.2.77:0", &e);

	assert_non_null(s);
	assert_true(demo_server_port(s) > 0);
	demo_server_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_on_its_paths),
		cmocka_unit_test(a_cut_answer_never_ends_well),
		cmocka_unit_test(many_answers_at_once),
		cmocka_unit_test(one_address_leaves_the_others_theirs),
		cmocka_unit_test(a_tree_too_large_is_refused),
		cmocka_unit_test(too_large_a_request_is_refused),
		cmocka_unit_test(an_address_must_be_one),
		cmocka_unit_test(listens_where_no_address_is_yet),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
