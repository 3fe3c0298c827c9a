/*
 * lib/shim/workspace_files.c, file_list.c and file_worker.c: files of the
 * workspace, and nothing else.
 */
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

static void files_are_read_and_nothing_else(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/files/plain.txt", 200 }, { "/files/d%2Fe%2Fdeep", 200 },
		{ "/files/a%20%25b", 200 }, { "/files/none", 404 },
		{ "/files/d", 409 }, { "/files/link", 404 },
		{ "/files/dirlink%2Fhostname", 404 },
		{ "/files/pipe", 409 }, { "/files/socket", 409 },
		{ "/files/..%2F..%2Fetc%2Fpasswd", 400 },
		{ "/files/%2Fetc%2Fpasswd", 400 },
		{ "/files/d%2F..%2Fplain.txt", 400 }, { "/files/.", 400 },
		{ "/files/..", 400 }, { "/files/d%2F%2Fe", 400 },
		{ "/files/d%2F", 400 }, { "/files/%00", 400 },
		{ "/files/plain.txt%00x", 400 }, { "/files/%zz", 400 },
		{ "/files/%2", 400 }, { "/files/", 404 },
		{ "/files/../etc/passwd", 404 }, { "/files/proc%2Fversion", 404 },
		{ "/files/plain.txt%2Fx", 404 },
		{ "/files/plain.txt?max=4", 413 }, { "/files/plain.txt?max=5", 200 },
		{ "/files/plain.txt?max=-1", 400 },
	};
	struct reply r;
	size_t i;

	shell("cd %s && printf 12345 >plain.txt && mkdir -p d/e && echo deep >d/e/deep && "
	      "echo x >'a %%b' && ln -s /etc/passwd link && ln -s /etc dirlink && "
	      "ln -s /proc proc && mkfifo pipe && python3 -c \"import socket; "
	      "socket.socket(socket.AF_UNIX).bind('socket')\"", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (get(rows[i].path, &r) != rows[i].status)
			fail_msg("%s: %d", rows[i].path, r.status);
		if (i == 0)
			assert_string_equal(buf_text(&r.body), "12345");
		if (r.status != 200)
			assert_true(r.body.len > 3 && r.body.len < 200);
		reply_release(&r);
	}
}

static void a_large_file_comes_whole(void **state)
{
	struct reply r;

	shell("head -c 5000000 /dev/urandom >%s/big", world.shim.home);
	assert_int_equal(get("/files/big", &r), 200);
	assert_int_equal(r.body.len, 5000000);
	reply_release(&r);
	assert_int_equal(get("/files/big?max=4194304", &r), 413);
	reply_release(&r);
}

/* Names that break line protocols, terminals and sloppy readers. */
static void folders_are_listed_in_order(void **state)
{
	struct reply r;
	char *text, *at;

	shell("cd %s && mkdir -p l/z l/.gongbang-files l/b && cd l && printf 12345 >a && "
	      "ln -s a inside && ln -s b fold && ln -s /etc out && ln -s none gone && mkfifo pipe && "
	      "python3 -c \"import os; [open(n, 'w') for n in (b'n\\\\n', b'q\\\"', b'\\\\xff', b'x' * 255, "
	      "'\\u202egnp'.encode())]\"", world.shim.home);
	assert_int_equal(get("/list/l", &r), 200);
	text = strdup(buf_text(&r.body));
	assert_non_null(text);
	assert_int_equal(strncmp(text, "entries 14 ", 11), 0);
	for (at = text; *at; at++) {
		if (strncmp(at, "\nfolder ", 8) == 0 || strncmp(at, "\nfile ", 6) == 0 ||
		    strncmp(at, "\nlink", 5) == 0 || strncmp(at, "\nother ", 7) == 0)
			continue;
		assert_true(*at != '\n' || !at[1]);
	}
	assert_non_null(strstr(text, "%0A\n"));
	assert_non_null(strstr(text, "%FF\n"));
	assert_non_null(strstr(text, "%E2%80%AEgnp\n"));
	assert_true(strstr(text, " .gongbang-files\n") < strstr(text, " b\n"));
	assert_true(strstr(text, " b\n") < strstr(text, " z\n"));
	assert_true(strstr(text, " z\n") < strstr(text, " a\n"));
	assert_non_null(strstr(text, "\nfile 5 "));
	free(text);
	reply_release(&r);
	assert_int_equal(get("/list/l?from=3&count=2", &r), 200);
	assert_non_null(strstr(buf_text(&r.body), " a\n"));
	assert_null(strstr(buf_text(&r.body), " b\n"));
	assert_null(strstr(buf_text(&r.body), "pipe"));
	reply_release(&r);
}

