/*
 * gongbang-gateway between a client and a model service that behaves well or
 * badly.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/budgets.h"
#include "world.h"

#define MB (1 << 20)

static struct world w;
static struct answer a;

static int setup(void **state)
{
	world_init(&w);
	return 0;
}

static int teardown(void **state)
{
	answer_release(&a);
	world_release(&w);
	return 0;
}

static void start(void)
{
	w.keys = true;
	if (!world_start(&w))
		fail_msg("it does not start:\n%s", world_log(&w));
}

static void read_answer(int fd)
{
	answer_release(&a);
	client_read(fd, &a);
}

static void call(int user, const char *app)
{
	answer_release(&a);
	client_call(&w, user, app, &a);
}

static void request(int user, const char *method, const char *target, const char *fields)
{
	int fd = client_connect(&w, 1);

	client_send(fd, &w, user, method, target, fields, NULL, 0);
	read_answer(fd);
	close(fd);
}

static void expect_error(int status, const char *type, const char *words)
{
	char want[128];

	snprintf(want, sizeof(want), "{\"type\":\"error\",\"error\":{\"type\":\"%s\"", type);
	if (a.status != status || !strstr(a.body, want) || !strstr(a.body, words))
		fail_msg("not %d %s: %d %s\n%s", status, words, a.status, a.body, world_log(&w));
}

static int64_t tokens_of(const struct ledger *l)
{
	return l->usage.input + l->usage.output;
}

static void send_chunk(int fd, const char *bytes, size_t n)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", n);
	send(fd, size, strlen(size), MSG_NOSIGNAL);
	send(fd, bytes, n, MSG_NOSIGNAL);
	send(fd, "\r\n", 2, MSG_NOSIGNAL);
}

#define CHUNKS_MORE 13	/* bytes of {"system":""} */

/* {"system":"yyy..."} in chunks, of so many y. */
static void send_chunks(int fd, size_t total, size_t each)
{
	char *ys = malloc(each);

	memset(ys, 'y', each);
	send_chunk(fd, "{\"system\":\"", 11);
	for (; total; total -= each)
		send_chunk(fd, ys, each);
	send_chunk(fd, "\"}", 2);
	send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
	free(ys);
}

/* Until the first event of an answer came. */
static void hear(int fd)
{
	static char bytes[65536];
	size_t have = 0;
	ssize_t got;

	do {
		got = recv(fd, bytes + have, sizeof(bytes) - 1 - have, 0);
		assert_true(got > 0);
		have += (size_t)got;
		bytes[have] = '\0';
	} while (!strstr(bytes, "message_start"));
}

/* {"system":"yyy..."}: JSON of n bytes. */
static char *json_of(size_t n)
{
	static const char begin[] = "{\"system\":\"", end[] = "\"}";
	char *body = malloc(n);

	memset(body, 'y', n);
	memcpy(body, begin, strlen(begin));
	memcpy(body + n - strlen(end), end, strlen(end));
	return body;
}

/* ---- a faithful proxy */

static void a_stream_passes_and_is_counted(void **state)
{
	struct ledger l;

	start();
	call(ANN, "");
	assert_int_equal(a.status, 200);
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "message_stop"));
	assert_string_equal(answer_field(&a, "content-type"), "text/event-stream");
	assert_string_equal(answer_field(&a, "request-id"), "req_1");
	assert_string_equal(answer_field(&a, "anthropic-ratelimit-x"), "7");
	assert_null(answer_field(&a, "set-cookie"));
	assert_null(answer_field(&a, "server"));
	world_ledger(&w, 1, &l);
	assert_int_equal(l.complete, 1);
	assert_int_equal(l.usage.input, SCRIPTED_IN);
	assert_int_equal(l.usage.output, SCRIPTED_OUT);
	call(ANN, "json");
	assert_true(a.status == 200 && a.whole);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.complete, 2);
	assert_int_equal(tokens_of(&l), 2 * (SCRIPTED_IN + SCRIPTED_OUT));
}

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

static void compressed_replies_come_decoded(void **state)
{
	static const char *const whole[] = { "gzip", "gzip_x", "gzip_two", "gzip_three",
					     "gzip_garbage", "gzip_almost", "deflate" };
	struct ledger l;
	size_t i;

	start();
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		call(ANN, whole[i]);
		if (a.status != 200 || !a.whole || !strstr(a.body, "event: message_stop") ||
		    strstr(a.body, "garbage"))
			fail_msg("%s: %d %s", whole[i], a.status, a.body);
		assert_null(answer_field(&a, "content-encoding"));
		world_ledger(&w, (int)i + 1, &l);
		assert_int_equal(l.complete, i + 1);
		assert_int_equal(tokens_of(&l), (int64_t)(i + 1) * (SCRIPTED_IN + SCRIPTED_OUT));
	}
}

