/*
 * What process 1 gives up for itself and for all it starts, beyond what the
 * engine took: sockets that a network namespace does not hold in (AF_VSOCK
 * reaches the machine's hypervisor), io_uring, system calls of other
 * architectures, limits of other processes, and what would move a file to
 * another disk quota. Engines before 23 leave all of these open.
 */
#ifndef SHIM_SECCOMP_H
#define SHIM_SECCOMP_H

#include "core/err.h"

/* For this process and its children, for ever. Needs no privilege. */
int seccomp_confine(struct err *e) must_check;

/* No other process of the user may read its memory, trace it, or write to its descriptors. */
void seccomp_confine_processes(void);

#endif
