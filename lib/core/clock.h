/* Wall clock, monotonic clock and calendar arithmetic in UTC. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* UTC, milliseconds since 1970. */
int64_t clock_now_ms(void);

/* Monotonic milliseconds, for durations and deadlines. */
int64_t clock_mono_ms(void);

/* A moment on the (proleptic Gregorian) calendar. */
struct clock_date {
	int64_t year;
	int month, day, weekday;	/* from 1, from 1, 0 is Sunday */
	int hour, minute, second;
};

/* From UTC seconds since 1970. Unlike gmtime_r, takes no lock. */
void clock_date(int64_t seconds, struct clock_date *out);

/* Days from 1970-01-01 to a date; a day past the month's end continues into the next month. */
int64_t clock_days(int64_t year, int month, int day);

#define CLOCK_ISO_SIZE 40

/* "2026-11-23T06:06:00Z" (RFC 3339) of UTC milliseconds. */
void clock_iso(int64_t ms, char out[CLOCK_ISO_SIZE]);

#endif
