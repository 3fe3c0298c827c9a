/*
 * DELETE /files/<path> and /trash of shim/shim_api.h. An item of the trash is a
 * folder .gongbang-files/trash/<id> with what was deleted, "item", and a line
 * about it, "origin": "<bytes> <deleted, UTC ms> <folder|file> <path>".
 */
#include "config.h"
#include "shim/file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/percent.h"
#include "core/str.h"

#define ITEMS_MAX 500
#define BYTES_MAX (INT64_C(1) << 30)	/* of all items but the newest */
#define ID_LENGTH 25			/* 16 digits of a time in us, "-", 8 hex digits */
#define LINE_MAX (3 * LINK_SERVER_PATH_MAX + 64)

struct item {
	char id[ID_LENGTH + 1];
	int64_t bytes;
	char line[LINE_MAX];	/* as it is listed, without the id */
};

static bool id_fits(const char *id)
{
	return strlen(id) == ID_LENGTH &&
	       strspn(id, "0123456789abcdef-") == ID_LENGTH;
}

/* Takes nothing for granted: the user's programs can write there. */
static bool read_origin(int trash, const char *id, char line[LINE_MAX],
			int64_t *bytes)
{
	char name[ID_LENGTH + 16];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%s/origin", id);
	fd = openat(trash, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, LINE_MAX - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	*bytes = strtoll(line, NULL, 10);
	return *bytes >= 0 && strchr(line, ' ');
}

/* The path of a line; false if it is none. */
static bool path_of(const char *line, char out[LINK_SERVER_PATH_MAX])
{
	const char *at = strrchr(line, ' ');
	struct err e = { 0 };

	return at && workspace_files_path(at + 1, out, LINK_SERVER_PATH_MAX,
					  &e) == 0;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* The ids, newest first; the caller owns them. */
static size_t read_ids(int trash, char ***ids)
{
	DIR *d = fdopendir(fcntl(trash, F_DUPFD_CLOEXEC, 0));
	struct dirent *entry;
	size_t n = 0;

	*ids = NULL;
	if (!d)
		return 0;
	rewinddir(d);
	while ((entry = readdir(d)) && n < 4 * ITEMS_MAX) {
		if (!id_fits(entry->d_name))
			continue;
		*ids = alloc_checked(reallocarray(*ids, n + 1, sizeof(**ids)));
		(*ids)[n++] = alloc_checked(strdup(entry->d_name));
	}
	closedir(d);
	if (n)
		qsort(*ids, n, sizeof(**ids), newest_first);
	return n;
}

/* The oldest go beyond the bounds; the newest stays, so that it can be undone. */
static void bound(int trash)
{
	int64_t sum = 0, bytes;
	char line[LINE_MAX], **ids;
	size_t n = read_ids(trash, &ids), i;

	for (i = 1; i < n; i++) {
		sum += read_origin(trash, ids[i], line, &bytes) ? bytes : 0;
		if (i >= ITEMS_MAX || sum > BYTES_MAX)
			file_place_erase(trash, ids[i], 0);
	}
}

static int write_origin(int folder, const struct item *item, struct err *e)
{
	int fd = openat(folder, "origin", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);
	size_t n = strlen(item->line);
	int rc = 0;

	if (fd < 0)
		return file_work_errno(e, errno, "write");
	if (write(fd, item->line, n) != (ssize_t)n)
		rc = file_work_errno(e, errno, "write");
	close(fd);
	return rc;
}

static void describe(struct item *item, const char *path, bool folder)
{
	char encoded[3 * LINK_SERVER_PATH_MAX];

	percent_encode(encoded, path, "/");
	snprintf(item->line, sizeof(item->line), "%" PRId64 " %" PRId64 " %s %s\n",
		 item->bytes, clock_now_ms(), folder ? "folder" : "file",
		 encoded);
}

static int throw_away(int trash, int from, const char *name,
		      const struct item *item, struct err *e)
{
	int folder;

	if (mkdirat(trash, item->id, 0700) < 0)
		return file_work_errno(e, errno, "the trash");
	folder = openat(trash, item->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);
	if (folder < 0 || write_origin(folder, item, e) < 0) {
		if (folder < 0)
			file_work_errno(e, errno, "the trash");
	} else if (renameat2(from, name, folder, "item", RENAME_NOREPLACE) < 0) {
		file_work_errno(e, errno, "delete");
	} else {
		close(folder);
		return 0;
	}
	if (folder >= 0)
		close(folder);
	file_place_erase(trash, item->id, 0);
	return -1;
}

/* Ids sort by the time of deletion. */
static void name_item(struct item *item)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(item->id, sizeof(item->id), "%016" PRId64 "-%08x",
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
		 (unsigned)getpid());
}

static int delete_work(struct file_work *w, struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE];
	struct item item;
	struct stat st;
	int from, trash;

	from = workspace_files_parent(w->path, name, e);
	if (from < 0)
		return -1;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return file_work_errno(e, errno, "the file");
	trash = workspace_files_own("trash", e);
	if (trash < 0)
		return -1;
	item.bytes = file_place_bytes(from, name);
	describe(&item, w->path, S_ISDIR(st.st_mode));
	name_item(&item);
	if (throw_away(trash, from, name, &item, e) < 0)
		return -1;
	bound(trash);
	file_work_begin(w, 200, "");
	fprintf(w->answer, "trash %s\n", item.id);
	return 0;
}

