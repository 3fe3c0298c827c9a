/* Project quotas (quotactl(2), FS_IOC_FSSETXATTR) of ext4 and XFS mounted with prjquota. */
#ifndef GUARD_PROJECT_QUOTA_H
#define GUARD_PROJECT_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* Whether path's file system enforces them. */
bool project_quota_can(const char *path);
/*
 * Whether path belongs to that project (0: any but the first), and it has a
 * limit.
 */
bool project_quota_holds(const char *path, uint32_t project);
/* Limits everything below path, now and later; fast when it was done before. */
int project_quota_hold(const char *path, uint32_t project, int64_t bytes,
		       int64_t inodes,
		       struct err *e) must_check;

#endif
