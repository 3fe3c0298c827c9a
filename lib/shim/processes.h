/*
 * Finding and killing a session's processes by /proc (proc(5)).
 *
 * Tools are found by three marks, so that setsid, nohup, a double fork or an
 * emptied environment hide none: an orphan's parent is the session's keeper
 * (a child subreaper); gongbang-tool leaves GONGBANG_TOOL=<id> in the
 * environment and TOOL_OOM_SCORE in oom_score_adj, which exec keeps.
 */
#ifndef SHIM_PROCESSES_H
#define SHIM_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TOOL_OOM_SCORE 900

enum sweep {
	SWEEP_TOOLS,	/* below root: orphans, marked ones, what is below them */
	SWEEP_ALL,	/* everything below root */
	SWEEP_MARKED,	/* anything with the session's mark, and what is below */
};

/*
 * Stops, then kills, again until none lives (a killed one may live on for a
 * moment, and what was forked meanwhile is found too) or ms have passed. Says
 * how many. spare is never touched. Waits for nobody: zombies are the caller's.
 */
size_t processes_sweep(enum sweep what, pid_t root, pid_t spare,
		       const char *id, int ms);

/*
 * Was it put into the container by the engine? Only such a process has no parent
 * here: a user's that loses its own is adopted by a keeper or process 1.
 */
bool processes_entered(pid_t pid);

/* Living processes that /proc shows. */
size_t processes_count(void);

#endif
