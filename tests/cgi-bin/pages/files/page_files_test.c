/*
 * The pages of files against a scripted bridge: lists, previews, editing with a
 * conflict, names that mislead, what each form asks of the shim.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "auth/login.h"
#include "core/percent.h"
#include "core/str.h"
#include "pages/files/file_path.h"
#include "pages/files/workspace_file.h"
#include "store/users.h"
#include "tests/cgi-bin/pages/in_process.h"

#define PATIENCE_S 60

/* What the shim answers to a request that begins so; more than one may. */
struct reply {
	const char *ask;
	int status;
	const char *body;
	size_t n;		/* 0: a text */
};

static char token[TOKEN_SIZE];
static pid_t child;
static int heard;		/* the requests, a line each, and their bodies */

static int begin(void **state)
{
	struct err e = { 0 };
	struct user *u;

	pages_begin(state);
	u = user_load(site.db, NULL, site.kim, &e);
	if (!u || login_start(pages_kv, u, 3600, token, &e) < 0)
		fail_msg("%s", e.text);
	talloc_free(u);
	return 0;
}

/* Reads head and body; false at the end. */
static bool read_request(int fd, char *text, size_t size)
{
	size_t n = 0, length = 0;
	char *end = NULL, *header;
	ssize_t got;

	while (!end || n < (size_t)(end - text) + 4 + length) {
		got = read(fd, text + n, size - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		end = strstr(text, "\r\n\r\n");
		header = end ? strcasestr(text, "\r\nContent-Length:") : NULL;
		if (header && header < end)
			length = strtoul(header + 17, NULL, 10);
	}
	return true;
}

static const struct reply *find_reply(const struct reply *rows, const char *ask)
{
	for (; rows->ask; rows++) {
		if (str_starts(ask, rows->ask))
			return rows;
	}
	return NULL;
}

static void answer(int fd, int told, const struct reply *rows)
{
	static char text[8 << 20];
	char ask[8192], head[128], *to;
	const struct reply *row;
	ptrdiff_t n;
	size_t len;

	if (!read_request(fd, text, sizeof(text)))
		return;
	to = strstr(text, "files?to=");
	if (!to || !strstr(text, site.kim))
		_exit(1);
	to += strlen("files?to=");
	len = (size_t)snprintf(ask, sizeof(ask), "%.*s ",
			       (int)strcspn(text, " "), text);
	n = percent_decode(ask + len, to, strcspn(to, " "), false);
	if (n < 0)
		_exit(2);
	ask[len + (size_t)n] = '\0';
	dprintf(told, "%s\n%s\n", ask, strstr(text, "\r\n\r\n") + 4);
	row = find_reply(rows, ask);
	len = !row ? 0 : row->n ? row->n : strlen(row->body);
	n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n"
		     "Connection: close\r\n\r\n", row ? row->status : 404, len);
	if (write(fd, head, (size_t)n) != n ||
	    (len && write(fd, row->body, len) != (ssize_t)len))
		_exit(3);
}

static void bridge_begin(const struct reply *rows)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), pipes[2], one;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/control", site.folder);
	unlink(at.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(PATIENCE_S);
		while ((one = accept(fd, NULL, NULL)) >= 0) {
			answer(one, pipes[1], rows);
			close(one);
		}
		_exit(0);
	}
	close(fd);
	close(pipes[1]);
	heard = pipes[0];
}

/* All that it heard. Gives (child of the site's store). */
static char *bridge_end(void)
{
	char *text = talloc_zero_size(site.db, 1 << 20);
	size_t n = 0;
	ssize_t got;

	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	while ((got = read(heard, text + n, (1 << 20) - 1 - n)) > 0)
		n += (size_t)got;
	close(heard);
	return text;
}

static int visit(const char *uri)
{
	return pages_ask(pages_worker, token, METHOD_GET, uri, "", false);
}

static int submit(const char *uri, const char *fields)
{
	return pages_ask(pages_worker, token, METHOD_POST, uri, fields, true);
}

static void shows(const char *words)
{
	if (!strstr(pages_text, words))
		fail_msg("no \"%s\" in:\n%s", words, pages_text);
}

static void shows_not(const char *words)
{
	if (strstr(pages_text, words))
		fail_msg("\"%s\" in:\n%s", words, pages_text);
}

static void was_asked(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("not asked \"%s\" but:\n%s", words, text);
}

