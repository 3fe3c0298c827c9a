/* Requests for /uploads/<id> of shim/shim_api.h. */
#include "config.h"
#include "shim/file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/id.h"
#include "core/str.h"

#define UPLOAD_MAX (INT64_C(2) << 30)	/* bytes of a file */
#define KEPT_S (24 * 3600)		/* an untouched part is kept */
#define BUSY_S 600			/* a part touched since is in use */
#define PARTS_BYTES_MAX (INT64_C(4) << 30)	/* of parts that are not */
#define PIECE (256 << 10)

/* Bytes of the part that are there; -1 with e. */
static int64_t size_of(int fd, struct err *e)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? file_work_errno(e, errno, "a part") :
	       (int64_t)st.st_size;
}

static void answer_size(struct file_work *w, int status, int64_t size)
{
	file_work_begin(w, status, "");
	fprintf(w->answer, "size %" PRId64 "\n", size);
}

/* ---- parts that nobody completed ---- */

struct sweep {
	int fd;
	int64_t bytes;		/* of all parts that are not in use */
	time_t now, oldest;
	char name[WORKSPACE_FILES_NAME_SIZE];	/* of the oldest */
};

static void look_at(struct sweep *s, const char *name)
{
	struct stat st;
	time_t age;

	if (*name == '.' || fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	age = s->now - st.st_mtime;
	if (age > KEPT_S) {
		file_place_erase(s->fd, name, 0);
		return;
	}
	if (age < BUSY_S)
		return;
	s->bytes += (int64_t)st.st_blocks * 512;
	if ((!*s->name || st.st_mtime < s->oldest) &&
	    str_copy(s->name, sizeof(s->name), name))
		s->oldest = st.st_mtime;
}

/* By age, then by total, oldest first. */
static void sweep(int own)
{
	struct sweep s;
	struct dirent *entry;
	DIR *d;

	do {
		s = (struct sweep){ .fd = own, .now = time(NULL) };
		d = fdopendir(fcntl(own, F_DUPFD_CLOEXEC, 0));
		if (!d)
			return;
		rewinddir(d);
		while ((entry = readdir(d)))
			look_at(&s, entry->d_name);
		closedir(d);
	} while (s.bytes > PARTS_BYTES_MAX && *s.name &&
		 file_place_erase(own, s.name, 0) == 0);
}

/* ---- requests ---- */

static int open_part(const struct file_work *w, int flags, struct err *e)
{
	int own = workspace_files_own("uploads", e), fd;

	if (own < 0)
		return -1;
	if (flags & O_CREAT)
		sweep(own);
	fd = openat(own, w->path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		file_work_errno(e, errno, "a part");
	close(own);
	return fd;
}

static int status_work(struct file_work *w, struct err *e)
{
	int fd = open_part(w, O_RDONLY, e);
	int64_t size = fd < 0 ? -1 : size_of(fd, e);

	if (size < 0)
		return -1;
	answer_size(w, 200, size);
	return 0;
}

/* What cannot be written whole is written as far as it goes. */
static int append(int from, int to, int64_t *size, struct err *e)
{
	char *bytes = alloc_checked(malloc(PIECE));
	ssize_t n, done, m;

	while ((n = read(from, bytes, PIECE)) > 0) {
		if (*size + n > UPLOAD_MAX)
			return err_set(e, ERR_LIMIT, "more than 2 GB");
		for (done = 0; done < n; done += m) {
			m = write(to, bytes + done, (size_t)(n - done));
			if (m < 0)
				return file_work_errno(e, errno, "write");
			*size += m;
		}
	}
	free(bytes);
	return 0;
}

static int append_work(struct file_work *w, struct err *e)
{
	int64_t offset, size;
	int fd;

	if (link_server_query_number(w->query, "offset", 0, UPLOAD_MAX, &offset, e) < 0)
		return -1;
	fd = open_part(w, O_WRONLY | O_APPEND | (offset ? 0 : O_CREAT), e);
	if (fd < 0)
		return -1;
	/* An earlier request whose end was not noticed yet, or another tab. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_UNAVAILABLE, "the part is being written");
	size = size_of(fd, e);
	if (size < 0)
		return -1;
	if (size != offset) {
		answer_size(w, 409, size);
		return 0;
	}
	if (append(w->body, fd, &size, e) < 0)
		return -1;
	/* Writing begins now, so that the fsync of the last request is short. */
	sync_file_range(fd, offset, size - offset, SYNC_FILE_RANGE_WRITE);
	answer_size(w, 200, size);
	return 0;
}

static int finish_work(struct file_work *w, struct err *e)
{
	char to[LINK_SERVER_PATH_MAX];
	int64_t size, want;
	int own, fd, rc;

	if (link_server_query_number(w->query, "size", -1, UPLOAD_MAX, &want, e) < 0)
		return -1;
	if (!file_work_text(w, "to", to, sizeof(to)) || want < 0)
		return err_set(e, ERR_INPUT, "to and size are needed");
	/* An empty file has no chunk. */
	fd = open_part(w, O_WRONLY | (want ? 0 : O_CREAT), e);
	size = fd < 0 ? -1 : size_of(fd, e);
	if (size < 0)
		return -1;
	if (size != want) {
		answer_size(w, 409, size);
		return 0;
	}
	if (fsync(fd) < 0 || fchmod(fd, 0644) < 0)
		return file_work_errno(e, errno, "write");
	own = workspace_files_own("uploads", e);
	rc = own < 0 ? -1 : file_place_move(own, w->path, to, true, true, e);
	if (rc < 0)
		return -1;
	file_work_begin(w, 201, "");
	file_place_answer(w, to);
	return 0;
}

static int drop_work(struct file_work *w, struct err *e)
{
	int own = workspace_files_own("uploads", e);

	if (own < 0)
		return -1;
	file_place_erase(own, w->path, 0);
	file_work_begin(w, 200, "");
	fprintf(w->answer, "removed\n");
	return 0;
}

static void start(struct exchange *x, const char *id, bool lasts,
		  file_work_run *run)
{
	if (id_valid(id))
		file_worker_start(x, id, lasts, run);
	else
		exchange_answer(x, 400, "an upload's id is a UUID");
}

void workspace_files_upload_status(struct exchange *x, const char *id)
{
	start(x, id, false, status_work);
}

void workspace_files_upload_append(struct exchange *x, const char *id)
{
	start(x, id, true, append_work);
}

void workspace_files_upload_finish(struct exchange *x, const char *id)
{
	start(x, id, false, finish_work);
}

void workspace_files_upload_drop(struct exchange *x, const char *id)
{
	start(x, id, false, drop_work);
}
