#include "config.h"
#include "guard/file_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 2000		/* nested folders: one descriptor each */

struct walk {
	file_tree_visit *visit;
	void *data;
	dev_t device;
	int depth;
};

static int enter(struct walk *w, int at, const char *name, struct err *e);

static int visit_entry(struct walk *w, int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 :
		       err_errno(e, ERR_INTERNAL, errno, "stat");
	if (st.st_dev != w->device)
		return 0;
	if (S_ISDIR(st.st_mode) && enter(w, fd, name, e) < 0)
		return -1;
	return w->visit(w->data, fd, name, &st, e);
}

static int read_all(struct walk *w, DIR *dir, struct err *e)
{
	struct dirent *entry;
	int rc = 0;

	while (rc == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			rc = visit_entry(w, dirfd(dir), entry->d_name, e);
	}
	return rc;
}

static int enter(struct walk *w, int at, const char *name, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int rc;

	if (!dir) {
		err_errno(e, ERR_INTERNAL, errno, "open a folder");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (w->depth >= DEPTH_MAX) {
		closedir(dir);
		return err_set(e, ERR_LIMIT, "more than %d folders in each other",
			       DEPTH_MAX);
	}
	w->depth++;
	rc = read_all(w, dir, e);
	w->depth--;
	closedir(dir);
	return rc;
}

int file_tree_walk(const char *root, file_tree_visit *visit, void *data,
		   struct err *e)
{
	struct walk w = { .visit = visit, .data = data };
	struct stat st;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_errno(e, ERR_INTERNAL, errno, "%s", root);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	w.device = st.st_dev;
	rc = enter(&w, fd, ".", e);
	if (rc == 0)
		rc = visit(data, fd, ".", &st, e);
	close(fd);
	return rc;
}

static int drop(void *data, int at, const char *name, const struct stat *st,
		struct err *e)
{
	if (strcmp(name, ".") == 0)
		return 0;
	if (unlinkat(at, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0) < 0 &&
	    errno != ENOENT)
		return err_errno(e, ERR_UNAVAILABLE, errno, "remove a file");
	return 0;
}

int file_tree_clear(const char *root, struct err *e)
{
	return file_tree_walk(root, drop, NULL, e);
}
