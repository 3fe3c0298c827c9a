/*
 * Finds and kills a session's processes through /proc (proc(5)).
 *
 * Tools are found by three marks, so that setsid, nohup, a double fork or an
 * emptied environment do not hide them: an orphan's parent is the session's
 * subreaper; gongbang-tool leaves GONGBANG_TOOL=<id> in the environment and
 * TOOL_OOM_SCORE in oom_score_adj, which survives exec.
 */
#ifndef SHIM_PROCESSES_H
#define SHIM_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TOOL_OOM_SCORE 900

enum sweep {
	SWEEP_TOOLS,	/* below root: orphans, marked processes and their descendants */
	SWEEP_ALL,	/* everything below root */
	SWEEP_MARKED,	/* anything with the session's mark, and its descendants */
};

/*
 * Stops, then kills, repeatedly, until none lives (a killed one may live on
 * for a moment, and new forks are found too) or ms have passed. Returns how
 * many. spare is never touched. Does not wait for children: zombies are the
 * caller's.
 */
size_t processes_sweep(enum sweep what, pid_t root, pid_t spare,
		       const char *id, int ms);

/*
 * Whether the engine started it in the container: only such a process has no
 * parent here, because the user's orphans are adopted by a subreaper or
 * process 1.
 */
bool processes_entered(pid_t pid);

/* Living processes that /proc shows. */
size_t processes_count(void);

#endif
