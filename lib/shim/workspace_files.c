#include "config.h"
#include "shim/workspace_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/percent.h"
#include "core/str.h"
#include "shim/file_type.h"
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

static bool is_own(const char *path, size_t n)
{
	static const char *const names[] = { ".gongbang", WORKSPACE_FILES_OWN };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == n && memcmp(path, names[i], n) == 0)
			return true;
	}
	return false;
}

int workspace_files_path_check(const char *path, struct err *e)
{
	const char *at;
	size_t n;

	if (is_own(path, strcspn(path, "/")))
		return err_set(e, ERR_MISSING, "no such file");
	for (at = path; ; at += n + 1) {
		n = strcspn(at, "/");
		if (!n || (at[0] == '.' && (n == 1 || (n == 2 && at[1] == '.'))))
			return err_set(e, ERR_INPUT, "a path is relative and "
				       "has no empty, . or .. segment");
		if (!at[n])
			return 0;
	}
}

int workspace_files_path(const char *name, char *out, size_t size,
			 struct err *e)
{
	if (decode(name, out, size, e) < 0)
		return -1;
	return workspace_files_path_check(out, e);
}

static int open_below(const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		/* openat2 refuses flags that open ignores. */
		.flags = flags | O_CLOEXEC |
			 (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK),
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV | resolve,
	};
	int home = open(path_home(), O_PATH | O_DIRECTORY | O_CLOEXEC), fd, tries;

	if (home < 0)
		return -1;
	/* EAGAIN: a rename elsewhere made the kernel unsure about "..". */
	for (tries = 0; ; tries++) {
		fd = (int)syscall(SYS_openat2, home, *path ? path : ".", &how,
				  sizeof(how));
		if (fd >= 0 || errno != EAGAIN || tries == 100)
			break;
	}
	tries = errno;
	close(home);
	errno = tries;
	return fd;
}

static int refuse(int errnum, struct err *e)
{
	if (errnum == ENOENT || errnum == ENOTDIR || errnum == EXDEV ||
	    errnum == ELOOP || errnum == ENAMETOOLONG)
		return err_set(e, ERR_MISSING, "no such file");
	if (errnum == ENOSYS || errnum == EPERM)
		return err_set(e, ERR_UNAVAILABLE, "openat2 is refused here");
	return err_set(e, ERR_CONFLICT, "the file cannot be opened");
}

int workspace_files_at(const char *path, int flags, struct err *e)
{
	int fd = open_below(path, (uint64_t)flags, 0);

	return fd >= 0 ? fd : refuse(errno, e);
}

int workspace_files_parent(const char *path,
			   char name[WORKSPACE_FILES_NAME_SIZE], struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[LINK_SERVER_PATH_MAX];

	if (!str_copy(name, WORKSPACE_FILES_NAME_SIZE, slash ? slash + 1 : path))
		return err_set(e, ERR_INPUT, "a name of more than %d bytes",
			       WORKSPACE_FILES_NAME_SIZE - 1);
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 0,
		 path);
	return workspace_files_at(folder, O_RDONLY | O_DIRECTORY, e);
}

int workspace_files_own(const char *name, struct err *e)
{
	char path[64];
	int home, fd;

	snprintf(path, sizeof(path), WORKSPACE_FILES_OWN "/%s", name);
	home = workspace_files_at("", O_RDONLY | O_DIRECTORY, e);
	if (home < 0)
		return -1;
	fd = open_below(path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd < 0) {
		mkdirat(home, WORKSPACE_FILES_OWN, 0700);
		mkdirat(home, path, 0700);
		fd = open_below(path, O_RDONLY | O_DIRECTORY,
				RESOLVE_NO_SYMLINKS);
	}
	if (fd < 0)
		err_errno(e, errno == ENOENT || errno == ENOSPC ||
			  errno == EDQUOT ? ERR_UNAVAILABLE : ERR_CONFLICT,
			  errno, "the folder %s", path);
	close(home);
	return fd;
}

