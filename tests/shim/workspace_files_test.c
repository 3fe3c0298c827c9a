/* lib/shim/workspace_files.c: files of the workspace, and nothing else. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "tests/shim/shim_world.h"

static void files_are_read_and_nothing_else(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/files/plain.txt", 200 }, { "/files/d%2Fe%2Fdeep", 200 },
		{ "/files/a%20%25b", 200 }, { "/files/none", 404 },
		{ "/files/d", 409 }, { "/files/link", 409 },
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_are_read_and_nothing_else),
		CASE(a_large_file_comes_whole),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
