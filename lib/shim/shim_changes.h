/*
 * What was made or changed in the workspace since a moment, for who ran a task
 * there. A line a file, at most SHIM_CHANGES_MAX, sorted by name in each folder:
 * "made|changed <bytes> <last change, UTC ms> <path>", percent-encoded, relative to the home. Regular
 * files only. Names that begin with a dot, node_modules and __pycache__ are
 * left out with what is below them: they hold what programs keep for
 * themselves. "made": the file system says that the file's birth is not older;
 * one that cannot tell has no "made". A program that writes a new file in an
 * old one's place has made it.
 */
#ifndef SHIM_SHIM_CHANGES_H
#define SHIM_SHIM_CHANGES_H

#include <stdint.h>

#include "shim/link_server.h"

#define SHIM_CHANGES_MAX 500
#define SHIM_CHANGES_DEPTH 32	/* folders below the home */
#define SHIM_CHANGES_S 8		/* of looking; what was found by then is told */

/* Answers x later, by another process: a tree may be large. since_ms: UTC. */
void shim_changes_begin(struct exchange *x, int64_t since_ms);

#endif
