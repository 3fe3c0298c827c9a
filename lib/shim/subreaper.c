#include "config.h"
#include "shim/subreaper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/str.h"
#include "shim/landlock.h"
#include "shim/paths.h"
#include "shim/processes.h"
#include "shim/seccomp.h"

#define SWEEP_MS 5000	/* a process that lives longer cannot be killed */

static const char *session;
static pid_t claude;		/* 0 once it was reaped */
static int claude_status;

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == claude) {
			claude = 0;
			claude_status = status;
		}
	}
}

static int32_t sweep(enum sweep what)
{
	size_t killed = processes_sweep(what, getpid(),
					what == SWEEP_ALL ? 0 : claude,
					session, SWEEP_MS);

	reap();
	return (int32_t)killed;
}

static void send_report(const struct subreaper_report *r, size_t paths)
{
	(void)!send(SUBREAPER_FD, r, offsetof(struct subreaper_report, paths) +
		    paths, MSG_NOSIGNAL);
}

static void report(char what, int32_t count)
{
	struct subreaper_report r = { .what = what, .count = count };

	if (what == SUBREAPER_CLAUDE_ENDED) {
		if (WIFSIGNALED(claude_status))
			r.signal = WTERMSIG(claude_status);
		else
			r.code = WEXITSTATUS(claude_status);
	}
	send_report(&r, 0);
}

static void report_write(const struct write_notice *w)
{
	struct subreaper_report r = { .what = SUBREAPER_OPENED, .at = w->at };
	char *end = r.paths;

	if (w->from[0]) {
		r.what = SUBREAPER_MOVED;
		end = stpcpy(end, w->from) + 1;
	}
	end = stpcpy(end, w->path) + 1;
	send_report(&r, (size_t)(end - r.paths));
}

/*
 * Sends the notifier's descriptor to the subreaper, or a message without one.
 */
static void send_notifier(int fd, int to)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	} };
	struct iovec byte = { (char[]){ 'n' }, 1 };
	struct msghdr m = { .msg_iov = &byte, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.room);
	}
	(void)!sendmsg(to, &m, MSG_NOSIGNAL);
}

/* -1: there is none. Takes from. */
static int receive_notifier(int from)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec byte = { (char[1]){ 0 }, 1 };
	struct msghdr m = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) == 1 &&
	    m.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	close(from);
	return fd;
}

static _Noreturn void exec_claude(char **argv, pid_t subreaper, int to)
{
	const char *home = getenv("HOME");
	char own[PATH_PATH_MAX];
	struct err e = { 0 };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != subreaper)
		_exit(127);
	setsid();
	if (isatty(0))
		ioctl(0, TIOCSCTTY, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	close(SUBREAPER_FD);
	path_own_home(session, own);
	if (landlock_enter(path_is_workspace() ? path_homes() : NULL,
			   home && str_equal(home, own) ? own : NULL, &e) < 0) {
		dprintf(2, "cannot start %s: %s\n", argv[0], e.text);
		_exit(126);
	}
	/* Nobody asks what a terminal's programs write. */
	send_notifier(isatty(0) ? -1 : write_notifier_install(), to);
	execvp(argv[0], argv);
	dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Only Claude holds the pipes, so that their ends are noticed. */
static void close_pipes(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	for (i = 0; i < 3; i++) {
		if (fd < 0 || dup2(fd, i) < 0)
			close(i);
	}
	if (fd > 2)
		close(fd);
}

/* False when process 1 is gone. */
static bool handle_order(void)
{
	static const int signals[] = {
		[SUBREAPER_HUP] = SIGHUP, [SUBREAPER_INT] = SIGINT,
		[SUBREAPER_TERM] = SIGTERM, [SUBREAPER_KILL] = SIGKILL,
	};
	unsigned char order;

	if (recv(SUBREAPER_FD, &order, 1, 0) != 1)
		return false;
	if (order == SUBREAPER_END_TOOLS)
		report(SUBREAPER_TOOLS_ENDED, sweep(SWEEP_TOOLS));
	else if (order < sizeof(signals) / sizeof(*signals) && claude &&
		 signals[order])
		kill(claude, signals[order]);
	return true;
}

static void serve(int signals, int notifier)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = SUBREAPER_FD, .events = POLLIN },
		{ .fd = notifier, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	while (claude) {
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[2].revents && !write_notifier_read(notifier, report_write))
			fds[2].fd = -1;
		if (fds[0].revents)
			(void)!read(signals, &info, sizeof(info));
		reap();
		if (claude && fds[1].revents && !handle_order())
			return;
	}
}

int subreaper_main(const char *id, char **argv)
{
	sigset_t blocked;
	int signals, notifier, ends[2];
	pid_t self = getpid();

	session = id;
	seccomp_filter_processes();
	sigfillset(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	fcntl(SUBREAPER_FD, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				      ends) < 0)
		return 1;
	claude = fork();
	if (claude < 0) {
		dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
		claude = 0;
		claude_status = W_EXITCODE(126, 0);
		report(SUBREAPER_CLAUDE_ENDED, 0);
		return 1;
	}
	if (!claude)
		exec_claude(argv, self, ends[1]);
	close(ends[1]);
	close_pipes();
	notifier = receive_notifier(ends[0]);
	if (notifier < 0)
		report(SUBREAPER_UNNAMED, 0);
	serve(signals, notifier);
	sweep(SWEEP_ALL);
	if (!claude)
		report(SUBREAPER_CLAUDE_ENDED, 0);
	return 0;
}
