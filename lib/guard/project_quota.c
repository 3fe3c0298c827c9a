#include "config.h"
#include "guard/project_quota.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard/file_tree.h"

#define LIMIT_UNIT 1024		/* unit of dqb_bhardlimit */

static int ask_quota(int fd, int command, uint32_t project, struct if_dqblk *q)
{
	return (int)syscall(SYS_quotactl_fd, fd, QCMD((unsigned)command, PRJQUOTA),
			    project, q);
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool project_quota_can(const char *path)
{
	struct if_dqblk q = { 0 };
	int fd = open_folder(path);
	bool can = fd >= 0 && ask_quota(fd, Q_GETQUOTA, 0, &q) == 0;

	if (fd >= 0)
		close(fd);
	return can;
}

bool project_quota_holds(const char *path, uint32_t project)
{
	struct fsxattr x = { 0 };
	struct if_dqblk q = { 0 };
	int fd = open_folder(path);
	bool holds = fd >= 0 && ioctl(fd, FS_IOC_FSGETXATTR, &x) == 0 &&
		     x.fsx_projid && (!project || x.fsx_projid == project) &&
		     ask_quota(fd, Q_GETQUOTA, x.fsx_projid, &q) == 0 &&
		     q.dqb_bhardlimit > 0;

	if (fd >= 0)
		close(fd);
	return holds;
}

/* Links, sockets and devices have no project; they only use an inode. */
static int mark(void *data, int at, const char *name, const struct stat *st,
		struct err *e)
{
	uint32_t project = *(const uint32_t *)data;
	struct fsxattr x = { 0 };
	int fd, rc = 0;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 :
		       err_errno(e, ERR_INTERNAL, errno, "open a file");
	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0) {
		rc = err_errno(e, ERR_INTERNAL, errno, "read a project");
	} else if (x.fsx_projid != project) {
		x.fsx_projid = project;
		if (S_ISDIR(st->st_mode))
			x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
		if (ioctl(fd, FS_IOC_FSSETXATTR, &x) < 0)
			rc = err_errno(e, ERR_INTERNAL, errno, "set a project");
	}
	close(fd);
	return rc;
}

static int limit(const char *path, uint32_t project, int64_t bytes,
		 int64_t inodes, struct err *e)
{
	struct if_dqblk q = {
		.dqb_bhardlimit = (uint64_t)bytes / LIMIT_UNIT,
		.dqb_ihardlimit = (uint64_t)inodes,
		.dqb_valid = QIF_LIMITS,
	};
	int fd = open_folder(path), rc = 0;

	if (fd < 0 || ask_quota(fd, Q_SETQUOTA, project, &q) < 0)
		rc = err_errno(e, ERR_UNAVAILABLE, errno, "set a project's quota");
	if (fd >= 0)
		close(fd);
	return rc;
}

int project_quota_hold(const char *path, uint32_t project, int64_t bytes,
		       int64_t inodes, struct err *e)
{
	bool marked = project_quota_holds(path, project);

	if (limit(path, project, bytes, inodes, e) < 0)
		return -1;
	return marked ? 0 : file_tree_walk(path, mark, &project, e);
}
