#include "config.h"
#include "shim/file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/percent.h"
#include "core/str.h"

#define TRIES 1000
#define COUNTED_MAX 200000

/* Where the ending begins: ".gz", ".tar.gz"; the name's end if it has none. */
static size_t ending_of(const char *name)
{
	const char *dot = strrchr(name, '.'), *tar;

	if (!dot || dot == name || !dot[1])
		return strlen(name);
	tar = dot - 4;
	if (tar > name && strncmp(tar, ".tar", 4) == 0)
		dot = tar;
	return (size_t)(dot - name);
}

void file_place_name(const char *name, unsigned i,
		     char out[WORKSPACE_FILES_NAME_SIZE])
{
	size_t stem = ending_of(name), rest, max;
	char number[16];

	/* No room for an ending that long. */
	if (strlen(name + stem) > WORKSPACE_FILES_NAME_SIZE / 2)
		stem = strlen(name);
	snprintf(number, sizeof(number), " (%u)", i);
	rest = strlen(number) + strlen(name + stem);
	max = WORKSPACE_FILES_NAME_SIZE - 1 - rest;
	snprintf(out, WORKSPACE_FILES_NAME_SIZE, "%.*s%s%s",
		 (int)utf8_prefix(name, stem, max), name, number, name + stem);
}

int file_place_folders(const char *path, struct err *e)
{
	char folder[LINK_SERVER_PATH_MAX], name[WORKSPACE_FILES_NAME_SIZE];
	const char *slash;
	int fd, rc;

	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		fd = workspace_files_parent(folder, name, e);
		if (fd < 0)
			return -1;
		rc = mkdirat(fd, name, 0755) < 0 && errno != EEXIST ?
		     file_work_errno(e, errno, "make a folder") : 0;
		close(fd);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Changes the last segment of path. False: it would be too long. */
static bool rename_last(char *path, const char *name)
{
	char *slash = strrchr(path, '/');
	size_t at = slash ? (size_t)(slash + 1 - path) : 0;

	return str_copy(path + at, LINK_SERVER_PATH_MAX - at, name);
}

int file_place_move(int at, const char *from, char *path, bool make, bool free,
		    struct err *e)
{
	char name[WORKSPACE_FILES_NAME_SIZE], other[WORKSPACE_FILES_NAME_SIZE];
	int to, rc, errnum;
	unsigned i = 0;

	if (workspace_files_path_check(path, e) < 0 ||
	    (make && file_place_folders(path, e) < 0))
		return -1;
	to = workspace_files_parent(path, name, e);
	if (to < 0)
		return -1;
	memcpy(other, name, sizeof(other));
	while ((rc = renameat2(at, from, to, other, RENAME_NOREPLACE)) < 0 &&
	       errno == EEXIST && free && i < TRIES)
		file_place_name(name, ++i, other);
	errnum = errno;
	close(to);
	if (rc < 0)
		return errnum == EEXIST ?
		       err_set(e, ERR_CONFLICT, "the name is taken") :
		       file_work_errno(e, errnum, "rename");
	return rename_last(path, other) ? 0 :
	       err_set(e, ERR_INPUT, "a path too long");
}

void file_place_answer(struct file_work *w, const char *path)
{
	char encoded[3 * LINK_SERVER_PATH_MAX];

	percent_encode(encoded, path, "/");
	fprintf(w->answer, "path %s\n", encoded);
}

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static bool is_dots(const char *name)
{
	return str_equal(name, ".") || str_equal(name, "..");
}

int file_place_erase(int at, const char *name, int depth)
{
	struct dirent *entry;
	int failed = 0;
	DIR *d;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (depth > FILE_PLACE_DEPTH)
		return -1;
	d = open_folder(at, name);
	if (!d)
		return -1;
	/* Its own user may have taken the right away. */
	(void)!fchmod(dirfd(d), 0700);
	while ((entry = readdir(d))) {
		if (!is_dots(entry->d_name))
			failed |= file_place_erase(dirfd(d), entry->d_name,
						   depth + 1);
	}
	closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? -1 : failed;
}

static int64_t count_bytes(int at, const char *name, int depth, unsigned *left)
{
	struct dirent *entry;
	struct stat st;
	int64_t sum;
	DIR *d;

	if (!*left || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	--*left;
	sum = (int64_t)st.st_blocks * 512;
	d = S_ISDIR(st.st_mode) && depth < FILE_PLACE_DEPTH ?
	    open_folder(at, name) : NULL;
	while (d && (entry = readdir(d))) {
		if (!is_dots(entry->d_name))
			sum += count_bytes(dirfd(d), entry->d_name, depth + 1,
					   left);
	}
	if (d)
		closedir(d);
	return sum;
}

int64_t file_place_bytes(int at, const char *name)
{
	unsigned left = COUNTED_MAX;

	return count_bytes(at, name, 0, &left);
}
