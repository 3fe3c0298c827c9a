/* POST /save, /folders and /move of shim/shim_api.h. */
#include "config.h"
#include "shim/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "shim/paths.h"

#define SAVE_MAX (8 << 20)
#define LOCK_TRIES 50		/* of 100 ms */

struct save {
	char path[LINK_SERVER_PATH_MAX];	/* with links resolved */
	char name[WORKSPACE_FILES_NAME_SIZE];	/* its last segment */
	char version[WORKSPACE_FILES_VERSION_SIZE];
	char temp[64];
	int own, folder, old;	/* descriptors; old: -1 for a new file */
	mode_t mode;
	char *bytes;
	size_t n;
};

static int read_bytes(const struct file_work *w, struct save *s, struct err *e)
{
	int64_t size;
	ssize_t n;

	if (link_server_query_number(w->query, "size", -1, SAVE_MAX, &size, e) < 0)
		return -1;
	if (size < 0 || !file_work_text(w, "version", s->version,
					sizeof(s->version)))
		return err_set(e, ERR_INPUT, "size and version are needed");
	s->bytes = alloc_checked(malloc((size_t)size + 1));
	do {
		n = read(w->body, s->bytes + s->n, (size_t)size + 1 - s->n);
		s->n += n > 0 ? (size_t)n : 0;
	} while (n > 0 && s->n <= (size_t)size);
	return s->n == (size_t)size ? 0 :
	       err_set(e, ERR_INPUT, "the body does not have size bytes");
}

/* The path that a descriptor has now, relative to the home. */
static int real_path(int fd, char *out, size_t size, struct err *e)
{
	size_t home = strlen(path_home());
	char link[64], path[LINK_SERVER_PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_errno(e, ERR_INTERNAL, errno, "a file's path");
	path[n] = '\0';
	if (strncmp(path, path_home(), home) != 0 || path[home] != '/' ||
	    !str_copy(out, size, path + home + 1))
		return err_set(e, ERR_CONFLICT, "the file was moved");
	return 0;
}

/* Waits for another save of the same file. */
static int lock(int fd, struct err *e)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		usleep(100000);
	}
	return err_set(e, ERR_UNAVAILABLE, "a program has locked the file");
}

static int open_old(const char *path, struct save *s, struct err *e)
{
	struct stat st;

	s->old = workspace_files_at(path, O_RDONLY, e);
	if (s->old < 0)
		return -1;
	if (fstat(s->old, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFLICT, "no regular file");
	s->mode = st.st_mode & 07777;
	if (real_path(s->old, s->path, sizeof(s->path), e) < 0)
		return -1;
	return lock(s->old, e);
}

/* Still what the editor opened? */
static int check_version(const struct save *s, struct err *e)
{
	char now[WORKSPACE_FILES_VERSION_SIZE];
	struct stat st;

	if (fstatat(s->folder, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && s->old >= 0 ?
		       err_set(e, ERR_CONFLICT, "the file is gone") :
		       errno == ENOENT ? 0 : file_work_errno(e, errno, "the file");
	workspace_files_version(&st, now);
	return s->old >= 0 && str_equal(now, s->version) ? 0 :
	       err_set(e, ERR_CONFLICT, "the file was changed meanwhile");
}

static int write_all(int fd, const char *bytes, size_t n)
{
	ssize_t done;

	for (; n; bytes += done, n -= (size_t)done) {
		done = write(fd, bytes, n);
		if (done < 0)
			return -1;
	}
	return 0;
}

/* A new file beside the others' temporary ones; the caller renames it. */
static int write_temp(struct save *s, struct err *e)
{
	int fd;

	snprintf(s->temp, sizeof(s->temp), "save-%ld-%" PRId64, (long)getpid(),
		 clock_now_ms());
	fd = openat(s->own, s->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return file_work_errno(e, errno, "write");
	if (write_all(fd, s->bytes, s->n) < 0 || fchmod(fd, s->mode) < 0 ||
	    fsync(fd) < 0) {
		file_work_errno(e, errno, "write");
		unlinkat(s->own, s->temp, 0);
		close(fd);
		return -1;
	}
	return fd;
}

static int replace(struct save *s, struct err *e)
{
	unsigned flags = s->old < 0 ? RENAME_NOREPLACE : 0;
	int rc = check_version(s, e);

	if (rc == 0 && renameat2(s->own, s->temp, s->folder, s->name, flags) < 0)
		rc = errno == EEXIST ?
		     err_set(e, ERR_CONFLICT, "the name is taken") :
		     file_work_errno(e, errno, "rename");
	if (rc < 0)
		unlinkat(s->own, s->temp, 0);
	else
		fsync(s->folder);
	return rc;
}

static int save_work(struct file_work *w, struct err *e)
{
	struct save s = { .old = -1, .mode = 0644 };
	struct stat st;
	int fd;

	if (read_bytes(w, &s, e) < 0)
		return -1;
	if (!str_equal(s.version, "none")) {
		if (open_old(w->path, &s, e) < 0)
			return -1;
	} else if (!str_copy(s.path, sizeof(s.path), w->path)) {
		return err_set(e, ERR_INPUT, "a path too long");
	}
	s.folder = workspace_files_parent(s.path, s.name, e);
	s.own = s.folder < 0 ? -1 : workspace_files_own("uploads", e);
	fd = s.own < 0 ? -1 : write_temp(&s, e);
	if (fd < 0 || replace(&s, e) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return file_work_errno(e, errno, "the file");
	workspace_files_version(&st, s.version);
	file_work_begin(w, 200, "");
	fprintf(w->answer, "version %s\n", s.version);
	return 0;
}

static int folder_work(struct file_work *w, struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE];
	int fd = workspace_files_parent(w->path, name, e);

	if (fd < 0)
		return -1;
	if (mkdirat(fd, name, 0755) < 0)
		return errno == EEXIST ?
		       err_set(e, ERR_CONFLICT, "the name is taken") :
		       file_work_errno(e, errno, "make a folder");
	file_work_begin(w, 201, "");
	file_place_answer(w, w->path);
	return 0;
}

static int move_work(struct file_work *w, struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE], to[LINK_SERVER_PATH_MAX], free[4] = "";
	int fd;

	if (!file_work_text(w, "to", to, sizeof(to)))
		return err_set(e, ERR_INPUT, "to is needed");
	file_work_text(w, "free", free, sizeof(free));
	fd = workspace_files_parent(w->path, name, e);
	if (fd < 0 ||
	    file_place_move(fd, name, to, false, str_equal(free, "1"), e) < 0)
		return -1;
	file_work_begin(w, 200, "");
	file_place_answer(w, to);
	return 0;
}

void workspace_files_save(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, save_work);
}

void workspace_files_folder(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, folder_work);
}

void workspace_files_move(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, move_work);
}
