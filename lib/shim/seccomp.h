/*
 * What process 1 forbids itself and its children beyond the engine's filter:
 * sockets that a network namespace does not contain (AF_VSOCK reaches the
 * machine's hypervisor), io_uring, system calls of other architectures, limits
 * of other processes, and calls that move a file to another disk quota.
 * Engines before 23 allow all of these.
 */
#ifndef SHIM_SECCOMP_H
#define SHIM_SECCOMP_H

#include "core/err.h"

/* For this process and its children, for good. Needs no privilege. */
int seccomp_filter(struct err *e) must_check;

/*
 * No other process of the user may read its memory, trace it, or write to its
 * descriptors.
 */
void seccomp_filter_processes(void);

#endif
