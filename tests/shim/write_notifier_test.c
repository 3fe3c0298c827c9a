/*
 * lib/shim/write_notifier.c and shim_written.c: of sessions that write at once
 * each has its own files, whatever its processes do.
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

#include "core/clock.h"
#include "tests/shim/shim_world.h"

static char other[ID_SIZE];

/* Runs it as a session's Claude until it prints "over"; stdin stays open. */
static void run_in(const char *id, const char *script, struct reply *log)
{
	char path[100], text[4096];

	memset(log, 0, sizeof(*log));
	snprintf(text, sizeof(text), "%s; echo over; cat", script);
	assert_int_equal(start_script(world.c, id, text), 201);
	snprintf(path, sizeof(path), "/sessions/%s/log?from=0", id);
	client_send(world.c, log, "GET", path, NULL, 0);
}

static void list(struct reply *r, const char *id, int64_t since)
{
	char path[120];

	snprintf(path, sizeof(path), "/sessions/%s/written?since=%lld", id,
		 (long long)since);
	assert_int_equal(get(path, r), 200);
}

/* The line that ends with that path begins so. */
static bool says(const struct reply *r, const char *start, const char *path)
{
	char end[400];
	const char *at, *line;

	snprintf(end, sizeof(end), " %s\n", path);
	at = strstr(buf_text(&r->body), end);
	for (line = at; line && line > buf_text(&r->body) && line[-1] != '\n';)
		line--;
	return line && strncmp(line, start, strlen(start)) == 0;
}

static bool lists(const struct reply *r, const char *path)
{
	return says(r, "", path);
}

static void two_that_write_at_once_have_their_own_files(void **state)
{
	struct reply a, b, r;
	int64_t since;
	char path[120];

	id_new(other);
	shell("echo old >%s/kept", world.shim.home);
	run_for(50);	/* a file's times are those of the kernel's last tick */
	since = clock_now_ms();
	run_in(world.id,
	       "for i in 1 2 3 4 5 6 7 8 9; do echo a >a$i; done; "
	       "echo a >same; mkdir .tmp; echo x >.tmp/x; mv .tmp/x moved; "
	       "mkdir st; echo y >st/in; mv st final; ln a1 linked; "
	       "(sleep 0.5; echo a >late; env -i setsid sh -c 'echo a >hidden-one') & "
	       "echo more >>kept; dd if=a1 of=copied 2>/dev/null; "
	       "env -i sh -c 'echo b >no-marks'; chmod 700 a2; wait", &a);
	run_in(other,
	       "for i in 1 2 3 4 5 6 7 8 9; do echo b >b$i; done; "
	       "ln -s /etc out; mkfifo pipe; echo x >.dotted", &b);
	run_until_text(&a, "over");
	run_until_text(&b, "over");
	shell("echo outside >%s/outside", world.shim.home);

	list(&r, world.id, since);
	for (const char *const *p = (const char *const[]){ "a1", "a9", "same",
	     "moved", "final/in", "linked", "late", "hidden-one", "copied",
	     "no-marks", NULL }; *p; p++) {
		if (!says(&r, "made own ", *p))
			fail_msg("%s in %s", *p, buf_text(&r.body));
	}
	assert_true(says(&r, "changed own ", "kept"));
	assert_false(lists(&r, "b1"));
	assert_false(lists(&r, "outside"));
	assert_null(strstr(buf_text(&r.body), ".tmp"));
	reply_release(&r);

	list(&r, other, since);
	assert_true(says(&r, "made own ", "b1") && says(&r, "made own ", "b9"));
	assert_false(lists(&r, "a1") || lists(&r, "pipe") || lists(&r, ".dotted"));
	reply_release(&r);

	snprintf(path, sizeof(path), "/changes?since=%lld&session=%s",
		 (long long)since, other);
	assert_int_equal(get(path, &r), 200);
	assert_true(says(&r, "made own ", "b5"));
	assert_true(says(&r, "made other ", "a5"));
	assert_true(says(&r, "made other ", "final/in"));
	assert_true(says(&r, "made none ", "outside"));
	reply_release(&r);
	assert_int_equal(get("/changes?since=1&session=x", &r), 400);
	reply_release(&r);
	reply_release(&a);
	reply_release(&b);
}

