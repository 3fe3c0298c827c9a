/* lib/shim/shim.c: gongbang-shim as a real process; scripts stand in for Claude. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/shim/shim_world.h"

static void a_new_process_1_closes_old_logs(void **state)
{
	struct reply log = { 0 };

	start_script(world.c, world.id, "echo one; printf two; sleep 1000");
	follow(&log);
	run_until_text(&log, "two");
	log.stream = NULL;
	client_free(world.c);
	shim_kill(&world.shim);
	shim_run_again(&world.shim);
	world.c = client_new(&world.shim, true);
	reply_release(&log);
	follow(&log);
	run_until_text(&log, "one\ntwo\n{\"type\":\"gongbang\",\"subtype\":\"exit\"");
	run_until_text(&log, "\"reason\":\"container\",\"stderr\":\"\"}\n");
	assert_int_equal(start_script(world.c, world.id, "echo three"), 201);
	run_until_text(&log, "three\n");
	run_until_text(&log, "\"reason\":\"exit\"");
	reply_release(&log);
}

static void term_ends_with_the_last_words(void **state)
{
	struct reply log = { 0 };
	char file[300], text[2000] = "";
	FILE *f;

	start_script(world.c, world.id, "read a; echo \"heard $a\"; exit 1");
	follow(&log);
	run_until_text(&log, "start");
	log.stream = NULL;
	assert_int_equal(shim_stop(&world.shim), 0);
	snprintf(file, sizeof(file), "%s/.gongbang%s/log", world.shim.home,
		 path_of(""));
	f = fopen(file, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "heard {\"type\":\"control_request\""));
	assert_non_null(strstr(text, "\"code\":1,\"signal\":0"));
	snprintf(file, sizeof(file), "%s/.gongbang%s/running", world.shim.home,
		 path_of(""));
	assert_int_not_equal(access(file, F_OK), 0);
	buf_release(&log.body);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_process_1_closes_old_logs),
		CASE(term_ends_with_the_last_words),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
