/* lib/gateway/inbound_request.c: large and slow clients. */
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

static void large_requests_pass_in_pieces(void **state)
{
	size_t n = 31 * MB;
	char *body = json_of(n);
	long before;
	int fd;

	start();
	before = world_resident_kb(&w);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "", body, n);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_int_equal(w.service.body_bytes, n);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "Transfer-Encoding: chunked\r\n", "", 0);
	send_chunks(fd, 16 * MB, MB);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_int_equal(w.service.body_bytes, n + 16 * MB + CHUNKS_MORE);
	assert_true(world_resident_kb(&w) - before < 4096);
	free(body);
}

static void too_large_requests_are_told_so(void **state)
{
	size_t n = 33 * MB;
	char *body = json_of(n);
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "", body, n);
	read_answer(fd);
	close(fd);
	expect_error(413, "request_too_large", "32 MB");
	assert_int_equal(w.service.requests, 0);
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "Transfer-Encoding: chunked\r\n", "", 0);
	send_chunks(fd, n, MB);
	read_answer(fd);
	close(fd);
	expect_error(413, "request_too_large", "32 MB");
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "Content-Length: 9999999999\r\n", "", 0);
	read_answer(fd);
	close(fd);
	expect_error(413, "request_too_large", "32 MB");
	scripted_wait_is(&w.service, &w.service.open, 0);
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	free(body);
}

static void expectations_are_met(void **state)
{
	int fd;
	char bytes[64];

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages",
		    "Expect: 100-continue\r\nContent-Length: 2\r\n", "", 0);
	assert_true(recv(fd, bytes, sizeof(bytes), 0) >= 25);
	assert_memory_equal(bytes, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	send(fd, "{}", 2, MSG_NOSIGNAL);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	/* No is said before the body is sent. */
	fd = client_connect(&w, 1);
	client_send(fd, &w, -1, "POST", "/v1/messages",
		    "Expect: 100-continue\r\nContent-Length: 2\r\n", "", 0);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 401);
}

static void a_client_that_does_not_read_holds_the_service_up(void **state)
{
	struct ledger l;
	long before;
	int fd;

	start();
	before = world_resident_kb(&w);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: endless\r\n", BODY, BODY_SIZE);
	sleep(1);
	assert_true(world_resident_kb(&w) - before < 2048);
	assert_int_equal(w.service.left, 0);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(l.usage.input, SCRIPTED_IN);
	assert_true(l.usage.output > 1000);
}

static void a_reply_passes_whole_however_slowly_it_is_read(void **state)
{
	char fields[64];
	size_t n = 8 * MB;
	int fd, small = 65536;

	start();
	fd = client_connect(&w, 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	snprintf(fields, sizeof(fields), "x-app: blob %zu\r\n", n);
	client_send(fd, &w, ANN, "POST", "/v1/messages", fields, BODY, BODY_SIZE);
	usleep(300000);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_true(a.whole);
	assert_int_equal(a.n, n);
	assert_true(a.body[0] == 'b' && a.body[n - 1] == 'b');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(large_requests_pass_in_pieces),
		TEST(too_large_requests_are_told_so),
		TEST(expectations_are_met),
		TEST(a_client_that_does_not_read_holds_the_service_up),
		TEST(a_reply_passes_whole_however_slowly_it_is_read),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
