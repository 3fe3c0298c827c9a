/* Time. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* UTC, milliseconds since 1970. */
int64_t clock_now_ms(void);

/* Milliseconds that only go forward; for durations and deadlines. */
int64_t clock_mono_ms(void);

/* A moment on the (proleptic Gregorian) calendar. */
struct clock_date {
	int64_t year;
	int month, day, weekday;	/* from 1, from 1, 0 is Sunday */
	int hour, minute, second;
};

/* UTC seconds since 1970. gmtime_r without its lock, which threads share. */
void clock_date(int64_t seconds, struct clock_date *out);

#define CLOCK_ISO_SIZE 40

/* "2026-11-23T06:06:00Z" (RFC 3339) of UTC milliseconds. */
void clock_iso(int64_t ms, char out[CLOCK_ISO_SIZE]);

#endif
