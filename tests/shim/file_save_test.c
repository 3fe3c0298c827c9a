/* lib/shim/file_save.c: what an editor, a rename and a new folder change. */
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
#include <sys/stat.h>

#include "core/str.h"
#include "tests/shim/shim_world.h"

static int ask(const char *method, const char *path, const char *body, struct reply *r)
{
	memset(r, 0, sizeof(*r));
	return client_call(world.c, r, method, path, body, body ? strlen(body) : 0);
}

/* The status alone. */
static int does(const char *method, const char *path, const char *body)
{
	struct reply r;
	int status = ask(method, path, body, &r);

	reply_release(&r);
	return status;
}

static void version_of(const char *name, char out[17])
{
	char path[100], *at;
	struct reply r;

	snprintf(path, sizeof(path), "/stat/%s", name);
	assert_int_equal(ask("GET", path, NULL, &r), 200);
	at = strdup(buf_text(&r.body));
	assert_int_equal(sscanf(at, "%*s %*d %*d %16s", out), 1);
	free(at);
	reply_release(&r);
}

static void assert_content(const char *name, const char *text)
{
	char path[100];
	struct reply r;

	snprintf(path, sizeof(path), "/files/%s", name);
	assert_int_equal(ask("GET", path, NULL, &r), 200);
	assert_string_equal(buf_text(&r.body), text);
	reply_release(&r);
}

static void a_text_is_saved_once_per_version(void **state)
{
	char version[17], path[100], newer[17];
	struct reply r;
	struct stat st;

	shell("cd %s && mkdir d && echo old >d/a.sh && chmod 750 d/a.sh && ln -s d l", world.shim.home);
	version_of("d%2Fa.sh", version);
	snprintf(path, sizeof(path), "/save/l%%2Fa.sh?size=4&version=%s", version);
	assert_int_equal(ask("POST", path, "new\n", &r), 200);
	assert_int_equal(sscanf(buf_text(&r.body), "version %16s", newer), 1);
	reply_release(&r);
	assert_content("d%2Fa.sh", "new\n");
	version_of("d%2Fa.sh", version);
	assert_string_equal(version, newer);
	snprintf(path, sizeof(path), "%s/d/a.sh", world.shim.home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	/* The second editor has the version of before. */
	assert_int_equal(does("POST", "/save/d%2Fa.sh?size=4&version=0123456789abcdef", "mine"), 409);
	assert_content("d%2Fa.sh", "new\n");
	shell("cd %s && [ \"$(ls .gongbang-files/uploads)\" = '' ]", world.shim.home);
}

/* Of editors that save at the same moment, one wins, and the others learn it. */
static void one_of_many_editors_wins(void **state)
{
	char version[17], path[100];
	struct reply replies[8] = { 0 };
	int won = 0, i;

	shell("echo old >%s/a", world.shim.home);
	version_of("a", version);
	snprintf(path, sizeof(path), "/save/a?size=3&version=%s", version);
	for (i = 0; i < 8; i++)
		client_send(world.c, &replies[i], "POST", path, "new", 3);
	for (i = 0; i < 8; i++) {
		run_until(&replies[i].done);
		won += replies[i].status == 200;
		assert_true(replies[i].status == 200 || replies[i].status == 409);
		reply_release(&replies[i]);
	}
	assert_int_equal(won, 1);
}

static void what_cannot_be_saved(void **state)
{
	static const struct { const char *path; int status; } rows[] = {
		{ "/save/a?size=3&version=none", 409 },		/* the name is taken */
		{ "/save/l?size=3&version=none", 409 },		/* by a link */
		{ "/save/n?size=4&version=none", 400 },		/* another size: cut off */
		{ "/save/n?size=2&version=none", 400 },
		{ "/save/n?version=none", 400 }, { "/save/n?size=3", 400 },
		{ "/save/n?size=99999999&version=none", 400 },
		{ "/save/none?size=3&version=0123456789abcdef", 404 },
		{ "/save/d?size=3&version=0123456789abcdef", 409 },
		{ "/save/out%2Fx?size=3&version=none", 404 },
		{ "/save/..%2Fx?size=3&version=none", 400 },
		{ "/save/.gongbang%2Fx?size=3&version=none", 404 },
		{ "/save/n?size=3&version=none", 200 },
	};
	size_t i;

	shell("cd %s && mkdir d && echo a >a && ln -s none l && ln -s /tmp out", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (does("POST", rows[i].path, "abc") != rows[i].status)
			fail_msg("%s is not %d", rows[i].path, rows[i].status);
	}
	assert_content("n", "abc");
	assert_content("a", "a\n");
}

static void names_are_changed_and_never_overwritten(void **state)
{
	static const struct { const char *path, *says; int status; } rows[] = {
		{ "/folders/new", "path new\n", 201 }, { "/folders/new", "", 409 },
		{ "/folders/no%2Fnew", "", 404 }, { "/folders/..", "", 400 },
		{ "/folders/out%2Fx", "", 404 },
		{ "/move/a.txt?to=new%2Fb.txt", "path new/b.txt\n", 200 },
		{ "/move/new%2Fb.txt?to=c.txt", "", 409 },
		{ "/move/new%2Fb.txt?to=c.txt&free=1", "path c%20%281%29.txt\n", 200 },
		{ "/move/none?to=x", "", 404 }, { "/move/c.txt", "", 400 },
		{ "/move/c.txt?to=..%2Fx", "", 400 }, { "/move/c.txt?to=out%2Fx", "", 404 },
		{ "/move/c.txt?to=.gongbang-files%2Fx", "", 404 },
		{ "/move/new?to=new%2Fself", "", 400 },
		{ "/move/out?to=out2", "path out2\n", 200 },
	};
	struct reply r;
	size_t i;

	shell("cd %s && echo a >a.txt && echo c >c.txt && ln -s /tmp out", world.shim.home);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ask("POST", rows[i].path, NULL, &r) != rows[i].status)
			fail_msg("%s: %d %s", rows[i].path, r.status, buf_text(&r.body));
		if (*rows[i].says)
			assert_string_equal(buf_text(&r.body), rows[i].says);
		reply_release(&r);
	}
	assert_content("c.txt", "c\n");
	assert_content("c%20%281%29.txt", "a\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_text_is_saved_once_per_version),
		CASE(one_of_many_editors_wins),
		CASE(what_cannot_be_saved),
		CASE(names_are_changed_and_never_overwritten),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
