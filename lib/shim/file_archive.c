/* GET /archive of shim/shim_api.h: a zip (libarchive), made while it is read. */
#include "config.h"
#include "shim/workspace_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "shim/file_worker.h"

#define DEPTH_MAX 256
#define PIECE (128 << 10)

struct zip {
	struct archive *archive;
	struct file_work *work;
	char name[2 * LINK_SERVER_PATH_MAX];	/* of the current entry, in the zip */
	char *piece;
	bool home;		/* the platform's folders are in it */
};

static la_ssize_t write_out(struct archive *a, void *data, const void *bytes,
			    size_t n)
{
	struct zip *z = data;

	return fwrite(bytes, 1, n, z->work->answer) == n ? (la_ssize_t)n : -1;
}

static int add_header(struct zip *z, const struct stat *st)
{
	struct archive_entry *entry = archive_entry_new();
	int rc;

	archive_entry_set_pathname(entry, z->name);
	archive_entry_set_filetype(entry, S_ISDIR(st->st_mode) ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, st->st_mode & 0777);
	archive_entry_set_mtime(entry, st->st_mtim.tv_sec, 0);
	if (S_ISREG(st->st_mode))
		archive_entry_set_size(entry, st->st_size);
	rc = archive_write_header(z->archive, entry);
	archive_entry_free(entry);
	return rc < ARCHIVE_WARN ? -1 : 0;
}

/* As many bytes as the header said; of a file that shrank, fewer: it breaks off. */
static int add_content(struct zip *z, int fd, int64_t left)
{
	ssize_t n;

	while (left > 0) {
		n = read(fd, z->piece, left < PIECE ? (size_t)left : PIECE);
		if (n <= 0)
			return -1;
		if (archive_write_data(z->archive, z->piece, (size_t)n) < 0)
			return -1;
		left -= n;
	}
	return archive_write_finish_entry(z->archive) < ARCHIVE_WARN ? -1 : 0;
}

static int add_folder(struct zip *z, int fd, int depth);

/* Extends the entry's name; false: too long. Names in a zip are UTF-8, and some programs take "\\" for "/". */
static bool enter_name(struct zip *z, const char *name)
{
	auto_buf clean = BUF_INIT(3 * WORKSPACE_FILES_NAME_SIZE);
	size_t end = strlen(z->name);
	struct err e = { 0 };
	char *at;

	if (utf8_scrub(&clean, name, strlen(name), false, &e) < 0 ||
	    !str_copy(z->name + end, sizeof(z->name) - end - 1, buf_text(&clean))) {
		z->name[end] = '\0';
		return false;
	}
	for (at = z->name + end; *at; at++) {
		if (*at == '\\')
			*at = '_';
	}
	return true;
}

/* Adds name below at; what cannot be opened, or is neither file nor folder, is left out. */
static int add(struct zip *z, int at, const char *name, int depth)
{
	size_t end = strlen(z->name);
	struct stat st;
	int fd, rc = 0;

	if (depth > DEPTH_MAX)
		return 0;
	/* Opening a device or a fifo could have an effect; a later swap meets O_NOFOLLOW. */
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 0;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		    O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!enter_name(z, name)) {
		close(fd);
		return 0;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		strcat(z->name, "/");
		rc = add_header(z, &st);
		if (rc == 0)
			rc = add_folder(z, fd, depth);
		fd = -1;
	} else if (S_ISREG(st.st_mode)) {
		rc = add_header(z, &st);
		if (rc == 0)
			rc = add_content(z, fd, st.st_size);
	}
	if (fd >= 0)
		close(fd);
	z->name[end] = '\0';
	return rc;
}

/* Takes fd. */
static int add_folder(struct zip *z, int fd, int depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *entry;
	struct err none = { 0 };
	int rc = 0;

	if (!d) {
		close(fd);
		return 0;
	}
	while (rc == 0 && (entry = readdir(d))) {
		if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..") ||
		    (z->home && depth == 0 &&
		     workspace_files_path_check(entry->d_name, &none) < 0))
			continue;
		rc = add(z, dirfd(d), entry->d_name, depth + 1);
	}
	closedir(d);
	return rc;
}

static int open_zip(struct zip *z, struct err *e)
{
	/* Names are marked as UTF-8 in such a locale only. */
	setlocale(LC_CTYPE, "C.UTF-8");
	z->piece = alloc_checked(malloc(PIECE));
	z->archive = alloc_checked(archive_write_new());
	if (archive_write_set_format_zip(z->archive) != ARCHIVE_OK ||
	    archive_write_set_format_option(z->archive, "zip",
					    "compression-level", "1") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(z->archive, 0) != ARCHIVE_OK ||
	    archive_write_open(z->archive, z, NULL, write_out, NULL) != ARCHIVE_OK)
		return err_set(e, ERR_INTERNAL, "libarchive");
	return 0;
}

static int archive_work(struct file_work *w, struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE];
	struct zip z = { .work = w, .home = !*w->path };
	struct stat st;
	int fd, rc;

	fd = *w->path ? workspace_files_parent(w->path, name, e) :
	     workspace_files_at("", O_RDONLY | O_DIRECTORY, e);
	if (fd < 0)
		return -1;
	if (*w->path && (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			 (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))))
		return err_set(e, ERR_MISSING, "no such file or folder");
	if (open_zip(&z, e) < 0)
		return -1;
	file_work_begin(w, 200, "");
	rc = *w->path ? add(&z, fd, name, 0) : add_folder(&z, fd, 0);
	if (rc < 0 || archive_write_close(z.archive) != ARCHIVE_OK)
		return err_set(e, ERR_CONFLICT, "the zip was cut off");
	return 0;
}

void workspace_files_archive(struct exchange *x, const char *path)
{
	file_worker_start(x, path, true, archive_work);
}
