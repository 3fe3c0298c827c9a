/* What this host has left. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <stdint.h>

/* MiB that may be taken without swapping; INT64_MAX when the kernel does not say. */
int64_t host_memory_left(void);

/*
 * MiB free for everybody on the file system of path, or of the nearest folder
 * above it that is there; INT64_MAX when it does not say.
 */
int64_t host_disk_left(const char *path);

/* Processors this program may run on; at least 1. */
int host_processors(void);

/* Programs that ran or waited for a processor in the last minute, a processor; 0 unknown. */
double host_load(void);

#endif
