/* lib/shim/cgroup.c: kills because memory ran out. */
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
#include <sys/stat.h>

#include "tests/shim/shim_world.h"

static void write_kills(const char *dir, int n)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.events", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "low 0\nhigh 0\nmax 7\noom 1\noom_kill %d\n", n);
	fclose(f);
}

static void out_of_memory_is_told(void **state)
{
	struct reply log = { 0 }, health = { 0 };
	char dir[80];
	const char *at;

	client_free(world.c);
	shim_kill(&world.shim);
	snprintf(dir, sizeof(dir), "%s/cgroup", world.shim.home);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_kills(dir, 4);
	setenv("GONGBANG_SHIM_CGROUP", dir, 1);
	shim_run_again(&world.shim);
	unsetenv("GONGBANG_SHIM_CGROUP");
	world.c = client_new(&world.shim, false);
	start_script(world.c, world.id, "echo one; read a; printf half; read a; echo ' result'; cat");
	follow(&log);
	run_until_text(&log, "one\n");
	write_kills(dir, 6);
	run_until_text(&log, "\"subtype\":\"oom\"");
	run_until_text(&log, "\"kills\":2}\n");
	/* Never inside a line. */
	assert_int_equal(input("x\n"), 200);
	run_until_text(&log, "half");
	write_kills(dir, 7);
	run_for(700);
	assert_int_equal(input("x\n"), 200);
	run_until_text(&log, "half result\n{\"type\":\"gongbang\",\"subtype\":\"oom\"");
	run_until_text(&log, "\"kills\":1}\n");
	client_call(world.c, &health, "GET", "/health", NULL, 0);
	assert_non_null(strstr(health.body.data, "\noom_kills 7\n"));
	assert_int_equal(call("DELETE", "?grace=1"), 200);
	run_until_text(&log, "\"oom\":3,");
	at = strstr(log.body.data, "one\n");
	assert_memory_equal(at + 4, "{\"type\":\"gongbang\",\"subtype\":\"oom\"", 33);
	reply_release(&log);
	reply_release(&health);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(out_of_memory_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
