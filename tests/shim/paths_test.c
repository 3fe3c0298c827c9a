/* lib/shim/paths.c: the folder of the sessions, and what a purge leaves. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "core/id.h"
#include "tests/shim/shim_world.h"

static void purge_leaves_nothing(void **state)
{
	struct reply log = { 0 };

	shell("cd %s && mkdir -p .claude/projects/-w/%s/tool-results "
		 "&& touch .claude/projects/-w/%s.jsonl .claude/projects/-w/other.jsonl "
		 ".claude/projects/-w/%s/tool-results/a.txt", world.shim.home,
		 world.id, world.id, world.id);
	start_script(world.c, world.id, "trap '' TERM; echo up; sleep 1000 & wait; wait");
	follow(&log);
	run_until_text(&log, "up");
	assert_int_equal(call("DELETE", "?grace=1&purge=1"), 200);
	run_until(&log.done);
	assert_non_null(strstr(log.body.data, "\"signal\":9"));
	assert_int_equal(call("GET", "/log"), 404);
	shell("cd %s && test $(find . -name '%s*' | wc -l) = 0 "
		 "&& test -e .claude/projects/-w/other.jsonl", world.shim.home, world.id);
	assert_int_equal(call("DELETE", "?purge=1"), 200);
	reply_release(&log);
}

static void links_in_the_folder_are_not_followed(void **state)
{

	shell("cd %s && mkdir -p .gongbang/sessions elsewhere && "
		 "ln -s ../../elsewhere .gongbang/sessions/%s && echo secret > elsewhere/log",
		 world.shim.home, world.id);
	assert_int_equal(call("GET", "/log"), 500);
	assert_int_equal(start_script(world.c, world.id, "true"), 500);
	id_new(world.id);
	shell("cd %s/.gongbang/sessions && mkdir %s && mkfifo %s/log",
		 world.shim.home, world.id, world.id);
	assert_int_equal(call("GET", "/log"), 500);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(purge_leaves_nothing),
		CASE(links_in_the_folder_are_not_followed),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
