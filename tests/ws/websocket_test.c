/*
 * A WebSocket on a socket pair, with a peer that breaks the rules. Tests
 * framing.c and websocket_accept.c.
 */
#include "config.h"
#include "ws/websocket.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/str.h"

#define CAP 1000

static struct world {
	uv_loop_t loop;
	struct websocket *ws;
	int peer;
	int messages, too_long, closed;
	char last[CAP + 1];
} w;

static void on_message(void *data, const char *text, size_t n)
{
	w.messages++;
	memcpy(w.last, text, n);
	w.last[n] = '\0';
}

static void on_too_long(void *data, const char *head, size_t n)
{
	w.too_long++;
}

static void on_closed(void *data)
{
	w.closed++;
}

static const struct websocket_events events = {
	.message = on_message, .too_long = on_too_long, .closed = on_closed,
	.message_ms = 20,
};

static void open_with(const void *early, size_t n)
{
	int fds[2];

	memset(&w, 0, sizeof(w));
	uv_loop_init(&w.loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	w.peer = fds[1];
	w.ws = websocket_new(NULL, &w.loop, fds[0], CAP, early, n, &events, NULL);
}

static int setup(void **state)
{
	open_with(NULL, 0);
	return 0;
}

/* Whatever happened, the socket ends, and with it all it held. */
static int teardown(void **state)
{
	close(w.peer);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.closed, 1);
	return uv_loop_close(&w.loop);
}

static void turn_loop(void)
{
	int i;

	for (i = 0; i < 20; i++)
		uv_run(&w.loop, UV_RUN_NOWAIT);
}

/* One masked frame, whole (RFC 6455, section 5.2); n < 126. */
static void say(int opcode, const char *text, size_t n)
{
	unsigned char frame[140] = { (unsigned char)(0x80 | opcode),
				     (unsigned char)(0x80 | n) };

	memcpy(frame + 6, text, n);	/* the mask is 0 */
	while (send(w.peer, frame, n + 6, MSG_NOSIGNAL) < 0 && errno == EAGAIN)
		turn_loop();
}

static void a_message_is_told(void **state)
{
	say(1, "hello", 5);
	turn_loop();
	assert_int_equal(w.messages, 1);
	assert_string_equal(w.last, "hello");
	assert_true(websocket_is_open(w.ws));
}

static void halves_are_joined(void **state)
{
	static const unsigned char frame[] = { 0x81, 0x85, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o' };

	assert_int_equal(send(w.peer, frame, 8, 0), 8);
	turn_loop();
	assert_int_equal(w.messages, 0);
	assert_int_equal(send(w.peer, frame + 8, 3, 0), 3);
	turn_loop();
	assert_string_equal(w.last, "hello");
	assert_int_equal(send(w.peer, frame, 8, 0), 8);
	turn_loop();	/* and it leaves */
}

static void accept_is_as_in_the_rfc(void **state)
{
	struct err e = { 0 };
	char out[29];

	assert_int_equal(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", out, &e), 0);
	assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(websocket_accept("short", out, &e), -1);
}

/* It neither reads the close frame nor ends: it is cut off all the same. */
static void a_flood_is_ended(void **state)
{
	int i;

	for (i = 0; i < 5001 && !w.closed; i++)
		say(9, "", 0);
	say(1, "more", 4);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.closed, 1);
	assert_int_equal(w.messages, 0);
}

/* A close frame whose answer is never read holds nothing for ever. */
static void a_close_without_reading_is_ended(void **state)
{
	char big[CAP];
	int i;

	memset(big, 'x', sizeof(big));
	for (i = 0; i < 2000; i++)
		websocket_send(w.ws, big, sizeof(big));
	assert_true(websocket_unsent(w.ws) > 0);
	say(8, "\x03\xe8", 2);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.closed, 1);
}

static void after_binary_nothing_is_told(void **state)
{
	say(2, "x", 1);
	say(1, "more", 4);
	turn_loop();
	assert_int_equal(w.messages, 0);
	assert_false(websocket_is_open(w.ws));
}

