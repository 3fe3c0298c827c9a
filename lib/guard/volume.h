/*
 * A user's volume on the host: who owns its files, and what holds its size.
 * All of it blocks; the container must not run. Each may be repeated after
 * any crash.
 */
#ifndef GUARD_VOLUME_H
#define GUARD_VOLUME_H

#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

enum volume_quota {
	VOLUME_AUTO,		/* the first that the host can: project, image, watch */
	VOLUME_PROJECT,		/* project quota of the file system (ext4, XFS with prjquota) */
	VOLUME_IMAGE,		/* a file system of its own in a sparse file beside it */
	VOLUME_WATCH,		/* nothing: the bridge looks at what the shim counts */
};

/* By its name in the setting disk_quota; ERR_INPUT. */
int volume_quota_parse(const char *name, enum volume_quota *quota, struct err *e) must_check;

struct volume {
	const char *path;	/* the engine's mount point of it, ".../NAME/_data" */
	uid_t owner;		/* of all its files, group alike */
	uint32_t project;	/* id of its quota */
	int64_t bytes, inodes;	/* limits */
	enum volume_quota quota;
	int busy_ms;		/* how long the kernel may take to let go of an image */
};

/*
 * Puts up what holds it: *held says which. VOLUME_IMAGE moves the files of
 * a volume that has none into one; VOLUME_AUTO lets such a volume be, and goes
 * on to the next kind where one cannot be. ERR_UNAVAILABLE. e is set on success, too,
 * when less was done than wanted: only watched, or an image not grown yet.
 */
int volume_hold(const struct volume *v, enum volume_quota *held, struct err *e) must_check;

/*
 * Gives every file to its owner, and the folder to nobody else; quick when that
 * was done before. One that is not empty has the shim's .gongbang after it.
 */
int volume_own(const struct volume *v, struct err *e) must_check;

/* Before the engine removes it. */
int volume_release(const char *path, struct err *e) must_check;

/* Which kind holds it now, as far as the host tells. */
enum volume_quota volume_held(const char *path);

#endif
