/* lib/shim/file_trash.c: what was deleted can be had back, within bounds. */
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

static int ask(const char *method, const char *path, struct reply *r)
{
	memset(r, 0, sizeof(*r));
	return client_call(world.c, r, method, path, NULL, 0);
}

static void throw_away(const char *path, char id[32])
{
	struct reply r;

	if (ask("DELETE", path, &r) != 200)
		fail_msg("%s: %d %s", path, r.status, buf_text(&r.body));
	assert_int_equal(sscanf(buf_text(&r.body), "trash %31s", id), 1);
	reply_release(&r);
}

static void deleted_things_come_back(void **state)
{
	char id[32], first[32], path[100];
	struct reply r;

	shell("cd %s && mkdir -p d/e && echo x >d/e/x && echo one >'a b.txt' && ln -s /etc l", world.shim.home);
	throw_away("/files/a%20b.txt", first);
	throw_away("/files/d", id);
	shell("cd %s && [ ! -e d ] && [ ! -e 'a b.txt' ]", world.shim.home);
	assert_int_equal(ask("GET", "/trash", &r), 200);
	assert_non_null(strstr(buf_text(&r.body), " folder d\n"));
	assert_non_null(strstr(buf_text(&r.body), " file a%20b.txt\n"));
	assert_true(strstr(buf_text(&r.body), " folder d\n") < strstr(buf_text(&r.body), " file a%20b.txt\n"));
	reply_release(&r);
	snprintf(path, sizeof(path), "/trash/%s/restore", id);
	assert_int_equal(ask("POST", path, &r), 200);
	assert_string_equal(buf_text(&r.body), "path d\n");
	reply_release(&r);
	assert_int_equal(ask("POST", path, &r), 404);
	reply_release(&r);
	/* The name was taken meanwhile. */
	shell("cd %s && [ -e d/e/x ] && echo two >'a b.txt'", world.shim.home);
	snprintf(path, sizeof(path), "/trash/%s/restore", first);
	assert_int_equal(ask("POST", path, &r), 200);
	assert_string_equal(buf_text(&r.body), "path a%20b%20%281%29.txt\n");
	reply_release(&r);
	/* Of a link, the link. */
	throw_away("/files/l", id);
	shell("cd %s && [ ! -h l ] && [ -e /etc/passwd ]", world.shim.home);
}

static void what_is_erased_is_gone(void **state)
{
	char id[32], path[100];
	struct reply r;

	shell("cd %s && echo a >a && echo b >b && mkdir -p d/locked && echo x >d/locked/x && chmod 500 d/locked", world.shim.home);
	throw_away("/files/a", id);
	snprintf(path, sizeof(path), "/trash/%s", id);
	assert_int_equal(ask("DELETE", path, &r), 200);
	reply_release(&r);
	throw_away("/files/b", id);
	throw_away("/files/d", id);
	assert_int_equal(ask("DELETE", "/trash", &r), 200);
	reply_release(&r);
	assert_int_equal(ask("GET", "/trash", &r), 200);
	assert_string_equal(buf_text(&r.body), "");
	reply_release(&r);
	shell("[ -z \"$(ls %s/.gongbang-files/trash)\" ]", world.shim.home);
}

/* The oldest go: by number, then by size, of which the item's own line is believed. */
static void the_trash_is_bounded(void **state)
{
	char id[32];
	struct reply r;

	shell("cd %s && mkdir -p .gongbang-files/trash && cd .gongbang-files/trash && "
	      "for i in $(seq 600); do mkdir $(printf '%%016d-%%08x' $i $i) && "
	      "echo \"1 $i file f$i\" >$(printf '%%016d-%%08x' $i $i)/origin; done", world.shim.home);
	shell("cd %s && echo a >a", world.shim.home);
	throw_away("/files/a", id);
	assert_int_equal(ask("GET", "/trash", &r), 200);
	assert_null(strstr(buf_text(&r.body), " f1\n"));
	assert_non_null(strstr(buf_text(&r.body), " f600\n"));
	reply_release(&r);
	shell("[ $(ls %s/.gongbang-files/trash | wc -l) = 500 ]", world.shim.home);
	shell("cd %s/.gongbang-files/trash/0000000000000600-00000258 && echo '1073741825 1 file f600' >origin", world.shim.home);
	shell("cd %s && echo a >a", world.shim.home);
	throw_away("/files/a", id);
	shell("[ $(ls %s/.gongbang-files/trash | wc -l) = 2 ]", world.shim.home);
}

/* The user's programs can write there: nothing is taken for granted. */
static void forged_items_are_harmless(void **state)
{
	static const char *const ids[] = {
		"..", "..%2F..%2Fx", "0000000000000001-0000000", "x", "0000000000000001-0000000g",
	};
	char path[100];
	struct reply r;
	size_t i;

	shell("cd %s && mkdir -p keep .gongbang-files/trash && cd .gongbang-files/trash && "
	      "for i in 1 2 3 4; do mkdir 000000000000000$i-00000000; echo x >000000000000000$i-00000000/item; done && "
	      "echo '1 1 file ../../../tmp/forged' >0000000000000001-00000000/origin && "
	      "echo '1 1 file /tmp/forged' >0000000000000002-00000000/origin && "
	      "mkfifo 0000000000000003-00000000/origin && ln -s /etc/passwd 0000000000000004-00000000/origin && "
	      "ln -s ../../keep 0000000000000005-00000000", world.shim.home);
	for (i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path), "/trash/000000000000000%zu-00000000/restore", i);
		assert_int_equal(ask("POST", path, &r), 404);
		reply_release(&r);
	}
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(path, sizeof(path), "/trash/%s", ids[i]);
		assert_int_equal(ask("DELETE", path, &r), 400);
		reply_release(&r);
	}
	assert_int_equal(ask("DELETE", "/trash", &r), 200);
	reply_release(&r);
	shell("cd %s && [ -d keep ] && [ ! -e /tmp/forged ]", world.shim.home);
}

static void what_cannot_be_deleted(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/files/none", 404 }, { "/files/..", 400 }, { "/files/.gongbang", 404 },
		{ "/files/.gongbang-files%2Ftrash", 404 }, { "/files/out%2Fpasswd", 404 },
	};
	struct reply r;
	size_t i;

	shell("ln -s /etc %s/out", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ask("DELETE", rows[i].path, &r) != rows[i].status)
			fail_msg("%s: %d", rows[i].path, r.status);
		reply_release(&r);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(deleted_things_come_back),
		CASE(what_is_erased_is_gone),
		CASE(the_trash_is_bounded),
		CASE(forged_items_are_harmless),
		CASE(what_cannot_be_deleted),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
