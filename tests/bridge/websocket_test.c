/* A WebSocket on a socket pair, with a peer that breaks the rules. */
#include "config.h"
#include "bridge/websocket.h"

#include <errno.h>
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
};

static int setup(void **state)
{
	int fds[2];

	memset(&w, 0, sizeof(w));
	uv_loop_init(&w.loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	w.peer = fds[1];
	w.ws = websocket_new(NULL, &w.loop, fds[0], CAP, NULL, 0, &events, NULL);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(accept_is_as_in_the_rfc),
		TEST(a_message_is_told),
		TEST(halves_are_joined),
		TEST(a_flood_is_ended),
		TEST(a_close_without_reading_is_ended),
		TEST(after_binary_nothing_is_told),
		TEST(a_slow_reader_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