static void compressed_replies_that_cannot_be_read_are_estimated(void **state)
{
	static const struct {
		const char *app;
		int status;
	} bad[] = { { "gzip_cut", 200 }, { "gzip_bomb", 200 }, { "gzip_twice", 502 }, { "br", 502 } };
	struct ledger before = { 0 }, l;
	size_t i;

	start();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(ANN, bad[i].app);
		assert_int_equal(a.status, bad[i].status);
		assert_true(a.n < 4 << 20);
		if (a.status == 200)
			assert_false(a.whole);
		world_ledger(&w, (int)i + 1, &l);
		assert_int_equal(l.interrupted, i + 1);
		assert_true(l.usage.input - before.usage.input >= BODY_TOKENS);
		assert_true(l.usage.output - before.usage.output >= SCRIPTED_OUT);
		before = l;
	}
	assert_true(world_resident_kb(&w) < 64 << 10);
}

/* ---- who */

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

/* ---- what the service does */

static void errors_of_the_service_pass(void **state)
{
	static const int statuses[] = { 400, 403, 413, 500, 529, 429 };
	struct ledger l;
	char app[32], words[64];
	size_t i;

	start();
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(app, sizeof(app), "status %d", statuses[i]);
		snprintf(words, sizeof(words), "upstream says %d", statuses[i]);
		call(ANN, app);
		expect_error(statuses[i], "x_error", words);
	}
	assert_string_equal(answer_field(&a, "retry-after"), "1");
	world_ledger(&w, 6, &l);
	assert_int_equal(l.failed, 6);
	assert_int_equal(tokens_of(&l), 0);
}

static void odd_replies_are_booked_as_they_are(void **state)
{
	struct ledger l;

	start();
	call(ANN, "cut");
	assert_int_equal(a.status, 200);
	assert_false(a.whole);
	call(ANN, "error");
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "event: error"));
	call(ANN, "garbage");
	assert_true(a.whole);
	call(ANN, "nousage");
	assert_true(a.whole);
	call(ANN, "cut_head");
	expect_error(502, "api_error", "");
	call(ANN, "huge_head");
	expect_error(502, "api_error", "");
	call(ANN, "many_fields");
	assert_int_equal(a.status, 200);
	assert_true(strlen(a.head) < 20000);
	call(ANN, "redirect");
	assert_int_equal(a.status, 307);
	assert_null(answer_field(&a, "location"));
	world_ledger(&w, 8, &l);
	assert_int_equal(l.interrupted, 4);
	assert_int_equal(l.unmetered, 3);
	assert_int_equal(l.failed, 1);
	assert_in_range(l.usage.output, 7 * SCRIPTED_OUT, 7 * SCRIPTED_OUT + 20);
	assert_int_equal(l.usage.input, 2 * SCRIPTED_IN + 5 * BODY_TOKENS);
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

/* ---- keys */

static void a_refused_key_is_the_operators_matter(void **state)
{
	int requests;

	strcpy(w.service.good_key, "sk-other");
	start();
	call(BEN, "");
	expect_error(529, "overloaded_error", "another");
	/* It waits for the key, which is refused again. */
	call(BEN, "");
	expect_error(503, "gongbang_keys_refused", "administrator");
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	requests = w.service.requests;
	call(BEN, "");
	expect_error(503, "gongbang_keys_refused", "administrator");
	assert_int_equal(w.service.requests, requests);
	world_write_keys(&w, "sk-other\n");
	kill(w.pid, SIGHUP);
	while (!strstr(world_log(&w), "reloaded_prices"))
		usleep(10000);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_null(strstr(world_log(&w), "sk-"));
}

/* What one user's call is refused for is no reason to refuse the others'. */
static void one_users_refusal_is_not_the_others(void **state)
{
	int i;

	start();
	for (i = 0; i < 2; i++) {
		call(BEN, "status 401");
		expect_error(529, "overloaded_error", "another");
		call(ANN, "");
		assert_int_equal(a.status, 200);
	}
	call(BEN, "limit 0");
	assert_int_equal(a.status, 429);
	assert_null(strstr(world_log(&w), "key_refused"));
}

static bool waits_for_a_key(const char *app)
{
	int fd, before;
	struct timeval little = { .tv_sec = 2 };
	char byte;
	bool waits;

	call(BEN, app);
	assert_int_equal(a.status, 429);
	before = w.service.requests;
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "", BODY, BODY_SIZE);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little));
	waits = recv(fd, &byte, 1, 0) != 1 && w.service.requests == before;
	close(fd);
	return waits;
}

