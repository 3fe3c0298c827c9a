/*
 * A session's processes: sockets and fork. Claude's descriptors are sockets and
 * not pipes, because a socket cannot be opened through /proc/<pid>/fd.
 */
#include "config.h"
#include "shim/shim_session_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/file_place.h"
#include "shim/paths.h"
#include "shim/subreaper.h"

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

/* The folder in which it starts, made if missing; *folder -1: the home. */
static int open_folder(const struct start_request *start, int *folder,
		       struct err *e)
{
	char path[LINK_SERVER_PATH_MAX];

	*folder = -1;
	if (!start->cwd)
		return 0;
	if (snprintf(path, sizeof(path), "%s/", start->cwd) >= (int)sizeof(path))
		return err_set(e, ERR_INPUT, "cwd is too long");
	if (file_place_folders(path, e) < 0)
		return err_wrap(e, "make the folder");
	*folder = workspace_files_at(start->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC,
				     e);
	return *folder < 0 ? err_wrap(e, "enter the folder") : 0;
}

static _Noreturn void exec_subreaper(const char *id,
				       const struct start_request *start,
				       const int fds[4], int folder)
{
	struct start_request here = *start;

	if (folder >= 0 && fchdir(folder) < 0)
		_exit(127);
	here.folder = folder >= 0 ? "." : NULL;
	subreaper_exec(id, &here, fds);
}

int shim_session_spawn(struct shim_session *s,
		       const struct start_request *start, struct err *e)
{
	struct ends ends;
	int errnum, folder;

	path_open_home();	/* a tool may have shut it since the session began */
	s->own_home = start->own_home;
	if (start->own_home &&
	    path_own_home_make(s->id, start->servers, e) < 0)
		return -1;
	if (open_folder(start, &folder, e) < 0)
		return -1;
	if (make_ends(&ends, e) < 0) {
		if (folder >= 0)
			close(folder);
		return -1;
	}
	s->subreaper_pid = fork();
	if (!s->subreaper_pid)
		exec_subreaper(s->id, start, ends.theirs, folder);
	errnum = errno;
	if (folder >= 0)
		close(folder);
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
