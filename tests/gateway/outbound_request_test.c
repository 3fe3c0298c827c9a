/* lib/gateway/outbound_request.c and upstream.c: requests to the service, and their connections. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway_calls.h"

static void only_the_key_goes_upstream(void **state)
{
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages?beta=true",
		    "anthropic-version: 2023-06-01\r\nanthropic-beta: effort-2025-11-24, web-search-2025-03-05,"
		    "claude-code-20250219\r\nContent-Type: text/plain; charset=utf-7\r\ncookie: c\r\n"
		    "Accept-Encoding: gzip, br\r\nX-Claude-Code-Session-Id: s1\r\n"
		    "x-forwarded-for: 1.2.3.4\r\nuser-agent: cli\r\n", "{\"top_k\":1}", 11);
	read_answer(fd);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_int_equal(w.service.body_bytes, 11);
	assert_int_equal(strncmp(w.service.head, "POST /v1/messages?beta=true HTTP/1.1\r\n", 38), 0);
	assert_non_null(strcasestr(w.service.head, "\r\nx-api-key: sk-real-key-1\r\n"));
	assert_non_null(strcasestr(w.service.head, "\r\nanthropic-beta: effort-2025-11-24,claude-code-20250219\r\n"));
	assert_non_null(strcasestr(w.service.head, "\r\ncontent-type: application/json\r\n"));
	assert_non_null(strcasestr(w.service.head, "\r\nx-claude-code-session-id: s1\r\n"));
	assert_non_null(strcasestr(w.service.head, "\r\naccept-encoding: identity\r\n"));
	assert_null(strstr(w.service.head, w.token[ANN]));
	assert_null(strcasestr(w.service.head, "authorization"));
	assert_null(strcasestr(w.service.head, "cookie"));
	assert_null(strcasestr(w.service.head, "1.2.3.4"));
	assert_null(strstr(world_log(&w), "sk-real"));
	assert_null(strstr(world_log(&w), w.token[ANN]));
}

static void connections_are_used_again(void **state)
{
	int fd, i;

	start();
	fd = client_connect(&w, 1);
	for (i = 0; i < 20; i++) {
		client_send(fd, &w, ANN, "POST", "/v1/messages", "", BODY, BODY_SIZE);
		read_answer(fd);
		assert_int_equal(a.status, 200);
	}
	close(fd);
	assert_int_equal(w.service.connections, 1);
}

static void an_early_no_is_heard(void **state)
{
	char *body = json_of(8 * MB);
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: early\r\n", body, 8 * MB);
	read_answer(fd);
	close(fd);
	free(body);
	/* The service closes on a client that still sends: its words may be lost on the way. */
	assert_true(a.status == 413 || a.status == 502);
}

/* A request of which the rest is sent when the service has answered. */
static int send_in_two(int user, const char *fields, const char *body, size_t first, size_t n)
{
	int fd = client_connect(&w, 1), before = w.service.requests;
	char all[256];

	snprintf(all, sizeof(all), "%sContent-Length: %zu\r\n", fields, n);
	client_send(fd, &w, user, "POST", "/v1/messages", all, body, first);
	scripted_wait(&w.service, &w.service.requests, before + 1);
	usleep(200000);
	assert_int_equal(send(fd, body + first, n - first, MSG_NOSIGNAL), n - first);
	return fd;
}

static void a_no_before_the_body_ends_its_call(void **state)
{
	char *body = json_of(MB);
	struct ledger l;
	int fd, i;

	start();
	for (i = 0; i < 2; i++) {
		fd = send_in_two(BEN, "x-app: early_no\r\n", body, i ? 70000 : 200000, MB);
		read_answer(fd);
		close(fd);
		expect_error(413, "x_error", "upstream says 413");
		assert_true(a.whole);
	}
	free(body);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.failed, 2);
	call(BEN, "");
	assert_int_equal(a.status, 200);
}

