#include "config.h"
#include "shim/workspace_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/percent.h"
#include "core/str.h"
#include "shim/paths.h"

static int decode(const char *name, char *out, size_t size, struct err *e)
{
	char *text = strdup(name);
	ptrdiff_t n;
	int rc = 0;

	if (!text)
		err_abort("out of memory");
	n = percent_decode(text, text, strlen(text), false);
	if (n < 0)
		rc = err_set(e, ERR_INPUT, "a broken escape");
	else if ((size_t)n >= size || memchr(text, '\0', (size_t)n))
		rc = err_set(e, ERR_INPUT, "no path");
	else
		memcpy(out, text, (size_t)n + 1);
	free(text);
	return rc;
}

int workspace_files_path(const char *name, char *out, size_t size,
			 struct err *e)
{
	const char *at;
	size_t n;

	if (decode(name, out, size, e) < 0)
		return -1;
	for (at = out; ; at += n + 1) {
		n = strcspn(at, "/");
		if (!n || (at[0] == '.' && (n == 1 || (n == 2 && at[1] == '.'))))
			return err_set(e, ERR_INPUT, "a path is relative and "
				       "has no empty, . or .. segment");
		if (!at[n])
			return 0;
	}
}

/* Takes at. */
static int enter(int at, const char *name, int flags, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			O_NOCTTY | O_CLOEXEC | flags);
	int errnum = errno;

	close(at);
	if (fd >= 0)
		return fd;
	if (errnum == ENOENT || errnum == ENOTDIR)
		return err_set(e, ERR_MISSING, "no such file");
	if (errnum == ELOOP)
		return err_set(e, ERR_CONFLICT, "a symbolic link");
	return err_set(e, ERR_CONFLICT, "the file cannot be read");
}

int workspace_files_open(const char *path, int64_t *size, struct err *e)
{
	int at = open(path_home(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char segment[256];
	struct stat st;
	size_t n;

	if (at < 0)
		return err_errno(e, ERR_INTERNAL, errno, "open the home");
	for (; ; path += n + 1) {
		n = strcspn(path, "/");
		if (n >= sizeof(segment)) {
			close(at);
			return err_set(e, ERR_MISSING, "no such file");
		}
		memcpy(segment, path, n);
		segment[n] = '\0';
		at = enter(at, segment, path[n] ? O_DIRECTORY : 0, e);
		if (at < 0)
			return -1;
		if (!path[n])
			break;
	}
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(at);
		return err_set(e, ERR_CONFLICT, "no regular file");
	}
	*size = st.st_size;
	return at;
}

struct sending {
	int fd;
	int64_t left;
};

static int read_file(struct exchange *x, void *out, size_t size)
{
	struct sending *s = x->work;
	ssize_t n;

	if ((int64_t)size > s->left)
		size = (size_t)s->left;
	n = size ? read(s->fd, out, size) : 0;
	if (n <= 0)
		return -1;	/* end of file, or it was truncated */
	s->left -= n;
	return (int)n;
}

static void gone(struct exchange *x)
{
	struct sending *s = x->work;

	close(s->fd);
	free(s);
}

void workspace_files_send(struct exchange *x, const char *name, int64_t max)
{
	char path[LINK_SERVER_PATH_MAX];
	struct sending *s;
	struct err e = { 0 };
	int64_t size;
	int fd;

	if (workspace_files_path(name, path, sizeof(path), &e) < 0 ||
	    (fd = workspace_files_open(path, &size, &e)) < 0) {
		exchange_fail(x, &e);
		return;
	}
	if (size > max) {
		close(fd);
		exchange_answer(x, 413, "the file has more than %lld bytes",
				(long long)max);
		return;
	}
	s = alloc_checked(malloc(sizeof(*s)));
	s->fd = fd;
	s->left = size;
	x->work = s;
	x->gone = gone;
	exchange_stream(x, read_file);
}
