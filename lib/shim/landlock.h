/*
 * Landlock domains (landlock(7)) that separate process 1, Claude and its tools,
 * which all run as one user without a capability. A process cannot leave its
 * domain, and cannot trace a process outside of it or open its /proc files:
 *
 *   process 1, subreapers    no domain
 *   Claude of a session      cannot signal or connect to abstract sockets
 *                            outside, nor open another session's own home
 *   each tool call           nested in Claude's, no further limit
 *
 * So a tool reaches neither Claude nor another call's processes, except that it
 * may signal those of its session: `npm start &`, later `kill`.
 */
#ifndef SHIM_LANDLOCK_H
#define SHIM_LANDLOCK_H

#include "core/err.h"

/* Without rules for renames between folders (ABI 1) git and npm would break. */
#define LANDLOCK_ABI_LEAST 2
#define LANDLOCK_ABI_TRUNCATE 3
#define LANDLOCK_ABI_SCOPES 6	/* earlier ones do not restrict signals and abstract sockets */

/* The kernel's Landlock ABI; 0: none. */
int landlock_abi(void);

/*
 * Restricts the calling process for good, and all that it starts. except: an
 * absolute path whose tree is closed, NULL for none; own: a folder below it
 * that stays open, NULL for none. Files created later in a folder above
 * `except` are closed, too. Does nothing before LANDLOCK_ABI_LEAST.
 */
int landlock_enter(const char *except, const char *own,
		   struct err *e) must_check;

/*
 * Adds a nested domain without limits of its own. At 16 nested ones it stays
 * in the last.
 */
int landlock_enter_tool(struct err *e) must_check;

#endif
