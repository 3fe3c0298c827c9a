#include "config.h"
#include "shim/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/id.h"
#include "core/str.h"

#define DEPTH_MAX 32	/* folders below a purged one */
#define ADDRESS "gongbang-shim"

static char home[sizeof(((struct sockaddr_un *)0)->sun_path) -
		 sizeof(ADDRESS) - 2] = PATH_HOME;
static bool workspace = true;
static int volume = -1;

void path_open_home(void)
{
	if (access(home, R_OK | W_OK | X_OK) < 0 && errno == EACCES)
		(void)!chmod(home, 0755);
}

static bool is_home(int fd)
{
	struct stat at_home, here;

	return stat(home, &at_home) == 0 && fstat(fd, &here) == 0 &&
	       at_home.st_dev == here.st_dev && at_home.st_ino == here.st_ino;
}

int path_volume_here(void)
{
	char path[256];
	int fd;

	path_open_home();
	if (!getcwd(path, sizeof(path)) || str_equal(path, home))
		return -1;
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && is_home(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void path_volume_set(int fd)
{
	if (volume < 0 && is_home(fd))
		volume = fd;
	else
		close(fd);
}

int path_volume(void)
{
	return volume;
}

int path_init(struct err *e)
{
	const char *other = getpid() == 1 ? NULL : getenv("GONGBANG_SHIM_HOME");

	if (!other)
		return 0;
	workspace = false;
	if (!str_copy(home, sizeof(home), other))
		return err_set(e, ERR_INPUT, "GONGBANG_SHIM_HOME is too long");
	return 0;
}

const char *path_home(void)
{
	return home;
}

bool path_is_workspace(void)
{
	return workspace;
}

socklen_t path_address(struct sockaddr_un *out)
{
	int n;

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	n = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1, "%s%s%s",
		     ADDRESS, workspace ? "" : ":", workspace ? "" : home);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)n);
}

/* Opens a folder below at, creating it when asked; takes at. */
static int enter(int at, const char *name, bool create, struct err *e)
{
	int fd, errnum;

	if (create && mkdirat(at, name, 0700) < 0 && errno != EEXIST) {
		errnum = errno;
		close(at);
		return err_errno(e, errnum == ENOSPC || errnum == EDQUOT ?
				 ERR_UNAVAILABLE : ERR_INTERNAL, errnum,
				 "make %s", name);
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	errnum = errno;
	close(at);
	if (fd >= 0)
		return fd;
	if (errnum == ENOENT)
		return err_set(e, ERR_MISSING, "no %s", name);
	return err_errno(e, ERR_INTERNAL, errnum, "open %s", name);
}

int path_sessions(bool create, struct err *e)
{
	int fd;

	path_open_home();
	fd = volume >= 0 ? fcntl(volume, F_DUPFD_CLOEXEC, 0) :
	     open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, errno, "open the volume");
	fd = enter(fd, ".gongbang", create, e);
	return fd < 0 ? -1 : enter(fd, "sessions", create, e);
}

int path_session(const char *id, bool create, struct err *e)
{
	int fd;

	if (!id_valid(id))
		return err_set(e, ERR_INPUT, "a session's id is a UUID");
	fd = path_sessions(create, e);
	return fd < 0 ? -1 : enter(fd, id, create, e);
}

/* Removes name below at, whatever it is; succeeds when it is missing. */
static int erase(int at, const char *name, int depth)
{
	struct dirent *entry;
	int fd, failed = 0;
	DIR *d;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (depth > DEPTH_MAX)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(d))) {
		if (!str_equal(entry->d_name, ".") &&
		    !str_equal(entry->d_name, ".."))
			failed |= erase(dirfd(d), entry->d_name, depth + 1);
	}
	closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? -1 : failed;
}

/*
 * Removes entries that begin with id in the folder; with deep, in its folders.
 * Takes fd.
 */
static int erase_named(int fd, const char *id, bool deep)
{
	struct dirent *entry;
	int failed = 0, inner;
	DIR *d;

	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -1;
	}
	while ((entry = readdir(d))) {
		if (str_starts(entry->d_name, id)) {
			failed |= erase(dirfd(d), entry->d_name, 0);
		} else if (deep && entry->d_name[0] != '.') {
			inner = openat(dirfd(d), entry->d_name, O_RDONLY |
				       O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			failed |= erase_named(inner, id, false);
		}
	}
	closedir(d);
	return failed;
}

int path_purge(const char *id, struct err *e)
{
	/* projects/<cwd>/<id>.jsonl and <id>/; the others hold <id>... */
	static const char *const folders[] = {
		"projects", "todos", "tasks", "file-history", "session-env",
		"debug",
	};
	int fd, claude, failed = 0;
	struct err missing = { 0 };
	size_t i;

	claude = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (claude >= 0)
		claude = enter(claude, ".claude", false, &missing);
	for (i = 0; claude >= 0 && i < sizeof(folders) / sizeof(*folders); i++) {
		fd = openat(claude, folders[i], O_RDONLY | O_DIRECTORY |
			    O_NOFOLLOW | O_CLOEXEC);
		failed |= erase_named(fd, id, i == 0);
	}
	if (claude >= 0)
		close(claude);
	fd = path_sessions(false, &missing);
	if (fd >= 0) {
		failed |= erase(fd, id, 0);
		close(fd);
	}
	if (failed)
		return err_set(e, ERR_INTERNAL, "not all files were removed");
	return 0;
}

const char *path_homes(void)
{
	static char below[PATH_PATH_MAX / 2];

	if (workspace)
		return "/run/gongbang";
	snprintf(below, sizeof(below), "%s/homes", home);
	return below;
}

void path_own_home(const char *id, char out[PATH_PATH_MAX])
{
	snprintf(out, PATH_PATH_MAX, "%s/%s", path_homes(), id);
}

/* A folder that may have a number in its name; 0 when it exists. */
static int make_folder(const char *base, const char *name)
{
	char path[2 * PATH_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", base, name);
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

/* Without one curl looks into the home from the user database. */
static int make_curlrc(const char *own)
{
	char path[2 * PATH_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/.curlrc", own);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int link_home(const char *own, const char *name)
{
	char path[2 * PATH_PATH_MAX], target[2 * PATH_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", own, name);
	snprintf(target, sizeof(target), "%s%s", home, name);
	return symlink(target, path);
}

int path_own_home_make(const char *id, bool servers, struct err *e)
{
	char own[PATH_PATH_MAX];

	path_own_home_remove(id);
	path_own_home(id, own);
	if (make_folder(path_homes(), "") < 0 || mkdir(own, 0700) < 0 ||
	    make_curlrc(own) < 0 || make_folder(own, "/.claude") < 0 ||
	    make_folder(home, "/.claude") < 0 ||
	    make_folder(home, "/.claude/projects") < 0 ||
	    link_home(own, "/.claude/projects") < 0 ||
	    (servers && link_home(own, "/.claude.json") < 0))
		return err_errno(e, ERR_UNAVAILABLE, errno, "make %s", own);
	return 0;
}

void path_own_home_remove(const char *id)
{
	char own[PATH_PATH_MAX];

	path_own_home(id, own);
	(void)!erase(AT_FDCWD, own, 0);
}