static void a_key_rests_when_its_limits_say_so(void **state)
{
	start();
	assert_false(waits_for_a_key("limit 0"));
	assert_true(waits_for_a_key("limit 1"));
	world_stop(&w);
	start();
	/* A time that is none is an hour, of the only key five minutes: said at once, not waited for. */
	call(BEN, "limit 2");
	assert_int_equal(a.status, 429);
	call(BEN, "");
	expect_error(429, "rate_limit_error", "Retrying at ");
	assert_in_range(atoi(answer_field(&a, "retry-after")), 280, 301);
	assert_int_equal(w.service.requests, 4);
}

static void a_limit_is_of_one_model(void **state)
{
	static const char opus[] = "{\"model\":\"opus\"}", haiku[] = "{\"model\":\"haiku\"}";
	int fd, i;

	start();
	for (i = 0; i < 3; i++) {
		fd = client_connect(&w, 1);
		client_send(fd, &w, i ? ANN : BEN, "POST", "/v1/messages", i ? "" : "x-app: limit 2\r\n",
			    i == 1 ? haiku : opus, strlen(i == 1 ? haiku : opus));
		read_answer(fd);
		close(fd);
		assert_int_equal(a.status, i == 1 ? 200 : 429);
	}
	expect_error(429, "rate_limit_error", "opus 호출을 제한하고 있어요");
	assert_int_equal(w.service.requests, 2);
}

static void another_key_takes_over(void **state)
{
	int i;

	world_write_keys(&w, "sk-bad\nsk-good\n");
	strcpy(w.service.good_key, "sk-good");
	start();
	call(BEN, "");
	expect_error(529, "overloaded_error", "another");
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	for (i = 0; i < 3; i++) {
		call(BEN, "");
		assert_int_equal(a.status, 200);
	}
}

static void a_busy_key_rests_as_long_as_it_is_told(void **state)
{
	start();
	call(BEN, "status 429");
	assert_int_equal(a.status, 429);
	/* The only key rests a second; the call waits for it. */
	call(BEN, "");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(world_log(&w), "waited="));
}

/* ---- sizes */

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

/* ---- backpressure and leaving */

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

static void a_client_that_leaves_ends_its_call(void **state)
{
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: silent\r\n", BODY, BODY_SIZE);
	scripted_wait(&w.service, &w.service.requests, 2);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 2);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.interrupted, 2);
	assert_int_equal(l.usage.input, SCRIPTED_IN + BODY_TOKENS);
	/* Of both what was asked for: the second was cut before its first word. */
	assert_int_equal(l.usage.output, 2 * SCRIPTED_OUT);
}

/* Reads until so many deltas have come. */
static void hear_deltas(int fd, int want)
{
	size_t n = 0;
	ssize_t got;
	char *at;
	int seen;

	do {
		got = recv(fd, a.head + n, sizeof(a.head) - 1 - n, 0);
		assert_true(got > 0);
		n += (size_t)got;
		a.head[n] = '\0';
		for (seen = 0, at = a.head; (at = strstr(at, "text_delta")); at++)
			seen++;
	} while (seen < want);
}

static void send_bytes(int fd, const char *app, size_t n)
{
	char *body = json_of(n), field[80];

	snprintf(field, sizeof(field), "x-app: %s\r\n", app);
	client_send(fd, &w, ANN, "POST", "/v1/messages", field, body, n);
	free(body);
}

/* The service works on and bills: leaving early must not be cheaper. */
static void who_leaves_early_pays_an_estimate(void **state)
{
	static const size_t sizes[] = { 4000, 400000 };
	struct ledger l;
	size_t i;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: text 200\r\n", BODY, BODY_SIZE);
	hear_deltas(fd, 200);
	close(fd);
	scripted_wait(&w.service, &w.service.left, 1);
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(l.usage.input, SCRIPTED_IN);
	assert_int_equal(l.usage.output, 200 * 5 / 4 + SCRIPTED_OUT);
	/* No word was heard: what was sent is the guess, small or large. */
	for (i = 0; i < 2; i++) {
		fd = client_connect(&w, 1);
		send_bytes(fd, "silent", sizes[i]);
		scripted_wait(&w.service, &w.service.bodies, 2 + (int)i);
		close(fd);
		scripted_wait(&w.service, &w.service.left, 2 + (int)i);
	}
	world_ledger(&w, 3, &l);
	assert_int_equal(l.interrupted, 3);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
	/* A request that names no limit is bounded by the time that it took. */
	assert_in_range(l.usage.output, 270 + 2 * 250, 270 + 2 * 2500);
	/* Nobody bills half a body, nor what the service refused. */
	fd = client_connect(&w, 1);
	send_bytes(fd, "silent\r\ncontent-length: 400000", 200000);
	scripted_wait(&w.service, &w.service.requests, 4);
	close(fd);
	call(ANN, "status 500");
	world_ledger(&w, 5, &l);
	assert_int_equal(l.interrupted, 4);
	assert_int_equal(l.failed, 1);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
}

