/* lib/shim/shim_api.c over a real link: start_request.c, disk_usage.c and event_loop.c, too. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/shim/shim_world.h"

static void starts_finds_and_lists(void **state)
{
	struct reply log = { 0 }, list = { 0 }, health = { 0 };

	assert_int_equal(start_script(world.c, world.id,
				      "echo $COLOUR $GONGBANG_SESSION; cat"), 201);
	assert_int_equal(start_script(world.c, world.id, "echo no"), 200);
	follow(&log);
	run_until_text(&log, "green ");
	run_until_text(&log, world.id);
	assert_memory_equal(log.body.data,
		"{\"type\":\"gongbang\",\"subtype\":\"start\",\"at\":", 41);
	assert_int_equal(client_call(world.c, &list, "GET", "/sessions", NULL, 0), 200);
	assert_non_null(strstr(list.body.data, " running "));
	assert_int_equal(client_call(world.c, &health, "GET", "/health", NULL, 0), 200);
	assert_non_null(strstr(health.body.data, "\nsessions 1\n"));
	assert_non_null(strstr(health.body.data, "\ndisk_free "));
	reply_release(&list);
	assert_int_equal(call("DELETE", "?grace=5"), 200);
	run_until_text(&log, "\"signal\":15");
	assert_int_equal(client_call(world.c, &list, "GET", "/sessions", NULL, 0), 200);
	assert_non_null(strstr(list.body.data, " ended "));
	assert_false(log.done);
	reply_release(&log);
	reply_release(&list);
	reply_release(&health);
}

static void send_raw(const char *bytes, size_t n)
{
	int fd = shim_connect(&world.shim);
	char answer[4096];

	assert_true(fd >= 0);
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		;		/* it must hang up by itself */
	close(fd);
}

static void bad_input_is_refused(void **state)
{
	char path[5000], *big = malloc(33 << 20);
	struct reply r = { 0 };
	size_t i;

	send_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\n", 30);
	send_raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x01\x04xxxxxxxxxxx", 40);
	assert_int_equal(call("PUT", ""), 405);
	assert_int_equal(call("GET", "/nothing"), 404);
	assert_int_equal(client_call(world.c, NULL, "GET", "/", NULL, 0), 404);
	assert_int_equal(client_call(world.c, NULL, "POST",
				     "/sessions/../../etc", NULL, 0), 404);
	assert_int_equal(client_call(world.c, NULL, "POST",
				     "/sessions/not-a-uuid", "arg=x", 5), 400);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(client_call(world.c, NULL, "GET", path, NULL, 0), 400);
	assert_int_equal(call("POST", ""), 400);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
				     "arg=sh\0what=1", 13), 400);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
				     "arg=sh\0env=1A=2", 15), 400);
	memset(big, 'b', 33 << 20);
	assert_int_equal(client_call(world.c, NULL, "POST", path_of(""), big,
				     200 << 10), 413);
	start_script(world.c, world.id, "cat >/dev/null");
	for (i = 0; i < 2; i++)
		assert_int_equal(client_call(world.c, NULL, "POST",
					     path_of("/input"), big, 33 << 20), 413);
	assert_int_equal(input("fine\n"), 200);
	assert_int_equal(call("DELETE", "?grace=100000"), 400);
	assert_int_equal(call("DELETE", "?grace=-1"), 400);
	reply_release(&r);
	free(big);
}

/* Nor is another one started beside it: the caller asks again. */
static void one_that_is_ending_is_not_taken_for_a_running_one(void **state)
{
	struct reply log = { 0 }, end = { 0 };

	start_script(world.c, world.id, "trap '' TERM; echo up; cat");
	follow(&log);
	run_until_text(&log, "up\n");
	assert_int_equal(start_script(world.c, world.id, "true"), 200);
	client_send(world.c, &end, "DELETE", path_of("?grace=60"), NULL, 0);
	assert_int_equal(start_script(world.c, world.id, "true"), 409);
	assert_int_equal(call("POST", "/signal?name=KILL"), 200);
	run_until(&end.done);
	assert_int_equal(start_script(world.c, world.id, "echo again"), 201);
	run_until_text(&log, "again\n");
	reply_release(&log);
	reply_release(&end);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(starts_finds_and_lists),
		CASE(bad_input_is_refused),
		CASE(one_that_is_ending_is_not_taken_for_a_running_one),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
