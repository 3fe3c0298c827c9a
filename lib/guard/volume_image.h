/*
 * A volume as a file system of its own: ext4 of fixed size and number of files
 * in a sparse file beside the mount point, on a loop device.
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
 * Makes one for path, with path's files in it when filled; nothing is left
 * when it fails. Once it is there the files themselves may go.
 */
int volume_image_make(const char *path, int64_t bytes, int64_t inodes,
		      bool filled,
		      struct err *e) must_check;
/*
 * Mounts it, grown first when it is smaller than bytes. It is neither checked
 * nor grown nor mounted a second time while the kernel has it in another mount
 * namespace: after busy_ms it is mounted at its old size, and e says so though
 * 0 is returned.
 */
int volume_image_mount(const char *path, int64_t bytes, int busy_ms,
		       struct err *e) must_check;
int volume_image_unmount(const char *path, struct err *e) must_check;

#endif