/* ---- limits */

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

/* ---- what is counted holds */

#define IN_USAGE "\"usage\":{\"input_tokens\":4,\"output_tokens\":"
#define FIRST "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"," IN_USAGE "1}}}\n\n"
#define TEXT "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"word\"}}\n\n"
#define SEARCH "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"content_block\":" \
	"{\"type\":\"server_tool_use\",\"name\":\"web_search\"}}\n\n"
#define LAST(usage) "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":" usage "}\n\n" \
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

/* The service bills each 4 of input and 20, all that was asked for, of output. */
static const char *const shapes[] = {
	FIRST TEXT LAST("{\"output_tokens\":20}"),
	FIRST TEXT LAST("{\"input_tokens\":0,\"output_tokens\":20}"),
	FIRST TEXT LAST("{\"output_tokens\":20,\"input_tokens\":-4}"),
	"{\"type\":\"message\",\"model\":\"m\",\"content\":[{\"text\":\"word\"}]," IN_USAGE "20}}",
	"\n {" IN_USAGE "20},\"content\":[]}",
	/* Nothing, or nonsense, where the usage should be. */
	"{\"type\":\"message\",\"model\":\"m\",\"content\":[]}",
	"{\"usage\":{\"input_tokens\":\"4\",\"output_tokens\":\"20\"}}",
	"{\"usage\":{\"input_tokens\":-1,\"output_tokens\":-1}}",
	"{\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}",
	"{\"usage\":{\"input_tokens\":4,\"output_tokens\":9e99}}",
	"[{" IN_USAGE "20}}]", "\xff\xfe{\0\"\0", "no reply at all", "data: {{{\n\n", "\n\n\n",
	FIRST TEXT LAST("{\"output_tokens\":\"20\"}"),
};
static const char *const heads[] = {
	"content-type: text/event-stream\r\n", "content-type: application/json\r\n",
	"", "content-type: application/octet-stream\r\n", "Content-Type: text/event-stream; charset=utf-16\r\n",
	"content-type: \r\n", "content-encoding: identity\r\n", "content-encoding: br\r\n",
	"content-encoding: x-unknown\r\n", "content-encoding: gzip\r\ncontent-type: text/event-stream\r\n",
};

/* ledger >= bill: each shape under each head, whole and cut short. */
static void whatever_the_reply_is_the_ledger_has_it(void **state)
{
	const size_t n_shapes = sizeof(shapes) / sizeof(shapes[0]);
	const size_t n_heads = sizeof(heads) / sizeof(heads[0]);
	struct ledger before = { 0 }, l;
	char head[512];
	size_t i, k, cut, n;
	int rows = 0;

	strcpy(w.more, "user_calls_per_minute = 10000\n");
	start();
	for (i = 0; i < n_shapes; i++) {
		for (k = 0; k < n_heads; k++) {
			for (cut = 0; cut < 3; cut++) {
				n = strlen(shapes[i]);
				snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
					 k % 2 ? "103 Early\r\n\r\nHTTP/1.1 200 OK" : "200 OK", heads[k], n);
				w.service.odd_head = head;
				w.service.odd_reply = shapes[i];
				w.service.odd_size = cut == 0 ? n : cut == 1 ? n / 2 : 0;
				call(ANN, "odd");
				world_ledger(&w, ++rows, &l);
				if (l.usage.input - before.usage.input < 4 ||
				    l.usage.output - before.usage.output < 20)
					fail_msg("shape %zu, head %zu, cut %zu: %lld in, %lld out", i, k, cut,
						 (long long)(l.usage.input - before.usage.input),
						 (long long)(l.usage.output - before.usage.output));
				before = l;
			}
		}
	}
}

/* A field of the only counter whose key matches; -1: it is not there. */
static int64_t counter(const char *pattern, const char *field)
{
	char command[512], line[64] = "-1";
	FILE *f;

	snprintf(command, sizeof(command), "redis-cli -s %s --raw EVAL \"local k = "
		 "redis.call('KEYS', ARGV[1]) return #k == 1 and "
		 "redis.call('HGET', k[1], ARGV[2]) or '-1'\" 0 '%s' '%s'",
		 w.redis.socket, pattern, field);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	return atoll(line);
}

#define ALL_MONTH "spent:all:[0-9][0-9][0-9][0-9]-[0-9][0-9]:*"

static int find_tool(void *data, const struct db_row *row, struct err *e)
{
	struct ledger *l = data;

	l->rows++;
	l->usage.input += db_number(row, 0);
	return 0;
}

