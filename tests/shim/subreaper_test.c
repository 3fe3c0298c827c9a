/*
 * lib/shim/subreaper.c: no process outlives its session; tool_exec.c marks the
 * tools. Tests also shim_session_spawn.c.
 */
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

#include "tests/shim/shim_world.h"

/* Every way a tool may try to leave, begun as Claude begins its tools. */
static const char hiding[] =
	"sleep 1000 & echo helper $!; "
	"export SHELL=x; T=$HERE/gongbang-tool; "
	"setsid $T 'echo a $$; exec sleep 1001' & "
	"$T 'setsid nohup sleep 1002 >/dev/null 2>&1 & echo b $!' ; "
	"$T '( (setsid sleep 1003 & echo c $!) & )' ; "
	"$T 'env -i setsid sleep 1004 & echo d $!' ; "
	"$T 'echo e $$; exec env -i setsid sleep 1005' & "
	"setsid env -i $T 'echo f $$; exec sleep 1006' & "
	"sleep 0.3; echo ready; cat; echo done; sleep 1007";

static int pid_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	assert_non_null(at);
	return atoi(at + strlen(key));
}

static bool alive(int pid)
{
	char path[64], line[256], state = 'X';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		sscanf(strrchr(line, ')') + 1, " %c", &state);
	fclose(f);
	return state != 'Z' && state != 'X';
}

static void begin_hiding(struct reply *log)
{
	char script[2048];

	shell("ln -sf \"$(readlink -f gongbang-shim)\" %s/gongbang-tool",
	      world.shim.home);
	snprintf(script, sizeof(script), "HERE=%s; export HERE; %s",
		 world.shim.home, hiding);
	assert_int_equal(start_script(world.c, world.id, script), 201);
	follow(log);
	run_until_text(log, "ready");
}

static void all_tools_end(void **state)
{
	static const char *const keys[] = { "\na ", "\nb ", "\nc ", "\nd ", "\ne ", "\nf " };
	struct reply log = { 0 }, r = { 0 };
	size_t i;

	begin_hiding(&log);
	for (i = 0; i < 6; i++)
		assert_true(alive(pid_after(log.body.data, keys[i])));
	assert_int_equal(client_call(world.c, &r, "POST", path_of("/tools/end"),
				     NULL, 0), 200);
	assert_int_equal(strncmp(r.body.data, "ended ", 6), 0);
	for (i = 0; i < 6; i++)
		assert_false(alive(pid_after(log.body.data, keys[i])));
	assert_true(alive(pid_after(log.body.data, "\nhelper ")));
	assert_int_equal(input("hello\n"), 200);
	run_until_text(&log, "\nhello\n");
	assert_int_equal(call("DELETE", "?grace=1"), 200);
	assert_false(alive(pid_after(log.body.data, "\nhelper ")));
	reply_release(&log);
	reply_release(&r);
}

static void nothing_outlives_the_end(void **state)
{
	static const char *const keys[] = { "\na ", "\nb ", "\nc ", "\nd ", "\ne ", "\nf ", "\nhelper " };
	struct reply log = { 0 };
	size_t i;

	begin_hiding(&log);
	assert_int_equal(call("POST", "/signal?name=KILL"), 200);
	run_until_text(&log, "\"code\":0,\"signal\":9");
	for (i = 0; i < 7; i++)
		assert_false(alive(pid_after(log.body.data, keys[i])));
	reply_release(&log);
}

static void a_killed_subreaper_ends_the_session(void **state)
{
	struct reply log = { 0 };
	int pid;

	begin_hiding(&log);
	start_script(world.c, world.id, "true");
	/* Claude's parent is the subreaper; the tools' marks are all that is left. */
	pid = pid_after(log.body.data, "\nb ");
	{
		char path[64], line[256];
		int parent = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		f = fopen(path, "r");
		assert_non_null(f);
		assert_non_null(fgets(line, sizeof(line), f));
		fclose(f);
		sscanf(strrchr(line, ')') + 1, " %*c %d", &parent);
		assert_true(parent > 1);
		kill(parent, SIGKILL);
	}
	run_until_text(&log, "\"signal\":9");
	assert_false(alive(pid));
	assert_int_equal(start_script(world.c, world.id, "echo again"), 201);
	run_until_text(&log, "again");
	reply_release(&log);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_tools_end),
		CASE(nothing_outlives_the_end),
		CASE(a_killed_subreaper_ends_the_session),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