/* One name after the other in the page. */
static void in_order(const char *const *names)
{
	const char *at = pages_text;

	for (; *names; names++) {
		at = strstr(at, *names);
		if (!at)
			fail_msg("no %s in its place:\n%s", *names, pages_text);
	}
}

#define RECORDS \
	"entries 7 0\n" \
	"file 100 1764460800000 v1 b.csv\n" \
	"folder 4096 1764460800000 v2 zoo\n" \
	"file 3072 1764460900000 v3 A.png\n" \
	"file 5 1764460700000 v4 .env\n" \
	"other 0 1764460700000 v5 pipe\n" \
	"link-file 7 1764460700000 v6 link\n" \
	"nonsense\n" \
	"file 1 1 v7 a%0Ab%22%3Cb%3E%E2%80%AE%FF%5C%25\n"

static void test_folder(void **state)
{
	const struct reply rows[] = { { "GET /list", 200, RECORDS }, { NULL } };

	bridge_begin(rows);
	assert_int_equal(visit("/files"), 200);
	in_order((const char *const[]){ ">zoo<", "a\\x0ab&quot;&lt;b&gt;\\u202e\\xff\\%",
		 ">A.png<", ">b.csv<", ">link<", ">pipe<", NULL });
	shows_not(">.env<");
	shows("hidden=1");
	/* a name that no URL of ours may have, once encoded in the path's text */
	shows("href=\"/files/a%250Ab%22%3Cb%3E%E2%80%AE%25FF%255C%2525\"");
	shows("value=\"a%0Ab&quot;&lt;b&gt;\xe2\x80\xae%FF%5C%25\"");
	shows_not("<b>");
	shows("3 KB");
	assert_int_equal(visit("/files?hidden=1&sort=size"), 200);
	in_order((const char *const[]){ ">zoo<", ">A.png<", ">b.csv<", ">.env<", NULL });
	shows("<th scope=\"col\" class=\"num\" aria-sort=\"descending\">");
	assert_int_equal(visit("/files?q=CSV"), 200);
	shows(">b.csv<");
	shows_not(">A.png<");
	assert_int_equal(visit("/files?q=nothing"), 200);
	shows("id=\"no-files\"");
	assert_int_equal(visit("/files?panel=1"), 200);
	shows("panel-list");
	shows_not("<html");
	was_asked(bridge_end(), "GET /list\n");
}

static void test_ten_thousand(void **state)
{
	auto_buf list = BUF_INIT(2 << 20);
	struct reply rows[] = { { "GET /list", 200 }, { NULL } };
	struct err e = { 0 };
	int i;

	must(buf_add_text(&list, "entries 12345 0\n", &e), &e);
	for (i = 0; i < 10000; i++)
		must(buf_addf(&list, &e, "file %d 1 v n%05d\n", i, i), &e);
	rows[0].body = buf_text(&list);
	bridge_begin(rows);
	assert_int_equal(visit("/files"), 200);
	shows("1–150 of 10,000");
	shows("12,345");
	shows(">n00149<");
	shows_not(">n00150<");
	shows("from=150");
	assert_int_equal(visit("/files?from=9900&sort=size"), 200);
	shows(">n00000<");
	shows("9,901–10,000");
	/* a form with all of a page's rows chosen is read */
	bridge_end();
}

/* Names as a Mac writes them look, sort and are found as others do. */
static void test_korean(void **state)
{
	const struct reply rows[] = {
		{ "GET /list", 200, "entries 2 0\n"
		  "file 1 1 v %E1%84%80%E1%85%A1.txt\n"
		  "file 1 1 v %EB%82%98.txt\n" },
		{ NULL },
	};

	bridge_begin(rows);
	assert_int_equal(visit("/files?q=%EA%B0%80"), 200);
	shows(">가.txt<");
	shows("/files/%E1%84%80%E1%85%A1.txt");
	shows_not(">나.txt<");
	bridge_end();
}

