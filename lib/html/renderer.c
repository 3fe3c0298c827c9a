/*
 * caller -- socketpair --> renderer: struct request and the text; back: struct
 * reply and the HTML, or none with NOT_RENDERED. A renderer that ran out of time was
 * ended by its own SIGPROF, which the caller sees as the end of the stream.
 *
 * Renderers are forked by the nursery, which has one thread and little memory;
 * it is sent a renderer's end of the socket and answers with a pidfd.
 */
#include "config.h"
#include "html/renderer.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "html/markdown.h"

#define NOT_RENDERED UINT32_MAX
#define LARGE (256 << 10)	/* bytes; a renderer exits after such a text to free its memory */
#define START_MS 1000		/* for the nursery to fork */

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SLOWNESS 2		/* for a sanitized build */
#else
#define SLOWNESS 1
#endif

struct request { uint32_t n, colour_ms; };
struct reply { uint32_t n, late; };

struct renderer {
	int fd;			/* -1: no process */
	int pidfd;
};

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static int nursery = -1;

/* ---- both sides ---- */

static bool write_all(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;
	ssize_t sent;

	while (n) {
		sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool read_all(int fd, void *bytes, size_t n)
{
	char *at = bytes;
	ssize_t got;

	while (n) {
		got = recv(fd, at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* One byte, with a descriptor. */
static bool send_descriptor(int over, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(over, &m, MSG_NOSIGNAL) == 1;
}

/* -1: the other end closed or sent none. */
static int receive_descriptor(int over)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c;
	ssize_t got;
	int fd;

	while ((got = recvmsg(over, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	c = got == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* ---- a renderer ---- */

static void set_deadline(int ms)
{
	const struct itimerval t = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
	};

	setitimer(ITIMER_PROF, &t, NULL);
}

/* False: the caller has gone. */
static bool render_one(int fd, char *text, const struct request *q)
{
	auto_buf html = BUF_INIT(MARKDOWN_HTML_MAX);
	struct reply reply = { NOT_RENDERED, 0 };
	struct err e = { 0 };
	bool late = false, done;

	set_deadline(RENDERER_CPU_MS * SLOWNESS);
	done = markdown_render(text, q->n, (int)q->colour_ms, &late, &html, &e) == 0;
	set_deadline(0);
	if (done)
		reply = (struct reply) { (uint32_t)html.len, late };
	return write_all(fd, &reply, sizeof(reply)) &&
	       (!done || write_all(fd, buf_text(&html), html.len));
}

static void render_all(int fd)
{
	static char text[MARKDOWN_TEXT_MAX];
	struct request q;

	signal(SIGPROF, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	while (read_all(fd, &q, sizeof(q)) && q.n <= sizeof(text) &&
	       read_all(fd, text, q.n) && render_one(fd, text, &q) && q.n <= LARGE)
		;
}

/* ---- the nursery ---- */

static void leave_only(int fd)
{
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0U, 0);
}

static void quieten(void)
{
	int null = open("/dev/null", O_RDWR);
	int i;

	for (i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
}

static void raise_one(int over, int fd)
{
	pid_t pid = fork();
	int pidfd;

	if (pid == 0) {
		leave_only(fd);
		render_all(fd);
		_exit(0);
	}
	pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	close(fd);
	if (pidfd < 0 || !send_descriptor(over, pidfd))
		_exit(1);
	close(pidfd);
}

static _Noreturn void tend(int over)
{
	int fd;

	prctl(PR_SET_NAME, "gongbang-render");
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	quieten();
	leave_only(over);
	markdown_start();
	while ((fd = receive_descriptor(over)) >= 0)
		raise_one(over, fd);
	_exit(0);
}

static int start_nursery(void)
{
	const struct timeval wait = { START_MS / 1000, 0 };
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		tend(ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -1;
	}
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return ends[0];
}

void renderer_start(void)
{
	if (nursery < 0)
		nursery = start_nursery();
}

/* ---- the caller ---- */

static int ask_nursery(int fd)
{
	int pidfd = -1;

	if (nursery >= 0 && send_descriptor(nursery, fd))
		pidfd = receive_descriptor(nursery);
	if (pidfd < 0 && nursery >= 0) {
		close(nursery);
		nursery = -1;
	}
	return pidfd;
}

static bool start(struct renderer *r)
{
	int ends[2];

	if (r->fd >= 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	pthread_mutex_lock(&starting);
	r->pidfd = ask_nursery(ends[1]);
	if (r->pidfd < 0) {
		renderer_start();	/* the previous one was killed */
		r->pidfd = ask_nursery(ends[1]);
	}
	pthread_mutex_unlock(&starting);
	close(ends[1]);
	if (r->pidfd < 0) {
		close(ends[0]);
		return false;
	}
	r->fd = ends[0];
	return true;
}

static void stop(struct renderer *r)
{
	if (r->fd < 0)
		return;
	syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0);
	close(r->pidfd);
	close(r->fd);
	r->fd = -1;
}

static int end(struct renderer *r)
{
	stop(r);
	return 0;
}

struct renderer *renderer_new(const void *ctx)
{
	struct renderer *r = alloc_checked(talloc_zero(ctx, struct renderer));

	r->fd = -1;
	talloc_set_destructor(r, end);
	return r;
}

/* 1: everything was transferred; 0: the renderer is gone; -1: too late. */
static int move(int fd, short way, char *at, size_t n, int64_t until)
{
	ssize_t moved;

	while (n) {
		struct pollfd p = { .fd = fd, .events = way };
		int64_t left = until - clock_mono_ms();

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -1;
		moved = way == POLLIN ? recv(fd, at, n, MSG_DONTWAIT) :
			send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (moved < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (moved <= 0)
			return 0;
		at += moved;
		n -= (size_t)moved;
	}
	return 1;
}

static int receive(int fd, struct buf *out, int64_t until, struct reply *reply)
{
	struct err e = { 0 };
	char *room;
	int came = move(fd, POLLIN, (char *)reply, sizeof(*reply), until);

	if (came != 1 || reply->n == NOT_RENDERED)
		return came;
	room = reply->n > MARKDOWN_HTML_MAX ? NULL : buf_reserve(out, reply->n, &e);
	if (!room)
		return 0;
	came = move(fd, POLLIN, room, reply->n, until);
	if (came == 1)
		buf_grew(out, reply->n);
	return came;
}

static int exchange(struct renderer *r, const char *text, const struct request *q,
		    int64_t until, struct buf *out, struct reply *reply)
{
	int came = move(r->fd, POLLOUT, (char *)(uintptr_t)q, sizeof(*q), until);

	*reply = (struct reply) { NOT_RENDERED, 0 };
	if (came == 1)
		came = move(r->fd, POLLOUT, (char *)(uintptr_t)text, q->n, until);
	if (came == 1)
		came = receive(r->fd, out, until, reply);
	if (came != 1 || q->n > LARGE)
		stop(r);
	return came;
}

static enum rendered outcome(int came, const struct request *q, const struct reply *reply)
{
	if (came != 1 || reply->n == NOT_RENDERED)
		return came < 0 ? RENDERED_LATER : RENDERED_PLAIN;
	return reply->late && q->colour_ms < RENDERER_COLOUR_MS ? RENDERED_UNCOLOURED :
	       RENDERED_HTML;
}

enum rendered renderer_markdown(struct renderer *r, const char *text, size_t n,
				int wait_ms, struct buf *out)
{
	int64_t began = clock_mono_ms();
	struct request q = { (uint32_t)n, RENDERER_COLOUR_MS };
	struct reply reply = { NOT_RENDERED, 0 };
	int came = 0, tries;

	if (n > MARKDOWN_TEXT_MAX)
		return RENDERED_PLAIN;
	if (wait_ms / 4 < RENDERER_COLOUR_MS)
		q.colour_ms = wait_ms < 0 ? 0 : (uint32_t)wait_ms / 4;
	for (tries = 0; tries < 2 && came == 0; tries++) {
		if (!start(r))
			return RENDERED_LATER;
		came = exchange(r, text, &q, began + wait_ms, out, &reply);
		/* It ended before its deadline, so this text did not cause it. */
		if (clock_mono_ms() - began >= RENDERER_CPU_MS)
			break;
	}
	return outcome(came, &q, &reply);
}