/* Rows of their own, in the budgets of money: streamed, as a body, and cut before it is reported. */
static void hosted_tools_are_booked(void **state)
{
	static const char *const replies[] = {
		FIRST TEXT LAST("{\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":2}}"),
		"{\"usage\":{\"input_tokens\":4,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":2}}}",
		FIRST SEARCH SEARCH TEXT,
	};
	struct ledger l, found = { 0 };
	struct err e = { 0 };
	size_t i;
	int n;

	start();
	w.service.odd_head = "HTTP/1.1 200 OK\r\n\r\n";
	for (i = 0; i < 3; i++) {
		w.service.odd_reply = replies[i];
		w.service.odd_size = strlen(replies[i]);
		call(ANN, "odd");
		assert_int_equal(a.status, 200);
		world_ledger(&w, 2 * (int)i + 2, &l);
	}
	assert_int_equal(db_query(w.db, &e, find_tool, &found,
		"SELECT input FROM usage WHERE model = 'hosted-tool/web_search' AND output = 0"
		" AND kind = 'conversation' AND subject_id <> ''", ""), 0);
	assert_int_equal(found.rows, 3);
	assert_int_equal(found.usage.input, 6);
	/* Ten dollars a thousand. */
	for (n = 0; n < 200 && counter(ALL_MONTH, "rc"); n++)
		usleep(10000);
	assert_true(counter(ALL_MONTH, "c") >= 6 * 10000);
	assert_true(counter(ALL_MONTH, "c") < 7 * 10000);
}

static void a_call_is_settled_when_it_ends(void **state)
{
	static const char *const apps[] = { "", "json", "status 500", "cut" };
	struct ledger l;
	size_t i;
	int n;

	start();
	for (i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		call(ANN, apps[i]);
		world_ledger(&w, (int)i + 1, &l);
		for (n = 0; n < 200 && counter(ALL_MONTH, "rt"); n++)
			usleep(10000);
		assert_int_equal(counter(ALL_MONTH, "rt"), 0);
		assert_int_equal(counter(ALL_MONTH, "rc"), 0);
		assert_int_equal(counter(ALL_MONTH, "t"), tokens_of(&l));
	}
}

#define PARALLEL 100

struct flood {
	pthread_t thread;
	int host;		/* one address has so many connections */
	size_t padding;
	int status;
};

static void *flood_call(void *data)
{
	static const char first[] = "{\"max_tokens\":5000,\"system\":\"", last[] = "\"}";
	static const char after[] = "{\"system\":\"", then[] = "\",\"max_tokens\":5000 }";
	struct flood *f = data;
	struct answer *answer = calloc(1, sizeof(*answer));
	size_t n = f->padding;
	char *body = malloc(n + 64);
	int fd = -1, size = sprintf(body, "%s", f->host == 1 ? first : after);

	memset(body + size, 'y', n);
	strcpy(body + (size_t)size + n, f->host == 1 ? last : then);
	while ((fd = client_connect(&w, f->host)) < 0)
		usleep(10000);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: take\r\n", body, strlen(body));
	client_read(fd, answer);
	close(fd);
	f->status = answer->status;
	answer_release(answer);
	free(answer);
	free(body);
	return NULL;
}

/* All at once against a budget: what the service bills is over it by one call's input at most. */
static void flood(struct budget b, size_t padding, int64_t limit, int64_t in_price, int64_t out_price)
{
	static struct flood all[PARALLEL];
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION };
	int64_t bill, input = (int64_t)(padding + 40) / 3 * in_price;
	struct err e = { 0 };
	struct ledger l;
	int i, good = 0;

	strcpy(w.more, "user_calls = 200\nuser_calls_per_minute = 1000\n");
	start();
	assert_int_equal(budget_save(w.db, w.user_id[ANN], &b, &e), 0);
	memcpy(t.user_id, w.user_id[ANN], ID_SIZE);
	id_new(t.subject_id);
	assert_int_equal(gateway_token_put(w.kv, w.token[ANN], &t, 600, &e), 0);
	for (i = 0; i < PARALLEL; i++) {
		all[i].host = 1 + i % 2;
		all[i].padding = padding;
		pthread_create(&all[i].thread, NULL, flood_call, &all[i]);
	}
	for (i = 0; i < PARALLEL; i++) {
		pthread_join(all[i].thread, NULL);
		assert_true(all[i].status == 200 || all[i].status == 429);
		good += all[i].status == 200;
	}
	assert_in_range(good, 1, PARALLEL - 1);
	bill = w.service.billed_in * in_price + w.service.billed_out * out_price;
	assert_true(bill > limit / 4);
	assert_true(bill <= limit + input);
	/* Those that were refused when half of them had gone have a row, too. */
	for (i = 0; i < 200; i++) {
		world_ledger(&w, -1, &l);
		if (l.usage.output == w.service.billed_out)
			break;
		usleep(20000);
	}
	assert_int_equal(l.usage.input, w.service.billed_in);
	assert_int_equal(l.usage.output, w.service.billed_out);
}