static int list_work(struct file_work *w, struct err *e)
{
	int trash = workspace_files_own("trash", e);
	char line[LINE_MAX], path[LINK_SERVER_PATH_MAX], **ids;
	int64_t bytes;
	size_t n, i;

	if (trash < 0)
		return -1;
	file_work_begin(w, 200, "");
	n = read_ids(trash, &ids);
	for (i = 0; i < n; i++) {
		if (read_origin(trash, ids[i], line, &bytes) &&
		    path_of(line, path))
			fprintf(w->answer, "%s %s\n", ids[i], line);
	}
	return 0;
}

static int restore_work(struct file_work *w, struct err *e)
{
	int trash = workspace_files_own("trash", e);
	char line[LINE_MAX], path[LINK_SERVER_PATH_MAX], from[ID_LENGTH + 8];
	int64_t bytes;

	if (trash < 0)
		return -1;
	if (!read_origin(trash, w->path, line, &bytes) || !path_of(line, path))
		return err_set(e, ERR_MISSING, "no such item");
	snprintf(from, sizeof(from), "%s/item", w->path);
	if (file_place_move(trash, from, path, true, true, e) < 0)
		return -1;
	file_place_erase(trash, w->path, 0);
	file_work_begin(w, 200, "");
	file_place_answer(w, path);
	return 0;
}

/* One item, or with an empty path all. */
static int erase_work(struct file_work *w, struct err *e)
{
	int trash = workspace_files_own("trash", e), failed = 0;
	char **ids;
	size_t n, i;

	if (trash < 0)
		return -1;
	n = read_ids(trash, &ids);
	for (i = 0; i < n; i++) {
		if (!*w->path || str_equal(ids[i], w->path))
			failed |= file_place_erase(trash, ids[i], 0);
	}
	if (failed)
		return err_set(e, ERR_CONFLICT, "not all could be removed");
	file_work_begin(w, 200, "");
	fprintf(w->answer, "removed\n");
	return 0;
}

static void start(struct exchange *x, const char *id, file_work_run *run)
{
	if (!*id || id_fits(id))
		file_worker_start(x, id, false, run);
	else
		exchange_answer(x, 400, "no id of the trash");
}

void workspace_files_delete(struct exchange *x, const char *path)
{
	file_worker_start(x, path, false, delete_work);
}

void workspace_files_trash(struct exchange *x, const char *id)
{
	start(x, "", list_work);
}

void workspace_files_restore(struct exchange *x, const char *id)
{
	start(x, id, restore_work);
}

void workspace_files_erase(struct exchange *x, const char *id)
{
	start(x, id, erase_work);
}