/* The change time moves with every write, and no process can set it. */
void workspace_files_version(const struct stat *st,
			     char out[WORKSPACE_FILES_VERSION_SIZE])
{
	uint64_t parts[] = {
		(uint64_t)st->st_ino, (uint64_t)st->st_size,
		(uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec,
	};

	snprintf(out, WORKSPACE_FILES_VERSION_SIZE, "%016" PRIx64,
		 hash_64(HASH_64_OFFSET, parts, sizeof(parts)));
}

int64_t workspace_files_mtime(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 +
	       st->st_mtim.tv_nsec / 1000000;
}

/* ---- GET /files/<path> ---- */

struct sending {
	int fd;
	int64_t at, left;
};

static int read_file(struct exchange *x, void *out, size_t size)
{
	struct sending *s = x->work;
	ssize_t n;

	if (!s->left)
		return -1;
	if ((int64_t)size > s->left)
		size = (size_t)s->left;
	n = pread(s->fd, out, size, s->at);
	if (n <= 0)
		return LINK_SERVER_BROKEN;	/* it was truncated */
	s->left -= n;
	s->at += n;
	return (int)n;
}

static void gone(struct exchange *x)
{
	struct sending *s = x->work;

	close(s->fd);
	free(s);
}

struct range {
	int64_t offset, length, last, max;	/* last: -1 without */
};

static int read_range(const struct exchange *x, struct range *r, struct err *e)
{
	return link_server_query_number(x->query, "offset", 0, INT64_MAX, &r->offset, e) < 0 ||
	       link_server_query_number(x->query, "length", INT64_MAX, INT64_MAX, &r->length, e) < 0 ||
	       link_server_query_number(x->query, "last", -1, INT64_MAX, &r->last, e) < 0 ||
	       link_server_query_number(x->query, "max", INT64_MAX, INT64_MAX, &r->max, e) < 0 ? -1 : 0;
}

static int open_regular(const char *name, struct stat *st, char *path,
			struct err *e)
{
	int fd;

	if (workspace_files_path(name, path, LINK_SERVER_PATH_MAX, e) < 0)
		return -1;
	fd = workspace_files_at(path, O_RDONLY, e);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	return err_set(e, ERR_CONFLICT, "no regular file");
}

static void add_fields(struct exchange *x, int fd, const struct stat *st,
		       const char *path)
{
	char version[WORKSPACE_FILES_VERSION_SIZE];

	workspace_files_version(st, version);
	exchange_field(x, "version", "%s", version);
	exchange_field(x, "size", "%" PRId64, (int64_t)st->st_size);
	exchange_field(x, "mtime", "%" PRId64, workspace_files_mtime(st));
	exchange_field(x, "type", "%s", file_type_of(fd, path));
}

/* Takes fd. */
static void send_range(struct exchange *x, int fd, int64_t offset, int64_t n)
{
	struct sending *s = alloc_checked(malloc(sizeof(*s)));

	s->fd = fd;
	s->at = offset;
	s->left = n;
	x->work = s;
	x->gone = gone;
	exchange_stream(x, 200, read_file);
}

void workspace_files_send(struct exchange *x, const char *name)
{
	char path[LINK_SERVER_PATH_MAX];
	struct err e = { 0 };
	struct range r;
	struct stat st;
	int fd;

	if (read_range(x, &r, &e) < 0 ||
	    (fd = open_regular(name, &st, path, &e)) < 0) {
		exchange_fail(x, &e);
		return;
	}
	if (r.last >= 0)
		r.offset = r.last < st.st_size ? st.st_size - r.last : 0;
	if (st.st_size > r.max) {
		exchange_answer(x, 413, "the file has more than %" PRId64 " bytes",
				r.max);
		close(fd);
		return;
	}
	add_fields(x, fd, &st, path);
	if (r.offset > st.st_size || r.last == 0 ||
	    (r.offset == st.st_size && r.offset > 0)) {
		exchange_answer(x, 416, "the file has %" PRId64 " bytes",
				(int64_t)st.st_size);
		close(fd);
		return;
	}
	if (r.length > st.st_size - r.offset)
		r.length = st.st_size - r.offset;
	send_range(x, fd, r.offset, r.length);
}
