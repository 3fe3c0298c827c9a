#include "config.h"
#include "guard/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/str.h"
#include "guard/file_tree.h"
#include "guard/project_quota.h"
#include "guard/volume_image.h"

#define ROOM_LEAST (4u << 20)	/* bytes */

static const char *const names[] = {
	[VOLUME_AUTO] = "auto", [VOLUME_PROJECT] = "project",
	[VOLUME_IMAGE] = "image", [VOLUME_WATCH] = "watch",
};

int volume_quota_parse(const char *name, enum volume_quota *quota, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(names[i], name)) {
			*quota = (enum volume_quota)i;
			return 0;
		}
	}
	return err_set(e, ERR_INPUT, "disk_quota must be auto, project, image"
		       " or watch, not %s", name);
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)))
		empty = str_equal(entry->d_name, ".") ||
			str_equal(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return empty;
}

/*
 * Files below the mount point were copied before the image got its name. Only
 * root writes there while nothing is mounted.
 */
static int clear_below(const char *path, struct err *e)
{
	if (!is_empty(path) && file_tree_clear(path, e) < 0)
		return -1;
	if (chown(path, 0, 0) < 0 || chmod(path, 0700) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	return 0;
}

/*
 * In a completely full file system no program could run to delete files: the
 * user gets a twentieth more, once.
 */
static int give_room(const struct volume *v, struct err *e)
{
	struct statvfs s;

	if (statvfs(v->path, &s) < 0 || s.f_bavail * s.f_frsize >= ROOM_LEAST)
		return 0;
	return volume_image_mount(v->path, v->bytes + v->bytes / 20, v->busy_ms,
				  e) < 0 &&
	       !volume_image_mounted(v->path) ? -1 : 0;
}

static int hold_by_image(const struct volume *v, struct err *e)
{
	if (!volume_image_exists(v->path) &&
	    volume_image_make(v->path, v->bytes, v->inodes, !is_empty(v->path),
			      e) < 0)
		return -1;
	if (!volume_image_mounted(v->path) && clear_below(v->path, e) < 0)
		return -1;
	return volume_image_mount(v->path, v->bytes, v->busy_ms,
				  e) < 0 ? -1 : give_room(v, e);
}

/* An existing image stays in use, whatever the setting says now. */
static enum volume_quota choose(const struct volume *v)
{
	if (volume_image_exists(v->path))
		return VOLUME_IMAGE;
	if (v->quota != VOLUME_AUTO)
		return v->quota;
	if (project_quota_can(v->path))
		return VOLUME_PROJECT;
	return is_empty(v->path) ? VOLUME_IMAGE : VOLUME_WATCH;
}

/* Without an image the volume still works; if there is one, it must be used. */
int volume_hold(const struct volume *v, enum volume_quota *held, struct err *e)
{
	enum volume_quota wanted = choose(v);
	int rc = 0;

	if (wanted == VOLUME_PROJECT)
		rc = project_quota_hold(v->path, v->project, v->bytes,
					v->inodes, e);
	else if (wanted == VOLUME_IMAGE)
		rc = hold_by_image(v, e);
	if (rc < 0 && (volume_image_exists(v->path) ||
		       (v->quota != VOLUME_AUTO && is_empty(v->path))))
		return -1;
	*held = rc < 0 ? VOLUME_WATCH : wanted;
	return 0;
}

/* The root comes last: while it has another owner, the walk is repeated. */
static int own(void *data, int at, const char *name, const struct stat *st,
	       struct err *e)
{
	uid_t owner = *(const uid_t *)data;

	if (st->st_uid == owner && st->st_gid == owner)
		return 0;
	if (fchownat(at, name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return err_errno(e, ERR_INTERNAL, errno, "change a file's owner");
	return 0;
}

/* Fast when it was done before. */
static int own_tree(const char *path, uid_t owner, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	if (st.st_uid == owner && st.st_gid == owner)
		return 0;
	return file_tree_walk(path, own, &owner, e);
}

/*
 * Where the shim keeps the sessions (shim/paths.h). The runtime mounts over it
 * and would create missing folders as root. An empty volume is left to the
 * engine, which fills only empty ones from the image.
 */
static int own_sessions(const struct volume *v, struct err *e)
{
	char path[1100];
	struct stat st;

	if (is_empty(v->path))
		return 0;
	if (snprintf(path, sizeof(path), "%s/.gongbang", v->path) >=
	    (int)sizeof(path))
		return err_set(e, ERR_INPUT, "a volume's path is too long");
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || lstat(path, &st) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_CONFLICT, "%s is not a folder", path);
	if ((st.st_mode & 0700) != 0700 && chmod(path, 0700) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	return own_tree(path, v->owner, e);
}

int volume_own(const struct volume *v, struct err *e)
{
	struct stat st;

	if (lstat(v->path, &st) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", v->path);
	/* Keeps out other logins on the host. */
	if ((st.st_mode & 0077) && chmod(v->path, st.st_mode & 0700) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", v->path);
	return own_tree(v->path, v->owner, e) < 0 ? -1 : own_sessions(v, e);
}

int volume_release(const char *path, struct err *e)
{
	return volume_image_unmount(path, e);
}

enum volume_quota volume_held(const char *path)
{
	if (volume_image_exists(path))
		return VOLUME_IMAGE;
	return project_quota_holds(path, 0) ? VOLUME_PROJECT : VOLUME_WATCH;
}
