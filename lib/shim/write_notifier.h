/*
 * Names the files that a session's processes open for writing, by seccomp user
 * notification (seccomp_unotify(2)): the kernel holds each such system call of
 * Claude and its descendants until the session's subreaper, which is their
 * ancestor, has read the path. So a process can only speak for its own session,
 * however it was started and whatever its environment says. Nothing is refused:
 * what cannot be read (a program that is not readable, as Claude itself) stays
 * unnamed.
 */
#ifndef SHIM_WRITE_NOTIFIER_H
#define SHIM_WRITE_NOTIFIER_H

#include <stdbool.h>
#include <stdint.h>

#define WRITE_NOTIFIER_PATH_MAX 1024	/* longer ones are not listed either */

struct write_notice {
	int64_t at;		/* UTC ms, before the call */
	char path[WRITE_NOTIFIER_PATH_MAX + 1];	/* below the home, without its name */
	char from[WRITE_NOTIFIER_PATH_MAX + 1];	/* of a folder that is moved there; else "" */
};

/*
 * For the calling process and all that it starts. The descriptor that
 * write_notifier_read reads; -1: the kernel has none, nothing is named.
 */
int write_notifier_install(void);

/*
 * Reads a notification, fills out when it is about a file of the workspace that
 * is listed (changes_leave_out) and calls each before the process
 * continues. False: no process is left, or the descriptor failed.
 */
bool write_notifier_read(int fd, void (*each)(const struct write_notice *n));

#endif