static void test_file(void **state)
{
	const struct reply rows[] = {
		{ "GET /stat/d%2Fa.csv", 200, "file 8 1764460800000 00ff a.csv\n" },
		{ "GET /stat/d%2Fa.html", 200, "file 25 1764460800000 00ff a.html\n" },
		{ "GET /stat/d%2Fa.pdf", 200, "file 9 1764460800000 00ff a.pdf\n" },
		{ "GET /stat/pipe", 200, "other 0 0 v pipe\n" },
		{ "GET /stat/full", 507, "no space\n" },
		{ "GET /files/d%2Fa.csv", 200, "a,b\n1,2\n" },
		{ "GET /files/d%2Fa.html", 200, "<script>alert(1)</script>" },
		{ "GET /files/d%2Fa.pdf", 200, "%PDF-1.7\n" },
		{ NULL },
	};

	bridge_begin(rows);
	assert_int_equal(visit("/files/d/a.csv"), 200);
	shows("<td class=\"num\" dir=\"auto\">1</td>");
	shows("href=\"/files/raw/d/a.csv\" download");
	shows("href=\"/files/d/a.csv?edit=1\"");
	assert_int_equal(visit("/files/d/a.html"), 200);
	shows("&lt;");
	shows("alert");
	shows_not("<script>alert");
	assert_int_equal(visit("/files/d/a.pdf"), 200);
	shows("/files/raw/d/a.pdf?view=1\" target=\"_blank\"");
	shows_not("edit=1");
	assert_int_equal(visit("/files/d/a.csv?panel=1"), 200);
	shows_not("<html");
	assert_int_equal(visit("/files/pipe"), 404);
	assert_int_equal(visit("/files/gone"), 404);
	assert_int_equal(visit("/files/full"), 507);
	/* decoded once more, it would leave the workspace */
	assert_int_equal(visit("/files/%252e%252e/x"), 404);
	assert_int_equal(visit("/files/a%2500"), 404);
	assert_int_equal(visit("/files/a%25zz"), 404);
	bridge_end();
}

static void test_edit(void **state)
{
	struct reply rows[] = {
		{ "GET /stat/a.txt", 200, "file 14 1 00ff a.txt\n" },
		{ "GET /stat/b.bin", 200, "file 3 1 00ff b.bin\n" },
		{ "GET /files/a.txt", 200, "\xef\xbb\xbf\n<b>\r\n" },
		{ "GET /files/b.bin", 200, "\0\1\2", 3 },
		{ "POST /save/a.txt?size=11&version=00ff", 200, "version 1\n" },
		{ "POST /save/a.txt", 409, "changed\n" },
		{ "POST /save/new.txt?size=1&version=none", 200, "version 1\n" },
		{ "POST /save/", 409, "changed\n" },
		{ NULL },
	};
	char *asked;

	rows[2].body = "\xef\xbb\xbf\r\n<b>\r\n";
	bridge_begin(rows);
	assert_int_equal(visit("/files/a.txt?edit=1"), 200);
	shows("dir=\"auto\" autofocus>\n\n&lt;b&gt;\n</textarea>");
	shows("name=\"version\" value=\"00ff\"");
	shows("name=\"crlf\" value=\"1\"");
	shows("name=\"mark\" value=\"1\"");
	assert_int_equal(visit("/files/b.bin?edit=1"), 400);
	/* saved as it was: its mark, its line ends */
	assert_int_equal(submit("/files/save", "path=a.txt&version=00ff&crlf=1&mark=1&text=x%0D%0Ay%0A%0A"), 303);
	shows("Location: /files/a.txt?done=saved");
	/* both texts are kept */
	assert_int_equal(submit("/files/save", "path=a.txt&version=0001&text=mine%3Cb%3E"), 409);
	shows(">\nmine&lt;b&gt;</textarea>");
	shows(">\n\n&lt;b&gt;\n</textarea>");
	shows("name=\"version\" value=\"00ff\"");
	/* deleted meanwhile: the text is still there */
	assert_int_equal(submit("/files/save", "path=gone.txt&version=0001&text=mine"), 409);
	shows("mine</textarea>");
	shows("name=\"version\" value=\"none\"");
	assert_int_equal(submit("/files/save", "path=&name=new.txt&text=x"), 303);
	shows("Location: /files/new.txt?done=made");
	assert_int_equal(submit("/files/save", "path=&name=taken.txt&text=keep"), 409);
	shows("value=\"taken.txt\"");
	shows("keep</textarea>");
	assert_int_equal(submit("/files/save", "path=&name=..&text=keep"), 409);
	assert_int_equal(submit("/files/save", "path=d%2Fa.txt&copy=1&copy_name=c.txt&text=keep"), 409);
	shows("value=\"c.txt\"");
	asked = bridge_end();
	was_asked(asked, "POST /save/a.txt?size=11&version=00ff\n\xef\xbb\xbfx\r\ny\r\n\r\n");
	was_asked(asked, "POST /save/d%2Fc.txt?size=4&version=none\nkeep");
}

