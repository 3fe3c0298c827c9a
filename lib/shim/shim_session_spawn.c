/*
 * A session's processes: sockets, the subreaper's environment, fork and exec.
 * Claude's descriptors are sockets and not pipes, because a socket cannot be
 * opened through /proc/<pid>/fd.
 */
#include "config.h"
#include "shim/shim_session_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"
#include "shim/paths.h"
#include "shim/subreaper.h"

#define ENV_MAX 512

extern char **environ;

/* Our ends and the subreaper's ends of all four. */
struct ends {
	int ours[4], theirs[4];
};

static void close_ends(int *fds)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static int make_ends(struct ends *p, struct err *e)
{
	int pair[2], i;

	memset(p, 0xff, sizeof(*p));
	for (i = 0; i < 4; i++) {
		if (socketpair(AF_UNIX, SOCK_CLOEXEC |
			       (i == 3 ? SOCK_SEQPACKET : SOCK_STREAM), 0,
			       pair) < 0) {
			err_errno(e, ERR_UNAVAILABLE, errno, "make sockets");
			close_ends(p->ours);
			close_ends(p->theirs);
			return -1;
		}
		p->ours[i] = pair[0];
		p->theirs[i] = pair[1];
		fcntl(p->ours[i], F_SETFL, O_NONBLOCK);
		/* One direction each, like a pipe. */
		if (i < 3)
			shutdown(p->ours[i], i == 0 ? SHUT_RD : SHUT_WR);
	}
	return 0;
}

/* Whether both have the same NAME before the "=". */
static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static void set_variable(char **env, size_t *n, char *pair)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (same_name(pair, env[i])) {
			env[i] = pair;
			return;
		}
	}
	if (*n < ENV_MAX)
		env[(*n)++] = pair;
	env[*n] = NULL;
}

static _Noreturn void exec_subreaper(const struct shim_session *s,
				     const struct start_request *start, const int *fds)
{
	char *argv[START_REQUEST_ARGS_MAX + 4], *env[ENV_MAX + 1] = { NULL };
	char mark[64], id[ID_SIZE], own[sizeof("HOME=") + PATH_PATH_MAX];
	size_t n = 0, i;

	for (i = 0; i < ENV_MAX - START_REQUEST_ENV_MAX - 1 && environ[i]; i++)
		set_variable(env, &n, environ[i]);
	for (i = 0; i < start->nenv; i++)
		set_variable(env, &n, start->env[i]);
	snprintf(mark, sizeof(mark), "GONGBANG_SESSION=%s", s->id);
	set_variable(env, &n, mark);
	memcpy(own, "HOME=", 6);
	path_own_home(s->id, own + 5);
	if (start->own_home)
		set_variable(env, &n, own);

	memcpy(id, s->id, sizeof(id));
	argv[0] = (char[]){ "gongbang-shim" };
	argv[1] = (char[]){ "subreaper" };
	argv[2] = id;
	memcpy(argv + 3, start->args, (start->nargs + 1) * sizeof(*argv));
	/*
	 * Process 1 keeps descriptors 0 to 3 open, so none of these is one of
	 * them.
	 */
	for (i = 0; i < 4; i++) {
		if (dup2(fds[i], (int)i) < 0)
			_exit(127);
	}
	if (chdir(path_home()) < 0)
		_exit(127);
	execve("/proc/self/exe", argv, env);
	dprintf(2, "cannot start the subreaper: %s\n", strerror(errno));
	_exit(127);
}

int shim_session_spawn(struct shim_session *s,
		       const struct start_request *start, struct err *e)
{
	struct ends ends;
	int errnum;

	path_open_home();	/* a tool may have shut it since the session began */
	s->own_home = start->own_home;
	if (start->own_home &&
	    path_own_home_make(s->id, start->servers, e) < 0)
		return -1;
	if (make_ends(&ends, e) < 0)
		return -1;
	s->subreaper_pid = fork();
	if (!s->subreaper_pid)
		exec_subreaper(s, start, ends.theirs);
	errnum = errno;
	close_ends(ends.theirs);
	if (s->subreaper_pid < 0) {
		close_ends(ends.ours);
		return err_errno(e, ERR_UNAVAILABLE, errnum, "start a process");
	}
	if (event_loop_watch(&s->in, ends.ours[0], EPOLLHUP, e) |
	    event_loop_watch(&s->out, ends.ours[1], EPOLLIN, e) |
	    event_loop_watch(&s->err, ends.ours[2], EPOLLIN, e) |
	    event_loop_watch(&s->subreaper, ends.ours[3], EPOLLIN, e))
		return err_wrap(e, "watch a session");
	return 0;
}
