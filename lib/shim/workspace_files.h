/* Files of the workspace, read as its user; follows no symbolic link. */
#ifndef SHIM_WORKSPACE_FILES_H
#define SHIM_WORKSPACE_FILES_H

#include "shim/link_server.h"

#define WORKSPACE_FILES_SIZE_MAX (64 << 20)	/* bytes; a request may ask for less */

/*
 * Decodes a request's path: percent-encoded, relative to the home. ERR_INPUT
 * for one that is empty, absolute, has an empty, "." or ".." segment, a NUL or
 * a broken escape.
 */
int workspace_files_path(const char *name, char *out, size_t size,
			 struct err *e) must_check;

/*
 * A descriptor of the regular file, size its bytes. Opens segment by segment
 * from the home on, so that no link leads elsewhere, also with engines whose
 * filter refuses openat2. ERR_MISSING, ERR_CONFLICT: not a regular file, or
 * not readable.
 */
int workspace_files_open(const char *path, int64_t *size,
			 struct err *e) must_check;

/* Answers x with the file's bytes as they are now, or an error. */
void workspace_files_send(struct exchange *x, const char *name, int64_t max);

#endif
