/*
 * lib/gateway/listener.c in this process, with short deadlines: slow clients
 * are cut, others are not.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "core/clock.h"
#include "gateway/listener.h"

#define SHORT 1500	/* ms: more than a busy machine takes for what is not late */
#define LONG 600000

static struct {
	uv_loop_t loop;
	uv_timer_t tick;
	struct listener *listener;
	int requests, arrived, ended;
	bool whole;
	bool pour;		/* answer with as much as is taken */
	bool streams;		/* begin an answer */
	struct inbound *inbound;
	int fd;
} t;

static const struct headers none;

static void pour(void)
{
	static const char bytes[16384];

	while (inbound_write(t.inbound, bytes, sizeof(bytes)))
		;
}

static void on_request(void *data, struct inbound *c)
{
	t.requests++;
	t.inbound = c;
	inbound_set(c, &t);
	if (t.streams)
		inbound_begin(c, 200, &none, -1);
	if (t.pour) {
		inbound_begin(c, 200, &none, -1);
		pour();
	}
}

static void on_arrived(void *call)
{
	char bytes[4096];

	t.arrived++;
	while (inbound_read(t.inbound, bytes, sizeof(bytes)) > 0)
		;
	if (inbound_complete(t.inbound) && !inbound_answered(t.inbound))
		inbound_answer(t.inbound, 200, NULL, "text/plain", "done");
}

static void on_taken(void *call)
{
	if (t.pour)
		pour();
}

static void on_ended(void *call, bool whole)
{
	t.ended++;
	t.whole = whole;
	t.inbound = NULL;
}

static const struct listener_events events = {
	.request = on_request, .arrived = on_arrived, .taken = on_taken,
	.ended = on_ended,
};

static void on_tick(uv_timer_t *timer)
{
	listener_tick(t.listener, clock_mono_ms());
}

#define NEVER_SO_MUCH (1LL << 50)

static int64_t reader_bytes = 1;

static void open_door(int64_t head_ms, int64_t body_ms, int64_t reader_ms)
{
	struct listener_options options = {
		.listen = "127.0.0.1:0", .connections = 10,
		.head_ms = head_ms, .body_ms = body_ms, .reader_ms = reader_ms,
		.reader_bytes = reader_bytes,
	};
	struct err e = { 0 };

	memset(&t, 0, sizeof(t));
	uv_loop_init(&t.loop);
	uv_timer_init(&t.loop, &t.tick);
	uv_timer_start(&t.tick, on_tick, 20, 20);
	t.listener = listener_new(NULL, &t.loop, &options, &events, NULL, &e);
	assert_non_null(t.listener);
}

static void close_door(void)
{
	close(t.fd);
	listener_close(t.listener, NULL, NULL);
	uv_close((uv_handle_t *)&t.tick, NULL);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t.loop), 0);
}

