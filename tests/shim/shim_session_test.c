/*
 * lib/shim/shim_session.c in this process, with small limits. Scripts stand in
 * for Claude.
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
#include <sys/wait.h>
#include <unistd.h>

#include "core/str.h"
#include "shim/cgroup.h"
#include "shim/paths.h"
#include "shim/shim_session_internal.h"
#include "shim/subreaper.h"

#define ID "01980000-0000-7000-8000-00000000000a"
#define OTHER "01980000-0000-7000-8000-00000000000b"
#define WAIT_MS 60000		/* a test that waits longer has failed */
#define KEPT (128 << 10)
#define LOG_END 6000
#define OUTPUT 1000000		/* bytes; its pipe holds less */

static const struct shim_limits limits = {
	.sessions = 1, .bodies = KEPT, .log_kept = KEPT,
	.stuck_ms = 24 * 3600 * INT64_C(1000),
};
static char home[64];
static struct timer late;

static void too_late(struct timer *t)
{
	event_loop_stop();
}

static int make_home(void **state)
{
	struct err e = { 0 };

	snprintf(home, sizeof(home), "/tmp/gongbang-session-XXXXXX");
	assert_non_null(mkdtemp(home));
	setenv("GONGBANG_SHIM_HOME", home, 1);
	late.fire = too_late;
	shim_session_limit(&limits);
	cgroup_init();
	return path_init(&e) < 0 ? -1 : event_loop_init(&e);
}

static int remove_home(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", home);
	return system(command);
}

static struct shim_session *start(char *script)
{
	struct start_request how = {
		.args = { (char[]){ "sh" }, (char[]){ "-c" }, script },
		.nargs = 3,
	};
	struct shim_session *s;
	struct err e = { 0 };

	if (shim_session_start(ID, &how, &e) < 0)
		fail_msg("%s", e.text);
	s = shim_session_find(ID);
	assert_non_null(s);
	return s;
}

static void run(void (*after)(void))
{
	event_loop_timer(&late, WAIT_MS);
	event_loop_run(after);
	event_loop_cancel(&late);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void until_over(void)
{
	if (!shim_session_find(ID))
		event_loop_stop();
}

static void until_other_over(void)
{
	if (!shim_session_find(OTHER))
		event_loop_stop();
}

/* Its output waits, or it is over. */
static void until_full(void)
{
	struct shim_session *s = shim_session_find(ID);

	if (!s || (s->out.fd >= 0 && !s->out.events))
		event_loop_stop();
}

static int64_t begun;

static void until_said(void)
{
	struct shim_session *s = shim_session_find(ID);

	if (!s || log_file_size(s->log) > begun)
		event_loop_stop();
}

/* The last bytes of the log, as text. */
static const char *log_end(void)
{
	static char text[LOG_END];
	struct log_file_reader r = { 0 };
	struct err e = { 0 };
	struct log_file *j = log_file_open(ID, false, &e);
	int64_t from;
	int n;

	assert_non_null(j);
	from = log_file_size(j) - (int64_t)sizeof(text) + 1;
	assert_int_equal(log_file_attach(j, &r, from > 0 ? from : 0, &e), 0);
	n = log_file_read(&r, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	log_file_detach(&r);
	log_file_close(j);
	return text;
}

/* Claude waits while nobody records, and nothing is lost when somebody does. */
static void a_log_that_nobody_records_has_a_cap(void **state)
{
	struct shim_session *s = start((char[]){ "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo whole" });
	struct err e = { 0 };
	int64_t size = 0;
	int times = 0;

	for (;;) {
		run(until_full);
		s = shim_session_find(ID);
		if (!s)
			break;
		times++;
		assert_false(s->out.events);
		size = log_file_size(s->log);
		assert_in_range(size - log_file_first(s->log), KEPT + 1,
				KEPT + 2 * CHUNK);
		/* All but what log_end may want. */
		assert_int_equal(log_file_trim(s->log, size - LOG_END, &e), 0);
		shim_session_flush(s);	/* at once instead of in a second */
		assert_true(s->out.events);
	}
	assert_in_range(times, 2, OUTPUT / (KEPT - LOG_END) + 1);
	assert_true(size > KEPT);
	assert_non_null(strstr(log_end(), "xxx\nwhole\n{"));
	assert_non_null(strstr(log_end(), "\"subtype\":\"exit\""));
}

/* By its subreaper, who tells of it: nobody waits for a stuck one to be killed. */
static void who_ignores_term_is_killed(void **state)
{
	struct shim_session *s = start((char[]){ "trap '' TERM; echo up; while :; do sleep 1; done" });

	begun = log_file_size(s->log);
	run(until_said);
	assert_ptr_equal(shim_session_find(ID), s);
	shim_session_end(s, 0, false, NULL);
	run(until_over);
	assert_null(shim_session_find(ID));
	assert_non_null(strstr(log_end(), "\"code\":0,\"signal\":9"));
}

static void so_many_run_at_once(void **state)
{
	struct start_request how = {
		.args = { (char[]){ "true" } }, .nargs = 1,
	};
	struct shim_session *s = start((char[]){ "cat" });
	struct err e = { 0 };

	assert_int_equal(shim_session_start(OTHER, &how, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.text, "1 sessions run already"));
	assert_null(shim_session_find(OTHER));
	shim_session_end(s, 0, false, NULL);
	run(until_over);
	e = (struct err){ 0 };
	assert_int_equal(shim_session_start(OTHER, &how, &e), 0);
	run(until_other_over);
}

/* cwd: made if missing, below the home whatever links there are; else it does not start. */
static void it_starts_in_its_folder(void **state)
{
	struct start_request how = {
		.args = { (char[]){ "sh" }, (char[]){ "-c" },
			  (char[]){ "touch here" } },
		.nargs = 3, .cwd = (char[]){ "shop/orders" },
	};
	char path[200];
	struct err e = { 0 };

	assert_int_equal(shim_session_start(ID, &how, &e), 0);
	run(until_over);
	snprintf(path, sizeof(path), "%s/shop/orders/here", home);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/out", home);
	assert_int_equal(symlink("/tmp", path), 0);
	how.cwd = (char[]){ "out" };
	assert_int_equal(shim_session_start(ID, &how, &e), -1);
	how.cwd = (char[]){ "out/deeper" };
	assert_int_equal(shim_session_start(ID, &how, &e), -1);
	assert_int_not_equal(access("/tmp/deeper", F_OK), 0);
	snprintf(path, sizeof(path), "%s/shop/orders/here", home);
	how.cwd = (char[]){ "shop/orders/here" };
	assert_int_equal(shim_session_start(ID, &how, &e), -1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_that_nobody_records_has_a_cap, make_home, remove_home),
		cmocka_unit_test_setup_teardown(who_ignores_term_is_killed, make_home, remove_home),
		cmocka_unit_test_setup_teardown(so_many_run_at_once, make_home, remove_home),
		cmocka_unit_test_setup_teardown(it_starts_in_its_folder, make_home, remove_home),
	};
	struct err e = { 0 };

	/* The shim starts its subreapers from its own program. */
	if (argc > 3 && str_equal(argv[1], "subreaper"))
		return path_init(&e) < 0 ? 1 : subreaper_main(argv[2],
							      argv + 3);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
