/* lib/http/http_client.c against a scripted server on a socket of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http_client.h"

static char folder[] = "/tmp/client_testXXXXXX";
static char path[128];

struct server {
	int fd;
	const char *answer;	/* NULL: keeps silent until the client leaves */
	char seen[4096];
	pthread_t thread;
};

static void *serve(void *data)
{
	struct server *s = data;
	int fd = accept(s->fd, NULL, NULL);
	ssize_t n = read(fd, s->seen, sizeof(s->seen) - 1);

	if (n > 0 && s->answer)
		n = write(fd, s->answer, strlen(s->answer));
	while (!s->answer && read(fd, s->seen, sizeof(s->seen)) > 0)
		;
	close(fd);
	return NULL;
}

static void listen_on(struct server *s, const char *answer)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(a.sun_path, path);
	unlink(path);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
	unlink(path);
}

static int call(const char *method, const char *target, int64_t deadline_ms,
		struct buf *body, int *status, struct err *e)
{
	struct http_client_call c = { .socket = path, .method = method,
				 .path = target, .request_id = "r-1",
				 .deadline_ms = deadline_ms };

	return http_client_run(&c, status, body, e);
}

static int make_folder(void **state)
{
	http_client_start();
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

static void a_call_is_answered(void **state)
{
	auto_buf body = BUF_INIT(100);
	struct err e = { 0 };
	struct server s;
	int status = 0;

	listen_on(&s, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(call("POST", "/workspaces/x/ensure", 5000, &body,
			      &status, &e), 0);
	finish(&s);
	assert_int_equal(status, 404);
	assert_string_equal(buf_text(&body), "hello");
	assert_non_null(strstr(s.seen, "POST /workspaces/x/ensure HTTP/1.1\r\n"));
	assert_non_null(strstr(s.seen, "Content-Length: 0\r\n"));
	assert_non_null(strstr(s.seen, "X-Request-Id: r-1\r\n"));
}

static void nobody_there_is_unavailable(void **state)
{
	auto_buf body = BUF_INIT(100);
	struct err e = { 0 };
	struct server s;
	int status = 7;

	assert_int_equal(call("GET", "/healthz", 5000, &body, &status,
			      &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_string_equal(e.key, "error_bridge");
	listen_on(&s, NULL);
	assert_int_equal(call("GET", "/healthz", 50, &body, &status,
			      &e), -1);
	finish(&s);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	listen_on(&s, "what is this\r\n\r\n");
	assert_int_equal(call("GET", "/healthz", 5000, &body, &status,
			      &e), -1);
	finish(&s);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(status, 7);
}

static void too_long_an_answer_is_refused(void **state)
{
	auto_buf body = BUF_INIT(3);
	struct err e = { 0 };
	struct server s;
	int status = 0;

	listen_on(&s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(call("GET", "/", 5000, &body, &status, &e), -1);
	finish(&s);
	assert_int_equal(e.kind, ERR_LIMIT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_answered),
		cmocka_unit_test(nobody_there_is_unavailable),
		cmocka_unit_test(too_long_an_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
