/* Process 1's limits and deadlines in one place, so that a test can lower them. */
#ifndef SHIM_SHIM_LIMITS_H
#define SHIM_SHIM_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct shim_limits {
	unsigned sessions;	/* running at once */
	unsigned terminals;	/* running at once */
	size_t bodies;		/* bytes of all requests' bodies at once; beyond it: 503 */
	int64_t log_kept;	/* unrecorded bytes of a log; then its process waits */
	int64_t stuck_ms;	/* for a subreaper to report after KILL; then it is killed */
	int64_t preface_ms;	/* for a link's first byte */
};

#define SHIM_LIMITS (struct shim_limits){ \
	.sessions = 64, .terminals = 16, .bodies = 64 << 20, \
	.log_kept = 256 << 20, .stuck_ms = 3000, .preface_ms = 30000, \
}

#endif
