/*
 * gongbang.fcgi as a real FastCGI server (FastCGI 1.0): its socket, its
 * threads, its stop.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/login.h"
#include "core/buf.h"
#include "core/str.h"
#include "tests/cgi-bin/cgi.h"

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static struct site_under_test site;
static char path[100];

static void nap(void)
{
	usleep(20000);
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	unsetenv("REQUEST_METHOD");
	unsetenv("GATEWAY_INTERFACE");
	setenv("GONGBANG_SETTINGS", site.settings, 1);
	if (!getenv("PAGES_TEST_LOG"))
		assert_non_null(freopen("/dev/null", "w", stderr));
	execl("cgi-bin/gongbang.fcgi", "gongbang.fcgi", (char *)NULL);
	_exit(127);
}

static int try_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, path, sizeof(path));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int reach(void)
{
	int i, fd;

	for (i = 0; i < 500; i++) {
		fd = try_connect();
		if (fd >= 0)
			return fd;
		nap();
	}
	fail_msg("nobody listens");
	return -1;
}

static void add_record(struct buf *b, int type, const void *data, size_t n)
{
	const unsigned char head[8] = {
		1, (unsigned char)type, 0, 1, (unsigned char)(n >> 8),
		(unsigned char)n, 0, 0,
	};
	struct err e = { 0 };

	if (buf_add(b, head, 8, &e) < 0 || buf_add(b, data, n, &e) < 0)
		fail_msg("%s", e.text);
}

static void add_param(struct buf *b, const char *name, const char *value)
{
	struct err e = { 0 };

	if (buf_addf(b, &e, "%c%c%s%s", (int)strlen(name), (int)strlen(value),
		     name, value) < 0)
		fail_msg("%s", e.text);
}

#define KEEP 1	/* of flags: as nginx's fastcgi_keep_conn asks */

struct message {
	const char *method, *address, *cookie;
	int flags;
	size_t body;	/* bytes of a form */
	const char *form;	/* its text; NULL: of no meaning */
};

static void add_message(struct buf *b, const struct message *m)
{
	const char *const fixed[][2] = {
		{ "REQUEST_METHOD", m->method }, { "SCRIPT_NAME", "" },
		{ "QUERY_STRING", "" }, { "HTTP_HOST", "localhost" },
		{ "REMOTE_ADDR", "127.0.0.1" }, { "SERVER_PROTOCOL", "HTTP/1.1" },
	};
	const unsigned char begin[8] = { 0, 1, (unsigned char)m->flags };
	auto_buf params = BUF_INIT(65536);
	char length[24], form[32768];
	size_t i, n;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (*fixed[i][1])
			add_param(&params, fixed[i][0], fixed[i][1]);
	}
	add_param(&params, "PATH_INFO", m->address);
	add_param(&params, "REQUEST_URI", m->address);
	if (m->cookie)
		add_param(&params, "HTTP_COOKIE", m->cookie);
	if (m->body) {
		snprintf(length, sizeof(length), "%zu", m->body);
		add_param(&params, "CONTENT_LENGTH", length);
		add_param(&params, "CONTENT_TYPE",
			  "application/x-www-form-urlencoded");
	}
	add_record(b, BEGIN, begin, 8);
	add_record(b, PARAMS, params.data, params.len);
	add_record(b, PARAMS, "", 0);
	memset(form, 'a', sizeof(form));
	if (m->form)
		memcpy(form, m->form, m->body);
	for (i = 0; i < m->body; i += n) {
		n = m->body - i < sizeof(form) ? m->body - i : sizeof(form);
		add_record(b, STDIN, form, n);
	}
	add_record(b, STDIN, "", 0);
}

