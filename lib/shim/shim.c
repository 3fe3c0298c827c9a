#include "config.h"
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/cgroup.h"
#include "shim/event_loop.h"
#include "shim/link_listener.h"
#include "shim/paths.h"
#include "shim/seccomp.h"
#include "shim/shim_session.h"
#include "shim/shim_terminal.h"

static struct watch signals = { .fd = -1 };

static void ready(struct watch *w, uint32_t events)
{
	struct signalfd_siginfo info;

	if (read(w->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	} else {
		terminal_end_all();
		shim_session_end_all(event_loop_stop);
	}
}

static int watch_signals(struct err *e)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "signalfd");
	signals.ready = ready;
	return event_loop_watch(&signals, fd, EPOLLIN, e);
}

/* Descriptors 0 to 2 must be open, so that children's pipes never use them. */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < 3);
	if (fd >= 0)
		close(fd);
}

/*
 * The first link brings the volume. On failure here each session fails with a
 * message.
 */
static void recover(void)
{
	struct err e = { 0 };

	(void)!shim_session_recover(&e);
}

int shim_run(const struct shim_limits *limits, struct err *e)
{
	fill_descriptors();
	if (!path_is_workspace())
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	else if (getpid() != 1)
		return err_set(e, ERR_INPUT, "not process 1 of a workspace: "
			       "set GONGBANG_SHIM_HOME to try it elsewhere");
	if (path_is_workspace()) {
		if (seccomp_filter(e) < 0)
			return -1;
		seccomp_filter_processes();
	}
	shim_session_limit(limits);
	terminal_limit(limits);
	if (event_loop_init(e) < 0 || watch_signals(e) < 0 ||
	    link_listener_open(limits, recover, e) < 0)
		return -1;
	cgroup_init();
	event_loop_run(link_listener_flush);
	return 0;
}
