/* lib/http/probe.c against a scripted server on a port of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_client.h"
#include "http/probe.h"

struct server {
	int fd;
	const char *answer;	/* NULL: keeps silent until the client leaves */
	char url[64];
	char seen[4096];
	pthread_t thread;
};

static void *serve(void *data)
{
	struct server *s = data;
	int fd = accept(s->fd, NULL, NULL);
	ssize_t n = read(fd, s->seen, sizeof(s->seen) - 1);
	char more[64];

	if (n > 0 && s->answer)
		n = write(fd, s->answer, strlen(s->answer));
	while (!s->answer && read(fd, more, sizeof(more)) > 0)
		;
	close(fd);
	return NULL;
}

static void listen_on(struct server *s, const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/v1/models",
		 ntohs(a.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static void an_answer_is_told(void **state)
{
	static const char *const headers[] = { "x-api-key: sk-1", NULL };
	struct probe_answer a = { 0 };
	auto_buf body = BUF_INIT(8);
	struct err e = { 0 };
	struct server s;
	struct probe_call call = { .url = s.url, .headers = headers,
				   .deadline_ms = 5000 };

	listen_on(&s, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		  "DATE: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		  "Content-Length: 26\r\n\r\nmore than the buffer's cap");
	assert_int_equal(probe_run(&call, &a, &body, &e), 0);
	finish(&s);
	assert_int_equal(a.status, 302);
	assert_int_equal(a.date, 784111777);
	assert_int_equal(body.len, 0);
	assert_non_null(strstr(s.seen, "GET /v1/models HTTP/1.1\r\n"));
	assert_non_null(strstr(s.seen, "\r\nx-api-key: sk-1\r\n"));
}

static void a_proxy_is_asked_for_the_whole_address(void **state)
{
	struct probe_answer a = { 0 };
	auto_buf body = BUF_INIT(100);
	struct err e = { 0 };
	struct server s;
	char proxy[64];
	struct probe_call call = { .url = "http://doctor.invalid/",
				   .proxy = proxy, .deadline_ms = 5000 };

	listen_on(&s, "HTTP/1.1 403 Forbidden\r\nDate: when?\r\n\r\nblocked");
	snprintf(proxy, sizeof(proxy), "%.*s",
		 (int)(strlen(s.url) - strlen("/v1/models")), s.url);
	assert_int_equal(probe_run(&call, &a, &body, &e), 0);
	finish(&s);
	assert_int_equal(a.status, 403);
	assert_int_equal(a.date, 0);
	assert_string_equal(buf_text(&body), "blocked");
	assert_non_null(strstr(s.seen, "GET http://doctor.invalid/ HTTP/1.1\r\n"));
}

static void silence_and_nobody_are_unavailable(void **state)
{
	struct probe_answer a = { .status = 7 };
	struct err e = { 0 };
	struct server s;
	struct probe_call call = { .url = s.url, .deadline_ms = 100 };

	listen_on(&s, NULL);
	assert_int_equal(probe_run(&call, &a, NULL, &e), -1);
	finish(&s);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(probe_run(&call, &a, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	call.url = "file:///etc/passwd";
	assert_int_equal(probe_run(&call, &a, NULL, &e), -1);
	assert_int_equal(a.status, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_told),
		cmocka_unit_test(a_proxy_is_asked_for_the_whole_address),
		cmocka_unit_test(silence_and_nobody_are_unavailable),
	};

	http_client_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
