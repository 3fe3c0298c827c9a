/* Statistics of the workspace: its cgroup (v1 and v2), its disk, its processes. */
#ifndef SHIM_CGROUP_H
#define SHIM_CGROUP_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/*
 * Finds the files once; missing ones read as 0. GONGBANG_SHIM_CGROUP names
 * another folder than /sys/fs/cgroup, outside of a container only.
 */
void cgroup_init(void);

/* Processes killed by the out-of-memory killer since the container began. Cheap. */
int64_t cgroup_oom_kills(void);

/*
 * Lines "key value": version, memory, memory_max (bytes, 0: no limit),
 * cpu_usec, cpus (0.00: no limit), oom_kills, disk_free, disk_size (bytes of
 * the file system), disk_used (bytes of the volume; -1 not counted yet),
 * processes; sessions and blocked (logs that wait for a full disk) as given.
 */
int cgroup_format(struct buf *out, unsigned sessions, unsigned blocked,
		  struct err *e) must_check;

#endif
