#include "config.h"
#include "shim/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"
#include "shim/paths.h"

#define BLOCK 4096	/* holes begin and end at whole blocks */

struct log_file {
	char id[ID_SIZE];
	int folder, fd;
	int64_t size, first;	/* bytes */
	bool line_start, gone;
	unsigned users;
	struct log_file_reader *readers;
	struct log_file *next;
};

static struct log_file *journals;

static int64_t read_first(int folder, int64_t size)
{
	int fd = openat(folder, "first", O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
			O_NONBLOCK);
	struct err e = { 0 };
	char text[24];
	int64_t first;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return str_parse_number(text, 0, size, &first, &e) < 0 ? 0 : first;
}

static int open_log(struct log_file *j, bool create, struct err *e)
{
	struct stat st;
	char last = '\n';

	j->fd = openat(j->folder, "log", O_RDWR | O_NOFOLLOW | O_CLOEXEC |
		       O_NONBLOCK | (create ? O_CREAT : 0), 0600);
	if (j->fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "no log");
	if (j->fd < 0)
		return err_errno(e, errno == ENOSPC || errno == EMFILE ?
				 ERR_UNAVAILABLE : ERR_INTERNAL, errno,
				 "open the log");
	if (fstat(j->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INTERNAL, "the log is not a file");
	j->size = st.st_size;
	j->first = read_first(j->folder, j->size);
	if (j->size && pread(j->fd, &last, 1, j->size - 1) != 1)
		return err_errno(e, ERR_INTERNAL, errno, "read the log");
	j->line_start = last == '\n';
	return 0;
}

struct log_file *log_file_open(const char *id, bool create, struct err *e)
{
	struct log_file *j;

	for (j = journals; j; j = j->next) {
		if (!j->gone && str_equal(j->id, id)) {
			j->users++;
			return j;
		}
	}
	j = alloc_checked(calloc(1, sizeof(*j)));
	j->fd = -1;
	j->users = 1;
	j->folder = path_session(id, create, e);
	if (j->folder < 0 || open_log(j, create, e) < 0) {
		if (j->folder >= 0)
			close(j->folder);
		if (j->fd >= 0)
			close(j->fd);
		free(j);
		return NULL;
	}
	memcpy(j->id, id, sizeof(j->id));
	j->next = journals;
	journals = j;
	return j;
}

void log_file_close(struct log_file *j)
{
	struct log_file **at;

	if (!j || --j->users)
		return;
	for (at = &journals; *at != j; at = &(*at)->next)
		;
	*at = j->next;
	close(j->fd);
	close(j->folder);
	free(j);
}

int64_t log_file_size(const struct log_file *j)
{
	return j->size;
}

int64_t log_file_first(const struct log_file *j)
{
	return j->first;
}

bool log_file_at_line_start(const struct log_file *j)
{
	return j->line_start;
}

static void wake(struct log_file *j)
{
	struct log_file_reader *r;

	for (r = j->readers; r; r = r->next)
		r->woken(r);
}

size_t log_file_append(struct log_file *j, const void *bytes, size_t n)
{
	size_t done = 0;
	ssize_t m;

	while (done < n) {
		m = pwrite(j->fd, (const char *)bytes + done, n - done, j->size);
		if (m < 0 && errno == EINTR)
			continue;
		if (m <= 0)
			break;
		done += (size_t)m;
		j->size += m;
	}
	if (done) {
		j->line_start = ((const char *)bytes)[done - 1] == '\n';
		wake(j);
	}
	return done;
}

static int write_first(struct log_file *j, int64_t first, struct err *e)
{
	char text[24];
	int fd, n;

	fd = openat(j->folder, "first", O_WRONLY | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "open first");
	/* Fixed width: a write never leaves a mix of two numbers. */
	n = snprintf(text, sizeof(text), "%020" PRId64, first);
	if (pwrite(fd, text, (size_t)n, 0) != n) {
		close(fd);
		return err_errno(e, ERR_UNAVAILABLE, errno, "write first");
	}
	close(fd);
	return 0;
}

int log_file_trim(struct log_file *j, int64_t to, struct err *e)
{
	int64_t end = to - to % BLOCK;

	if (to > j->size)
		return err_set(e, ERR_INPUT, "the log ends at %" PRId64, j->size);
	if (to <= j->first)
		return 0;
	/* Before the hole is punched: its zeros must never be read. */
	if (write_first(j, to, e) < 0)
		return -1;
	j->first = to;
	if (end && fallocate(j->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     0, end) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "punch a hole");
	return 0;
}

int log_file_skip(struct log_file *j, int64_t to, struct err *e)
{
	if (to <= j->size)
		return 0;
	/* The size first: a `first` beyond the end would be rejected. */
	if (ftruncate(j->fd, to) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "lengthen the log");
	if (write_first(j, to, e) < 0) {
		(void)!ftruncate(j->fd, j->size);
		return -1;
	}
	j->size = j->first = to;
	j->line_start = true;
	wake(j);
	return 0;
}

int log_file_mark(struct log_file *j, bool running, struct err *e)
{
	int fd;

	if (!running) {
		if (unlinkat(j->folder, "running", 0) < 0 && errno != ENOENT)
			return err_errno(e, ERR_INTERNAL, errno, "unmark");
		return 0;
	}
	fd = openat(j->folder, "running", O_WRONLY | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "mark as running");
	close(fd);
	return 0;
}

int log_file_attach(struct log_file *j, struct log_file_reader *r, int64_t from,
		    struct err *e)
{
	if (from > j->size)
		return err_set(e, ERR_INPUT, "the log ends at %" PRId64, j->size);
	if (from < j->first)
		return err_set(e, ERR_LIMIT, "first %" PRId64, j->first);
	r->at = from;
	r->log = j;
	r->next = j->readers;
	j->readers = r;
	j->users++;
	return 0;
}

void log_file_detach(struct log_file_reader *r)
{
	struct log_file_reader **at;

	if (!r->log)
		return;
	for (at = &r->log->readers; *at != r; at = &(*at)->next)
		;
	*at = r->next;
	log_file_close(r->log);
	r->log = NULL;
}

int log_file_read(struct log_file_reader *r, void *out, size_t size)
{
	struct log_file *j = r->log;
	ssize_t n;

	if (r->at < j->first)
		return -1;
	if (r->at == j->size)
		return j->gone ? -1 : 0;
	if (size > (uint64_t)(j->size - r->at))
		size = (size_t)(j->size - r->at);
	n = pread(j->fd, out, size, r->at);
	if (n <= 0)
		return -1;	/* truncated or unreadable: never wait for it */
	r->at += n;
	return (int)n;
}

void log_file_drop(struct log_file *j)
{
	j->gone = true;
	wake(j);
}

int log_file_list(void (*each)(void *data, const char *id, bool marked,
			       int64_t size), void *data, struct err *e)
{
	struct dirent *entry;
	struct stat st, mark;
	char path[ID_SIZE + 16];
	int fd;
	DIR *d;

	fd = path_sessions(false, e);
	if (fd < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_errno(e, ERR_INTERNAL, errno, "list sessions");
	}
	while ((entry = readdir(d))) {
		if (!id_valid(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%.36s/log", entry->d_name);
		if (fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		snprintf(path, sizeof(path), "%.36s/running", entry->d_name);
		each(data, entry->d_name,
		     fstatat(fd, path, &mark, AT_SYMLINK_NOFOLLOW) == 0,
		     st.st_size);
	}
	closedir(d);
	return 0;
}