static void a_budget_of_tokens_holds_against_calls_at_once(void **state)
{
	flood((struct budget){ .day_tokens = 30000 }, 3000, 30000, 1, 1);
}

static void a_budget_holds_against_large_calls_at_once(void **state)
{
	/* Larger than what is held of a body, so what it takes is known when half of it has gone. */
	flood((struct budget){ .month_tokens = 120000 }, 150000, 120000, 1, 1);
}

/* The reply's model is in no row of the table: it counts as the dearest, 15 and 75. */
static void a_budget_of_money_holds_against_calls_at_once(void **state)
{
	flood((struct budget){ .day_cost = 1000000 }, 3000, 1000000, 15, 75);
}

static void a_spent_budget_is_said(void **state)
{
	struct budget b = { .day_tokens = 100 };
	struct err e = { 0 };
	struct ledger l;
	int i;

	start();
	call(ANN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 1, &l);
	assert_int_equal(budget_save(w.db, w.user_id[ANN], &b, &e), 0);
	for (i = 0; i < 100; i++) {
		call(ANN, "");
		if (a.status == 429)
			break;
		usleep(100000);
	}
	expect_error(429, "gongbang_budget", "오늘의 내 예산을 다 썼어요(토큰 100개)");
	assert_non_null(strstr(a.body, "KST"));
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	call(BEN, "");
	assert_int_equal(a.status, 200);
}

static void the_switch_cuts_and_refuses(void **state)
{
	struct err e = { 0 };
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, BEN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	assert_int_equal(stop_all_set(w.db, true, "root", &e), 0);
	scripted_wait(&w.service, &w.service.left, 1);
	while (recv(fd, a.head, 100, 0) > 0)
		;
	close(fd);
	call(BEN, "");
	expect_error(429, "gongbang_stopped", "paused for everyone");
	assert_string_equal(answer_field(&a, "x-should-retry"), "false");
	assert_int_equal(stop_all_set(w.db, false, "root", &e), 0);
	while (!strstr(world_log(&w), "resume_all"))
		usleep(10000);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(l.complete, 1);
}

/* ---- parts that are away */

static void without_redis_calls_wait_outside(void **state)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_CONVERSATION };
	struct err e = { 0 };
	int i;

	start();
	server_kill(&w.redis);
	call(BEN, "");
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	assert_non_null(strstr(a.body, "\"type\":\"error\""));
	assert_int_equal(w.service.requests, 0);
	server_start(&w.redis);
	memcpy(t.user_id, w.user_id[BEN], ID_SIZE);
	id_new(t.subject_id);
	for (i = 0; i < 100 && gateway_token_put(w.kv, w.token[BEN], &t, 600, &e) < 0; i++)
		usleep(50000);
	for (i = 0; i < 100; i++) {
		call(BEN, "");
		if (a.status == 200)
			break;
		usleep(100000);
	}
	assert_int_equal(a.status, 200);
}

/* Within ten seconds: the ledger may answer after what made it fail was seen. */
static void expect_logged(const char *event)
{
	int i;

	for (i = 0; i < 1000 && !strstr(world_log(&w), event); i++)
		usleep(10000);
	assert_non_null(strstr(world_log(&w), event));
}

/* The journal holds what the store cannot take, up to its cap; then nothing more is spent. */
static void without_the_store_calls_go_on_for_a_while(void **state)
{
	struct err e = { 0 };
	struct ledger l;
	char *why = NULL;
	int fd, i, good = 0;

	strcpy(w.more, "gateway_journal_max = 1\nuser_calls_per_minute = 100000\n");
	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_ledger(&w, 1, &l);
	assert_int_equal(db_run(w.db, &e, "ALTER TABLE usage RENAME TO usage_away", ""), 0);
	fd = client_connect(&w, 1);
	do {
		client_send(fd, &w, BEN, "POST", "/v1/messages", "x-app: json\r\n", BODY, BODY_SIZE);
		read_answer(fd);
		good += a.status == 200;
	} while (a.status == 200 && good < 20000);
	close(fd);
	/* The log says so, and Redis tells whoever looks after it. */
	expect_logged("event=ledger_away");
	assert_int_equal(kv_get(w.kv, w.db, GATEWAY_LEDGER_KEY, &why, &e), 0);
	assert_non_null(why);
	expect_error(503, "api_error", "be recorded right now");
	assert_string_equal(answer_field(&a, "x-should-retry"), "true");
	assert_true(good > 100);
	assert_int_equal(db_run(w.db, &e, "ALTER TABLE usage_away RENAME TO usage", ""), 0);
	for (i = 0; i < 300 && a.status != 200; i++) {
		usleep(100000);
		call(BEN, "");
	}
	assert_int_equal(a.status, 200);
	world_ledger(&w, good + 2, &l);
	assert_int_equal(l.complete, good + 2);
	expect_logged("event=ledger_back");
	assert_int_equal(tokens_of(&l), (int64_t)(good + 2) * (SCRIPTED_IN + SCRIPTED_OUT));
}

