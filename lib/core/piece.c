#include "config.h"
#include "core/piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/log.h"

int64_t piece_begin(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t piece_end(int64_t began, int64_t n, const char *what, const char *path)
{
	int64_t used = piece_begin() - began;
	char ms[24];

	if (used <= n * PIECE_MS * 1000)
		return used;
	snprintf(ms, sizeof(ms), "%" PRId64, used / 1000);
	log_event(LOG_WARN, "long_piece", "what", what, "cpu_ms", ms, "path",
		  path, NULL);
	return used;
}
