#include "config.h"
#include "guard/removing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/id.h"

#define PATH_SIZE 512

static bool put_path(char path[PATH_SIZE], const char *state, const char *user_id)
{
	int n = snprintf(path, PATH_SIZE, "%s/removing/%s", state, user_id);

	return id_valid(user_id) && n > 0 && n < PATH_SIZE;
}

static int fail(const char *path, struct err *e)
{
	return err_errno(e, errno == EACCES || errno == EPERM ? ERR_DENIED :
			 ERR_UNAVAILABLE, errno, "%s", path);
}

int removing_mark(const char *state, const char *user_id, struct err *e)
{
	char path[PATH_SIZE], folder[PATH_SIZE];
	int fd;

	if (!put_path(path, state, user_id))
		return err_set(e, ERR_INPUT, "not a user's id");
	snprintf(folder, sizeof(folder), "%s/removing", state);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return fail(folder, e);
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path, e);
	close(fd);
	return 0;
}

int removing_unmark(const char *state, const char *user_id, struct err *e)
{
	char path[PATH_SIZE];

	if (!put_path(path, state, user_id))
		return err_set(e, ERR_INPUT, "not a user's id");
	return unlink(path) < 0 && errno != ENOENT ? fail(path, e) : 0;
}

bool removing_marked(const char *state, const char *user_id)
{
	char path[PATH_SIZE];
	struct stat st;

	return state && put_path(path, state, user_id) && lstat(path, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid();
}
