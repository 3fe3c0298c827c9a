/*
 * Process 1's socket and its connections: moves bytes between them and
 * shim/link_server.h.
 */
#ifndef SHIM_LINK_LISTENER_H
#define SHIM_LINK_LISTENER_H

#include "core/err.h"
#include "shim/shim_limits.h"

#define CONNECTIONS_MAX 64	/* more are closed at once */
#define LINK_LISTENER_GREETING "gongbang-shim 1\n"	/* LINK_GREETING of lib/link/link.h */

/*
 * A link's first byte if it sends a descriptor of the volume with it
 * (SCM_RIGHTS).
 */
#define LINK_LISTENER_FOLDER 1

/*
 * Binds the address of shim/paths.h. ERR_CONFLICT: another shim has it. Calls
 * first() once, before the very first request. limits are borrowed for good.
 */
int link_listener_open(const struct shim_limits *limits, void (*first)(void),
		       struct err *e) must_check;

/* Writes the pending output of every connection; call after each event. */
void link_listener_flush(void);

#endif