static void test_acts(void **state)
{
	const struct reply rows[] = {
		{ "POST /folders/d%2Fnew", 201, "" },
		{ "POST /folders/", 409, "taken\n" },
		{ "GET /stat/to", 200, "folder 1 1 v to\n" },
		{ "GET /list", 200, "entries 0 0\n" },
		{ "POST /move/d%2Fa.txt?to=d%2Fb%20c.txt&free=1", 200, "path d/b%20c.txt\n" },
		{ "POST /move/d%2Fa.txt?to=to%2Fa.txt&free=1", 200, "path to/a%20%281%29.txt\n" },
		{ "DELETE /files/", 200, "trash 0123-ab\n" },
		{ "POST /trash/0123-ab/restore", 200, "path d/%0A\n" },
		{ "GET /trash", 200, "0123-ab 5 1764460800000 file d/%3Cb%3E\nbad\n" },
		{ "DELETE /trash", 200, "" },
		{ NULL },
	};
	char *asked;

	bridge_begin(rows);
	assert_int_equal(submit("/files/folder", "path=d&name=new"), 303);
	shows("Location: /files/d/new?done=made");
	assert_int_equal(submit("/files/folder", "path=d&name=old"), 409);
	shows("role=\"alert\"");
	assert_int_equal(submit("/files/folder", "path=d&name=a%2Fb"), 400);
	assert_int_equal(submit("/files/folder", "path=d&name=.."), 400);
	assert_int_equal(submit("/files/rename", "path=d%2Fa.txt&name=b+c.txt"), 303);
	shows("Location: /files/d/b%20c.txt?done=moved");
	assert_int_equal(submit("/files/move", "path=d%2Fa.txt&to=%2Fto%2F"), 303);
	shows("Location: /files/to?done=taken");
	assert_int_equal(submit("/files/move", "path=d%2Fa.txt&to=..%2Fx"), 400);
	assert_int_equal(submit("/files/delete", "folder=d&path=d%2F%250A&path=d%2Fb"), 303);
	shows("Location: /files/d?done=deleted&undo=0123-ab,0123-ab");
	assert_int_equal(submit("/files/delete", "folder=&path="), 404);
	assert_int_equal(visit("/files/to?done=deleted&undo=0123-ab,%22%3E,a/b"), 200);
	assert_int_equal(visit("/files?done=deleted&undo=0123-ab,%22%3E,a/b"), 200);
	shows("name=\"id\" value=\"0123-ab\"");
	shows_not("value=\"a/b\"");
	assert_int_equal(submit("/files/restore", "id=0123-ab"), 303);
	shows("Location: /files/d?done=restored");
	assert_int_equal(visit("/trash"), 200);
	shows("&lt;b&gt;");
	assert_int_equal(submit("/trash/empty", ""), 303);
	asked = bridge_end();
	was_asked(asked, "DELETE /files/d%2F%0A\n");
	was_asked(asked, "DELETE /trash\n");
}

static void test_bridge_away(void **state)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/control", site.folder);
	unlink(path);
	assert_int_equal(visit("/files"), 503);
}

/* A name that has anything goes through text and back; what the bridge's URLs begin with is written differently. */
static void test_paths(void **state)
{
	static const char *const paths[] = {
		"", "a", "raw/x", "upload", "uploads", "archive", "a/raw", "100%", "a\n\r\t\x7f\\b",
		"\xff\xfe/\xea", "가/나", "a b+c&d?e#f", "\xe2\x80\xae",
	};
	struct err e = { 0 };
	void *pool = talloc_new(NULL);
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char *text = file_path_text(pool, paths[i]);

		assert_true(utf8_valid(text, strlen(text)));
		assert_string_equal(file_path_read(pool, text, &e), paths[i]);
		assert_false(str_starts(text, "raw/") || str_equal(text, "upload") ||
			     str_equal(text, "archive"));
	}
	assert_string_equal(file_path_read(pool, "a/b/", &e), "a/b");
	assert_null(file_path_read(pool, "a//b", &e));
	assert_null(file_path_read(pool, "./b", &e));
	assert_string_equal(file_path_typed(pool, "/100%/", &e), "100%");
	talloc_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_ten_thousand),
		cmocka_unit_test(test_korean),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_acts),
		cmocka_unit_test(test_bridge_away),
	};

	return cmocka_run_group_tests_name("page_files", tests, begin, pages_end);
}
