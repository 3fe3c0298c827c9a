/* Logs each piece of work that held a thread's processor too long: the thread served nobody else meanwhile. */
#ifndef CORE_PIECE_H
#define CORE_PIECE_H

#include <stdint.h>

#define PIECE_MS 50		/* of processor time: more is said */

/* This thread's processor time so far, in microseconds. */
int64_t piece_begin(void);

/*
 * What it used since, in microseconds; when that is more than PIECE_MS for
 * each of n pieces, one line event=long_piece with what, cpu_ms and path
 * (NULL: left out).
 */
int64_t piece_end(int64_t began, int64_t n, const char *what, const char *path);

#endif