static void kinds_are_what_links_lead_to(void **state)
{
	static const struct { const char *path, *kind; int status; } rows[] = {
		{ "/stat/a", "file 5 ", 200 }, { "/stat/b", "folder ", 200 },
		{ "/stat/inside", "link-file ", 200 }, { "/stat/fold", "link-folder ", 200 },
		{ "/stat/out", "link ", 200 }, { "/stat/gone", "link ", 200 },
		{ "/stat/pipe", "other ", 200 }, { "/stat", "folder ", 200 },
		{ "/stat/none", "", 404 }, { "/stat/out%2Fpasswd", "", 404 },
		{ "/stat/fold%2Fdeep", "file 0 ", 200 }, { "/stat/..", "", 400 },
		{ "/stat/.gongbang", "", 404 }, { "/list/.gongbang-files", "", 404 },
		{ "/list/out", "", 404 }, { "/list/a", "", 404 },
		{ "/list/fold", "entries 1 ", 200 }, { "/list?count=x", "", 400 },
	};
	struct reply r;
	size_t i;

	shell("cd %s && mkdir -p b .gongbang/sessions .gongbang-files && printf 12345 >a && touch b/deep && "
	      "ln -s a inside && ln -s b fold && ln -s /etc out && ln -s none gone && mkfifo pipe", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (get(rows[i].path, &r) != rows[i].status)
			fail_msg("%s: %d", rows[i].path, r.status);
		if (strncmp(buf_text(&r.body), rows[i].kind, strlen(rows[i].kind)) != 0)
			fail_msg("%s: %s", rows[i].path, buf_text(&r.body));
		reply_release(&r);
	}
	assert_int_equal(get("/list", &r), 200);
	assert_null(strstr(buf_text(&r.body), ".gongbang"));
	reply_release(&r);
}

static void a_part_of_a_file(void **state)
{
	static const struct { const char *query, *text; int status; } rows[] = {
		{ "offset=2", "23456789", 200 }, { "offset=2&length=3", "234", 200 },
		{ "last=2", "89", 200 }, { "last=20", "0123456789", 200 },
		{ "offset=9&length=99", "9", 200 }, { "offset=10", NULL, 416 },
		{ "last=0", NULL, 416 }, { "offset=-1", NULL, 400 },
		{ "offset=0&length=0", "", 200 },
	};
	char path[64];
	struct reply r;
	size_t i;

	shell("printf 0123456789 >%s/ten; : >%s/empty", world.shim.home, world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "/files/ten?%s", rows[i].query);
		if (get(path, &r) != rows[i].status)
			fail_msg("%s: %d", path, r.status);
		if (rows[i].text)
			assert_string_equal(buf_text(&r.body), rows[i].text);
		reply_release(&r);
	}
	assert_int_equal(get("/files/empty", &r), 200);
	assert_int_equal(r.body.len, 0);
	reply_release(&r);
}

/* The path never leads outside, whichever of the two the loop finds. */
static void a_swapped_link_never_leads_outside(void **state)
{
	struct reply r;
	int i;

	shell("cd %s && mkdir s out && echo inside >s/hostname && ln -s /etc l; "
	      "touch swapping; (while [ -e swapping ]; do mv -T s t; mv -T l s; mv -T s l; mv -T t s; done; touch swapped) "
	      "</dev/null >/dev/null 2>&1 &", world.shim.home);
	for (i = 0; i < 300; i++) {
		if (get("/files/s%2Fhostname", &r) == 200)
			assert_string_equal(buf_text(&r.body), "inside\n");
		else
			assert_int_equal(r.status, 404);
		reply_release(&r);
	}
	shell("cd %s && rm swapping && while [ ! -e swapped ]; do sleep 0.01; done", world.shim.home);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_are_read_and_nothing_else),
		CASE(a_large_file_comes_whole),
		CASE(folders_are_listed_in_order),
		CASE(kinds_are_what_links_lead_to),
		CASE(a_part_of_a_file),
		CASE(a_swapped_link_never_leads_outside),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
