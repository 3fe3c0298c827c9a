/*
 * How much the workspace's volume holds: counted by a child of process 1,
 * gently and not often, for a tree can be large and process 1 must not wait.
 */
#ifndef SHIM_DISK_USAGE_H
#define SHIM_DISK_USAGE_H

#include <stdint.h>

/*
 * Bytes on disk under the home as last counted, -1 before the first count
 * has ended. Begins another count when the last is a minute old.
 */
int64_t disk_usage_bytes(void);

#endif
