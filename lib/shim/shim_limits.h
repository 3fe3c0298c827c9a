/* What process 1 holds and waits for at most, in one place: a test gives it less. */
#ifndef SHIM_SHIM_LIMITS_H
#define SHIM_SHIM_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct shim_limits {
	size_t bodies;		/* bytes of all requests' bodies at once; more: 503 */
	int64_t log_kept;	/* bytes of a log that nobody has recorded; then its process waits */
	int64_t stuck_ms;	/* for a keeper to report after KILL; then it is killed */
};

#define SHIM_LIMITS (struct shim_limits){ \
	.bodies = 64 << 20, .log_kept = 256 << 20, .stuck_ms = 3000, \
}

#endif
