/*
 * How much the workspace's volume holds: counted by a child of process 1, at
 * low priority and rarely, because a tree may be large and process 1 must not
 * block.
 */
#ifndef SHIM_DISK_USAGE_H
#define SHIM_DISK_USAGE_H

#include <stdint.h>

/*
 * Bytes on disk under the home as last counted, -1 before the first count has
 * ended. Starts another count when the last is a minute old.
 */
int64_t disk_usage_bytes(void);

#endif
