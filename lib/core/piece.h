/* Logs work that used a thread's processor for too long and so delayed everything else on it. */
#ifndef CORE_PIECE_H
#define CORE_PIECE_H

#include <stdint.h>

#define PIECE_MS 50		/* of processor time; more is logged */

/* This thread's processor time so far, in microseconds. */
int64_t piece_begin(void);

/*
 * Returns the processor time used since began, in microseconds. If that is more
 * than PIECE_MS for each of n pieces, logs event=long_piece with what, cpu_ms and
 * path (NULL: omitted).
 */
int64_t piece_end(int64_t began, int64_t n, const char *what, const char *path);

#endif
