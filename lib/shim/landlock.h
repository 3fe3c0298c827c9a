/*
 * Landlock domains (landlock(7)) that separate process 1, Claude and its tools,
 * which all run as one user without a capability. A domain cannot be left, and
 * nothing in it can trace, signal or open what /proc shows of a process outside:
 *
 *   process 1, keepers       no domain
 *   Claude of a session      no signal and no abstract socket leaves it, and
 *                            no other session's own home is open to it
 *   each tool call           nested in Claude's, no further limit
 *
 * So a tool reaches neither Claude nor another call's processes, except that it
 * may signal what is in its session: `npm start &`, later `kill`.
 */
#ifndef SHIM_LANDLOCK_H
#define SHIM_LANDLOCK_H

#include "core/err.h"

/* Without rules for renames between folders (ABI 1) git and npm would break. */
#define LANDLOCK_ABI_LEAST 2
#define LANDLOCK_ABI_TRUNCATE 3
#define LANDLOCK_ABI_SCOPES 6	/* before it signals and abstract sockets pass */

/* The kernel's Landlock ABI; 0: none. */
int landlock_abi(void);

/*
 * The calling process's, for ever, and that of all it starts. except: an
 * absolute path whose tree is shut, NULL for none; own: a folder below it that
 * is open all the same, NULL for none. What is created later in a folder above
 * `except` is shut, too. Does nothing before LANDLOCK_ABI_LEAST.
 */
int landlock_enter(const char *except, const char *own,
		   struct err *e) must_check;

/* A further domain without limits of its own. At 16 nested ones it stays in the last. */
int landlock_enter_tool(struct err *e) must_check;

#endif
