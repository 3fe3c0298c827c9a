/* GET /stat and /list of shim/shim_api.h: records of files and folders. */
#include "config.h"
#include "shim/workspace_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/percent.h"
#include "core/str.h"
#include "shim/file_worker.h"

struct name {
	char *text;
	bool folder;
};

struct names {
	struct name *rows;
	size_t n, size;
};

/* What a symbolic link leads to, if that is inside. */
static const char *kind_of_link(const char *folder, const char *name)
{
	char path[2 * LINK_SERVER_PATH_MAX];
	struct err e = { 0 };
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);
	fd = workspace_files_at(path, O_PATH, &e);
	if (fd < 0)
		return "link";
	if (fstat(fd, &st) < 0)
		st.st_mode = 0;
	close(fd);
	return S_ISDIR(st.st_mode) ? "link-folder" :
	       S_ISREG(st.st_mode) ? "link-file" : "link";
}

static const char *kind_of(const struct stat *st, const char *folder,
			   const char *name)
{
	return S_ISDIR(st->st_mode) ? "folder" : S_ISREG(st->st_mode) ? "file" :
	       S_ISLNK(st->st_mode) ? kind_of_link(folder, name) : "other";
}

static void write_record(FILE *out, const char *kind, const struct stat *st,
			 const char *name)
{
	char encoded[3 * WORKSPACE_FILES_NAME_SIZE];
	char version[WORKSPACE_FILES_VERSION_SIZE];

	workspace_files_version(st, version);
	percent_encode(encoded, name, "");
	fprintf(out, "%s %" PRId64 " %" PRId64 " %s %s\n", kind,
		(int64_t)st->st_size, workspace_files_mtime(st), version,
		encoded);
}

static int stat_work(struct file_work *w, struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE] = ".";
	const char *slash = strrchr(w->path, '/');
	char folder[LINK_SERVER_PATH_MAX] = "";
	struct stat st;
	int fd, rc;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - w->path),
			 w->path);
	fd = *w->path ? workspace_files_parent(w->path, name, e) :
	     workspace_files_at("", O_RDONLY | O_DIRECTORY, e);
	if (fd < 0)
		return -1;
	rc = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);
	close(fd);
	if (rc < 0)
		return file_work_errno(e, errno, "the file");
	file_work_begin(w, 200, "");
	write_record(w->answer, kind_of(&st, folder, name), &st, name);
	return 0;
}

static bool is_folder(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static void add_name(struct names *all, const char *text, bool folder)
{
	if (all->n == all->size) {
		all->size = all->size ? 2 * all->size : 1024;
		all->rows = alloc_checked(reallocarray(all->rows, all->size,
						       sizeof(*all->rows)));
	}
	all->rows[all->n++] = (struct name){ alloc_checked(strdup(text)), folder };
}

static int by_name(const void *a, const void *b)
{
	const struct name *one = a, *other = b;

	if (one->folder != other->folder)
		return one->folder ? -1 : 1;
	return strcmp(one->text, other->text);
}

static void read_names(DIR *d, bool home, struct names *all)
{
	struct dirent *entry;
	struct err none = { 0 };

	while (all->n < WORKSPACE_FILES_NAMES_MAX && (entry = readdir(d))) {
		if (str_equal(entry->d_name, ".") ||
		    str_equal(entry->d_name, "..") ||
		    (home && workspace_files_path_check(entry->d_name,
							&none) < 0))
			continue;
		add_name(all, entry->d_name, is_folder(dirfd(d), entry));
	}
	if (all->n)
		qsort(all->rows, all->n, sizeof(*all->rows), by_name);
}

/* A name that vanished meanwhile has no record. */
static int list_work(struct file_work *w, struct err *e)
{
	int fd = workspace_files_at(w->path, O_RDONLY | O_DIRECTORY, e);
	char version[WORKSPACE_FILES_VERSION_SIZE];
	struct names all = { 0 };
	int64_t from, count, i;
	struct stat st;
	DIR *d;

	if (fd < 0 ||
	    link_server_query_number(w->query, "from", 0, INT32_MAX, &from, e) < 0 ||
	    link_server_query_number(w->query, "count", WORKSPACE_FILES_LIST_MAX,
			     WORKSPACE_FILES_LIST_MAX, &count, e) < 0)
		return -1;
	d = fdopendir(fd);
	if (!d || fstat(fd, &st) < 0)
		return file_work_errno(e, errno, "the folder");
	workspace_files_version(&st, version);
	read_names(d, !*w->path, &all);
	file_work_begin(w, 200, "");
	fprintf(w->answer, "entries %zu %s\n", all.n, version);
	for (i = from; i < (int64_t)all.n && i < from + count; i++) {
		const char *name = all.rows[i].text;

		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			write_record(w->answer, kind_of(&st, w->path, name),
				     &st, name);
	}
	return 0;
}

void workspace_files_stat(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, stat_work);
}

void workspace_files_list(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, list_work);
}