/* Known users go on, others wait; the gateway books each call when the ledger is back. */
static void a_ledger_that_was_killed_gets_every_call(void **state)
{
	struct ledger l;
	int i;

	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	world_kill_ledger(&w);
	call(BEN, "");
	assert_int_equal(a.status, 200);
	call(ANN, "");
	assert_int_equal(a.status, 503);
	world_start_ledger(&w);
	for (i = 0; i < 300 && a.status != 200; i++) {
		usleep(10000);
		call(ANN, "");
	}
	assert_int_equal(a.status, 200);
	world_ledger(&w, 3, &l);
	assert_int_equal(l.complete, 3);
}

/* The gateway has no use for the store's file: what it would find there is none. */
static void it_opens_no_store(void **state)
{
	char command[160];

	start();
	call(BEN, "");
	assert_int_equal(a.status, 200);
	snprintf(command, sizeof(command), "! ls -l /proc/%d/fd /proc/%d/map_files | grep -E 'store\\.db|sqlite'",
		 (int)w.pid, (int)w.pid);
	assert_int_equal(system(command), 0);
}

static void an_end_lets_streams_finish(void **state)
{
	struct ledger l;
	int slow, held;

	start();
	slow = client_connect(&w, 1);
	client_send(slow, &w, ANN, "POST", "/v1/messages", "x-app: slow 50\r\n", BODY, BODY_SIZE);
	held = client_connect(&w, 1);
	client_send(held, &w, BEN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(held);
	scripted_wait(&w.service, &w.service.requests, 2);
	kill(w.pid, SIGTERM);
	read_answer(slow);
	assert_true(a.whole);
	assert_non_null(strstr(a.body, "message_stop"));
	close(slow);
	world_stop(&w);
	close(held);
	world_ledger(&w, 2, &l);
	assert_int_equal(l.complete, 1);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(tokens_of(&l), 2 * (SCRIPTED_IN + SCRIPTED_OUT));
}

/* The store is slow to close the books, so the end lasts longer than a tick. */
static void an_end_is_clean_however_long_it_takes(void **state)
{
	struct err e = { 0 };
	struct ledger l;

	start();
	assert_int_equal(db_begin(w.db, &e), 0);
	assert_int_equal(db_run(w.db, &e, "UPDATE users SET locale = locale", ""), 0);
	call(ANN, "");
	assert_int_equal(a.status, 200);
	world_stop(&w);
	db_rollback(w.db);
	start();
	world_ledger(&w, 1, &l);
	assert_int_equal(l.complete, 1);
}

static void a_killed_gateway_books_what_it_heard(void **state)
{
	struct ledger l;
	int fd;

	start();
	fd = client_connect(&w, 1);
	client_send(fd, &w, ANN, "POST", "/v1/messages", "x-app: hold\r\n", BODY, BODY_SIZE);
	hear(fd);
	world_kill(&w);
	close(fd);
	start();
	world_ledger(&w, 1, &l);
	assert_int_equal(l.interrupted, 1);
	assert_int_equal(tokens_of(&l), SCRIPTED_IN + SCRIPTED_OUT);
	call(ANN, "");
	assert_int_equal(a.status, 200);
}

static void a_killed_gateway_books_its_estimates(void **state)
{
	static const size_t sizes[] = { 4000, 400000 };
	struct ledger l;
	int fd[3], i;

	start();
	fd[0] = client_connect(&w, 1);
	client_send(fd[0], &w, BEN, "POST", "/v1/messages", "x-app: text 400\r\n", BODY, BODY_SIZE);
	hear_deltas(fd[0], 400);
	for (i = 0; i < 2; i++) {
		fd[1 + i] = client_connect(&w, 1);
		send_bytes(fd[1 + i], "silent", sizes[i]);
	}
	scripted_wait(&w.service, &w.service.bodies, 3);
	/* Whoever is answered now, was so after what came before was written. */
	request(-1, "GET", "/", "");
	world_kill(&w);
	for (i = 0; i < 3; i++)
		close(fd[i]);
	start();
	world_ledger(&w, 3, &l);
	assert_int_equal(l.interrupted, 3);
	assert_in_range(l.usage.input, SCRIPTED_IN + 404000 / 3, SCRIPTED_IN + 404000 / 3 + 2);
	/* Of 520 and two more's first second, but for what the journal need not know. */
	assert_in_range(l.usage.output, 363 + 500, 520 + 4000);
}

static void a_damaged_journal_is_said(void **state)
{
	char path[160];
	FILE *f;

	start();
	world_stop(&w);
	assert_null(strstr(world_log(&w), "journal_damaged"));
	snprintf(path, sizeof(path), "%s/journal/segment-00000000000000000099", w.folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("\nno line\n\nnor this\n", f);
	fclose(f);
	start();
	assert_non_null(strstr(world_log(&w), "event=journal_damaged segment=99 lines=2"));
}

static void bad_starts_are_said(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	char path[128];
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	snprintf(w.more, sizeof(w.more), "gateway_listen = 127.0.0.1:%d\n", ntohs(at.sin_port));
	w.keys = true;
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "listen on 127.0.0.1"));
	close(fd);
	w.more[0] = '\0';
	snprintf(path, sizeof(path), "chmod 0444 %s/keys", w.folder);
	assert_int_equal(system(path), 0);
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "chmod 0400"));
	w.keys = false;
	strcpy(w.upstream, "ftp://127.0.0.1/");
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "model_upstream"));
	strcpy(w.more, "gateway_listen = 192.0.2.7:4100\n");
	w.upstream[0] = '\0';
	assert_false(world_start(&w));
	assert_non_null(strstr(world_log(&w), "listen on 192.0.2.7"));
}

