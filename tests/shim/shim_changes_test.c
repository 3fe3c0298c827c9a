/* lib/shim/shim_changes.c: what was made or changed since. */
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

#include "core/clock.h"
#include "tests/shim/shim_world.h"

/* A line "HOW TIME PATH" with a time not before since. */
static bool lists(const struct reply *r, const char *how, const char *path,
		  int64_t since)
{
	const char *at = strstr(buf_text(&r->body), path), *line = at;
	char text[300];

	while (line && line > buf_text(&r->body) && line[-1] != '\n')
		line--;
	if (!at || strncmp(line, how, strlen(how)) != 0)
		return false;
	snprintf(text, sizeof(text), "%s%lld %s\n", how,
		 strtoll(line + strlen(how), NULL, 10), path);
	return strncmp(line, text, strlen(text)) == 0 &&
	       strtoll(line + strlen(how), NULL, 10) >= since;
}

static void what_was_made_or_changed_is_listed(void **state)
{
	const char *home = world.shim.home;
	struct reply r;
	char path[64];
	int64_t since;

	shell("cd %s && mkdir -p old .claude node_modules/x __pycache__ d/e && "
	      "echo 1 >old/kept && echo 1 >old/changed && echo 1 >old/linked",
	      home);
	run_for(50);
	since = clock_now_ms();
	run_for(50);
	shell("cd %s && echo 22 >>old/changed && echo 333 >d/e/made.txt && "
	      "echo x >.hidden && echo x >.claude/x && echo x >node_modules/x/y && "
	      "echo x >__pycache__/z && ln -s /etc/passwd link && mkfifo pipe && "
	      "ln -s / root && touch 'a b\n\xff' && touch -d 2001-01-01 d/dated",
	      home);
	snprintf(path, sizeof(path), "/changes?since=%lld", (long long)since);
	assert_int_equal(get(path, &r), 200);
	assert_true(lists(&r, "changed 5 ", "old/changed", since));
	assert_true(lists(&r, "made 4 ", "d/e/made.txt", since));
	assert_true(lists(&r, "made 0 ", "d/dated", since));
	assert_null(strstr(buf_text(&r.body), "kept"));
	assert_null(strstr(buf_text(&r.body), "hidden"));
	assert_null(strstr(buf_text(&r.body), "claude"));
	assert_null(strstr(buf_text(&r.body), "node_modules"));
	assert_null(strstr(buf_text(&r.body), "pycache"));
	assert_null(strstr(buf_text(&r.body), "link"));
	assert_null(strstr(buf_text(&r.body), "pipe"));
	assert_null(strstr(buf_text(&r.body), "root"));
	assert_null(strstr(buf_text(&r.body), "passwd"));
	reply_release(&r);
	assert_int_equal(get("/changes?since=x", &r), 400);
	reply_release(&r);
}

static void the_list_of_changes_has_an_end(void **state)
{
	struct reply r;
	size_t n = 0;
	const char *at;

	shell("cd %s && mkdir many && cd many && seq -f 'f%%g' 900 | xargs touch",
	      world.shim.home);
	assert_int_equal(get("/changes?since=1", &r), 200);
	for (at = buf_text(&r.body); (at = strchr(at, '\n')); at++)
		n++;
	assert_int_equal(n, 500);
	reply_release(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_made_or_changed_is_listed),
		CASE(the_list_of_changes_has_an_end),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
