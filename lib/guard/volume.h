/*
 * A user's volume on the host: the owner of its files, and the mechanism that
 * limits its size. All calls block; the container must be stopped. Each may be
 * repeated after a crash.
 */
#ifndef GUARD_VOLUME_H
#define GUARD_VOLUME_H

#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

enum volume_quota {
	VOLUME_AUTO,		/* the first that the host supports: project, image, watch */
	VOLUME_PROJECT,		/* project quota of the file system (ext4, XFS with prjquota) */
	VOLUME_IMAGE,		/* a file system of its own in a sparse file beside it */
	VOLUME_WATCH,		/* no enforcement: the bridge reads the shim's count */
};

/* By its name in the setting disk_quota; ERR_INPUT. */
int volume_quota_parse(const char *name, enum volume_quota *quota, struct err *e) must_check;

struct volume {
	const char *path;	/* its mount point in the engine, ".../NAME/_data" */
	uid_t owner;		/* of all its files, and the group */
	uint32_t project;	/* id of its quota */
	int64_t bytes, inodes;	/* limits */
	enum volume_quota quota;
	int busy_ms;		/* how long to wait for the kernel to release an image */
};

/*
 * Sets up its limit: *held says which kind. VOLUME_IMAGE moves the files of a
 * volume without an image into one; VOLUME_AUTO leaves such a volume as it is,
 * and continues with the next kind if one is not possible. ERR_UNAVAILABLE. e
 * is also set on success if less was done than requested: only watched, or an
 * image not grown yet.
 */
int volume_hold(const struct volume *v, enum volume_quota *held, struct err *e) must_check;

/*
 * Gives every file to its owner, and closes the folder to others; fast when it
 * was done before. A non-empty volume gets the shim's .gongbang.
 */
int volume_own(const struct volume *v, struct err *e) must_check;

/* Call before the engine removes it. */
int volume_release(const char *path, struct err *e) must_check;

/* Which kind limits it now, as far as the host tells. */
enum volume_quota volume_held(const char *path);

#endif
