/* lib/shim/file_upload.c: uploads in chunks that may break anywhere. */
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

#include "core/id.h"
#include "core/str.h"
#include "tests/shim/shim_world.h"

static const char *upload(const char *rest)
{
	static char path[300];

	snprintf(path, sizeof(path), "/uploads/%s%s", world.id, rest);
	return path;
}

/* The answer's text must be that. */
static void says(const char *method, const char *rest, const char *body, size_t n,
		 int status, const char *text)
{
	struct reply r = { 0 };

	if (client_call(world.c, &r, method, upload(rest), body, n) != status ||
	    (text && strcmp(buf_text(&r.body), text) != 0))
		fail_msg("%s %s: %d %s", method, rest, r.status, buf_text(&r.body));
	reply_release(&r);
}

static void chunks_become_a_file_under_a_free_name(void **state)
{
	shell("echo first >%s/report.pdf", world.shim.home);
	says("GET", "", NULL, 0, 404, NULL);
	says("POST", "?offset=0", "hello ", 6, 200, "size 6\n");
	says("GET", "", NULL, 0, 200, "size 6\n");
	says("POST", "?offset=3", "xxx", 3, 409, "size 6\n");
	says("POST", "?offset=0", "xxx", 3, 409, "size 6\n");
	says("POST", "?offset=6", "world", 5, 200, "size 11\n");
	says("POST", "/finish?to=report.pdf&size=12", NULL, 0, 409, "size 11\n");
	says("POST", "/finish?to=report.pdf&size=11", NULL, 0, 201, "path report%20%281%29.pdf\n");
	says("POST", "/finish?to=report.pdf&size=11", NULL, 0, 404, NULL);
	says("POST", "/finish?to=empty&size=0", NULL, 0, 201, "path empty\n");
	shell("cd %s && [ \"$(cat 'report (1).pdf')\" = 'hello world' ] && [ \"$(cat report.pdf)\" = first ] && "
	      "[ -f empty ] && [ ! -s empty ] && [ \"$(stat -c %%a 'report (1).pdf')\" = 644 ]", world.shim.home);
}

static void folders_come_along_and_never_climb_out(void **state)
{
	static const char *const bad[] = {
		"..%2Fx", "%2Ftmp%2Fx", "a%2F..%2F..%2Fx", "", "a%2F", ".gongbang%2Fsessions%2Fx",
	};
	static const char *const away[] = { "out%2Fx", "out%2Fgongbang-none%2Fx" };
	char rest[100];
	size_t i;

	shell("ln -s /tmp %s/out", world.shim.home);
	says("POST", "?offset=0", "a", 1, 200, "size 1\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reply r = { 0 };

		snprintf(rest, sizeof(rest), "/finish?to=%s&size=1", bad[i]);
		client_call(world.c, &r, "POST", upload(rest), NULL, 0);
		if (r.status != 400 && r.status != 404)
			fail_msg("%s: %d", bad[i], r.status);
		reply_release(&r);
	}
	for (i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
		snprintf(rest, sizeof(rest), "/finish?to=%s&size=1", away[i]);
		says("POST", rest, NULL, 0, 404, NULL);
	}
	says("POST", "/finish?to=deep%2Fer%2Fa.txt&size=1", NULL, 0, 201, "path deep/er/a.txt\n");
	shell("cd %s && [ \"$(cat deep/er/a.txt)\" = a ] && [ ! -e out/gongbang-none ]", world.shim.home);
}

/* A large chunk that breaks off: what came stays, and the rest follows. */
static void a_broken_chunk_is_continued(void **state)
{
	size_t n = 6 << 20, have;
	char *bytes = malloc(n), rest[64];
	struct reply r = { 0 };
	size_t i;
	int status;

	assert_non_null(bytes);
	for (i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 4096);
	client_send(world.c, &r, "POST", upload("?offset=0"), bytes, n);
	/* Some of it is on its way; then the link dies with its bridge. */
	run_for(3);
	client_free(world.c);
	world.c = client_new(&world.shim, true);
	for (i = 0; ; i++) {
		struct reply s = { 0 };

		client_call(world.c, &s, "GET", upload(""), NULL, 0);
		have = s.status == 200 ? strtoul(buf_text(&s.body) + 5, NULL, 10) : 0;
		reply_release(&s);
		memset(&s, 0, sizeof(s));
		snprintf(rest, sizeof(rest), "?offset=%zu", have);
		status = client_call(world.c, &s, "POST", upload(rest),
				     bytes + have, n - have);
		reply_release(&s);
		if (status == 200)
			break;
		/* The first one's process still ends. */
		if (status != 409 && status != 503)
			fail_msg("%d at %zu", status, have);
		assert_true(i < 1000);
		run_for(10);
	}
	snprintf(rest, sizeof(rest), "/finish?to=big&size=%zu", n);
	says("POST", rest, NULL, 0, 201, "path big\n");
	memset(&r, 0, sizeof(r));
	assert_int_equal(get("/files/big", &r), 200);
	assert_int_equal(r.body.len, n);
	assert_memory_equal(r.body.data, bytes, n);
	reply_release(&r);
	free(bytes);
}

static void abandoned_parts_are_removed(void **state)
{
	shell("cd %s && mkdir -p .gongbang-files/uploads && cd .gongbang-files/uploads && "
	      "echo x >old && touch -d '2 days ago' old && echo y >young && "
	      "truncate -s 1 sparse", world.shim.home);
	says("POST", "?offset=0", "a", 1, 200, "size 1\n");
	shell("cd %s/.gongbang-files/uploads && [ ! -e old ] && [ -e young ]", world.shim.home);
	says("DELETE", "", NULL, 0, 200, NULL);
	says("GET", "", NULL, 0, 404, NULL);
}

/* A folder that someone else put there is not followed. */
static void parts_are_not_written_through_links(void **state)
{
	shell("cd %s && mkdir elsewhere .gongbang-files && ln -s ../elsewhere .gongbang-files/uploads", world.shim.home);
	says("POST", "?offset=0", "a", 1, 409, NULL);
	shell("cd %s && [ -z \"$(ls elsewhere)\" ] && rm .gongbang-files/uploads && mkdir .gongbang-files/uploads && "
	      "ln -s ../../target .gongbang-files/uploads/%s", world.shim.home, world.id);
	says("POST", "?offset=0", "a", 1, 409, NULL);
	shell("[ ! -e %s/target ]", world.shim.home);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(chunks_become_a_file_under_a_free_name),
		CASE(folders_come_along_and_never_climb_out),
		CASE(a_broken_chunk_is_continued),
		CASE(abandoned_parts_are_removed),
		CASE(parts_are_not_written_through_links),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
