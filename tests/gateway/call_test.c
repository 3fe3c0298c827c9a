/* lib/gateway/call.c, call_body.c: which calls are forwarded, and when. The answers are error_reply.c's. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_calls.h"
#include "gateway/gateway_internal.h"
#include "store/budgets.h"

static void what_is_free_is_not_booked(void **state)
{
	struct budget none_left = { .day_tokens = 1 };
	struct err e = { 0 };
	struct ledger l;
	int fd;

	start();
	call(ANN, "");
	world_ledger(&w, 1, &l);
	assert_int_equal(budget_save(w.db, w.user_id[ANN], &none_left, &e), 0);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages/count_tokens", "x-app: json\r\n", BODY, BODY_SIZE);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	request(ANN, "GET", "/v1/models?limit=5", "x-app: json\r\n");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(w.service.head, "GET /v1/models?limit=5 HTTP"));
	request(-1, "GET", "/v1/models", "");
	expect_error(401, "authentication_error", "token");
	request(-1, "HEAD", "/", "");
	assert_int_equal(a.status, 200);
	request(-1, "GET", "/", "");
	assert_non_null(strstr(a.body, "ready"));
	assert_int_equal(w.service.requests, 3);
	world_ledger(&w, 1, &l);
}

static void only_good_tokens_pass(void **state)
{
	struct err e = { 0 };
	int fd;

	start();
	request(-1, "POST", "/v1/messages", "Content-Length: 0\r\n");
	expect_error(401, "authentication_error", "token");
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	request(-1, "POST", "/v1/messages",
		"x-api-key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\r\n"
		"Content-Length: 0\r\n");
	expect_error(401, "authentication_error", "token");
	/* Ann's token out of another container. */
	fd = client_connect(&w, 2);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "", BODY, BODY_SIZE);
	read_answer(fd);
	close(fd);
	expect_error(401, "authentication_error", "token");
	call(ANN, "");
	assert_int_equal(a.status, 200);
	assert_int_equal(gateway_token_end_all(w.kv, w.user_id[ANN], &e), 0);
	call(ANN, "");
	expect_error(401, "authentication_error", "token");
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_int_equal(w.service.requests, 2);
}

static void other_paths_are_refused(void **state)
{
	start();
	request(ANN, "GET", "/v1/files", "");
	expect_error(404, "not_found_error", "path");
	request(ANN, "GET", "/v1/messages/../files", "");
	expect_error(404, "not_found_error", "path");
	request(ANN, "DELETE", "/v1/messages", "");
	expect_error(405, "invalid_request_error", "method");
	assert_int_equal(w.service.requests, 0);
}

static void bad_requests_are_refused(void **state)
{
	start();
	request(ANN, "POST", "/v1/messages", "Content-Length: 2\r\nContent-Length: 3\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	request(ANN, "POST", "/v1/messages", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	request(ANN, "POST", "/v1/messages", "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	request(ANN, "POST", "/v1/messages", "Content-Length: 0\r\nTransfer-Encoding\t: chunked\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	request(ANN, "GET", "/v1/models", "Transfer-Encoding : chunked\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	assert_int_equal(w.service.requests, 0);
}

/* A body that the gateway cannot read is none that it passes on. */
static void a_coded_body_is_refused(void **state)
{
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages",
		    "x-app: json\r\nContent-Encoding: gzip\r\n", BODY, BODY_SIZE);
	read_answer(fd);
	close(fd);
	expect_error(400, "invalid_request_error", "malformed");
	assert_int_equal(w.service.requests, 0);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages",
		    "x-app: json\r\nContent-Encoding: identity\r\n", BODY, BODY_SIZE);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
}

/* A body that the gateway holds back must not fill the window. */
static void a_number_without_end_is_refused_at_once(void **state)
{
	static const char *const begins[] = {
		"{\"max_tokens\":", "{\"thinking\":{\"budget_tokens\":", "{\"top_k\":",
	};
	static char digits[200000];
	size_t i;
	int fd;

	memset(digits, '9', sizeof(digits));
	start();
	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		fd = client_connect(&w, 1);
		client_send(fd, &w, BEN, "POST", "/v1/messages", "Transfer-Encoding: chunked\r\n", "", 0);
		send_chunk(fd, begins[i], strlen(begins[i]));
		send_chunk(fd, digits, sizeof(digits));
		send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
		read_answer(fd);
		close(fd);
		expect_error(400, "invalid_request_error", "malformed");
	}
	assert_int_equal(w.service.bodies, 0);
}

static void a_flood_of_fields_is_refused(void **state)
{
	char line[64];
	int fd, i;

	start();
	fd = client_connect(&w, 1);
	send(fd, "GET /v1/models HTTP/1.1\r\nHost: g\r\n", 34, MSG_NOSIGNAL);
	for (i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "anthropic-f%d: xxxxxxxxxxxxxxxxxxxx\r\n", i);
		if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
			break;
	}
	assert_true(i < 20000);
	close(fd);
	call(ANN, "");
	assert_int_equal(a.status, 200);
}