static void knock(const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	t.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(listener_port(t.listener));
	assert_int_equal(connect(t.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	fcntl(t.fd, F_SETFL, O_NONBLOCK);
	assert_true(send(t.fd, text, strlen(text), MSG_NOSIGNAL) > 0);
}

static void turn(void)
{
	uv_run(&t.loop, UV_RUN_NOWAIT);
	usleep(2000);
}

/* Sends a byte now and then until the connection ends, or so many were sent. */
static int drip(int most)
{
	char bytes[256];
	ssize_t got;
	int sent = 0, i;

	for (i = 0; i < 5000 && sent < most; i++) {
		turn();
		got = recv(t.fd, bytes, sizeof(bytes), 0);
		if (got == 0 || (i % 10 == 9 && send(t.fd, "x", 1, MSG_NOSIGNAL) != 1))
			return sent;
		sent += i % 10 == 9;
	}
	return sent;
}

static void a_head_has_a_deadline(void **state)
{
	open_door(SHORT, LONG, LONG);
	knock("GET / HTTP/1.1\r\nHost: a\r\nX-Long: ");
	assert_true(drip(400) < 400);
	assert_int_equal(t.requests, 0);
	close_door();
}

static void silence_before_a_head_too(void **state)
{
	char byte;
	int i;

	open_door(SHORT, LONG, LONG);
	knock("G");
	for (i = 0; i < 5000 && recv(t.fd, &byte, 1, 0) != 0; i++)
		turn();
	assert_true(i < 5000);
	assert_int_equal(listener_connections(t.listener), 0);
	close_door();
}

static void a_body_must_come_on(void **state)
{
	open_door(LONG, SHORT, LONG);
	knock("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	assert_true(drip(400) < 400);
	assert_int_equal(t.requests, 1);
	assert_int_equal(t.ended, 1);
	assert_false(t.whole);
	close_door();
}

static void who_waits_for_us_is_not_late(void **state)
{
	int i;

	open_door(SHORT, SHORT, SHORT);
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	t.pour = false;
	/* The call says nothing for long: that is not the client's fault. */
	for (i = 0; i < 5000 && !t.requests; i++)
		turn();
	assert_int_equal(t.requests, 1);
	for (i = 0; i < 5000 && !t.ended; i++)
		turn();
	assert_true(t.whole);
	close_door();
}

static void a_call_may_think_for_long(void **state)
{
	int64_t until;
	char bytes[256];
	int i;

	open_door(LONG, SHORT, SHORT);
	t.pour = false;
	knock("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
	until = clock_mono_ms() + 2 * SHORT;
	while (clock_mono_ms() < until)
		turn();
	assert_int_equal(t.requests, 1);
	assert_int_equal(t.ended, 0);
	inbound_go_on(t.inbound);
	for (i = 0; i < 50; i++)
		turn();
	assert_true(recv(t.fd, bytes, sizeof(bytes), 0) >= 12);
	assert_memory_equal(bytes, "HTTP/1.1 100", 12);
	send(t.fd, "x", 1, MSG_NOSIGNAL);
	for (i = 0; i < 5000 && !t.ended; i++)
		turn();
	assert_true(t.whole);
	close_door();
}

static void an_answer_must_be_read(void **state)
{
	int i;

	open_door(LONG, LONG, SHORT);
	t.pour = true;
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (i = 0; i < 5000 && !t.ended; i++)
		turn();
	assert_int_equal(t.ended, 1);
	assert_false(t.whole);
	close_door();
}

static void a_reader_that_reads_is_not_late(void **state)
{
	int64_t until;
	char bytes[65536];
	ssize_t got, all = 0;

	open_door(LONG, LONG, 2 * SHORT);
	t.pour = true;
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	until = clock_mono_ms() + 3 * SHORT;
	while (clock_mono_ms() < until) {
		uv_run(&t.loop, UV_RUN_NOWAIT);
		while ((got = recv(t.fd, bytes, sizeof(bytes), 0)) > 0)
			all += got;
	}
	assert_int_equal(t.ended, 0);
	assert_true(all > 0);
	close_door();
	assert_int_equal(t.ended, 1);
}

/* Reads all that comes, until its connection ends or for so long. */
static void read_on(int64_t ms, void (*each)(void))
{
	static char bytes[65536];
	int64_t until = clock_mono_ms() + ms;

	while (clock_mono_ms() < until && !t.ended) {
		if (each)
			each();
		uv_run(&t.loop, UV_RUN_NOWAIT);
		while (recv(t.fd, bytes, sizeof(bytes), 0) > 0)
			;
	}
}

static void who_reads_too_little_is_late(void **state)
{
	reader_bytes = NEVER_SO_MUCH;
	open_door(LONG, LONG, SHORT);
	t.pour = true;
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	read_on(20 * SHORT, NULL);
	assert_int_equal(t.ended, 1);
	assert_false(t.whole);
	close_door();
	reader_bytes = 1;
}

static void write_little(void)
{
	if (t.inbound)
		inbound_write(t.inbound, "abc", 3);
	usleep(2000);
}

static void who_reads_all_there_is_is_not_late(void **state)
{
	reader_bytes = NEVER_SO_MUCH;
	open_door(LONG, LONG, SHORT);
	t.streams = true;
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	read_on(3 * SHORT, write_little);
	assert_int_equal(t.ended, 0);
	close_door();
	reader_bytes = 1;
}

static void one_that_hangs_up_is_noticed(void **state)
{
	int i;

	open_door(LONG, LONG, LONG);
	knock("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
	for (i = 0; i < 5000 && !t.requests; i++)
		turn();
	close(t.fd);
	t.fd = -1;
	for (i = 0; i < 5000 && (!t.ended || listener_connections(t.listener)); i++)
		turn();
	assert_int_equal(t.ended, 1);
	assert_false(t.whole);
	assert_int_equal(listener_connections(t.listener), 0);
	close_door();
}

/* Older connections that are idle keep none of the later ones. */
static void what_is_cut_is_gone(void **state)
{
	int idle, i, n;

	open_door(LONG, LONG, LONG);
	knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (i = 0; i < 5000 && !t.ended; i++)
		turn();
	idle = t.fd;
	t.streams = true;
	for (i = 0; i < 3; i++) {
		knock("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		for (n = 0; n < 5000 && !t.inbound; n++)
			turn();
		assert_non_null(t.inbound);
		inbound_write(t.inbound, "abc", 3);
		turn();
		if (i == 0)
			inbound_drop(t.inbound);
		else if (i == 1)
			inbound_finish(t.inbound, false);
		else
			close(t.fd);
		t.inbound = NULL;
		for (n = 0; n < 5000 && listener_connections(t.listener) > 1; n++)
			turn();
		assert_int_equal(listener_connections(t.listener), 1);
		if (i < 2)
			close(t.fd);
	}
	t.fd = idle;
	close_door();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_has_a_deadline),
		cmocka_unit_test(silence_before_a_head_too),
		cmocka_unit_test(a_body_must_come_on),
		cmocka_unit_test(who_waits_for_us_is_not_late),
		cmocka_unit_test(a_call_may_think_for_long),
		cmocka_unit_test(an_answer_must_be_read),
		cmocka_unit_test(a_reader_that_reads_is_not_late),
		cmocka_unit_test(who_reads_too_little_is_late),
		cmocka_unit_test(who_reads_all_there_is_is_not_late),
		cmocka_unit_test(one_that_hangs_up_is_noticed),
		cmocka_unit_test(what_is_cut_is_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
