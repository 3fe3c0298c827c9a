/* lib/shim/shim_session_input.c: lines to Claude's stdin. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/shim/shim_world.h"

static void input_arrives_whole(void **state)
{
	struct reply log = { 0 }, r[3] = { { 0 } };
	size_t n = 9 << 20, i;
	char *big = malloc(n);

	assert_int_equal(input("early\n"), 409);
	start_script(world.c, world.id, "read a; echo got $a; sleep 0.2; wc -c");
	follow(&log);
	assert_int_equal(input("no newline"), 400);
	assert_int_equal(input(""), 400);
	assert_int_equal(input("one\n"), 200);
	run_until_text(&log, "got one");
	memset(big, 'x', n);
	big[n - 1] = '\n';
	for (i = 0; i < 3; i++)
		client_send(world.c, &r[i], "POST", path_of("/input"), big, n);
	for (i = 0; i < 3; i++) {
		run_until(&r[i].done);
		assert_int_equal(r[i].status, 200);
		reply_release(&r[i]);
	}
	assert_int_equal(call("POST", "/signal?name=HUP"), 400);
	assert_int_equal(call("POST", "/signal?name=TERM"), 200);
	run_until_text(&log, "\"signal\":15");
	assert_int_equal(input("late\n"), 409);
	free(big);
	reply_release(&log);
}

static void input_waits_for_its_reader(void **state)
{
	struct reply log = { 0 }, r = { 0 };
	size_t n = 1 << 20;
	char *big = malloc(n);

	start_script(world.c, world.id, "sleep 0.5; exec head -c 100 >/dev/null");
	follow(&log);
	memset(big, 'y', n);
	big[n - 1] = '\n';
	client_send(world.c, &r, "POST", path_of("/input"), big, n);
	run_until(&r.done);
	assert_int_equal(r.status, 409);
	run_until_text(&log, "\"code\":0");
	free(big);
	reply_release(&r);
	reply_release(&log);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(input_arrives_whole),
		CASE(input_waits_for_its_reader),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
