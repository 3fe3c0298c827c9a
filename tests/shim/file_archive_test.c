/* lib/shim/file_archive.c: zips of folders, and of what does not belong in one. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/shim/shim_world.h"

static void zip_of(const char *path, const char *to)
{
	char name[200];
	struct reply r;
	FILE *f;

	assert_int_equal(get(path, &r), 200);
	assert_false(r.failed);
	snprintf(name, sizeof(name), "%s/%s", world.shim.home, to);
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(r.body.data, 1, r.body.len, f), r.body.len);
	fclose(f);
	reply_release(&r);
}

static void a_folder_becomes_a_zip(void **state)
{
	shell("cd %s && mkdir -p d/e d/empty && echo deep >d/e/f && "
	      "python3 -c \"open('d/\\uac00 \\u202e.txt', 'w').write('k' * 100000)\" && "
	      "ln -s /etc/passwd d/out && ln -s e d/in && mkfifo d/pipe && mkdir d/no && chmod 0 d/no && "
	      "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('d/socket')\"", world.shim.home);
	zip_of("/archive/d", "z.zip");
	shell("cd %s && python3 -c \"import zipfile; z = zipfile.ZipFile('z.zip'); assert z.testzip() is None; "
	      "n = sorted(z.namelist()); assert [x for x in n if x != 'd/no/'] == ['d/', 'd/e/', 'd/e/f', 'd/empty/', 'd/\\uac00 \\u202e.txt'], n; "
	      "assert z.read('d/e/f') == b'deep\\n' and len(z.read('d/\\uac00 \\u202e.txt')) == 100000\"", world.shim.home);
	zip_of("/archive/d%2Fe%2Ff", "z.zip");
	shell("cd %s && python3 -c \"import zipfile; assert zipfile.ZipFile('z.zip').namelist() == ['f']\"", world.shim.home);
}

/* Names that a program could take for a path, or not read at all. */
static void names_in_a_zip_are_plain_text(void **state)
{
	shell("cd %s && mkdir d && cd d && python3 -c \"open(b'\\xff.txt', 'w'); open('..\\\\\\\\up', 'w')\"", world.shim.home);
	zip_of("/archive/d", "z.zip");
	shell("cd %s && python3 -c \"import zipfile; n = sorted(zipfile.ZipFile('z.zip').namelist()); "
	      "assert n == ['d/', 'd/.._up', 'd/\\ufffd.txt'], n\"", world.shim.home);
}

static void the_whole_workspace_has_no_platform_folder(void **state)
{
	shell("cd %s && mkdir -p .gongbang/sessions .gongbang-files/trash && echo x >.gongbang/x && echo a >a", world.shim.home);
	zip_of("/archive", "z.zip");
	shell("cd %s && python3 -c \"import zipfile; n = zipfile.ZipFile('z.zip').namelist(); "
	      "assert 'a' in n and not [x for x in n if 'gongbang' in x], n\"", world.shim.home);
}

static void what_is_no_file_or_folder_has_no_zip(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/archive/pipe", 404 }, { "/archive/out", 404 }, { "/archive/out%2Fpasswd", 404 },
		{ "/archive/none", 404 }, { "/archive/..", 400 }, { "/archive/.gongbang", 404 },
	};
	struct reply r;
	size_t i;

	shell("cd %s && mkfifo pipe && ln -s /etc out", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (get(rows[i].path, &r) != rows[i].status)
			fail_msg("%s: %d", rows[i].path, r.status);
		reply_release(&r);
	}
}

/* One that shrinks meanwhile breaks off, so that nobody takes it for whole. */
static void a_shrinking_file_breaks_the_zip_off(void **state)
{
	struct reply r = { .hold = true };

	shell("cd %s && mkdir d && head -c 30000000 /dev/urandom >d/big", world.shim.home);
	client_send(world.c, &r, "GET", "/archive/d", NULL, 0);
	run_until_count(&r, 1000);
	shell("truncate -s 10 %s/d/big", world.shim.home);
	r.hold = false;
	link_stream_consume(r.stream, 1 << 20);
	run_until(&r.done);
	assert_true(r.failed);
	reply_release(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_folder_becomes_a_zip),
		CASE(names_in_a_zip_are_plain_text),
		CASE(the_whole_workspace_has_no_platform_folder),
		CASE(what_is_no_file_or_folder_has_no_zip),
		CASE(a_shrinking_file_breaks_the_zip_off),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