static void it_leaves_no_core_behind(void **state)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	start();
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)w.pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "Max core file size        0 ") != NULL;
	if (f)
		fclose(f);
	assert_true(found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_passes_and_is_counted),
		TEST(only_the_key_goes_upstream),
		TEST(what_is_free_is_not_booked),
		TEST(connections_are_used_again),
		TEST(compressed_replies_come_decoded),
		TEST(compressed_replies_that_cannot_be_read_are_estimated),
		TEST(only_good_tokens_pass),
		TEST(other_paths_are_refused),
		TEST(bad_requests_are_refused),
		TEST(a_number_without_end_is_refused_at_once),
		TEST(a_flood_of_fields_is_refused),
		TEST(hosted_tools_are_refused),
		TEST(hosted_tools_are_booked),
		TEST(errors_of_the_service_pass),
		TEST(odd_replies_are_booked_as_they_are),
		TEST(an_early_no_is_heard),
		TEST(a_no_before_the_body_ends_its_call),
		TEST(a_body_is_passed_on_after_the_answer_has_begun),
		TEST(a_body_is_kept_until_it_is_sent),
		TEST(a_service_that_is_not_there_is_said),
		TEST(who_leaves_before_a_connection_stands_harms_nobody),
		TEST(a_refused_key_is_the_operators_matter),
		TEST(one_users_refusal_is_not_the_others),
		TEST(a_key_rests_when_its_limits_say_so),
		TEST(a_limit_is_of_one_model),
		TEST(another_key_takes_over),
		TEST(a_busy_key_rests_as_long_as_it_is_told),
		TEST(large_requests_pass_in_pieces),
		TEST(too_large_requests_are_told_so),
		TEST(expectations_are_met),
		TEST(a_client_that_does_not_read_holds_the_service_up),
		TEST(a_reply_passes_whole_however_slowly_it_is_read),
		TEST(a_client_that_leaves_ends_its_call),
		TEST(who_leaves_early_pays_an_estimate),
		TEST(a_user_has_so_many_calls),
		TEST(a_narrow_service_is_shared),
		TEST(whatever_the_reply_is_the_ledger_has_it),
		TEST(a_call_is_settled_when_it_ends),
		TEST(a_budget_of_tokens_holds_against_calls_at_once),
		TEST(a_budget_holds_against_large_calls_at_once),
		TEST(a_budget_of_money_holds_against_calls_at_once),
		TEST(a_spent_budget_is_said),
		TEST(the_switch_cuts_and_refuses),
		TEST(without_redis_calls_wait_outside),
		TEST(without_the_store_calls_go_on_for_a_while),
		TEST(a_ledger_that_was_killed_gets_every_call),
		TEST(it_opens_no_store),
		TEST(an_end_lets_streams_finish),
		TEST(an_end_is_clean_however_long_it_takes),
		TEST(a_killed_gateway_books_what_it_heard),
		TEST(a_killed_gateway_books_its_estimates),
		TEST(a_damaged_journal_is_said),
		TEST(bad_starts_are_said),
		TEST(it_leaves_no_core_behind),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