static void a_slow_reader_is_closed(void **state)
{
	static char big[1 << 20];
	int i;

	memset(big, 'x', sizeof(big));
	for (i = 0; i < 20; i++)
		websocket_send(w.ws, big, sizeof(big));
	assert_false(websocket_is_open(w.ws));
	assert_true(websocket_unsent(w.ws) <= WEBSOCKET_OUT_MAX + sizeof(big));
}

#define HELLO "\x81\x85\0\0\0\0hello"
#define HELLO_SIZE 11

/* Nothing that is ready wakes the loop: it sleeps. */
static void expect_sleep(void)
{
	struct pollfd p = { .fd = uv_backend_fd(&w.loop), .events = POLLIN };

	turn_loop();
	assert_int_equal(poll(&p, 1, 0), 0);
}

/* Sent together with the handshake, before there was an answer. */
static void what_came_with_the_handshake_is_read(void **state)
{
	open_with(HELLO, HELLO_SIZE);
	expect_sleep();
	assert_int_equal(w.messages, 1);
	assert_string_equal(w.last, "hello");
	say(1, "more", 4);
	expect_sleep();
	assert_string_equal(w.last, "more");
	assert_int_equal(w.messages, 2);
}

static void half_a_message_may_come_with_it(void **state)
{
	open_with(HELLO, 7);
	expect_sleep();
	assert_int_equal(w.messages, 0);
	assert_int_equal(send(w.peer, &HELLO[7], 4, 0), 4);
	turn_loop();
	assert_string_equal(w.last, "hello");
}

static void many_may_come_with_it(void **state)
{
	static char early[3000 * HELLO_SIZE];
	int i;

	for (i = 0; i < 3000; i++)
		memcpy(early + i * HELLO_SIZE, HELLO, HELLO_SIZE);
	open_with(early, sizeof(early));
	expect_sleep();
	assert_int_equal(w.messages, 3000);
}

/* What comes with it may end it, too: then nothing is left to spin on. */
static void the_end_may_come_with_it(void **state)
{
	open_with("\x88\x82\0\0\0\0\x03\xe8" HELLO, 8 + HELLO_SIZE);
	turn_loop();
	assert_int_equal(w.messages, 0);
	assert_int_equal(w.closed, 1);	/* and w.ws is gone */
}

/* Two pings without a sign of life in between. */
static void a_dead_peer_is_ended(void **state)
{
	websocket_ping(w.ws);
	turn_loop();
	assert_int_equal(w.closed, 0);
	say(10, "", 0);
	turn_loop();
	websocket_ping(w.ws);
	turn_loop();
	assert_int_equal(w.closed, 0);
	websocket_ping(w.ws);
	turn_loop();
	assert_int_equal(w.closed, 1);
}

static void stop_waiting(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* Half a message, and nothing more: its deadline ends the socket by itself. */
static void half_a_message_is_not_kept(void **state)
{
	static uv_timer_t give_up;	/* the loop closes it later */

	uv_timer_init(&w.loop, &give_up);
	uv_timer_start(&give_up, stop_waiting, 20000, 0);
	uv_unref((uv_handle_t *)&give_up);
	assert_int_equal(send(w.peer, HELLO, 8, 0), 8);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&give_up, NULL);
	assert_int_equal(w.closed, 1);
	assert_int_equal(w.messages, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#define ALONE(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(accept_is_as_in_the_rfc),
		TEST(a_message_is_told),
		TEST(halves_are_joined),
		ALONE(what_came_with_the_handshake_is_read),
		ALONE(half_a_message_may_come_with_it),
		ALONE(many_may_come_with_it),
		ALONE(the_end_may_come_with_it),
		TEST(a_dead_peer_is_ended),
		TEST(half_a_message_is_not_kept),
		TEST(a_flood_is_ended),
		TEST(a_close_without_reading_is_ended),
		TEST(after_binary_nothing_is_told),
		TEST(a_slow_reader_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
