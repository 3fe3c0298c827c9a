#include "config.h"
#include "shim/stdio_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "shim/link_listener.h"
#include "shim/paths.h"
#include "shim/seccomp.h"

#define CONNECT_MS 10000
#define DRAIN_MS 1000
#define INPUT_PIPE_BYTES (256 << 10)

/* One direction. */
struct pipe_end {
	int from, to;
	size_t at, len;
	bool ended;
	char bytes[64 << 10];
};

static int check_peer(int fd, struct err *e)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return err_errno(e, ERR_INTERNAL, errno, "ask who listens");
	if (path_is_workspace() && peer.pid != 1)
		return err_set(e, ERR_DENIED, "process 1 does not listen");
	return 0;
}

/* The container may have just started: process 1 gets some time. */
static int reach(struct err *e)
{
	struct timespec pause = { .tv_nsec = 20000000 };
	int64_t deadline = clock_mono_ms() + CONNECT_MS;
	struct sockaddr_un address;
	socklen_t n = path_address(&address);
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "make a socket");
	while (connect(fd, (struct sockaddr *)&address, n) < 0) {
		if ((errno != ECONNREFUSED && errno != EAGAIN) ||
		    clock_mono_ms() > deadline) {
			err_errno(e, ERR_UNAVAILABLE, errno, "reach process 1");
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	if (check_peer(fd, e) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Before any byte of the link's own. */
static int hand_over(int fd, int folder, struct err *e)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
	} };
	struct iovec mark = { (char[]){ LINK_LISTENER_FOLDER }, 1 };
	struct msghdr message = {
		.msg_iov = &mark, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	memcpy(CMSG_DATA(&control.head), &folder, sizeof(folder));
	if (sendmsg(fd, &message, MSG_NOSIGNAL) != 1)
		return err_errno(e, ERR_UNAVAILABLE, errno, "hand over the volume");
	return 0;
}

static void step(struct pipe_end *p)
{
	ssize_t n;

	if (!p->len) {
		n = read(p->from, p->bytes, sizeof(p->bytes));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			p->ended = true;
		p->at = 0;
		p->len = n > 0 ? (size_t)n : 0;
	}
	while (p->len) {
		n = write(p->to, p->bytes + p->at, p->len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			p->ended = true;
		if (n <= 0)
			return;
		p->at += (size_t)n;
		p->len -= (size_t)n;
	}
}

static void copy(struct pipe_end *in, struct pipe_end *out)
{
	int64_t deadline = 0;
	struct pollfd fds[4];

	while (!in->ended && !(out->ended && !out->len)) {
		/*
		 * A hang-up of stdin is noticed even while its bytes are still
		 * buffered.
		 */
		fds[0] = (struct pollfd){ in->from, in->len ? 0 : POLLIN, 0 };
		fds[1] = (struct pollfd){ in->len ? in->to : -1, POLLOUT, 0 };
		fds[2] = (struct pollfd){ out->len || out->ended ? -1 : out->from,
					  POLLIN, 0 };
		fds[3] = (struct pollfd){ out->len ? out->to : -1, POLLOUT, 0 };
		if (poll(fds, 4, deadline ? DRAIN_MS : -1) < 0)
			continue;
		if (out->ended && !deadline)
			deadline = clock_mono_ms() + DRAIN_MS;
		if (deadline && clock_mono_ms() > deadline)
			return;
		if (in->len && (fds[0].revents & (POLLHUP | POLLERR)) &&
		    !(fds[1].revents & POLLOUT))
			return;
		if (fds[0].revents || fds[1].revents)
			step(in);
		if (fds[2].revents || fds[3].revents)
			step(out);
	}
}

int stdio_proxy_run(struct err *e)
{
	static struct pipe_end in, out;
	int fd, folder;

	seccomp_filter_processes();
	fd = reach(e);
	if (fd < 0)
		return -1;
	folder = path_volume_here();
	if (folder >= 0 && hand_over(fd, folder, e) < 0)
		return -1;
	in.from = 0;
	in.to = fd;
	out.from = fd;
	out.to = 1;
	/* Best effort: uploads wait for fewer turns of the engine's processes. */
	fcntl(0, F_SETPIPE_SZ, INPUT_PIPE_BYTES);
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	copy(&in, &out);
	close(fd);
	return 0;
}
