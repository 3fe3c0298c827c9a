#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/shim/harness.h"

#define PROGRAM "./gongbang-shim"

static struct client *clients;

void shell(const char *fmt, ...)
{
	char command[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

int shim_connect(const struct shim *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1,
		     "gongbang-shim:%s", s->home);
	if (connect(fd, (struct sockaddr *)&a,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				(size_t)n)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void shim_run_again(struct shim *s)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;
	int fd;

	setenv("GONGBANG_SHIM_HOME", s->home, 1);
	s->pid = fork();
	if (!s->pid) {
		execl(PROGRAM, PROGRAM, (char *)NULL);
		_exit(127);
	}
	assert_true(s->pid > 0);
	while ((fd = shim_connect(s)) < 0) {
		assert_true(clock_mono_ms() < deadline);
		usleep(10000);
	}
	close(fd);
}

void shim_begin(struct shim *s)
{
	strcpy(s->home, "/tmp/gongbang-shim-XXXXXX");
	assert_non_null(mkdtemp(s->home));
	shim_run_again(s);
}

void shim_kill(struct shim *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

int shim_stop(struct shim *s)
{
	int status;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	s->pid = 0;
	return status;
}

void shim_end(struct shim *s)
{
	while (clients)
		client_free(clients);
	if (s->pid)
		shim_kill(s);
	shell("rm -rf '%s'", s->home);
}

long shim_memory(const struct shim *s)
{
	char path[64], line[128];
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kb);
	fclose(f);
	return kb;
}

static int send_bytes(void *data, const void *bytes, size_t n)
{
	struct client *c = data;
	struct err e = { 0 };

	if (c->out.len > 65536)
		return -1;
	assert_int_equal(buf_add(&c->out, bytes, n, &e), 0);
	return 0;
}

static void on_ready(void *data)
{
	((struct client *)data)->ready = true;
}

static void on_failed(void *data, const struct err *e)
{
	((struct client *)data)->failed = true;
}

static const struct link_events link_calls = { send_bytes, on_ready, on_failed };

static int spawn_relay(void)
{
	const char *command = getenv("GONGBANG_TEST_LINK");
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    pair), 0);
	if (!fork()) {
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		if (command)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		else
			execl(PROGRAM, PROGRAM, "link", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	return pair[0];
}

struct client *client_new(const struct shim *s, bool relay)
{
	struct client *c = talloc_zero(NULL, struct client);

	c->fd = relay ? spawn_relay() : shim_connect(s);
	assert_true(c->fd >= 0);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	buf_init(&c->out, 1 << 20);
	c->link = link_new(c, &link_calls, c);
	c->next = clients;
	clients = c;
	run_until(&c->ready);
	return c;
}

void client_free(struct client *c)
{
	struct client **at;

	for (at = &clients; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	close(c->fd);
	buf_release(&c->out);
	talloc_free(c);
}

static void move_bytes(struct client *c, short events)
{
	static char bytes[65536];
	ssize_t n;

	if (events & POLLOUT) {
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n > 0)
			buf_drop(&c->out, (size_t)n);
		link_send_more(c->link);
	}
	if (events & (POLLIN | POLLHUP)) {
		n = recv(c->fd, bytes, sizeof(bytes), 0);
		if (n > 0)
			link_receive(c->link, bytes, (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			c->failed = true;
	}
}

static void turn(int ms)
{
	struct pollfd fds[128];
	struct client *c, *next;
	nfds_t n = 0;

	for (c = clients; c; c = c->next) {
		fds[n].fd = c->failed ? -1 : c->fd;
		fds[n].events = (short)(POLLIN | (c->out.len ? POLLOUT : 0));
		fds[n++].revents = 0;
	}
	if (poll(fds, n, ms) <= 0)
		return;
	for (c = clients, n = 0; c; c = next, n++) {
		next = c->next;
		if (fds[n].revents)
			move_bytes(c, fds[n].revents);
	}
}

void run_until(const bool *flag)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	while (!*flag) {
		assert_true(clock_mono_ms() < deadline);
		turn(1000);
	}
}

void run_until_count(const struct reply *r, size_t n)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	while (r->count < n) {
		assert_true(clock_mono_ms() < deadline);
		turn(1000);
	}
}

void run_until_text(const struct reply *r, const char *text)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	while (!strstr(buf_text(&r->body), text)) {
		if (clock_mono_ms() > deadline)
			fail_msg("no \"%s\" in: %s", text, buf_text(&r->body));
		turn(1000);
	}
}

void run_for(int ms)
{
	int64_t deadline = clock_mono_ms() + ms;

	while (clock_mono_ms() < deadline)
		turn(ms);
}

static void on_status(void *data, int status)
{
	((struct reply *)data)->status = status;
}

static bool on_body(void *data, const void *bytes, size_t n)
{
	struct reply *r = data;
	struct err e = { 0 };

	r->count += n;
	if (!r->discard)
		assert_int_equal(buf_add(&r->body, bytes, n, &e), 0);
	return !r->hold;
}

static void on_end(void *data, const struct err *e)
{
	struct reply *r = data;

	r->done = true;
	r->failed = e != NULL;
	r->stream = NULL;
}

static const struct link_response_events reply_calls = {
	on_status, on_body, on_end,
};

void client_send(struct client *c, struct reply *r, const char *method,
		 const char *path, const void *body, size_t n)
{
	struct link_request rq = { method, path, body, n };
	struct err e = { 0 };

	buf_init(&r->body, REPLY_MAX);
	r->stream = link_request(c->link, &rq, &reply_calls, r, &e);
	if (!r->stream)
		fail_msg("%s %s: %s", method, path, e.text);
}

int client_call(struct client *c, struct reply *r, const char *method,
		const char *path, const void *body, size_t n)
{
	struct reply own = { 0 };
	int status;

	client_send(c, r ? r : &own, method, path, body, n);
	run_until(r ? &r->done : &own.done);
	status = r ? r->status : own.status;
	reply_release(&own);
	return status;
}

void reply_release(struct reply *r)
{
	if (r->stream)
		link_stream_cancel(r->stream);
	buf_release(&r->body);
	*r = (struct reply){ 0 };
}

int start_script(struct client *c, const char *id, const char *script)
{
	auto_buf body = BUF_INIT(65536);
	struct err e = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "/sessions/%s", id);
	assert_int_equal(buf_add(&body, "arg=sh\0arg=-c\0", 14, &e), 0);
	assert_int_equal(buf_addf(&body, &e, "arg=%s", script), 0);
	assert_int_equal(buf_add(&body, "\0env=COLOUR=green", 18, &e), 0);
	return client_call(c, NULL, "POST", path, body.data, body.len);
}