/* What the service itself would run or fetch, small or behind what is passed on before it is read. */
static void hosted_tools_are_refused(void **state)
{
	static const char tool[] = "\",\"tools\":[{\"t\\u0079pe\":\"web_fetch_20250910\"}]}";
	static const char allowed[] = "{\"tools\":[{\"type\":\"web_fetch_20250910\"}]}";
	static const size_t sizes[] = { 100, 300000 };
	struct ledger l;
	char *body;
	size_t i, n;
	int fd, chunked;

	start();
	for (i = 0; i < 2; i++) {
		for (chunked = 0; chunked < 2; chunked++) {
			n = sizes[i] + strlen(tool);
			body = json_of(n);
			memcpy(body + sizes[i], tool, strlen(tool));
			fd = client_connect(&w, 1);
			if (chunked) {
				client_send(fd, &w, BEN, "POST", "/v1/messages", "Transfer-Encoding: chunked\r\n", "", 0);
				send_chunk(fd, body, n);
				send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
			} else {
				client_send(fd, &w, BEN, "POST", "/v1/messages/count_tokens", "", body, n);
			}
			read_answer(fd);
			close(fd);
			expect_error(400, "invalid_request_error", "web_fetch_20250910");
			free(body);
		}
	}
	/* Nothing of it came whole. */
	assert_int_equal(w.service.bodies, 0);
	world_ledger(&w, -1, &l);
	assert_int_equal(tokens_of(&l), 0);
	request(BEN, "POST", "/v1/messages", "Content-Encoding: gzip\r\nContent-Length: 0\r\n");
	expect_error(400, "invalid_request_error", "malformed");
	world_stop(&w);
	strcpy(w.more, "hosted_tools = web_fetch\n");
	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "anthropic-beta: web-fetch-2025-09-10\r\n",
		    allowed, strlen(allowed));
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_non_null(strcasestr(w.service.head, "\r\nanthropic-beta: web-fetch-2025-09-10\r\n"));
}

static void a_user_has_so_many_calls(void **state)
{
	int fds[2], i;

	strcpy(w.more, "user_calls = 2\nuser_calls_per_minute = 4\n");
	start();
	for (i = 0; i < 2; i++) {
		fds[i] = client_connect(&w, 1);
		client_send(fds[i], &w, BEN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
		hear(fds[i]);
	}
	call(BEN, "");
	expect_error(429, "rate_limit_error", "in progress");
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	assert_non_null(answer_field(&a, "retry-after"));
	call(ANN, "");
	assert_int_equal(a.status, 200);
	close(fds[0]);
	close(fds[1]);
	scripted_wait(&w.service, &w.service.left, 2);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	call(BEN, "");
	expect_error(429, "rate_limit_error", "minute");
}

static void a_narrow_service_is_shared(void **state)
{
	int fds[6], i;

	strcpy(w.more, "gateway_calls = 2\nuser_calls = 6\n");
	start();
	for (i = 0; i < 6; i++) {
		fds[i] = client_connect(&w, 1);
		client_send(fds[i], &w, ANN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	}
	hear(fds[0]);
	for (i = 0; i < 5; i++) {
		call(BEN, "");
		assert_int_equal(a.status, 200);
	}
	for (i = 0; i < 6; i++)
		close(fds[i]);
}

/* Before its answer and after it; how the body moves says when. */
static void a_service_that_takes_no_body_is_late(void **state)
{
	struct call c = { .took_at = 5000 };

	assert_false(call_late(&c, 5000 + TAKE_MS));
	assert_true(call_late(&c, 5001 + TAKE_MS));
	c.took_at += 1;
	assert_false(call_late(&c, 5001 + TAKE_MS));
	/* It has all, and thinks. */
	c.given_all = true;
	assert_false(call_late(&c, FIRST_BYTE_MS));
	assert_true(call_late(&c, FIRST_BYTE_MS + 1));
	/* It streams. */
	c.status = 200;
	c.sent = true;
	assert_false(call_late(&c, SILENCE_MS));
	assert_true(call_late(&c, SILENCE_MS + 1));
	c.received = REPLY_MAX;
	assert_false(call_late(&c, SILENCE_MS));
	c.received++;
	assert_true(call_late(&c, SILENCE_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_good_tokens_pass),
		TEST(other_paths_are_refused),
		TEST(bad_requests_are_refused),
		TEST(a_coded_body_is_refused),
		TEST(a_number_without_end_is_refused_at_once),
		TEST(a_flood_of_fields_is_refused),
		TEST(hosted_tools_are_refused),
		TEST(what_is_free_is_not_booked),
		TEST(a_user_has_so_many_calls),
		TEST(a_narrow_service_is_shared),
		cmocka_unit_test(a_service_that_takes_no_body_is_late),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
