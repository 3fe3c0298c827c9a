/*
 * A volume as a file system of its own: ext4 with a fixed size and number of
 * files, in a sparse file beside the mount point, on a loop device.
 */
#ifndef GUARD_VOLUME_IMAGE_H
#define GUARD_VOLUME_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* Whether the volume at that mount point has one. */
bool volume_image_exists(const char *path);
/* Whether something is mounted at path. */
bool volume_image_mounted(const char *path);
/*
 * Creates one for path, with path's files in it when filled; on failure
 * nothing is left. Afterwards the original files may be removed.
 */
int volume_image_make(const char *path, int64_t bytes, int64_t inodes,
		      bool filled,
		      struct err *e) must_check;
/*
 * Mounts it, after growing it if it is smaller than bytes. It is not checked,
 * grown or mounted a second time while the kernel has it in another mount
 * namespace: after busy_ms it is mounted at its old size, and e says so though
 * 0 is returned.
 */
int volume_image_mount(const char *path, int64_t bytes, int busy_ms,
		       struct err *e) must_check;
int volume_image_unmount(const char *path, struct err *e) must_check;

#endif