/* A file is whose that changed it last; to open it is no change. */
static void of_one_name_the_last_writer_has_it(void **state)
{
	struct reply a, b, r;
	int64_t since = clock_now_ms();

	id_new(other);
	run_in(world.id, "echo a >both; echo a >opened", &a);
	run_until_text(&a, "over");
	run_for(100);
	run_in(other, "echo b >both; : >>opened", &b);
	run_until_text(&b, "over");
	list(&r, world.id, since);
	assert_true(says(&r, "made own ", "opened"));
	assert_false(lists(&r, "both"));
	reply_release(&r);
	list(&r, other, since);
	assert_true(says(&r, "made own ", "both"));
	assert_false(lists(&r, "opened"));
	reply_release(&r);
	reply_release(&a);
	reply_release(&b);
}

static void names_of_all_kinds(void **state)
{
	struct reply a, r;
	int64_t since = clock_now_ms();
	char name[256], full[300];

	memset(name, 'n', 255);
	name[255] = '\0';
	snprintf(full, sizeof(full), "%.255s", name);
	run_in(world.id,
	       "printf x >\"$(printf 'q\"\\nl\\377')\"; echo x >\"$(printf '%0255d' 0 | tr 0 n)\"; "
	       "mkdir d; cd d; echo x >../up; echo x >./here; "
	       "ln -s ../up link; echo xx >link; ln -s /tmp away; echo x >away/none; rm away/none", &a);
	run_until_text(&a, "over");
	list(&r, world.id, since);
	assert_true(says(&r, "made own ", "q%22%0Al%FF"));
	assert_true(says(&r, "made own ", full));
	assert_true(says(&r, "made own ", "up"));
	assert_true(says(&r, "made own ", "d/here"));
	assert_null(strstr(buf_text(&r.body), "link"));
	assert_null(strstr(buf_text(&r.body), "none"));
	reply_release(&r);
	reply_release(&a);
}

static void ten_thousand_have_an_end(void **state)
{
	struct reply a, r;
	int64_t since = clock_now_ms();
	size_t n = 0;
	const char *at;

	run_in(world.id, "mkdir m; cd m; seq 10000 | xargs touch", &a);
	run_until_text(&a, "over");
	list(&r, world.id, since);
	for (at = buf_text(&r.body); (at = strchr(at, '\n')); at++)
		n++;
	assert_int_equal(n, 501);
	assert_non_null(strstr(buf_text(&r.body), "\nmore 9500\n"));
	reply_release(&r);
	reply_release(&a);
}

/* Claude is not readable: its own calls are noted by the bridge. */
static void what_claude_itself_wrote_is_noted(void **state)
{
	int64_t since = clock_now_ms();
	struct reply r;
	char query[160];

	shell("cd %s && echo x >by-claude && echo x >earlier", world.shim.home);
	snprintf(query, sizeof(query), "/wrote?path=by-claude&since=%lld&until=%lld",
		 (long long)since - 100, (long long)since + 60000);
	assert_int_equal(call("POST", query), 200);
	/* A call that changed nothing. */
	snprintf(query, sizeof(query), "/wrote?path=earlier&since=%lld&until=%lld",
		 (long long)since + 60000, (long long)since + 70000);
	assert_int_equal(call("POST", query), 200);
	assert_int_equal(call("POST", "/wrote?path=..%2fx&since=1&until=2"), 400);
	assert_int_equal(call("POST", "/wrote?path=missing&since=1&until=2"), 200);
	list(&r, world.id, since - 100);
	assert_true(says(&r, "made own ", "by-claude"));
	assert_false(lists(&r, "earlier") || lists(&r, "missing"));
	reply_release(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_that_write_at_once_have_their_own_files),
		CASE(of_one_name_the_last_writer_has_it),
		CASE(names_of_all_kinds),
		CASE(ten_thousand_have_an_end),
		CASE(what_claude_itself_wrote_is_noted),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
