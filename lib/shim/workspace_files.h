/*
 * Files of the workspace, as its user: every path is resolved by the kernel
 * below the home (openat2(2), RESOLVE_BENEATH), so that no link leads outside,
 * whatever is swapped meanwhile. Requests as in shim/shim_api.h.
 */
#ifndef SHIM_WORKSPACE_FILES_H
#define SHIM_WORKSPACE_FILES_H

#include <sys/stat.h>

#include "shim/link_server.h"

#define WORKSPACE_FILES_OWN ".gongbang-files"	/* trash and uploads; no request names it */
#define WORKSPACE_FILES_NAME_SIZE 256
#define WORKSPACE_FILES_LIST_MAX 10000	/* records of one answer */
#define WORKSPACE_FILES_NAMES_MAX 100000	/* names of one folder */

/*
 * Decodes a request's path: percent-encoded, relative to the home. ERR_INPUT
 * for one that is empty, absolute, has an empty, "." or ".." segment, a NUL or
 * a broken escape.
 */
int workspace_files_path(const char *name, char *out, size_t size,
			 struct err *e) must_check;
/* The same for a path that is decoded already. ERR_MISSING for the platform's own folders. */
int workspace_files_path_check(const char *path, struct err *e) must_check;

/*
 * A descriptor of what a decoded path names, "" for the home; flags as of
 * open(2). ERR_MISSING, also for what leads outside; ERR_CONFLICT: not with
 * these flags, or not permitted.
 */
int workspace_files_at(const char *path, int flags, struct err *e) must_check;
/* The folder that contains it, and its last segment in name. */
int workspace_files_parent(const char *path,
			   char name[WORKSPACE_FILES_NAME_SIZE],
			   struct err *e) must_check;
/*
 * The folder WORKSPACE_FILES_OWN/<name>, made if missing. Never a link's
 * target.
 */
int workspace_files_own(const char *name, struct err *e) must_check;

#define WORKSPACE_FILES_VERSION_SIZE 17
void workspace_files_version(const struct stat *st,
			     char out[WORKSPACE_FILES_VERSION_SIZE]);
int64_t workspace_files_mtime(const struct stat *st);	/* UTC ms */

/* Handlers of requests. */
void workspace_files_stat(struct exchange *x, const char *path);
void workspace_files_list(struct exchange *x, const char *path);
void workspace_files_send(struct exchange *x, const char *path);
void workspace_files_save(struct exchange *x, const char *path);
void workspace_files_folder(struct exchange *x, const char *path);
void workspace_files_move(struct exchange *x, const char *path);
void workspace_files_delete(struct exchange *x, const char *path);
void workspace_files_trash(struct exchange *x, const char *id);
void workspace_files_restore(struct exchange *x, const char *id);
void workspace_files_erase(struct exchange *x, const char *id);
void workspace_files_upload_status(struct exchange *x, const char *id);
void workspace_files_upload_append(struct exchange *x, const char *id);
void workspace_files_upload_finish(struct exchange *x, const char *id);
void workspace_files_upload_drop(struct exchange *x, const char *id);
void workspace_files_archive(struct exchange *x, const char *path);

#endif
