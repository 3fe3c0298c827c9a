/* Free memory, free disk, processors and load of this host. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <stdint.h>

/* MiB available without swapping; INT64_MAX if the kernel does not report it. */
int64_t host_memory_left(void);

/*
 * MiB free for unprivileged users on the file system of path, or of its nearest
 * existing parent; INT64_MAX if unknown.
 */
int64_t host_disk_left(const char *path);

/* Processors this program may run on; at least 1. */
int host_processors(void);

/* One-minute load average per processor; 0 if unknown. */
double host_load(void);

#endif
