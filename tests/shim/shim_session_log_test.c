/* lib/shim/shim_session_log.c: every byte of the log, whatever the disk does. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/id.h"
#include "core/str.h"
#include "tests/shim/shim_world.h"

static void every_offset_is_exact(void **state)
{
	struct reply all = { 0 }, r[8] = { { 0 } };
	struct client *other = client_new(&world.shim, false);
	char path[100];
	size_t n, from, i;

	start_script(world.c, world.id, "seq 1 400; echo oops >&2; exit 3");
	follow(&all);
	run_until_text(&all, "\"code\":3,\"signal\":0,\"oom\":0,\"reason\":\"exit\","
			     "\"stderr\":\"oops\\u000a\"}\n");
	n = all.count;
	for (from = 0; from <= n; from += 8) {
		for (i = 0; i < 8 && from + i <= n; i++) {
			snprintf(path, sizeof(path), "/sessions/%s/log?from=%zu",
				 world.id, from + i);
			client_send(i % 2 ? other : world.c, &r[i], "GET", path,
				    NULL, 0);
		}
		for (i = 0; i < 8 && from + i <= n; i++) {
			run_until_count(&r[i], n - from - i);
			assert_int_equal(r[i].count, n - from - i);
			assert_memory_equal(buf_text(&r[i].body),
					    all.body.data + from + i, r[i].count);
			reply_release(&r[i]);
		}
	}
	snprintf(path, sizeof(path), "/log?from=%zu", n + 1);
	assert_int_equal(call("GET", path), 416);
	reply_release(&all);
}

static void holes_are_refused(void **state)
{
	struct reply log = { 0 }, r = { 0 };
	struct stat before, after;
	char file[300];

	assert_int_equal(call("GET", "/log"), 404);
	start_script(world.c, world.id, "seq 1 30000");
	follow(&log);
	run_until_text(&log, "\"exit\"");
	snprintf(file, sizeof(file), "%s/.gongbang%s/log", world.shim.home,
		 path_of(""));
	assert_int_equal(stat(file, &before), 0);
	assert_int_equal(call("POST", "/trim?to=100001"), 200);
	assert_int_equal(call("POST", "/trim?to=5"), 200);
	assert_int_equal(call("POST", "/trim?to=999999999"), 416);
	assert_int_equal(call("POST", "/trim?to=x"), 400);
	assert_int_equal(stat(file, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_true(after.st_blocks < before.st_blocks);
	client_send(world.c, &r, "GET", path_of("/log?from=100000"), NULL, 0);
	run_until(&r.done);
	assert_int_equal(r.status, 410);
	assert_string_equal(r.body.data, "first 100001\n");
	reply_release(&r);
	client_send(world.c, &r, "GET", path_of("/log?from=100001"), NULL, 0);
	run_until_text(&r, "\"exit\"");
	assert_memory_equal(r.body.data, log.body.data + 100001, r.count);
	/* The hole is known to the next process 1 as well. */
	client_free(world.c);
	shim_kill(&world.shim);
	shim_run_again(&world.shim);
	world.c = client_new(&world.shim, false);
	assert_int_equal(call("GET", "/log?from=100000"), 410);
	r.stream = NULL;
	log.stream = NULL;
	reply_release(&r);
	reply_release(&log);
}

static void errors_are_told_in_utf8(void **state)
{
	struct reply log = { 0 };
	const char *tail;

	start_script(world.c, world.id,
		     "printf 'half a line'; "
		     "(yes 가나다 | head -n 3000; printf 'q\"b\\\\\\377\\033[31mred') >&2; "
		     "sleep 0.2; exit 9");
	follow(&log);
	run_until_text(&log, "\"exit\"");
	assert_non_null(strstr(log.body.data, "half a line\n{\"type\":\"gongbang\""));
	tail = strstr(log.body.data, "\"code\":9,\"signal\":0");
	assert_non_null(tail);
	assert_non_null(strstr(tail, "q\\u0022b\\u005c\xef\xbf\xbdred\"}\n"));
	assert_true(utf8_valid(log.body.data, log.body.len));
	reply_release(&log);
	id_new(world.id);
	{
		static const char body[] = "arg=/no/such/program\0";

		assert_int_equal(client_call(world.c, NULL, "POST", path_of(""),
					     body, sizeof(body) - 1), 201);
	}
	follow(&log);
	run_until_text(&log, "\"code\":127");
	run_until_text(&log, "cannot start /no/such/program");
	reply_release(&log);
}

static void a_full_disk_loses_nothing(void **state)
{
	struct rlimit limit = { .rlim_cur = 100000, .rlim_max = RLIM_INFINITY };
	struct reply log = { 0 }, health = { 0 };
	char last[32];

	start_script(world.c, world.id, "read a; seq 1 100000; echo the end");
	follow(&log);
	assert_int_equal(prlimit(world.shim.pid, RLIMIT_FSIZE, &limit, NULL), 0);
	assert_int_equal(input("go\n"), 200);
	run_until_count(&log, 100000);
	run_for(1200);
	assert_int_equal(log.count, 100000);
	client_call(world.c, &health, "GET", "/health", NULL, 0);
	assert_non_null(strstr(health.body.data, "\nblocked 1\n"));
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(prlimit(world.shim.pid, RLIMIT_FSIZE, &limit, NULL), 0);
	run_until_text(&log, "the end\n{\"type\":\"gongbang\",\"subtype\":\"exit\"");
	snprintf(last, sizeof(last), "\n%d\n%d\n", 99999, 100000);
	assert_non_null(strstr(log.body.data, last));
	/* start line, the numbers, "the end", exit line */
	assert_true(log.count > 588895);
	reply_release(&log);
	reply_release(&health);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_offset_is_exact),
		CASE(holes_are_refused),
		CASE(errors_are_told_in_utf8),
		CASE(a_full_disk_loses_nothing),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