static void send_bytes(int fd, const char *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

static void send_message(int fd, const struct message *m)
{
	auto_buf b = BUF_INIT(1 << 20);

	add_message(&b, m);
	send_bytes(fd, b.data, b.len);
}

static void send_get(int fd, const char *address, const char *cookie, int flags)
{
	const struct message m = { "GET", address, cookie, flags, 0, NULL };

	send_message(fd, &m);
}

static bool take(int fd, void *out, size_t n)
{
	return recv(fd, out, n, MSG_WAITALL) == (ssize_t)n;
}

/* True when the request ended in order; its output in out. */
static bool receive(int fd, struct buf *out)
{
	unsigned char head[8];
	char data[65536 + 256];
	struct err e = { 0 };

	while (take(fd, head, 8)) {
		size_t n = (size_t)head[4] << 8 | head[5];

		if (n + head[6] && !take(fd, data, n + head[6]))
			return false;
		if (head[1] == STDOUT && buf_add(out, data, n, &e) < 0)
			fail_msg("%s", e.text);
		if (head[1] == END)
			return true;
	}
	return false;
}

static void expect_answer(int fd, const char *begins, const char *has)
{
	auto_buf out = BUF_INIT(1 << 20);

	assert_true(receive(fd, &out));
	assert_int_equal(strncmp(buf_text(&out), begins, strlen(begins)), 0);
	assert_non_null(strstr(buf_text(&out), has));
}

static void expect_page(int fd, const char *begins, const char *has)
{
	expect_answer(fd, begins, has);
	close(fd);
}

static void expect_closed(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

/* The test runner's own limit tells a program that never ends. */
static void expect_exit(pid_t pid, int code)
{
	int status;

	alarm(60);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	alarm(0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static int setup(void **state)
{
	(void)state;
	site_init(&site, "pages_threads = 4\n");
	snprintf(path, sizeof(path), "%s/pages", site.folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_release(&site);
	return 0;
}

static void test_idle_threads_end(void **state)
{
	struct stat st;
	pid_t pid = start();
	int i;

	(void)state;
	close(reach());
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	for (i = 0; i < 20; i++) {
		int fd = reach();

		send_get(fd, "/login", NULL, i & 1);
		expect_page(fd, "Status: 200", "name=\"password\"");
	}
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
	assert_int_equal(stat(path, &st), -1);
}

static void test_never_used(void **state)
{
	pid_t pid = start();

	(void)state;
	close(reach());
	kill(pid, SIGINT);
	expect_exit(pid, 0);
}

/* Redis stands still, so the request is in its deadline of a second when the end comes. */
static void test_request_in_progress(void **state)
{
	pid_t pid = start();
	int fd = reach();
	int i;

	(void)state;
	kill(site.redis.pid, SIGSTOP);
	send_get(fd, "/workspace", "gongbang_session="
		 "00112233445566778899aabbccddeeff"
		 "00112233445566778899aabbccddeeff", 0);
	for (i = 0; i < 15; i++)
		nap();
	kill(pid, SIGTERM);
	expect_page(fd, "Status: 503", shown("@error_redis"));
	expect_exit(pid, 0);
	kill(site.redis.pid, SIGCONT);
}

/* More at once than there are threads. */
static void test_many(void **state)
{
	pid_t pid = start();
	int fds[32], i;

	(void)state;
	for (i = 0; i < 32; i++) {
		fds[i] = reach();
		send_get(fds[i], "/login", NULL, 0);
	}
	for (i = 0; i < 32; i++)
		expect_page(fds[i], "Status: 200", "name=\"password\"");
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
}

/* One caller's requests wait for each other, and none is lost. */
static void test_one_caller(void **state)
{
	pid_t pid = start();
	int fds[40], other, i;

	(void)state;
	for (i = 0; i < 40; i++) {
		fds[i] = reach();
		send_get(fds[i], "/login", LOGIN_COOKIE "=one", i % 2 ? KEEP : 0);
	}
	other = reach();
	send_get(other, "/login", LOGIN_COOKIE "=another", 0);
	expect_page(other, "Status: 200", "name=\"password\"");
	for (i = 0; i < 40; i++) {
		expect_answer(fds[i], "Status: 200", "name=\"password\"");
		close(fds[i]);
	}
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
}

/* Kept connections, more than there are threads, hold none of them. */
static void test_kept(void **state)
{
	pid_t pid = start();
	int fds[12], i, round;

	(void)state;
	for (i = 0; i < 12; i++)
		fds[i] = reach();
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 12; i++) {
			send_get(fds[i], "/login", NULL, KEEP);
			expect_answer(fds[i], "Status: 200", "name=\"password\"");
		}
	}
	send_get(fds[0], "/login", NULL, 0);
	expect_answer(fds[0], "Status: 200", "name=\"password\"");
	expect_closed(fds[0]);
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
	for (i = 1; i < 12; i++)
		expect_closed(fds[i]);
}

static void test_silent(void **state)
{
	pid_t pid = start();
	int fds[12], i;

	(void)state;
	for (i = 0; i < 12; i++)
		fds[i] = reach();
	i = reach();
	send_get(i, "/login", NULL, 0);
	expect_page(i, "Status: 200", "name=\"password\"");
	for (i = 0; i < 12; i++)
		close(fds[i]);
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
}

static void test_bodies(void **state)
{
	const struct message small = { "POST", "/login", NULL, KEEP, 2000 };
	const struct message large = { "POST", "/login", NULL, KEEP, 500000 };
	auto_buf b = BUF_INIT(1 << 20);
	pid_t pid = start();
	int fd = reach();
	struct pollfd answer = { .fd = fd, .events = POLLIN };

	(void)state;
	send_message(fd, &small);
	expect_answer(fd, "Status: 4", "");
	send_get(fd, "/login", NULL, KEEP);
	expect_answer(fd, "Status: 200", "name=\"password\"");
	/* Nobody wants it; still it is not answered before its end. */
	add_message(&b, &large);
	send_bytes(fd, b.data, b.len - 1000);
	assert_int_equal(poll(&answer, 1, 300), 0);
	send_bytes(fd, b.data + b.len - 1000, 1000);
	expect_answer(fd, "Status: 4", "");
	send_get(fd, "/login", NULL, 0);
	expect_answer(fd, "Status: 200", "name=\"password\"");
	expect_closed(fd);
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
}

static void test_socket_in_the_way(void **state)
{
	pid_t pid = start(), second;
	FILE *f;

	(void)state;
	close(reach());
	second = start();
	expect_exit(second, 1);		/* it is served already */
	close(reach());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = start();			/* the stale one is removed */
	close(reach());
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	expect_exit(start(), 1);	/* a file is never removed */
	unlink(path);
}

static void send_login(int fd)
{
	char token[TOKEN_SIZE], csrf[CSRF_TOKEN_SIZE], cookie[96], form[256];
	struct message m = { .method = "POST", .address = "/login",
			     .cookie = cookie, .form = form };

	token_new(token);
	csrf_token(token, csrf);
	snprintf(cookie, sizeof(cookie), "gongbang_login=%s", token);
	snprintf(form, sizeof(form), "csrf=%s&login=kim&password=wrong+one",
		 csrf);
	m.body = strlen(form);
	send_message(fd, &m);
}

static bool has_come(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* A hash takes a while, and memory: two at once, some that wait, and pages go on meanwhile. */
static void test_logins_do_not_stop_pages(void **state)
{
	pid_t pid = start();
	int fds[100], i, page, n, refused = 0, busy = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		fds[i] = reach();
		send_login(fds[i]);
	}
	for (i = 0; i < 20; i++) {
		page = reach();
		send_get(page, "/login", NULL, 0);
		expect_page(page, "Status: 200", "name=\"password\"");
	}
	for (i = n = 0; i < 100; i++)
		n += !has_come(fds[i]);
	assert_true(n > 0);
	for (i = 0; i < 100; i++) {
		auto_buf out = BUF_INIT(1 << 20);

		assert_true(receive(fds[i], &out));
		if (str_starts(buf_text(&out), "Status: 401")) {
			refused++;
		} else {
			assert_true(str_starts(buf_text(&out), "Status: 503"));
			assert_non_null(strstr(buf_text(&out), "Retry-After: "));
			assert_non_null(strstr(buf_text(&out),
					       shown("@error_login_busy")));
			busy++;
		}
		close(fds[i]);
	}
	assert_true(refused >= 34);
	assert_true(busy > 0);
	kill(pid, SIGTERM);
	expect_exit(pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_threads_end),
		cmocka_unit_test(test_never_used),
		cmocka_unit_test(test_request_in_progress),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_one_caller),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_logins_do_not_stop_pages),
		cmocka_unit_test(test_socket_in_the_way),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
