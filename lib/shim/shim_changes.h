/*
 * Files created or changed in the workspace since a time, for the result of a
 * run or a turn. One line per file, at most SHIM_CHANGES_MAX:
 * "made|changed <bytes> <last change, UTC ms> <path>", percent-encoded,
 * relative to the home; for a session with " own|other|none|unknown <version>"
 * after the first word (shim/file_writers.h). Regular files only. Names that begin
 * with a dot, node_modules and __pycache__ are skipped with everything below
 * them: programs keep their own data there. "made": the file system's birth
 * time is not older; without birth times there is no "made". A program that
 * replaces a file by a new one has made it.
 */
#ifndef SHIM_SHIM_CHANGES_H
#define SHIM_SHIM_CHANGES_H

#include <stdint.h>

#include "shim/link_server.h"

#define SHIM_CHANGES_MAX 500
#define SHIM_CHANGES_DEPTH 32	/* folders below the home */
#define SHIM_CHANGES_S 8		/* per scan; then the files found so far are reported */

/*
 * Answers x later, from another process: a tree may be large. Sorted by name
 * in each folder. since_ms: UTC. session: "" for none.
 */
void shim_changes_begin(struct exchange *x, const char *session,
			int64_t since_ms);

#endif