static void a_body_is_passed_on_after_the_answer_has_begun(void **state)
{
	size_t n = 8 * MB;
	char *body = json_of(n);
	struct ledger l;
	int fd;

	start();
	fd = send_in_two(ANN, "x-app: early_yes 600\r\n", body, 200000, n);
	read_answer(fd);
	close(fd);
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "message_stop"));
	assert_int_equal(w.service.body_bytes, n);
	/* The same connection, and nothing on it but this call. */
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_int_equal(w.service.connections, 1);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages",
		    "x-app: early_yes 300\r\nTransfer-Encoding: chunked\r\n", "", 0);
	send_chunks(fd, 4 * MB, MB);
	read_answer(fd);
	close(fd);
	assert_true(a.whole);
	assert_int_equal(w.service.body_bytes, n + BODY_SIZE + 4 * MB + CHUNKS_MORE);
	assert_int_equal(w.service.strange, 0);
	free(body);
	world_ledger(&w, 3, &l);
	assert_int_equal(l.complete, 3);
}

/* One that is not copied by libcurl, and not all sent when the answer begins. */
static void a_body_is_kept_until_it_is_sent(void **state)
{
	size_t n = 65536;
	char *body = json_of(n);
	int fds[8], i, round;

	strcpy(w.more, "user_calls = 20\nuser_calls_per_minute = 1000\n");
	start();
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++) {
			fds[i] = client_connect(&w, 1);
			client_send(fds[i], &w, ANN, "POST", "/v1/messages",
				    "x-app: early_yes 5\r\n", body, n);
		}
		for (i = 0; i < 8; i++) {
			read_answer(fds[i]);
			assert_true(a.whole);
			close(fds[i]);
		}
	}
	assert_int_equal(w.service.strange, 0);
	assert_int_equal(w.service.body_bytes, 20 * 8 * n);
	free(body);
}

static void a_service_that_is_not_there_is_said(void **state)
{
	strcpy(w.upstream, "http://127.0.0.1:1");
	start();
	call(BEN, "");
	expect_error(502, "api_error", "reach the model service");
	assert_null(strstr(a.body, "127.0.0.1"));
}

/* How many connections to the service are being made now. */
static int knocking(void)
{
	char line[512], want[16];
	FILE *f = fopen("/proc/net/tcp", "r");
	int n = 0;

	assert_non_null(f);
	snprintf(want, sizeof(want), ":%04X 02 ", (unsigned)w.service.port);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, want) != NULL;
	fclose(f);
	return n;
}

static void wait_for_knocking(int n)
{
	int i;

	for (i = 0; i < 1000 && knocking() != n; i++)
		usleep(10000);
	assert_int_equal(knocking(), n);
}

static void fill_up(int fds[4])
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int i;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)w.service.port);
	for (i = 0; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(fds[i], (struct sockaddr *)&to, sizeof(to));
		usleep(50000);
	}
}

static void who_leaves_before_a_connection_stands_harms_nobody(void **state)
{
	/* Less than what wakes the gateway by itself: its deadline to connect, 15 s. */
	struct timeval wait = { .tv_sec = 10 };
	int fill[4], fds[3], before, i;

	start();
	scripted_set_deaf(&w.service, true);
	fill_up(fill);
	before = knocking();
	assert_true(before > 0);
	for (i = 0; i < 3; i++) {
		fds[i] = client_connect(&w, 1);
		client_send(fds[i], &w, ANN, "POST", "/v1/messages", "", BODY, BODY_SIZE);
		wait_for_knocking(before + i + 1);
	}
	for (i = 0; i < 3; i++)
		close(fds[i]);
	wait_for_knocking(before);
	for (i = 0; i < 4; i++)
		close(fill[i]);
	scripted_set_deaf(&w.service, false);
	for (i = 0; i < 3; i++) {
		fds[i] = client_connect(&w, 1);
		setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		client_send(fds[i], &w, BEN, "POST", "/v1/messages", "x-app: slow 50\r\n", BODY, BODY_SIZE);
		scripted_wait(&w.service, &w.service.requests, i + 1);
	}
	for (i = 0; i < 3; i++) {
		read_answer(fds[i]);
		assert_true(a.whole);
		close(fds[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_key_goes_upstream),
		TEST(connections_are_used_again),
		TEST(an_early_no_is_heard),
		TEST(a_no_before_the_body_ends_its_call),
		TEST(a_body_is_passed_on_after_the_answer_has_begun),
		TEST(a_body_is_kept_until_it_is_sent),
		TEST(a_service_that_is_not_there_is_said),
		TEST(who_leaves_before_a_connection_stands_harms_nobody),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
